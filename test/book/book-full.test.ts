import assert from 'node:assert/strict'
import test from 'ava'
import {
  amendOrder,
  cancelOrder,
  flagsOf,
  newOrder,
  replaceOrder,
  type Command,
} from '../../src/book/command.ts'
import type { EngineEvent } from '../../src/book/event.ts'
import { checkInvariants } from '../../src/book/recovery/invariants.ts'
import {
  CancelReason,
  EventKind,
  MAX_PRICE_TICKS,
  OrderType,
  Side,
  TimeInForce,
} from '../../src/book/record.ts'
import { Arena } from '../../src/memory/arena.ts'
import { NONE, type Pool } from '../../src/memory/heap.ts'
import { POOL_END, POOL_FREE_HEAD, POOL_TOP } from '../../src/memory/pool-words.ts'
import { buy, FastEngine, say, sell, suiteInstruments } from '../support/both-engines.ts'
import { seededInts } from '../support/commands.ts'
import { toJson } from '../support/compare-engines.ts'
import { flowInstruments, randomFlow } from '../support/random-flow.ts'
import { RebuiltBook } from '../support/rebuilt-book.ts'

const POOLS = ['orders', 'terms', 'levels', 'nodes'] as const
type PoolName = (typeof POOLS)[number]

function poolsOf({ engine: { state } }: FastEngine): Record<PoolName, Pool> {
  const { orders, terms, levels, nodes } = state
  return { orders, terms, levels, nodes }
}

/**
 * Lets pools together give so many slots more, and then none but those given back meanwhile; what is returned undoes it
 * and says if any was wanted.
 */
function fillUp({ engine: { state } }: FastEngine, pools: readonly Pool[], slotsLeft: number): () => boolean {
  let [left, isRefused] = [slotsLeft, false]
  const undo = pools.map((pool) => {
    const { words } = state
    const hidden = [...freeSlots(state.words, pool)]
    const [top, end] = [words[pool.at + POOL_TOP]!, words[pool.at + POOL_END]!]
    const extend = pool.extend.bind(pool)
    let fresh = top
    const setHeader = (freeHead: number, from: number, to: number): void => {
      state.words[pool.at + POOL_FREE_HEAD] = freeHead
      state.words[pool.at + POOL_TOP] = from
      state.words[pool.at + POOL_END] = to
    }
    setHeader(NONE, NONE, NONE)
    pool.extend = () => {
      if (left-- <= 0) {
        isRefused = true
        return false
      }
      let slot = hidden.shift()
      if (slot === undefined) {
        if (fresh === end) {
          // Kept for the next times.
          if (!extend()) return false
          const [from, to] = [state.words[pool.at + POOL_TOP]!, state.words[pool.at + POOL_END]!]
          for (let at = from; at < to; at += pool.stride) hidden.push(at)
          slot = hidden.shift()!
        } else {
          slot = fresh
          fresh += pool.stride
        }
      }
      setHeader(state.words[pool.at + POOL_FREE_HEAD]!, slot, slot + pool.stride)
      return true
    }
    return () => {
      pool.extend = extend
      const free = [...freeSlots(state.words, pool), ...hidden]
      free.forEach((slot, i) => {
        state.words[slot] = free[i + 1] ?? NONE
      })
      setHeader(free[0] ?? NONE, fresh, end)
    }
  })
  return () => {
    for (const each of undo) each()
    return isRefused
  }
}

/** The slots that a pool would give next without growing, those that were given back first. */
function* freeSlots(words: Int32Array, pool: Pool): Generator<number> {
  for (let slot = words[pool.at + POOL_FREE_HEAD]!; slot !== NONE; slot = words[slot]!) yield slot
}

function slotsInUse(fast: FastEngine): Record<string, number> {
  const used = Object.entries(poolsOf(fast)).map(([name, pool]): [string, number] => [name, pool.used])
  return { ...Object.fromEntries(used), ids: fast.engine.state.index.count }
}

const NOTHING = { orders: 0, terms: 0, levels: 0, nodes: 0, ids: 0 }

function withOneBid(): FastEngine {
  const fast = new FastEngine(suiteInstruments())
  fast.apply(newOrder({ orderId: 1, side: Side.buy, priceTicks: 1, lots: 5, sequence: 1 }))
  return fast
}

function isBookFull(event: EngineEvent | undefined): boolean {
  return event?.kind === EventKind.cancelled && event.reason === CancelReason.bookFull && event.openLots === 0
}

const GTD = { timeInForce: TimeInForce.gtd, expirySeconds: 2_000 }
const STOP = { orderType: OrderType.stop, stopTicks: MAX_PRICE_TICKS, priceTicks: 0 }

