import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import * as fc from 'fast-check'
import { Batch, RECORD_WORDS } from '../../../src/book/index.ts'
import * as record from '../../../src/book/record.ts'
import { Edge } from '../../../src/pipeline/edge/edge.ts'
import { EdgeFullError } from '../../../src/pipeline/edge/policy.ts'
import type { WhenFull } from '../../../src/pipeline/graph/edge-settings.ts'
import { anyRecords, sequencesOf } from '../../support/streams.ts'

const { EventKind, HEAD, INSTRUMENT, PRICE_TICKS, packHead } = record

function edgeOf(
  whenFull: WhenFull,
  capacityRecords = 4,
  onReject?: (words: Int32Array, at: number) => void,
): Edge {
  const names = { id: 'a->b', from: 'a', to: 'b', fromIsland: 'a', toIsland: 'b' }
  return new Edge({ ...names, capacityRecords, whenFull, onReject })
}

/** Offers records 1 to `count` while nobody reads. */
function stall(edge: Edge, count: number): Batch {
  const records = anyRecords(count)
  for (let i = 0; i < count; i++) edge.process(records.words, i * RECORD_WORDS)
  edge.advance(count, 0)
  return records
}

/** Reads all that waits. */
function drain(edge: Edge): number[] {
  const batch = new Batch(1)
  while (edge.depth > 0) edge.read(batch, 3, 0)
  return sequencesOf(batch)
}

test('block - a stalled reader leaves no room, what the batch still makes goes over, and nothing is lost', (t) => {
  const edge = edgeOf({ block: {} })
  stall(edge, 3)
  t.true(edge.holdsWriter)
  t.is(edge.room(), 1)
  const rest = anyRecords(6)
  edge.processBatch(rest.words, 3, 6)
  edge.advance(6, 0)
  t.is(edge.room(), -2)
  t.is(edge.stats(0).highWater, 6)
  t.deepEqual(drain(edge), [1, 2, 3, 4, 5, 6])
  t.is(edge.room(), 4)
})

test('reject - every record that finds no room is told of, and none is lost silently', (t) => {
  const told: number[] = []
  const edge = edgeOf({ reject: {} }, 4, (words, at) =>
    told.push(record.readU64(words, at + record.SEQUENCE)),
  )
  stall(edge, 7)
  t.deepEqual(told, [5, 6, 7])
  t.deepEqual(edge.stats(0).drops, { rejected: 3 })
  t.false(edge.holdsWriter)
  t.deepEqual(drain(edge), [1, 2, 3, 4])
})

test('dropNewest - what comes to a full edge is left out, and counted', (t) => {
  const edge = edgeOf({ dropNewest: {} })
  stall(edge, 7)
  t.deepEqual(edge.stats(0).drops, { droppedNewest: 3 })
  t.deepEqual(drain(edge), [1, 2, 3, 4])
})

test('dropOldest - what has waited longest makes room, and is counted', (t) => {
  const edge = edgeOf({ dropOldest: {} })
  stall(edge, 7)
  t.deepEqual(edge.stats(0).drops, { droppedOldest: 3 })
  t.deepEqual(drain(edge), [4, 5, 6, 7])
})

test('error - a full edge ends the run with its name', (t) => {
  const edge = edgeOf({ error: {} })
  stall(edge, 4)
  const one = anyRecords(1)
  t.throws(() => edge.process(one.words, 0), {
    instanceOf: EdgeFullError,
    message: /a->b is full: 4 records/,
  })
})

test('sample - above half of the capacity every so manieth is taken, and the rest counted', (t) => {
  const edge = edgeOf({ sample: { every: 3 } }, 6)
  stall(edge, 12)
  // Three fill the half; then the first, fourth and seventh of those that follow are taken.
  t.deepEqual(edge.stats(0).drops, { sampledOut: 6 })
  t.deepEqual(drain(edge), [1, 2, 3, 4, 7, 10])
})

function event(kind: number, instrument: number, priceTicks: number, side = 0): Int32Array {
  const words = new Int32Array(RECORD_WORDS)
  words[HEAD] = packHead(kind, side, 0, 0)
  words[INSTRUMENT] = instrument
  words[PRICE_TICKS] = priceTicks
  return words
}

test('conflate - the latest record of a kind and symbol takes the place of the one that waits', (t) => {
  const edge = edgeOf({ conflate: {} })
  for (const price of [10, 11, 12]) edge.process(event(EventKind.bestPrices, 0, price), 0)
  edge.process(event(EventKind.bestPrices, 1, 20), 0)
  edge.process(event(EventKind.trade, 0, 13), 0)
  edge.process(event(EventKind.bestPrices, 0, 14), 0)
  t.deepEqual(edge.stats(0).drops, { conflated: 3, droppedOldest: 0 })
  const batch = new Batch(1)
  edge.read(batch, 10, 0)
  const prices = Array.from({ length: batch.count }, (_, i) => batch.words[i * RECORD_WORDS + PRICE_TICKS])
  t.deepEqual(prices, [14, 20, 13])
  edge.process(event(EventKind.bestPrices, 0, 15), 0)
  t.is(edge.depth, 1, 'one that was read is not changed any more')
})

