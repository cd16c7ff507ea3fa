import test from 'ava'
import { Batch } from '../../src/book/batch.ts'
import * as command from '../../src/book/command.ts'
import type { Command } from '../../src/book/command.ts'
import { readEvents } from '../../src/book/event.ts'
import { MatchingEngine } from '../../src/book/matching-engine.ts'
import * as record from '../../src/book/record.ts'
import { buy, sell, suiteInstruments } from '../support/both-engines.ts'

const { EventKind, OrderType, RECORD_BYTES, TimeInForce, TradingState } = record
const { amendOrder, flagsOf, pushCommand, replaceOrder, setState, setTime } = command

function view(batch: Batch, at: number): DataView {
  return new DataView(batch.words.buffer, batch.words.byteOffset + at * 4, RECORD_BYTES)
}

function pushed(each: Command): DataView {
  const batch = new Batch(1)
  return view(batch, pushCommand(batch, each))
}

/** The bytes of each event of the last of the commands, after those before it, over memory that is not zero. */
function eventsOf(...commands: Command[]): DataView[] {
  const engine = new MatchingEngine(suiteInstruments(), { marketData: true })
  for (const [i, each] of commands.entries()) {
    const batch = new Batch(1)
    engine.events.count = 0
    engine.events.words.fill(-1)
    engine.apply(batch.words, pushCommand(batch, { ...each, sequence: 2 ** 33 + i }))
  }
  return Array.from({ length: engine.events.count }, (_, i) => view(engine.events, i * record.RECORD_WORDS))
}

function eventOf(kind: number, ...commands: Command[]): DataView {
  const event = eventsOf(...commands).find((bytes) => bytes.getUint8(0) === kind)
  if (event === undefined) throw new Error(`no event of kind ${kind}`)
  return event
}

function u32s(bytes: DataView, ...offsets: number[]): number[] {
  return offsets.map((offset) => bytes.getUint32(offset, true))
}

test('record - the terms of a command are at the bytes the layout draws', (t) => {
  const flags = flagsOf({ postOnly: 'slide', hidden: true, selfTrade: 5 })
  const bytes = pushed(
    buy(1, 9, 7, { flags, stopTicks: 11, displayLots: 12, minLots: 13, expirySeconds: 14, rejectCode: 3 }),
  )
  t.is(bytes.getUint16(4, true), 3)
  t.is(bytes.getUint16(6, true), 2 + 4 + 5 * 64)
  t.deepEqual(u32s(bytes, 40, 44, 48, 52), [11, 12, 13, 14])
})

test('record - a position takes the place of the displayed lots in a reduce-only order', (t) => {
  const bytes = pushed(
    buy(1, 9, 7, { flags: flagsOf({ reduceOnly: true }), positionLots: -5, displayLots: 3 }),
  )
  t.is(bytes.getInt32(44, true), -5)
  t.is(bytes.getUint16(6, true), 16)
})

test('record - the id of the other order takes the place of minimum and expiry in a linked order and in a replace', (t) => {
  const linkedOrderId = 2 ** 50 + 9
  const linked = pushed(buy(1, 9, 7, { flags: flagsOf({ linked: true }), linkedOrderId, minLots: 3 }))
  t.is(linked.getBigUint64(48, true), BigInt(linkedOrderId))
  t.is(pushed(replaceOrder(linkedOrderId, 2)).getBigUint64(48, true), BigInt(linkedOrderId))
})

test('record - nanoseconds that no number holds are written as they are', (t) => {
  const ns = 1_700_000_000_123_456_789n
  t.is(pushed(setTime(ns)).getBigUint64(56, true), ns)
})

