import test from 'ava'
import * as fc from 'fast-check'
import { Batch, BATCH_RECORDS } from '../../src/book/batch.ts'
import { amendOrder, cancelOrder, newOrder, pushCommand } from '../../src/book/command.ts'
import { readEvent, readEvents } from '../../src/book/event.ts'
import { MatchingEngine } from '../../src/book/matching-engine.ts'
import * as record from '../../src/book/record.ts'
import { rejectName, RejectCode } from '../../src/book/reject-code.ts'
import { suiteInstruments } from '../support/both-engines.ts'

const { EventKind, readU64, Side, writeU64 } = record

const u64 = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1))

test('record - a whole number to 2^53 - 1 comes back as it went in, little-endian', (t) => {
  const words = new Int32Array(4)
  const view = new DataView(words.buffer)
  const property = fc.property(u64, (value) => {
    writeU64(words, 1, value)
    return readU64(words, 1) === value && view.getBigUint64(4, true) === BigInt(value)
  })
  fc.assert(property, { numRuns: 2_000 })
  t.is(words[0], 0)
  t.is(words[3], 0)
})

test('record - the head is four bytes of their own', (t) => {
  const byte = fc.nat(255)
  const property = fc.property(byte, byte, byte, byte, (kind, side, type, timeInForce) => {
    const head = record.packHead(kind, side, type, timeInForce) | 0
    t.deepEqual(
      [
        record.headKind(head),
        record.headSide(head),
        record.headOrderType(head),
        record.headTimeInForce(head),
      ],
      [kind, side, type, timeInForce],
    )
  })
  fc.assert(property, { numRuns: 300 })
})

test('record - a command has its fields at the bytes the layout draws', (t) => {
  const batch = new Batch(2)
  batch.count = 1
  const at = pushCommand(batch, {
    kind: 1,
    side: 1,
    orderType: 2,
    timeInForce: 3,
    rejectCode: 62,
    instrument: 0x0102_0304,
    client: 0xf1f2_f3f4,
    sequence: 2 ** 52 + 11,
    orderId: 2 ** 53 - 1,
    priceTicks: 2 ** 31 - 1,
    lots: 77,
    timestampNs: 2 ** 50 + 3,
  })
  t.is(at, record.RECORD_WORDS)
  t.is(batch.count, 2)
  const view = new DataView(batch.words.buffer, at * 4, record.RECORD_BYTES)
  t.deepEqual(
    [0, 1, 2, 3].map((byte) => view.getUint8(byte)),
    [1, 1, 2, 3],
  )
  t.is(view.getUint16(4, true), 62)
  t.is(view.getUint16(6, true), 0)
  t.is(view.getUint32(8, true), 0x0102_0304)
  t.is(view.getUint32(12, true), 0xf1f2_f3f4)
  t.is(view.getBigUint64(16, true), 2n ** 52n + 11n)
  t.is(view.getBigUint64(24, true), 2n ** 53n - 1n)
  t.is(view.getInt32(32, true), 2 ** 31 - 1)
  t.is(view.getUint32(36, true), 77)
  for (const byte of [40, 44, 48, 52]) t.is(view.getUint32(byte, true), 0)
  t.is(view.getBigUint64(56, true), 2n ** 50n + 3n)
})

test('record - a number that is not whole or does not fit its word is not made another one', (t) => {
  for (const [field, value] of [
    ['lots', 2 ** 32 + 5],
    ['lots', 1.5],
    ['priceTicks', NaN],
    ['client', -(2 ** 31) - 1],
  ] as const)
    t.throws(() => pushCommand(new Batch(1), newOrder({ orderId: 1, side: 0, lots: 1, [field]: value })), {
      instanceOf: RangeError,
      message: `command: ${field} is not a whole number that fits 32 bits, got ${value}`,
    })
})

test('record - a command overwrites all of the record that was there before', (t) => {
  const batch = new Batch(1)
  batch.words.fill(-1)
  pushCommand(batch, { kind: 2, orderId: 5 })
  const expected = new Int32Array(record.RECORD_WORDS)
  expected[record.HEAD] = 2
  expected[record.INSTRUMENT] = -1
  expected[record.ORDER_ID] = 5
  t.deepEqual(batch.words, expected)
})

