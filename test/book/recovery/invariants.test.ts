import test from 'ava'
import { cancelOrder, flagsOf } from '../../../src/book/command.ts'
import type { EngineState } from '../../../src/book/state/engine-state.ts'
import { Care } from '../../../src/book/state/care.ts'
import * as block from '../../../src/book/state/instrument-block.ts'
import { checkInvariants } from '../../../src/book/recovery/invariants.ts'
import * as level from '../../../src/book/state/level.ts'
import * as order from '../../../src/book/state/order.ts'
import * as ladder from '../../../src/book/state/price-ladder.ts'
import { OrderType, TimeInForce } from '../../../src/book/record.ts'
import * as terms from '../../../src/book/state/terms.ts'
import { buy, FastEngine, sell, suiteInstruments } from '../../support/both-engines.ts'

const STOP = { orderType: OrderType.stop, stopTicks: 130 }
const TRAILING = { orderType: OrderType.trailingStop, stopTicks: 4 }
const GTD = { timeInForce: TimeInForce.gtd, expirySeconds: 500 }

/** At 100: order 1, the iceberg 2 and the hidden 3. Then 4 at 90, the offer 5, stops 6 and 7, 8 that expires, 9 linked. */
function populated(): FastEngine {
  const fast = new FastEngine(suiteInstruments())
  for (const [i, command] of [
    buy(90, 1, 105),
    sell(91, 1, 105),
    buy(1, 9, 100),
    buy(2, 9, 100, { displayLots: 2 }),
    buy(3, 9, 100, { flags: flagsOf({ hidden: true }) }),
    buy(4, 9, 90),
    sell(5, 9, 110),
    buy(6, 9, 0, STOP),
    sell(7, 9, 0, TRAILING),
    buy(8, 9, 80, GTD),
    buy(9, 9, 70, { flags: flagsOf({ linked: true }), linkedOrderId: 8 }),
    cancelOrder(77),
  ].entries())
    fast.apply({ ...command, sequence: i + 1 })
  return fast
}

/** The addresses of what belongs to an order. */
class Places {
  readonly state: EngineState
  private readonly fast: FastEngine

  constructor(fast: FastEngine) {
    this.fast = fast
    this.state = fast.engine.state
  }

  slot(orderId: number): number {
    return this.fast.engine.find(orderId, 0)
  }

  level(orderId: number): number {
    return this.state.words[this.slot(orderId) + order.ORDER_LEVEL]!
  }

  terms(orderId: number): number {
    return this.state.words[this.slot(orderId) + order.ORDER_TERMS]!
  }

  block(instrument: number): number {
    return this.state.blocks[instrument]!
  }
}

/** Title, the word that is broken, what it is set to, what is said. */
type Break = readonly [string, (at: Places) => number, number | ((at: Places) => number), RegExp]