/** Title, what the order asks for, and the pools that it needs a slot of. */
const NEEDS: readonly [string, Partial<Command>, readonly PoolName[]][] = [
  ['a limit order', {}, ['orders', 'levels', 'nodes']],
  ['a hidden order', { flags: flagsOf({ hidden: true }) }, POOLS],
  ['an iceberg', { displayLots: 2 }, POOLS],
  ['a good-till-date order', GTD, POOLS],
  ['a stop', STOP, POOLS],
  ['a good-till-date stop', { ...STOP, ...GTD }, POOLS],
]

for (const [title, terms, names] of NEEDS)
  for (const name of names)
    test(`book full - ${title} that finds no slot among the ${name} is cancelled and leaves no trace`, (t) => {
      const fast = withOneBid()
      const [hash, slots] = [fast.stateHash(), slotsInUse(fast)]
      fillUp(fast, [poolsOf(fast)[name]], 0)
      const events = fast.apply(buy(2, 9, MAX_PRICE_TICKS, { sequence: 2, ...terms }))
      t.deepEqual(say(events), ['accepted #2', 'cancelled #2 9 bookFull'])
      t.true(isBookFull(events.at(-1)))
      t.is(checkInvariants(fast.engine), undefined)
      t.is(fast.stateHash(), hash)
      t.deepEqual(slotsInUse(fast), slots)
    })

test('book full - a good-till-date order that finds no slot for its expiry, behind those for its price, leaves no trace', (t) => {
  for (const stop of [{}, STOP]) {
    const fast = withOneBid()
    const slots = slotsInUse(fast)
    // The level of the price is the first one taken, that of the expiry the second.
    fillUp(fast, [fast.engine.state.levels], 1)
    t.deepEqual(say(fast.apply(buy(2, 9, 500, { ...GTD, ...stop }))), [
      'accepted #2',
      'cancelled #2 9 bookFull',
    ])
    t.is(checkInvariants(fast.engine), undefined)
    t.deepEqual(slotsInUse(fast), slots)
  }
})

/** From a single leaf to the whole range: six nodes above the root, and six down to the far leaf. */
const NODES_TO_FAR_PRICE = 12

test('book full - a ladder that runs out of nodes half way to a far price is as low as it was before', (t) => {
  for (const side of [Side.buy, Side.sell])
    for (let nodesLeft = 0; nodesLeft <= NODES_TO_FAR_PRICE; nodesLeft++) {
      const fast = new FastEngine(suiteInstruments())
      fast.apply(newOrder({ orderId: 1, side, priceTicks: 1_000, lots: 5, sequence: 1 }))
      const slots = slotsInUse(fast)
      fillUp(fast, [fast.engine.state.nodes], nodesLeft)
      fast.apply(newOrder({ orderId: 2, side, priceTicks: MAX_PRICE_TICKS, lots: 9, sequence: 2 }))
      t.is(checkInvariants(fast.engine), undefined)
      t.is(fast.liveOrders, nodesLeft < NODES_TO_FAR_PRICE ? 1 : 2, `${nodesLeft} nodes left`)
      fast.apply(cancelOrder(2))
      t.deepEqual(slotsInUse(fast), slots)
    }
})

const FAR = 2_000

test('book full - a changed order that finds no room at its new price leaves with the lots it still had', (t) => {
  for (const [change, first] of [
    [amendOrder(1, { priceTicks: FAR, lots: 9 }), `amended #1 9@${FAR}`],
    [replaceOrder(1, 8, { priceTicks: FAR, lots: 9 }), `replaced #1 #8 9@${FAR}`],
  ] as const) {
    const fast = withOneBid()
    fast.apply(newOrder({ orderId: 2, side: Side.sell, priceTicks: 50, lots: 2, sequence: 2 }))
    // Keeps the bids' nodes in use; far away they would need more than the trade gives back.
    fast.apply(newOrder({ orderId: 3, side: Side.buy, priceTicks: 2, lots: 1, sequence: 3 }))
    fillUp(fast, [fast.engine.state.nodes], 0)
    const { orderId } = change
    t.deepEqual(say(fast.apply(change)), [
      first,
      `trade #${orderId} #2 2@50`,
      `cancelled #${orderId} 7 bookFull`,
    ])
    t.is(checkInvariants(fast.engine), undefined)
    fast.apply(cancelOrder(3))
    t.deepEqual(slotsInUse(fast), NOTHING)
  }
})