test('record - the flags are bits of their own', (t) => {
  const bits = [
    flagsOf({ postOnly: 'reject' }),
    flagsOf({ postOnly: 'slide' }),
    flagsOf({ hidden: true }),
    flagsOf({ allOrNone: true }),
    flagsOf({ reduceOnly: true }),
    flagsOf({ linked: true }),
    flagsOf({ selfTrade: 1 }),
  ]
  t.deepEqual(bits, [1, 2, 4, 8, 16, 32, 64])
  t.is(flagsOf({}), 0)
})

test('record - an accepted event tells terms at the bytes the layout draws', (t) => {
  const gtd = { timeInForce: TimeInForce.gtd, expirySeconds: 99 }
  const iceberg = eventOf(EventKind.accepted, buy(1, 9, 7, { displayLots: 4, ...gtd }))
  t.deepEqual(u32s(iceberg, 32, 36, 40, 44, 48, 52, 56, 60), [7, 9, 9, 4, 0, 0, 0, 99])
  t.deepEqual(
    [0, 1, 2, 3].map((byte) => iceberg.getUint8(byte)),
    [EventKind.accepted, 0, 1, 5],
  )
  const trailing = { orderType: OrderType.trailingStop, stopTicks: 4, instrument: 2, flags: 64 }
  const stop = eventOf(EventKind.accepted, sell(1, 9, 0, trailing))
  t.deepEqual(
    u32s(stop, 8, 32, 36, 40, 44, 56, 60),
    [2, 0, 9, 9, 0, 96, 0],
    'the trigger price, not the distance',
  )
  t.is(stop.getUint16(4, true), 0)
  t.is(stop.getUint16(6, true), 64)
})

test('record - amended and replaced events tell the lots before at the bytes the layout draws', (t) => {
  const amended = eventOf(EventKind.amended, buy(1, 9, 7), amendOrder(1, { lots: 12, priceTicks: 8 }))
  t.deepEqual(u32s(amended, 24, 32, 36, 40, 44, 48, 52, 56, 60), [1, 8, 12, 12, 9, 0, 0, 0, 0])
  const id = 2 ** 40 + 3
  const replaced = eventOf(EventKind.replaced, buy(id, 9, 7), replaceOrder(id, 2, { lots: 3 }))
  t.deepEqual(u32s(replaced, 24, 32, 36, 40, 44, 56, 60), [2, 7, 3, 3, 9, 0, 0])
  t.is(replaced.getBigUint64(48, true), BigInt(id))
  const stop = { orderType: OrderType.stopLimit, stopTicks: 20 }
  const moved = eventOf(EventKind.amended, buy(1, 9, 7, stop), amendOrder(1, { stopTicks: 21 }))
  t.deepEqual(u32s(moved, 32, 36, 40, 44, 56), [7, 9, 9, 9, 21])
})

test('record - a triggered event tells the price it waited for', (t) => {
  const stop = { orderType: OrderType.stopLimit, stopTicks: 20 }
  const event = eventOf(EventKind.triggered, buy(1, 9, 7, stop), sell(2, 1, 20), buy(3, 1, 20))
  t.deepEqual(u32s(event, 24, 32, 36, 40, 44, 48, 56, 60), [1, 7, 9, 9, 0, 0, 20, 0])
  t.is(event.getBigUint64(16, true), 2n ** 33n + 2n, 'the sequence of the command that it is due to')
})

test('record - an applied event tells the kind of the command, and the time', (t) => {
  const ns = 1_700_000_000_123_456_789n
  const event = eventOf(EventKind.applied, setTime(ns))
  t.is(event.getUint8(2), record.CommandKind.time)
  t.is(event.getBigUint64(56, true), ns)
  t.deepEqual(u32s(event, 24, 28, 32, 40, 44, 48, 52), [0, 0, 0, 0, 0, 0, 0])
})