test('record - a trade event has its fields at the bytes the layout draws', (t) => {
  const engine = new MatchingEngine(suiteInstruments())
  engine.state.matchLow = -1
  engine.state.matchHigh = 0x0102
  const batch = new Batch(2)
  const maker = {
    orderId: 2 ** 40 + 1,
    client: 0xf000_0001,
    side: Side.sell,
    priceTicks: 100,
    lots: 9,
    instrument: 2,
  }
  const taker = {
    orderId: 2 ** 41 + 2,
    client: 0xf000_0002,
    side: Side.buy,
    priceTicks: 105,
    lots: 4,
    instrument: 2,
  }
  engine.apply(batch.words, pushCommand(batch, newOrder({ ...maker, sequence: 1 })))
  engine.events.count = 0
  engine.apply(batch.words, pushCommand(batch, newOrder({ ...taker, sequence: 2 ** 33 })))
  t.is(engine.events.count, 2)
  const { buffer, byteOffset } = engine.events.words
  const view = new DataView(buffer, byteOffset + record.RECORD_BYTES, record.RECORD_BYTES)
  t.deepEqual(
    [0, 1, 2, 3].map((byte) => view.getUint8(byte)),
    [EventKind.trade, Side.buy, 1, 1],
  )
  t.is(view.getUint16(4, true), 0)
  t.is(view.getUint16(6, true), 0x0103, 'match number, bits 32 to 47')
  t.is(view.getUint32(8, true), 2)
  t.is(view.getUint32(12, true), 0xf000_0002)
  t.is(view.getBigUint64(16, true), 2n ** 33n)
  t.is(view.getBigUint64(24, true), 2n ** 41n + 2n)
  t.is(view.getInt32(32, true), 100)
  t.is(view.getUint32(36, true), 4)
  t.is(view.getUint32(40, true), 0)
  t.is(view.getUint32(44, true), 5)
  t.is(view.getBigUint64(48, true), 2n ** 40n + 1n)
  t.is(view.getUint32(56, true), 0xf000_0001)
  t.is(view.getUint32(60, true), 0, 'match number, bits 0 to 31')
  t.is(engine.trades, 0x0103 * 2 ** 32)
  t.like(readEvent(engine.events.words, record.RECORD_WORDS), { matchNumber: 0x0103 * 2 ** 32 })
})

test('record - events write every word, whatever the batch held before', (t) => {
  const records = [0, -1].map((filler) => {
    const engine = new MatchingEngine(suiteInstruments())
    engine.events.words.fill(filler)
    const batch = new Batch(8)
    for (const command of [
      newOrder({ orderId: 1, side: Side.sell, priceTicks: 100, lots: 9 }),
      newOrder({ orderId: 2, side: Side.buy, priceTicks: 100, lots: 4 }),
      newOrder({ orderId: 3, side: Side.buy, priceTicks: 100, lots: 9, timeInForce: record.TimeInForce.ioc }),
      newOrder({ orderId: 4, side: Side.buy, priceTicks: 100, lots: 9 }),
      amendOrder(4, { lots: 3 }),
      cancelOrder(4),
      cancelOrder(4),
    ])
      engine.apply(batch.words, pushCommand(batch, command))
    return engine.events.words.slice(0, engine.events.count * record.RECORD_WORDS)
  })
  t.deepEqual(records[0], records[1])
})

test('record - bytes that are no event are named as such', (t) => {
  t.throws(() => readEvent(new Int32Array(16), 0), { instanceOf: RangeError, message: /kind 0 at word 0/ })
})

test('reject codes - every name goes with its number, and an unknown number says itself', (t) => {
  for (const [name, code] of Object.entries(RejectCode)) t.is<string, string>(rejectName(code), name)
  t.is(rejectName(99), 'CODE_99')
  t.is(new Set(Object.values(RejectCode)).size, Object.keys(RejectCode).length)
})

test('batch - it has room for 1,024 records unless told otherwise', (t) => {
  t.is(new Batch().capacity, BATCH_RECORDS)
  t.is(new Batch(3).capacity, 3)
})

test('batch - growing doubles the room and keeps the records', (t) => {
  const batch = new Batch(1)
  pushCommand(batch, cancelOrder(7))
  const before = [...batch.words]
  batch.grow()
  t.is(batch.capacity, 2)
  t.is(batch.count, 1)
  t.deepEqual([...batch.words], [...before, ...before.map(() => 0)])
  pushCommand(batch, cancelOrder(8))
  t.is(readU64(batch.words, record.RECORD_WORDS + record.ORDER_ID), 8)
})

test('batch - a batch of no room grows to have some', (t) => {
  const batch = new Batch(0)
  batch.grow()
  t.is(batch.capacity, 1)
})

test('batch - a slice is a copy of the records in use', (t) => {
  const batch = new Batch(4)
  pushCommand(batch, cancelOrder(7))
  const slice = batch.slice()
  batch.words.fill(0)
  t.is(slice.count, 1)
  t.is(slice.capacity, 1)
  t.is(readU64(slice.words, record.ORDER_ID), 7)
  t.is(new Batch(4).slice().count, 0)
})

test('batch - one order that trades with thousands finds room for every event', (t) => {
  const makers = 5_000
  const engine = new MatchingEngine(suiteInstruments())
  const batch = new Batch(makers + 1)
  for (let id = 1; id <= makers; id++)
    engine.apply(
      batch.words,
      pushCommand(batch, newOrder({ orderId: id, side: Side.sell, priceTicks: id, lots: 1 })),
    )
  engine.events.count = 0
  const sweep = newOrder({ orderId: makers + 1, side: Side.buy, priceTicks: makers, lots: makers })
  engine.apply(batch.words, pushCommand(batch, sweep))
  const events = readEvents(engine.events)
  t.is(events.length, makers + 1)
  t.true(events.slice(1).every((event, i) => event.kind === EventKind.trade && event.makerOrderId === i + 1))
  t.is(engine.liveOrders, 0)
})
