import assert from 'node:assert/strict'
import test from 'ava'
import { Batch } from '../../../src/book/batch.ts'
import {
  amendOrder,
  cancelOrder,
  flagsOf,
  kill,
  newOrder,
  pushCommand,
  release,
  setState,
  type Command,
} from '../../../src/book/command.ts'
import { readEvents, type EngineEvent } from '../../../src/book/event.ts'
import { Instruments } from '../../../src/book/instruments.ts'
import { MatchingEngine } from '../../../src/book/matching-engine.ts'
import { checkInvariants } from '../../../src/book/recovery/invariants.ts'
import {
  CommandKind,
  EventKind,
  OrderType,
  RECORD_WORDS,
  Side,
  TimeInForce,
  TradingState,
} from '../../../src/book/record.ts'
import { seededInts } from '../../support/commands.ts'
import { flowOf } from '../../support/compare-engines.ts'
import { NaiveEngine } from '../../support/naive-engine.ts'
import { flowInstruments } from '../../support/random-flow.ts'

/** As little room as there can be at first: everything grows, most of it in the middle of a run. */
const CRAMPED = { liveOrders: 1, eventRecords: 1 }

function plainInstruments(): Instruments {
  return new Instruments(
    ['A', 'B', 'C'].map((symbol) => ({ symbol, tick: '1', lot: '1', maxPrice: '50000', maxQuantity: '40' })),
  )
}

/** Mostly what the kernel does, with everything that it leaves to others strewn in. */
function mixedFlow(seed: number, length: number): Command[] {
  const below = seededInts(seed)
  const tifs = [TimeInForce.gtc, TimeInForce.gtc, TimeInForce.day, TimeInForce.ioc, TimeInForce.fok]
  let orderId = 0
  const one = (): Command => {
    const order = {
      orderId: ++orderId * (below(8) === 0 ? 2 ** 33 : 1),
      instrument: below(3),
      client: 1 + below(4),
      side: below(2),
      priceTicks: below(40) === 0 ? 1 + below(49_999) : 20_000 + below(24),
      lots: 1 + below(20),
      timeInForce: tifs[below(tifs.length)]!,
    }
    const draw = below(100)
    if (draw < 55) return newOrder(order)
    if (draw < 62) return newOrder({ ...order, orderType: OrderType.market, priceTicks: below(2) * 20_010 })
    if (draw < 85) return cancelOrder(1 + below(orderId), below(3))
    if (draw < 88) return { ...cancelOrder(1 + below(orderId)), instrument: below(3) }
    if (draw < 91) return newOrder({ ...order, timeInForce: TimeInForce.gtc, displayLots: 1 })
    if (draw < 93)
      return newOrder({ ...order, timeInForce: TimeInForce.gtc, flags: flagsOf({ hidden: true }) })
    if (draw < 96) return amendOrder(1 + below(orderId), { lots: 1 + below(20) })
    if (draw < 97) return newOrder({ ...order, orderId: 1 + below(orderId) })
    if (draw < 98) return newOrder({ ...order, lots: 41 - below(2) * 41 })
    if (draw < 99) return newOrder({ ...order, priceTicks: 50_001 * below(2) })
    const rare = below(12)
    if (rare === 0) return kill(1)
    if (rare === 1) return setState(TradingState.openingAuction, below(3))
    return below(2) === 0 ? release(1) : setState(TradingState.continuous)
  }
  return Array.from({ length }, one)
}

/** A batch filled with commands: the engine's own, or one from elsewhere. */
function fill(batch: Batch, commands: readonly Command[]): Batch {
  batch.count = 0
  for (const command of commands) {
    if (batch.count === batch.capacity) batch.grow()
    pushCommand(batch, command)
  }
  return batch
}

/** Gives an engine commands in batches of random sizes, in one of the ways that there are, and compares with naive. */
function compareBatches(
  seed: number,
  stream: readonly Command[],
  instruments: () => Instruments,
  marketData: boolean,
): void {
  const below = seededInts(seed + 77)
  const engine = new MatchingEngine(instruments(), { ...CRAMPED, marketData })
  const naive = new NaiveEngine(instruments(), { marketData })
  const [own, other] = [engine.makeBatch(64), new Batch(64)]
  for (let from = 0; from < stream.length;) {
    const part = stream
      .slice(from, from + 1 + below(1 + below(64)))
      .map((command, i) => ({ ...command, sequence: from + i + 1 }))
    const batch = fill(below(2) === 0 ? own : other, part)
    engine.events.count = 0
    if (below(3) > 0) engine.applyBatch(batch)
    else for (let i = 0; i < batch.count; i++) engine.apply(batch.words, i * RECORD_WORDS)
    const expected: EngineEvent[] = part.flatMap((command) => naive.apply(command))
    const where = `seed ${seed}, commands ${from} to ${from + part.length - 1}`
    assert.deepEqual(readEvents(engine.events), expected, where)
    assert.equal(checkInvariants(engine), undefined, where)
    from += part.length
  }
  assert.equal(engine.stateHash(), naive.stateHash(), `seed ${seed}`)
}

test('kernel - whatever comes in batches of whatever size is answered as it would be one by one', (t) => {
  for (let seed = 1; seed <= 60; seed++)
    compareBatches(seed, mixedFlow(seed, 600), plainInstruments, seed % 2 === 0)
  t.pass()
})

