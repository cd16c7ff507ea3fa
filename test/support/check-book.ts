import assert from 'node:assert/strict'
import { NONE } from '../../src/memory/slab.ts'
import type { MatchingEngine } from '../../src/book/matching-engine.ts'
import type { OrderBook } from '../../src/book/order-book.ts'
import {
  ORDER_ID_HIGH,
  ORDER_ID_LOW,
  ORDER_LEVEL,
  ORDER_NEXT,
  ORDER_PREVIOUS,
  ORDER_PRICE_TICKS,
  ORDER_SEQUENCE,
  ORDER_WORDS,
} from '../../src/book/order.ts'
import { LEVEL_COUNT, LEVEL_HEAD, LEVEL_TAIL, LEVEL_WORDS } from '../../src/book/level.ts'
import { isBetter } from '../../src/book/price-ladder.ts'
import { readU64, Side } from '../../src/book/record.ts'

/** The private layout of a ladder node, in words: what price-ladder.ts draws above its offsets. */
const NODE = { words: 36, ways: 32, bits: 32, parent: 33, key: 34 }
const SIDE = { words: 8, root: 1, shift: 2 }

/** Slots in use, of every slab a book has. */
export interface SlotsInUse {
  readonly orders: number
  readonly levels: number
  readonly nodes: number
  readonly ids: number
}

export function slotsInUse(book: OrderBook): SlotsInUse {
  return {
    orders: book['slab'].used,
    levels: book.ladder['levelSlab'].used,
    nodes: book.ladder['nodeSlab'].used,
    ids: book['index'].count,
  }
}

/** What a book may be let off. */
interface Allowances {
  /** Commands came with sequences in no order, so queues cannot be expected to have theirs in order. */
  readonly anySequence?: boolean
}

/**
 * Throws at the first thing that does not hold of the book. It reads the book in three ways that know nothing of one
 * another (the id index, the tree from its roots, and best and next) and requires that all three tell the same.
 */
export function checkBook({ book, instruments }: MatchingEngine, allowances: Allowances = {}): void {
  const live = slotsOfIndex(book)
  const bySide = new Map<number, number[]>()
  for (const slot of live) {
    const { instrument, side } = book.order(slot)
    const slots = bySide.get(instrument * 2 + side)
    if (slots === undefined) bySide.set(instrument * 2 + side, [slot])
    else slots.push(slot)
  }
  const seen = { orders: 0, levels: 0, nodes: 0 }
  for (let side = 0; side < instruments.count * 2; side++) {
    const levels = checkLevels(book, side, bySide.get(side) ?? [])
    for (const level of levels) seen.orders += checkQueue(book, level, side, allowances)
    seen.levels += levels.length
    const tree = { levels: new Set<number>(), nodes: 0 }
    checkTree(book, side, tree)
    seen.nodes += tree.nodes
    assert.deepEqual(
      tree.levels,
      new Set(levels),
      `side ${side}: the tree holds the levels that next() visits`,
    )
    bySide.delete(side)
  }
  assert.deepEqual([...bySide.keys()], [], 'no order is outside the known instruments')
  for (let instrument = 0; instrument < instruments.count; instrument++) checkSpread(book, instrument)
  assert.deepEqual(
    slotsInUse(book),
    { ...seen, ids: live.length },
    'slots in use are the slots that can be reached',
  )
  assert.equal(seen.orders, live.length, 'every id in the index is that of an order in a queue')
}

/** Every slot in the index's cells, each found again by its own id. */
function slotsOfIndex(book: OrderBook): number[] {
  const index = book['index']
  const slots: number[] = []
  for (const cells of [index['cells'], index['old'] ?? []])
    for (let cell = 1; cell < cells.length; cell += 2) if (cells[cell]! > NONE) slots.push(cells[cell]!)
  assert.equal(new Set(slots).size, slots.length, 'no slot is in the index twice')
  for (const slot of slots) {
    const at = slot * ORDER_WORDS
    const found = book.find(book.words[at + ORDER_ID_LOW]!, book.words[at + ORDER_ID_HIGH]!)
    assert.equal(found, slot, `the index finds order ${book.order(slot).orderId}`)
    assert.equal(book.findOrder(book.order(slot).orderId), slot)
  }
  return slots
}

