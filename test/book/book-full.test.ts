import test, { type ExecutionContext } from 'ava'
import { amendOrder, cancelOrder, newOrder } from '../../src/book/command.ts'
import { CancelReason, EventKind, MAX_PRICE_TICKS, Side } from '../../src/book/record.ts'
import { Arena } from '../../src/memory/arena.ts'
import { NONE, type Slab } from '../../src/memory/slab.ts'
import { FastEngine, suiteInstruments } from '../support/both-engines.ts'
import { checkBook, slotsInUse } from '../support/check-book.ts'

/** Lets a slab give so many slots more, and then none. */
function fillUp(slab: Slab, slotsLeft: number): void {
  const take = slab.take.bind(slab)
  let left = slotsLeft
  slab.take = () => (left-- > 0 ? take() : NONE)
}

function withOneBid(): FastEngine {
  const fast = new FastEngine(suiteInstruments())
  fast.apply(newOrder({ orderId: 1, side: Side.buy, priceTicks: 1, lots: 5, sequence: 1 }))
  return fast
}

function slabsOf({ engine: { book } }: FastEngine): Record<string, Slab> {
  return { order: book['slab'], level: book.ladder['levelSlab'], node: book.ladder['nodeSlab'] }
}

/** The event that says there is no room, checked to be the last one. */
function expectFull(
  t: ExecutionContext,
  events: ReturnType<FastEngine['apply']>,
  lots: number,
  price: number,
): void {
  const left = { kind: EventKind.cancelled, reason: CancelReason.bookFull }
  t.like(events.at(-1), { ...left, lots, openLots: 0, priceTicks: price })
}

for (const name of ['order', 'level', 'node'])
  test(`match - an order that finds no ${name} slot is cancelled as book full and leaves no trace`, (t) => {
    const fast = withOneBid()
    const [hash, slots] = [fast.stateHash(), slotsInUse(fast.engine.book)]
    fillUp(slabsOf(fast)[name]!, 0)
    const order = { side: Side.buy, priceTicks: MAX_PRICE_TICKS, lots: 9 }
    expectFull(t, fast.apply(newOrder({ ...order, orderId: 2, sequence: 2 })), 9, MAX_PRICE_TICKS)
    checkBook(fast.engine)
    t.is(fast.stateHash(), hash)
    t.deepEqual(slotsInUse(fast.engine.book), slots)
  })

/** From a single leaf to the whole range: six nodes above the root, and six down to the far leaf. */
const NODES_TO_FAR_PRICE = 12

test('match - a ladder that runs out of nodes half way to a far price is as low as it was before', (t) => {
  for (const side of [Side.buy, Side.sell])
    for (let nodesLeft = 0; nodesLeft <= NODES_TO_FAR_PRICE; nodesLeft++) {
      const fast = new FastEngine(suiteInstruments())
      fast.apply(newOrder({ orderId: 1, side, priceTicks: 1_000, lots: 5, sequence: 1 }))
      const slots = slotsInUse(fast.engine.book)
      fillUp(slabsOf(fast)['node']!, nodesLeft)
      fast.apply(newOrder({ orderId: 2, side, priceTicks: MAX_PRICE_TICKS, lots: 9, sequence: 2 }))
      checkBook(fast.engine)
      t.is(fast.liveOrders, nodesLeft < NODES_TO_FAR_PRICE ? 1 : 2, `${nodesLeft} nodes left`)
      fast.apply(cancelOrder(2))
      t.deepEqual(slotsInUse(fast.engine.book), slots)
    }
})

test('match - an amended order that finds no room at its new price leaves with the lots it still had', (t) => {
  const fast = withOneBid()
  fast.apply(newOrder({ orderId: 2, side: Side.sell, priceTicks: 50, lots: 2, sequence: 2 }))
  fillUp(slabsOf(fast)['level']!, 0)
  const events = fast.apply(amendOrder(1, { priceTicks: 60, lots: 9 }))
  t.deepEqual(
    events.map(({ kind, lots }) => [kind, lots]),
    [
      [EventKind.amended, 9],
      [EventKind.trade, 2],
      [EventKind.cancelled, 7],
    ],
  )
  expectFull(t, events, 7, 60)
  checkBook(fast.engine)
  t.deepEqual(slotsInUse(fast.engine.book), { orders: 0, levels: 0, nodes: 0, ids: 0 })
})

test('arena - a machine with no memory left is told as a false, not thrown', (t) => {
  const arena = new Arena(1)
  const words = arena.words
  arena['memory'].grow = () => {
    throw new RangeError('Unable to grow instance memory')
  }
  t.false(arena.reserve(words.length + 1))
  t.is(arena.words, words)
})