test('record - a state event tells both states and the cause', (t) => {
  const event = eventOf(EventKind.state, setState(TradingState.halted, 3))
  t.is(event.getUint16(4, true), TradingState.halted)
  t.deepEqual(u32s(event, 8, 36, 40), [3, TradingState.continuous, record.StateCause.command])
  const band = [sell(1, 5, 105, { instrument: 3 }), buy(2, 5, 105, { instrument: 3, client: 2 })]
  const paused = eventOf(EventKind.state, ...band)
  t.is(paused.getUint16(4, true), TradingState.openingAuction)
  t.deepEqual(u32s(paused, 8, 36, 40), [3, TradingState.continuous, record.StateCause.priceBand])
})

test('record - level, best prices and indication events tell totals of 64 bits', (t) => {
  const lots = 2 ** 31 - 1
  const orders = [1, 2, 3].map((id) => buy(id, lots, 100, { instrument: 2 }))
  const level = eventOf(EventKind.level, ...orders)
  t.deepEqual(u32s(level, 8, 32, 40), [2, 100, 3])
  t.is(level.getBigUint64(48, true), 3n * BigInt(lots))
  t.is(level.getUint8(1), record.Side.buy)
  const best = eventOf(EventKind.bestPrices, ...orders, sell(4, 6, 101, { instrument: 2 }))
  t.deepEqual(u32s(best, 8, 32, 36), [2, 100, 101])
  t.deepEqual([best.getBigUint64(48, true), best.getBigUint64(56, true)], [3n * BigInt(lots), 6n])
  const auction = setState(TradingState.openingAuction, 2)
  const crossing = sell(4, 6, 90, { instrument: 2 })
  const indication = eventOf(EventKind.indication, ...orders, auction, crossing)
  t.deepEqual(u32s(indication, 8, 32), [2, 100])
  t.is(indication.getUint8(1), record.Side.buy)
  t.deepEqual(
    [indication.getBigUint64(48, true), indication.getBigUint64(56, true)],
    [6n, 3n * BigInt(lots) - 6n],
  )
})

test('record - a cancelled event tells reason, lots and what is left', (t) => {
  const own = { flags: flagsOf({ selfTrade: record.SelfTrade.decrement }) }
  const [, maker, taker] = eventsOf(sell(1, 9, 100), buy(2, 4, 100, own))
  t.is(maker!.getUint16(4, true), record.CancelReason.selfTrade)
  t.deepEqual(u32s(maker!, 24, 32, 36, 40, 44, 48, 56, 60), [1, 100, 4, 5, 0, 0, 0, 0])
  t.deepEqual(u32s(taker!, 24, 32, 36, 40), [2, 100, 4, 0])
})

test('record - the trade of an auction names the buy order first, and both sides', (t) => {
  const auction = setState(TradingState.openingAuction)
  const event = eventOf(
    EventKind.trade,
    auction,
    buy(1, 9, 105),
    sell(2, 4, 95),
    setState(TradingState.continuous),
  )
  t.is(event.getUint8(1), record.BOTH_SIDES)
  t.deepEqual(u32s(event, 24, 36, 40, 44, 48), [1, 4, 5, 0, 2])
})

test('record - every kind of event is read as an object of its kind', (t) => {
  const engine = new MatchingEngine(suiteInstruments(), { marketData: true })
  const stop = { orderType: OrderType.stop, stopTicks: 100 }
  const batch = new Batch(16)
  for (const each of [
    buy(1, 9, 90),
    amendOrder(1, { lots: 8 }),
    replaceOrder(1, 2),
    amendOrder(1, { lots: 8 }),
    buy(3, 1, 0, stop),
    sell(4, 2, 100),
    buy(5, 1, 100),
    setState(TradingState.openingAuction),
    command.cancelOrder(2),
  ])
    engine.apply(batch.words, pushCommand(batch, each))
  const kinds = new Set<number>(readEvents(engine.events).map(({ kind }) => kind))
  t.deepEqual(
    [...kinds].sort((a, b) => a - b),
    // A decision is no engine's: a router writes it (test/ai/routing.test.ts).
    Object.values(EventKind).filter((kind) => kind !== EventKind.decision),
  )
})