/** Walks a side by best() and next(); compares with the prices of the orders the index knows on that side. */
function checkLevels({ ladder, words }: OrderBook, side: number, slots: number[]): number[] {
  const prices = new Set(slots.map((slot) => words[slot * ORDER_WORDS + ORDER_PRICE_TICKS]!))
  const expected = [...prices].sort((a, b) => (isBetter(side, a, b) ? -1 : 1))
  const levels: number[] = []
  for (let level = ladder.best(side); level !== NONE; level = ladder.next(level)) {
    assert.ok(levels.length < expected.length, `side ${side}: next() goes on past the last level`)
    levels.push(level)
  }
  const walked = levels.map((level) => ladder.price(level))
  assert.deepEqual(walked, expected, `side ${side}: levels are in price order, best first`)
  assert.equal(ladder.levelCount(side), levels.length, `side ${side}: level count`)
  for (const level of levels)
    assert.equal(ladder.find(side, ladder.price(level)), level, 'find gives the same level')
  return levels
}

/** Follows a level's queue forwards, checking every link, and returns how many orders are in it. */
function checkQueue(
  book: OrderBook,
  level: number,
  side: number,
  { anySequence = false }: Allowances,
): number {
  const { ladder, words } = book
  const at = level * LEVEL_WORDS
  const where = `side ${side}, level at ${ladder.price(level)}`
  let [count, lots, previous, latest] = [0, 0, NONE, -1]
  for (
    let slot = ladder.levels[at + LEVEL_HEAD]!;
    slot !== NONE;
    slot = words[slot * ORDER_WORDS + ORDER_NEXT]!
  ) {
    const order = book.order(slot)
    assert.equal(words[slot * ORDER_WORDS + ORDER_PREVIOUS], previous, `${where}: the way back`)
    assert.equal(words[slot * ORDER_WORDS + ORDER_LEVEL], level, `${where}: the order knows its level`)
    assert.equal(order.priceTicks, ladder.price(level), `${where}: price`)
    assert.equal(order.instrument * 2 + order.side, side, `${where}: instrument and side`)
    assert.ok(
      order.openLots > 0 && order.openLots <= order.totalLots,
      `${where}: open lots ${order.openLots}`,
    )
    const sequence = readU64(words, slot * ORDER_WORDS + ORDER_SEQUENCE)
    assert.ok(anySequence || sequence > latest, `${where}: sequence ${sequence} behind ${latest}`)
    latest = sequence
    previous = slot
    lots += order.openLots
    assert.ok(++count <= book.liveOrders, `${where}: the queue has no end`)
  }
  assert.ok(count > 0, `${where}: a level with no orders`)
  assert.equal(ladder.levels[at + LEVEL_TAIL], previous, `${where}: tail`)
  assert.equal(ladder.levels[at + LEVEL_COUNT], count, `${where}: count`)
  assert.equal(ladder.orders(level), count)
  assert.equal(ladder.totalLots(level), lots, `${where}: total lots`)
  return count
}

/** Visits the radix tree of a side from its root: every node is needed, and knows its parent and its price bits. */
function checkTree({ ladder }: OrderBook, side: number, tree: { levels: Set<number>; nodes: number }): void {
  const sides = ladder['sides']
  const nodes = ladder['nodes']
  const visit = (node: number, parent: number, shift: number): void => {
    tree.nodes++
    const at = node * NODE.words
    const bits = nodes[at + NODE.bits]!
    assert.notEqual(bits, 0, `side ${side}: an empty node`)
    assert.equal(nodes[at + NODE.parent], parent, `side ${side}: the way up`)
    if (parent === NONE && shift > 0)
      assert.notEqual(bits & (bits - 1), 0, `side ${side}: the root could be lower`)
    for (let way = 0; way < NODE.ways; way++) {
      if (((bits >>> way) & 1) === 0) continue
      const child = nodes[at + way]!
      const key = nodes[at + NODE.key]! * NODE.ways + way
      if (shift > 0) {
        assert.equal(nodes[child * NODE.words + NODE.key], key, `side ${side}: price bits of a node`)
        visit(child, node, shift - 5)
      } else {
        assert.equal(ladder.price(child), key, `side ${side}: price of a leaf's level`)
        tree.levels.add(child)
      }
    }
  }
  const root = sides[side * SIDE.words + SIDE.root]!
  if (root !== NONE) visit(root, NONE, sides[side * SIDE.words + SIDE.shift]!)
}

function checkSpread(book: OrderBook, instrument: number): void {
  const bid = book.bestPrice(instrument, Side.buy)
  const offer = book.bestPrice(instrument, Side.sell)
  assert.ok(
    bid === 0 || offer === 0 || bid < offer,
    `instrument ${instrument}: bid ${bid} meets offer ${offer}`,
  )
}
