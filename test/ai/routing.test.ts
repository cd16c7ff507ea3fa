import test from 'ava'
import fc from 'fast-check'
import { Direction } from '../../src/ai/models/horizon.ts'
import { Silence, type Prediction } from '../../src/ai/prediction/prediction.ts'
import { DecisionBit, readDecision, reasonsOf, writeDecision } from '../../src/ai/routing/decision.ts'
import { plainRiskScore } from '../../src/ai/routing/risk-score.ts'
import { Router, type Surroundings } from '../../src/ai/routing/router.ts'
import { DEFAULT_ROUTER, type RouterOptions } from '../../src/ai/routing/router-options.ts'
import { sizedLots } from '../../src/ai/routing/sizing.ts'
import {
  Batch,
  flagsOf,
  newOrder,
  OrderType,
  pushCommand,
  Side,
  TimeInForce,
  type NewOrder,
} from '../../src/book/index.ts'
import { headTimeInForce, DISPLAY_LOTS, HEAD, LOTS, MIN_LOTS, PRICE_TICKS } from '../../src/book/record.ts'

const SURE_UP: Prediction = {
  direction: Direction.up,
  down: 0.1,
  flat: 0,
  up: 0.9,
  confidence: 0.9,
  expectedMoveTicks: 5,
  ageNs: 0,
  silence: Silence.none,
}
const BOOK: Surroundings = { bidTicks: 100, offerTicks: 104, lastTicks: 102, riskScore: 0, deviationTicks: 1 }

interface Routed {
  readonly bits: readonly string[]
  readonly priceTicks: number
  readonly lots: number
  readonly timeInForce: number
}

interface Around {
  readonly options?: RouterOptions
  readonly prediction?: Prediction | 'none'
  readonly book?: Surroundings
}

function route(
  order: Partial<NewOrder>,
  { options = DEFAULT_ROUTER, prediction = SURE_UP, book = BOOK }: Around = {},
): Routed {
  const batch = new Batch(1)
  pushCommand(batch, newOrder({ orderId: 1, side: Side.buy, lots: 10, priceTicks: 100, ...order }))
  const { words } = batch
  const bits = new Router(options).decide(words, 0, prediction === 'none' ? undefined : prediction, book)
  return {
    bits: reasonsOf(bits),
    priceTicks: words[PRICE_TICKS]!,
    lots: words[LOTS]!,
    timeInForce: headTimeInForce(words[HEAD]!),
  }
}

const AS_IT_WAS = { bits: [], priceTicks: 100, lots: 10, timeInForce: TimeInForce.gtc }

test('router - a resting order in the direction that the model is sure of becomes immediate-or-cancel at the collar', (t) => {
  t.deepEqual(route({}), { bits: ['urgent'], priceTicks: 152, lots: 10, timeInForce: TimeInForce.ioc })
  const down = { ...SURE_UP, direction: Direction.down, down: 0.9, up: 0.1, expectedMoveTicks: -5 }
  t.deepEqual(route({ side: Side.sell, priceTicks: 104 }, { prediction: down }), {
    bits: ['urgent'],
    priceTicks: 52,
    lots: 10,
    timeInForce: TimeInForce.ioc,
  })
})

test("router - confidence must be above the bound, and in the order's direction", (t) => {
  t.deepEqual(route({}, { prediction: { ...SURE_UP, confidence: 0.8 } }), AS_IT_WAS)
  t.deepEqual(route({}, { prediction: { ...SURE_UP, confidence: 0.8000001 } }).bits, ['urgent'])
  t.deepEqual(route({ side: Side.sell, priceTicks: 104 }), { ...AS_IT_WAS, priceTicks: 104 })
  t.deepEqual(route({}, { prediction: { ...SURE_UP, direction: Direction.flat } }), AS_IT_WAS)
})

test('router - without advice an order stays as it is', (t) => {
  t.deepEqual(route({}, { prediction: 'none' }), AS_IT_WAS)
  for (const silence of Object.values(Silence))
    if (silence !== Silence.none) t.deepEqual(route({}, { prediction: { ...SURE_UP, silence } }), AS_IT_WAS)
})