test('book full - a stop that finds no room at its new stop price leaves', (t) => {
  const fast = new FastEngine(suiteInstruments())
  fast.apply(buy(1, 9, 0, { ...STOP, stopTicks: 200 }))
  fast.apply(buy(2, 9, 0, { ...STOP, stopTicks: 201 })) // keeps the node that they hang on
  fillUp(fast, [fast.engine.state.nodes], 0)
  t.deepEqual(say(fast.apply(amendOrder(1, { stopTicks: 900 }))), [
    'amended #1 9@0',
    'cancelled #1 9 bookFull',
  ])
  t.is(checkInvariants(fast.engine), undefined)
  fast.apply(cancelOrder(2))
  t.deepEqual(slotsInUse(fast), NOTHING)
})

test('book full - an order that is linked leaves the other unlinked if it finds no room', (t) => {
  const fast = withOneBid()
  const linked = { flags: flagsOf({ linked: true }), linkedOrderId: 1 }
  const undo = fillUp(fast, [fast.engine.state.orders], 0)
  t.deepEqual(say(fast.apply(buy(2, 9, 7, linked))), ['accepted #2', 'cancelled #2 9 bookFull'])
  t.true(undo())
  t.is(checkInvariants(fast.engine), undefined)
  t.deepEqual(say(fast.apply(buy(2, 9, 7, linked))), ['accepted #2'])
  t.is(fast.engine.order(1)?.linkedOrderId, 2)
})

/** What the client has rebuilt of each side, and what the engine says. */
function books(book: RebuiltBook, { engine }: FastEngine): [string, string] {
  const sides = [0, 1, 2, 3, 4].flatMap((instrument) => [0, 1].map((side) => [instrument, side] as const))
  const line = ({ orderId, openLots, priceTicks, shownLots }: ReturnType<RebuiltBook['orders']>[0]): string =>
    `#${orderId} ${openLots}@${priceTicks} ${shownLots}`
  const rebuilt = sides.map((side) =>
    book
      .orders(...side)
      .map(line)
      .join('\n'),
  )
  return [
    rebuilt.join('\n\n'),
    sides.map((side) => [...engine.orders(...side)].map(line).join('\n')).join('\n\n'),
  ]
}

test('book full - whichever slot of a command is refused, the book stays whole and its events tell what is left', (t) => {
  let [refused, full] = [0, 0]
  for (let seed = 1; seed <= 250; seed++) {
    const below = seededInts(seed)
    const fast = new FastEngine(flowInstruments(), { marketData: seed % 2 === 0 })
    const book = new RebuiltBook()
    for (const [i, command] of randomFlow(seed + 10_000, 250).entries()) {
      const isShort = below(4) === 0
      const undo = fillUp(fast, Object.values(poolsOf(fast)), isShort ? below(4) : Infinity)
      const events = fast.apply({ ...command, sequence: i + 1 })
      if (undo()) refused++
      full += events.filter(isBookFull).length
      for (const event of events) book.read(event)
      const where = `seed ${seed}, command ${i} ${toJson(command)}`
      assert.equal(checkInvariants(fast.engine), undefined, where)
      const [rebuilt, expected] = books(book, fast)
      if (rebuilt !== expected) assert.equal(rebuilt, expected, where)
    }
  }
  t.true(refused > 1_000, `${refused} commands found no slot`)
  t.true(full > 1_000, `${full} orders left`)
})

/** Keeps an engine's memory from growing from now on. */
function stopGrowth(fast: FastEngine): void {
  fast.engine.state['arena'].reserve = () => false
}

test('book full - at the end of memory orders are cancelled, and what leaves makes room again', (t) => {
  const fast = new FastEngine(suiteInstruments())
  stopGrowth(fast)
  let orderId = 0
  while (!isBookFull(fast.apply(buy(++orderId, 1, 1 + orderId * 977)).at(-1)));
  t.true(orderId > 100, `${orderId} orders`)
  t.is(checkInvariants(fast.engine), undefined)
  t.is(fast.liveOrders, orderId - 1)
  fast.apply(cancelOrder(3))
  t.deepEqual(say(fast.apply(buy(orderId, 1, 1 + 3 * 977))), [`accepted #${orderId}`])
  for (let id = 1; id <= orderId; id++) fast.apply(cancelOrder(id))
  t.is(checkInvariants(fast.engine), undefined)
  t.deepEqual(slotsInUse(fast), NOTHING)
})

test('book full - an order still trades at the end of memory', (t) => {
  const fast = withOneBid()
  stopGrowth(fast)
  fillUp(fast, Object.values(poolsOf(fast)), 0)
  t.deepEqual(say(fast.apply(sell(2, 5, 1))), ['accepted #2', 'trade #2 #1 5@1'])
  t.deepEqual(slotsInUse(fast), NOTHING)
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