test('conflate - levels are told apart by side and price, and more keys than room are counted', (t) => {
  const edge = edgeOf({ conflate: {} }, 2)
  edge.process(event(EventKind.level, 0, 10, 0), 0)
  edge.process(event(EventKind.level, 0, 10, 1), 0)
  edge.process(event(EventKind.level, 0, 10, 0), 0)
  t.deepEqual(edge.stats(0).drops, { conflated: 1, droppedOldest: 0 })
  edge.process(event(EventKind.level, 0, 11, 0), 0)
  t.deepEqual(edge.stats(0).drops, { conflated: 1, droppedOldest: 1 })
  t.is(edge.depth, 2)
})

test('spill - what has no room goes to a file and comes back in order; memory stays bounded', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-spill-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  const edge = edgeOf({ spill: { dir } }, 16)
  stall(edge, 5_000)
  t.is(edge.depth, 5_000)
  t.is(edge.stats(0).spilled, 4_984)
  t.deepEqual(edge.stats(0).drops, { spilled: 4_984 })
  const [file] = readdirSync(dir)
  t.truthy(file)
  t.deepEqual(
    drain(edge),
    Array.from({ length: 5_000 }, (_, i) => i + 1),
  )
  stall(edge, 20)
  t.is(edge.depth, 20, 'it goes on after it was empty')
  void edge.close()
  t.false(existsSync(join(dir, file!)))
})

test('spill - a file that has grown to its limit is an error, not a loss', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-spill-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  const edge = edgeOf({ spill: { dir, maxBytes: 65_536 } }, 1)
  t.throws(() => stall(edge, 5_000), { message: /has grown to its limit of 65536 bytes/ })
})

const POLICIES: readonly WhenFull[] = [
  { block: {} },
  { reject: {} },
  { dropNewest: {} },
  { dropOldest: {} },
  { conflate: { by: 'order' } },
  { sample: { every: 2 } },
  { spill: {} },
]

test('edge - what is offered is read, waits or is counted, whatever the policy and the order of work', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...POLICIES),
      fc.integer({ min: 1, max: 9 }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 12 })), { maxLength: 30 }),
      async (whenFull, capacity, work) => {
        const edge = edgeOf(whenFull, capacity)
        const records = anyRecords(12)
        const into = new Batch(1)
        const seen: number[] = []
        for (const [writes, reads] of work) {
          edge.processBatch(records.words, 0, writes)
          edge.advance(0, 0)
          into.count = 0
          edge.read(into, reads, 0)
          seen.push(into.count)
        }
        const { offered, read, depth, drops } = edge.stats(0)
        const lost = Object.entries(drops)
          .filter(([name]) => name !== 'spilled')
          .reduce((sum, [, count]) => sum + count, 0)
        t.is(
          read,
          seen.reduce((sum, count) => sum + count, 0),
        )
        t.is(offered, read + depth + lost)
        if (whenFull.block === undefined && whenFull.spill === undefined) t.true(depth <= capacity)
        await edge.close()
      },
    ),
    { numRuns: 200 },
  )
})

test('edge - waits and the age of the oldest record are told', (t) => {
  const edge = edgeOf({ block: {} }, 100)
  const records = anyRecords(4)
  edge.processBatch(records.words, 0, 2)
  edge.advance(2, 1_000)
  edge.processBatch(records.words, 2, 4)
  edge.advance(4, 1_010)
  t.is(edge.stats(1_030).oldestAgeNs, 30e6)
  edge.read(new Batch(1), 2, 1_040)
  t.is(edge.stats(1_040).oldestAgeNs, 30e6)
  edge.read(new Batch(1), 2, 1_060)
  const { wait, oldestAgeNs, highWater } = edge.stats(1_060)
  t.is(oldestAgeNs, 0)
  t.is(highWater, 4)
  t.is(wait.samples, 2)
  t.true(Math.abs(wait.maxNs - 50e6) < 1e6)
})

test('edge - whoever reads is woken by records and by the end, whoever writes by room', (t) => {
  const edge = edgeOf({ block: {} })
  const woken: string[] = []
  edge.onRecords(() => woken.push('records'))
  edge.onRoom(() => woken.push('room'))
  stall(edge, 2)
  edge.advance(2, 0)
  t.deepEqual(woken, ['records'], 'no news, no waking')
  edge.read(new Batch(1), 1, 0)
  edge.end()
  t.deepEqual(woken, ['records', 'room', 'records'])
  t.true(edge.isEnded)
  t.is(edge.watermark, Infinity)
})
