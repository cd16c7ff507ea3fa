import test from 'ava'
import fc from 'fast-check'
import { Batch } from '../../src/book/batch.ts'
import { newOrder, pushCommand } from '../../src/book/command.ts'
import { Instruments } from '../../src/book/instruments.ts'
import { MatchingEngine } from '../../src/book/matching-engine.ts'
import { RECORD_WORDS, SEQUENCE, Side, writeU64 } from '../../src/book/record.ts'
import { restoreSnapshot, takeSnapshot } from '../../src/book/snapshot.ts'
import { Market } from '../../src/pipeline/market.ts'
import { Simulator } from '../../src/operators/simulator/simulator.ts'
import { checkBook } from '../support/check-book.ts'

const SPECS = ['AAPL', 'INTC', 'MSFT'].map((symbol) => ({
  symbol,
  tick: '0.01',
  lot: '1',
  referencePrice: '50',
}))

/** The first `count` commands of simulated flow. */
function flow(seed: number, count: number): Batch {
  const batch = new Batch(count)
  new Simulator(new Market(SPECS), { seed, orders: count, badShare: 0.05 }).pull(batch, count)
  for (let i = 0; i < count; i++) writeU64(batch.words, i * RECORD_WORDS + SEQUENCE, i + 1)
  return batch
}

function apply(engine: MatchingEngine, commands: Batch, from: number, to: number): Int32Array {
  engine.events.count = 0
  for (let i = from; i < to; i++) engine.apply(commands.words, i * RECORD_WORDS)
  return engine.events.words.slice(0, engine.events.count * RECORD_WORDS)
}

function restored(bytes: Uint8Array, instruments: Instruments): MatchingEngine {
  const engine = restoreSnapshot(bytes, instruments)
  if (typeof engine === 'string') throw new Error(engine)
  return engine
}

test('snapshot - an engine put back goes on byte for byte as the one it was taken of', (t) => {
  const property = fc.property(fc.nat(1_000), fc.nat(3_000), (seed, taken) => {
    const commands = flow(seed, 4_000)
    const engine = new MatchingEngine(new Instruments(SPECS))
    apply(engine, commands, 0, taken)
    const again = restored(takeSnapshot(engine), new Instruments(SPECS))
    checkBook(again)
    t.is(again.stateHash(), engine.stateHash())
    t.deepEqual(apply(again, commands, taken, 4_000), apply(engine, commands, taken, 4_000))
    t.is(again.stateHash(), engine.stateHash())
  })
  fc.assert(property, { numRuns: 25 })
})

test('snapshot - equal states give equal bytes, however they came about', (t) => {
  const commands = flow(3, 2_000)
  const engine = new MatchingEngine(new Instruments(SPECS))
  apply(engine, commands, 0, 2_000)
  const bytes = takeSnapshot(engine)
  t.deepEqual(takeSnapshot(restored(bytes, engine.instruments)), bytes)
})

test('snapshot - an empty engine has one too', (t) => {
  const engine = new MatchingEngine(new Instruments(SPECS))
  t.is(restored(takeSnapshot(engine), new Instruments(SPECS)).stateHash(), engine.stateHash())
})

test('snapshot - instruments that came later begin at their reference price', (t) => {
  const bytes = takeSnapshot(new MatchingEngine(new Instruments(SPECS)))
  const more = new Instruments([...SPECS, { symbol: 'NEW', tick: '1', lot: '1', referencePrice: '7' }])
  t.is(restored(bytes, more).lastTrade(3), 7)
})

test('snapshot - of other instruments, ticks or lots it is refused', (t) => {
  const bytes = takeSnapshot(new MatchingEngine(new Instruments(SPECS)))
  t.is(restoreSnapshot(bytes, new Instruments(SPECS.slice(1))), 'snapshot: of 3 instruments, there are 2')
  const finer = SPECS.map((spec) => ({ ...spec, tick: '0.001' }))
  t.is(
    restoreSnapshot(bytes, new Instruments(finer)),
    'snapshot: taken over other instruments, or over other ticks or lots',
  )
})

test('snapshot - a flipped bit anywhere, or a missing end, is noticed', (t) => {
  const engine = new MatchingEngine(new Instruments(SPECS))
  apply(engine, flow(5, 300), 0, 300)
  const bytes = takeSnapshot(engine)
  const property = fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
    const damaged = bytes.slice()
    damaged[at]! ^= 1 << bit
    return typeof restoreSnapshot(damaged, engine.instruments) === 'string'
  })
  fc.assert(property, { numRuns: 500 })
  for (const length of [0, 1, 63, 64, 100, bytes.length - 64, bytes.length - 1])
    t.is(typeof restoreSnapshot(bytes.slice(0, length), engine.instruments), 'string', `${length} bytes`)
})

test('snapshot - one of another version is refused by its number', (t) => {
  const bytes = takeSnapshot(new MatchingEngine(new Instruments(SPECS)))
  bytes[4] = 9
  t.is(restoreSnapshot(bytes, new Instruments(SPECS)), 'snapshot: of version 9, this reads version 1')
})

test('snapshot - what could not rest is refused although the checksum is right', (t) => {
  const engine = new MatchingEngine(new Instruments(SPECS))
  const batch = new Batch(2)
  pushCommand(batch, newOrder({ orderId: 1, side: Side.buy, priceTicks: 100, lots: 5 }))
  pushCommand(batch, newOrder({ orderId: 2, side: Side.buy, priceTicks: 99, lots: 5 }))
  apply(engine, batch, 0, 2)
  // The engine's own memory is spoilt before the snapshot is taken: its checksum covers the fault.
  const slot = engine.book.findOrder(1)
  engine.book.words[slot * 16 + 4] = 2
  t.is(restoreSnapshot(takeSnapshot(engine), engine.instruments), 'snapshot: order 2: is there twice')
})