test('kernel - flows of all features are answered alike in batches', (t) => {
  for (let seed = 1; seed <= 60; seed++) {
    const { stream, marketData } = flowOf(seed)
    compareBatches(seed, stream, flowInstruments, marketData)
  }
  t.pass()
})

/** The share of a stream's commands that the kernel does itself. */
function shareOfKernel(stream: readonly Command[], instruments: Instruments): number {
  const engine = new MatchingEngine(instruments)
  let careful = 0
  const withCare = engine['applyWithCare'].bind(engine)
  engine['applyWithCare'] = (words, at) => {
    careful++
    withCare(words, at)
  }
  engine.applyBatch(fill(new Batch(1), stream))
  return 1 - careful / stream.length
}

test('kernel - it does plain orders, their trades and their cancels itself', (t) => {
  const plain = mixedFlow(5, 5_000).filter(
    ({ kind, displayLots = 0, flags = 0, lots = 0, priceTicks = 0, orderType }) =>
      (kind === CommandKind.new || kind === CommandKind.cancel) &&
      displayLots + flags === 0 &&
      lots <= 40 &&
      (kind === CommandKind.cancel || (lots > 0 && (priceTicks > 0 || orderType === OrderType.market))),
  )
  const good = new MatchingEngine(plainInstruments())
  // Without those that are refused: of orders that are gone, with ids that are taken, beyond the limits.
  const taken = plain.filter((command) => {
    good.events.count = 0
    good.applyBatch(fill(new Batch(1), [command]))
    return readEvents(good.events)[0]?.kind !== EventKind.rejected
  })
  t.true(taken.length > 2_000)
  t.is(shareOfKernel(taken, plainInstruments()), 1)
})

test('kernel - a sweep of more makers than there is room for events loses none', (t) => {
  const engine = new MatchingEngine(plainInstruments(), CRAMPED)
  const sells = Array.from({ length: 3_000 }, (_, i) =>
    newOrder({ orderId: i + 1, side: Side.sell, priceTicks: 100 + (i % 700), lots: 1 }),
  )
  engine.applyBatch(fill(new Batch(1), sells))
  t.is(engine.liveOrders, 3_000)
  engine.events.count = 0
  const buys = Array.from({ length: 75 }, (_, i) =>
    newOrder({ orderId: 10_000 + i, side: Side.buy, priceTicks: 900, lots: 40 }),
  )
  engine.applyBatch(fill(engine.makeBatch(75), buys))
  const events = readEvents(engine.events)
  t.is(events.filter(({ kind }) => kind === EventKind.trade).length, 3_000)
  t.is(events.filter(({ kind }) => kind === EventKind.accepted).length, 75)
  t.is(engine.liveOrders, 0)
  t.is(checkInvariants(engine), undefined)
})

test('kernel - with more orders than caches hold, what it looks at ahead changes nothing', (t) => {
  const orders = 140_000
  const engine = new MatchingEngine(plainInstruments(), CRAMPED)
  const batch = engine.makeBatch(1_024)
  const give = (commands: readonly Command[]): void => {
    for (let from = 0; from < commands.length; from += 1_024) {
      engine.events.count = 0
      engine.applyBatch(fill(batch, commands.slice(from, from + 1_024)))
    }
  }
  const below = seededInts(3)
  const entered = Array.from({ length: orders }, (_, i) => {
    const side = below(2)
    const ticks = 1 + below(300)
    const priceTicks = side === Side.buy ? 20_000 - ticks : 20_000 + ticks
    return newOrder({ orderId: i + 1, instrument: below(3), side, priceTicks, lots: 1, sequence: i + 1 })
  })
  give(entered)
  t.is(engine.liveOrders, orders)
  t.is(checkInvariants(engine), undefined)
  // More than there are: some are gone when their turn comes again.
  give(Array.from({ length: 5_000 }, () => cancelOrder(1 + below(orders), 1)))
  t.is(checkInvariants(engine), undefined)
  const left = engine.liveOrders
  t.true(left < orders - 4_800 && left > orders - 5_000, `${left} are left`)
  give(entered.map(({ orderId }) => cancelOrder(orderId)))
  t.is(engine.liveOrders, 0)
  t.is(checkInvariants(engine), undefined)
})

test('kernel - a fill-or-kill order counts on no two orders of which one cancels the other', (t) => {
  const engine = new MatchingEngine(plainInstruments())
  const sell = { side: Side.sell, priceTicks: 100, lots: 5 }
  const linked = { flags: flagsOf({ linked: true }), linkedOrderId: 1 }
  const commands = [
    newOrder({ orderId: 1, ...sell }),
    newOrder({ orderId: 2, ...sell, ...linked }),
    newOrder({ orderId: 3, side: Side.buy, priceTicks: 100, lots: 10, timeInForce: TimeInForce.fok }),
  ]
  engine.applyBatch(fill(engine.makeBatch(3), commands))
  t.deepEqual(
    readEvents(engine.events).map(({ kind }) => kind),
    [EventKind.accepted, EventKind.accepted, EventKind.accepted, EventKind.cancelled],
  )
  t.is(engine.liveOrders, 2)
})