const BROKEN: readonly Break[] = [
  ['a count of orders', (at) => at.level(1) + level.LEVEL_COUNT, 4, /level 100: count of orders/],
  ['a count of hidden orders', (at) => at.level(1) + level.LEVEL_HIDDEN_COUNT, 0, /count of hidden orders/],
  ['the first hidden order', (at) => at.level(1) + level.LEVEL_HIDDEN_HEAD, 0, /first hidden order/],
  ['the tail of a queue', (at) => at.level(1) + level.LEVEL_TAIL, (at) => at.slot(1), /level 100: tail/],
  [
    'the head of a queue',
    (at) => at.level(1) + level.LEVEL_HEAD,
    (at) => at.slot(2),
    /level 100: broken link/,
  ],
  ['an empty queue', (at) => at.level(4) + level.LEVEL_HEAD, 0, /level 90: (empty|broken link)/],
  [
    'a price of a level',
    (at) => at.level(4) + level.LEVEL_PRICE_TICKS,
    91,
    /level 91: not found by its price/,
  ],
  ['a side of a level', (at) => at.level(4) + level.LEVEL_SIDE, 16, /level 90: belongs to another side/],
  ['a next order', (at) => at.slot(2) + order.ORDER_NEXT, 0, /level 100: (tail|broken link)/],
  ['a previous order', (at) => at.slot(2) + order.ORDER_PREVIOUS, 0, /level 100: broken link/],
  [
    'the level of an order',
    (at) => at.slot(4) + order.ORDER_LEVEL,
    (at) => at.level(1),
    /an order of another level/,
  ],
  ['open lots', (at) => at.slot(1) + order.ORDER_OPEN_LOTS, 8, /level 100: shown lots/],
  ['open lots above all lots', (at) => at.slot(1) + order.ORDER_TOTAL_LOTS, 8, /order 1: 9 open lots/],
  [
    'open lots of an order that is gone',
    (at) => at.slot(4) + order.ORDER_OPEN_LOTS,
    0,
    /level 90: shown lots/,
  ],
  ['the id of an order', (at) => at.slot(4) + order.ORDER_ID_LOW, 44, /order 44: not in the index/],
  [
    'the high half of an id',
    (at) => at.slot(4) + order.ORDER_ID_HIGH,
    1,
    /order 4294967300: not in the index/,
  ],
  ['the price of an order', (at) => at.slot(4) + order.ORDER_PRICE_TICKS, 91, /order 4: at 90 instead of 91/],
  ['the instrument of an order', (at) => at.slot(4) + order.ORDER_INSTRUMENT, 1, /order 4: on another side/],
  ['the side of an order', (at) => at.slot(4) + order.ORDER_HEAD, 0x01_01_01_00, /order 4: on another side/],
  ['time priority', (at) => at.slot(1) + order.ORDER_SEQUENCE, 99, /level 100: not in order of time/],
  ['terms of an order', (at) => at.slot(8) + order.ORDER_TERMS, 0, /an order in the queue of another expiry/],
  ['what an iceberg shows', (at) => at.terms(2) + terms.TERMS_SHOWN_LOTS, 3, /level 100: shown lots/],
  [
    'whether an order is hidden',
    (at) => at.terms(3) + terms.TERMS_IS_HIDDEN,
    0,
    /level 100: count of hidden orders/,
  ],
  [
    'whether a stop waits',
    (at) => at.terms(6) + terms.TERMS_IS_WAITING,
    0,
    /instrument 0: 2 stops counted, 1 wait/,
  ],
  ['a stop price', (at) => at.terms(6) + terms.TERMS_STOP_TICKS, 131, /order 6: at 130 instead of 131/],
  [
    'a link',
    (at) => at.terms(9) + terms.TERMS_PARTNER,
    (at) => at.slot(2),
    /order [89]: its link does not know it/,
  ],
  ['an expiry', (at) => at.terms(8) + terms.TERMS_EXPIRY_SECONDS, 501, /an order at another expiry/],
  [
    'the level of an expiry',
    (at) => at.terms(8) + terms.TERMS_EXPIRY_LEVEL,
    0,
    /in the queue of another expiry/,
  ],
  [
    'a best level',
    (at) => at.block(0) + block.BLOCK_BIDS + ladder.SIDE_BEST,
    (at) => at.level(4),
    /side 0: count of levels/,
  ],
  [
    'a count of levels',
    (at) => at.block(0) + block.BLOCK_OFFERS + ladder.SIDE_LEVELS,
    2,
    /side 1: count of levels/,
  ],
  [
    'the way of a side',
    (at) => at.block(0) + block.BLOCK_BIDS + ladder.SIDE_RISING,
    1,
    /side 0: count of levels/,
  ],
  [
    'a count of waiting stops',
    (at) => at.block(0) + block.BLOCK_WAITING,
    0,
    /instrument 0: does not take the care/,
  ],
  [
    'a limit of an instrument',
    (at) => at.block(1) + block.BLOCK_MAX_LOTS,
    1,
    /instrument 1: does not keep to its limits/,
  ],
  ['care of a state', (at) => at.block(1) + block.BLOCK_CARE, 1, /instrument 1: does not take the care/],
  ['a state', (at) => at.block(1) + block.BLOCK_STATE, 4, /instrument 1: does not take the care/],
]