test('router - orders with terms of their own, and those that take at once, stay as they are', (t) => {
  const orders: Partial<NewOrder>[] = [
    { priceTicks: 104 },
    { orderType: OrderType.market, priceTicks: 0, timeInForce: TimeInForce.ioc },
    { timeInForce: TimeInForce.ioc },
    { timeInForce: TimeInForce.fok },
    { timeInForce: TimeInForce.gtd, expirySeconds: 5 },
    { orderType: OrderType.stopLimit, stopTicks: 99 },
    { displayLots: 5 },
    { minLots: 5 },
    { flags: flagsOf({ postOnly: 'reject' }) },
    { flags: flagsOf({ hidden: true }) },
    { flags: flagsOf({ allOrNone: true }) },
    { flags: flagsOf({ reduceOnly: true }) },
    { flags: flagsOf({ linked: true }), linkedOrderId: 2 },
  ]
  for (const order of orders) t.deepEqual(route(order).bits, [], JSON.stringify(order))
  t.deepEqual(route({ timeInForce: TimeInForce.day }).bits, ['urgent'])
})

test('router - the guard keeps back what the expected move does not pay for', (t) => {
  // Half the spread is 2 ticks.
  const moving = (expectedMoveTicks: number) => ({ ...SURE_UP, expectedMoveTicks })
  t.deepEqual(route({}, { prediction: moving(2) }), { ...AS_IT_WAS, bits: ['guarded'] })
  t.deepEqual(route({}, { prediction: moving(2.001) }).bits, ['urgent'])
  const fees = { ...DEFAULT_ROUTER, guard: { feeTicks: 1, marginTicks: 0.5 } }
  t.deepEqual(route({}, { prediction: moving(3.5), options: fees }).bits, ['guarded'])
  t.deepEqual(route({}, { prediction: moving(3.6), options: fees }).bits, ['urgent'])
  const bare: RouterOptions = { urgency: DEFAULT_ROUTER.urgency }
  t.deepEqual(route({}, { prediction: moving(0.1), options: bare }).bits, ['urgent'])
})

test('router - without a price to set a collar by, nothing is hurried', (t) => {
  t.deepEqual(route({}, { book: { ...BOOK, lastTicks: 0 } }), { ...AS_IT_WAS, bits: ['noCollar'] })
})

test('router - a risk score above the bound halves the size in whole lots, at least one', (t) => {
  const risky = { ...BOOK, riskScore: 0.71 }
  const options: RouterOptions = { halving: { riskScore: 0.7 } }
  const lotsOf = (lots: number, riskScore = 0.71) =>
    route({ lots }, { options, book: { ...risky, riskScore } }).lots
  t.deepEqual(
    [10, 11, 3, 2, 1].map((lots) => lotsOf(lots)),
    [5, 5, 1, 1, 1],
  )
  t.is(lotsOf(10, 0.7), 10)
  t.deepEqual(
    route({ lots: 1 }, { options, book: risky }).bits,
    [],
    'one lot cannot be halved, and nothing is told',
  )
})

test('router - a smaller order keeps terms that fit it', (t) => {
  const batch = new Batch(1)
  pushCommand(
    batch,
    newOrder({ orderId: 1, side: Side.buy, lots: 10, priceTicks: 100, displayLots: 7, minLots: 8 }),
  )
  new Router({ halving: { riskScore: 0.7 } }).decide(batch.words, 0, undefined, { ...BOOK, riskScore: 1 })
  t.is(batch.words[LOTS], 5)
  t.is(batch.words[DISPLAY_LOTS], 0)
  t.is(batch.words[MIN_LOTS], 5)
})

test('router - never makes an order larger, worse for its limit, or a market order', (t) => {
  const order = fc.record({
    side: fc.constantFrom(Side.buy, Side.sell),
    lots: fc.integer({ min: 1, max: 1_000_000 }),
    priceTicks: fc.integer({ min: 1, max: 300 }),
    timeInForce: fc.constantFrom(...Object.values(TimeInForce)),
    orderType: fc.constantFrom(OrderType.limit, OrderType.stopLimit),
  })
  const prediction = fc.record({
    direction: fc.constantFrom(0, 1, 2),
    confidence: fc.double({ min: 0, max: 1, noNaN: true }),
    expectedMoveTicks: fc.double({ min: -50, max: 50, noNaN: true }),
  })
  fc.assert(
    fc.property(
      order,
      prediction,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(500),
      (given, says, riskScore, lastTicks) => {
        const options = {
          ...DEFAULT_ROUTER,
          sizing: { kelly: { fraction: 0.5, bankrollUnits: 1e4, maxLots: 500 } },
        }
        const made = route(given, {
          options,
          prediction: { ...SURE_UP, ...says },
          book: { ...BOOK, riskScore, lastTicks },
        })
        const isTowards =
          given.side === Side.buy ? made.priceTicks >= given.priceTicks : made.priceTicks <= given.priceTicks
        return made.lots >= 1 && made.lots <= given.lots && made.priceTicks >= 1 && isTowards
      },
    ),
  )
  t.pass()
})