test('invariants - an engine with every kind of order has nothing wrong with it', (t) => {
  const fast = populated()
  t.is(fast.liveOrders, 9)
  t.is(checkInvariants(fast.engine), undefined)
})

for (const [title, where, value, message] of BROKEN)
  test(`invariants - ${title} that is not right is noticed`, (t) => {
    const fast = populated()
    const places = new Places(fast)
    const at = where(places)
    const wrong = typeof value === 'number' ? value : value(places)
    t.not(places.state.words[at], wrong, 'the word is another before')
    places.state.words[at] = wrong
    t.regex(checkInvariants(fast.engine) ?? 'nothing wrong', message)
  })

for (const [title, offset, message] of [
  ['shown', level.LEVEL_SHOWN, /level 100: shown lots/],
  ['concealed', level.LEVEL_CONCEALED, /level 100: concealed lots/],
] as const)
  test(`invariants - ${title} lots that are no sum are noticed`, (t) => {
    const fast = populated()
    const places = new Places(fast)
    places.state.totals[(places.level(1) >> 1) + offset]!++
    t.regex(checkInvariants(fast.engine) ?? 'nothing wrong', message)
  })

const COUNTS: readonly [string, (state: EngineState) => void, RegExp][] = [
  ['an order slot', (state) => state.orders.take(), /^10 order slots in use, 9 live$/],
  ['a level slot', (state) => state.levels.take(), /^9 level slots in use, 8 in ladders$/],
  ['a terms slot', (state) => state.terms.take(), /^7 terms slots in use, 6 of live orders$/],
  ['a node slot', (state) => state.nodes.take(), /node slots in use/],
  ['an auction', (state) => state.auctions++, /^1 auctions counted, 0 under way$/],
  ['a link', (state) => state.links++, /links counted/],
  ['an order at work', (state) => (state.takerPartner = 16), /order at work/],
  [
    'an id',
    (state) => state.index.insert(state.allocate(order.ORDER_WORDS)),
    /^10 ids in the index, 9 live orders$/,
  ],
]

for (const [title, leak, message] of COUNTS)
  test(`invariants - ${title} too many is noticed`, (t) => {
    const fast = populated()
    leak(fast.engine.state)
    t.regex(checkInvariants(fast.engine) ?? 'nothing wrong', message)
  })

test('invariants - a bid at the offer is noticed while trading is continuous', (t) => {
  const fast = populated()
  const places = new Places(fast)
  const { state } = places
  state.words[places.block(0) + block.BLOCK_STATE] = 1
  state.words[places.block(0) + block.BLOCK_CARE]! |= Care.state
  fast.apply(buy(50, 1, 110, { sequence: 50 }))
  t.is(checkInvariants(fast.engine), undefined)
  state.words[places.block(0) + block.BLOCK_STATE] = 3
  state.words[places.block(0) + block.BLOCK_CARE]! &= ~Care.state
  t.is(checkInvariants(fast.engine), 'instrument 0: bid 110 crosses offer 110')
})

test('invariants - sequences in no order are let off where that is asked for, and only those', (t) => {
  const fast = new FastEngine(suiteInstruments())
  fast.apply(buy(1, 9, 100, { sequence: 2 }))
  fast.apply(buy(2, 9, 100, { sequence: 1 }))
  t.is(checkInvariants(fast.engine), 'instrument 0, side 0, level 100: not in order of time')
  t.is(checkInvariants(fast.engine, { anySequence: true }), undefined)
  const places = new Places(fast)
  places.state.words[places.level(1) + level.LEVEL_COUNT] = 3
  t.regex(checkInvariants(fast.engine, { anySequence: true }) ?? '', /count of orders/)
})