test('sizing - a fraction of Kelly rises with the edge, falls with the variance, and is capped', (t) => {
  const kelly = { fraction: 0.5, bankrollUnits: 1_000, maxLots: 200 }
  t.is(sizedLots(1_000, { kelly }, 0.1, 1), 50)
  t.is(sizedLots(1_000, { kelly }, 0.2, 1), 100)
  t.is(sizedLots(1_000, { kelly }, 0.2, 2), 25)
  t.is(sizedLots(1_000, { kelly }, 10, 1), 200)
  t.is(sizedLots(1_000, { kelly }, -1, 1), 1, 'without an edge one lot is left')
  t.is(sizedLots(30, { kelly }, 0.1, 1), 30)
})

test('sizing - a volatility target gives fewer lots where prices move more', (t) => {
  const volatility = { targetUnits: 100 }
  t.is(sizedLots(1_000, { volatility }, 0, 2), 50)
  t.is(sizedLots(1_000, { volatility }, 0, 4), 25)
  t.is(
    sizedLots(1_000, { volatility, kelly: { fraction: 1, bankrollUnits: 100, maxLots: 1_000 } }, 0.4, 2),
    10,
  )
})

test('risk score - is from 0 to 1 and never falls when a part of it rises', (t) => {
  const amount = fc.double({ min: 0, max: 1e6, noNaN: true })
  const chance = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(
      amount,
      amount,
      amount,
      amount,
      chance,
      amount,
      chance,
      (lots, depth, move, spread, against, more, later) => {
        const score = plainRiskScore(lots, depth + 1, move, spread + 1, against)
        const rises = [
          plainRiskScore(lots + more, depth + 1, move, spread + 1, against),
          plainRiskScore(lots, depth + 1, move + more, spread + 1, against),
          plainRiskScore(lots, depth + 1, move, spread + 1, Math.max(against, later)),
          plainRiskScore(lots, (depth + 1) / (1 + more), move, spread + 1, against),
        ]
        return score >= 0 && score <= 1 && rises.every((risen) => risen >= score - 1e-12)
      },
    ),
  )
  t.true(plainRiskScore(1e9, 1, 1e9, 1, 1) > 0.99)
})

test('decisions - a record says what was done and why', (t) => {
  const batch = new Batch(1)
  pushCommand(
    batch,
    newOrder({
      orderId: 2 ** 40 + 5,
      side: Side.sell,
      lots: 5,
      priceTicks: 90,
      client: 3,
      instrument: 2,
      sequence: 77,
      timeInForce: TimeInForce.ioc,
    }),
  )
  const events = new Batch(1)
  events.count = 1
  const before = new Batch(1)
  pushCommand(before, newOrder({ orderId: 1, side: Side.sell, lots: 10, priceTicks: 104 }))
  const grounds = {
    bits: DecisionBit.urgent | DecisionBit.halved,
    lotsBefore: 10,
    priceTicksBefore: 104,
    headBefore: before.words[HEAD]!,
    confidence: 0.875,
    expectedMoveTicks: -1.25,
    riskScore: 0.75,
  }
  writeDecision(events, batch.words, 0, grounds, 0xfeedbeef | 0)
  t.is(events.count, 2, 'a full batch grows')
  const made = readDecision(events.words, 16)
  t.like(made, {
    sequence: 77,
    orderId: 2 ** 40 + 5,
    instrument: 2,
    client: 3,
    side: Side.sell,
    bits: 3,
    priceTicks: 90,
    lots: 5,
    timeInForce: TimeInForce.ioc,
    lotsBefore: 10,
    priceTicksBefore: 104,
    timeInForceBefore: TimeInForce.gtc,
    expectedMoveTicks: -1.25,
    riskScore: 0.75,
    model: 'feedbeef',
  })
  t.true(Math.abs(made.confidence - 0.875) < 1e-4)
  t.deepEqual(reasonsOf(made.bits), ['urgent', 'halved'])
})
