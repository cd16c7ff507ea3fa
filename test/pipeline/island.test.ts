import test from 'ava'
import * as fc from 'fast-check'
import { map, NEVER, of, take, throwError } from 'rxjs'
import { Batch, RECORD_WORDS, type Command } from '../../src/book/index.ts'
import { LOTS } from '../../src/book/record.ts'
import { match, risk, validate } from '../../src/operators/index.ts'
import { FusedSteps, fromStep, Island } from '../../src/pipeline/island.ts'
import { Market } from '../../src/pipeline/market.ts'
import type { Step } from '../../src/pipeline/operator.ts'
import { observeSource } from '../../src/pipeline/pump.ts'
import { streams } from '../support/commands.ts'
import { anyRecords, bytesOf, ended, inBatches, ListSource, recordsOf, stepOf } from '../support/streams.ts'

/** Two steps with feedback: the first writes down, as lots, how many records the second has handled. */
function feedback(): [Step, Step] {
  let handled = 0
  return [
    stepOf((words, at) => {
      words[at + LOTS] = handled
    }),
    stepOf(() => {
      handled++
    }),
  ]
}

function lotsOf({ words, count }: Batch): number[] {
  return Array.from({ length: count }, (_, i) => words[i * RECORD_WORDS + LOTS]!)
}

test('island - each record goes through all steps before the next one', async (t) => {
  const [first, second] = feedback()
  const lots: number[] = []
  const island = inBatches(anyRecords(5), 3, 2).pipe(
    fromStep(() => first),
    fromStep(() => second),
  )
  await ended(island, { next: (batch) => lots.push(...lotsOf(batch)) })
  t.deepEqual(lots, [0, 1, 2, 3, 4])
})

test('island - operators side by side are one, whose origin is what they were applied to', (t) => {
  const origin = inBatches(anyRecords(1), 1)
  const piped = origin.pipe(...(feedback().map((step) => fromStep(() => step)) as [never, never]))
  t.true((piped as unknown) instanceof Island)
  t.is((piped as unknown as Island)['origin'], origin)
})

test('island - any other operator in between ends it', async (t) => {
  const [first, second] = feedback()
  const lots: number[] = []
  const stream = inBatches(anyRecords(5), 3, 2).pipe(
    fromStep(() => first),
    map((batch) => batch),
    fromStep(() => second),
  )
  await ended(stream, { next: (batch) => lots.push(...lotsOf(batch)) })
  t.deepEqual(lots, [0, 0, 0, 3, 3])
})

/** Doubles every record, as a step that makes records of another kind. */
function doubling(): Step {
  const output = new Batch(1)
  return stepOf(
    (words, at) => {
      for (let copy = 0; copy < 2; copy++) {
        if (output.count === output.capacity) output.grow()
        output.words.set(words.subarray(at, at + RECORD_WORDS), output.count++ * RECORD_WORDS)
      }
    },
    { output },
  )
}

test('island - what a step made is handed on record by record too, when the batch is through', async (t) => {
  const [first, second] = feedback()
  const before: number[] = []
  const lots: number[] = []
  const island = inBatches(anyRecords(5), 3, 2).pipe(
    fromStep(doubling),
    fromStep(() => stepOf((words, at) => before.push(words[at + LOTS]!))),
    fromStep(() => first),
    fromStep(() => second),
  )
  await ended(island, { next: (batch) => lots.push(...lotsOf(batch)) })
  t.deepEqual(lots, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  t.deepEqual(
    before,
    Array.from({ length: 10 }, () => 1),
  )
})

const SPECS = [
  { symbol: 'WIDE', tick: '1', lot: '1', referencePrice: '100' },
  { symbol: 'NARROW', tick: '0.5', lot: '10', minPrice: '45', maxPrice: '55', maxQuantity: '500' },
  { symbol: 'LARGE', tick: '0.01', lot: '0.001', referencePrice: '1', maxQuantity: '2147483.647' },
]

function run(commands: readonly Command[], sizes: readonly number[], batchRecords: number): Promise<Buffer> {
  const market = new Market(SPECS)
  const source = new ListSource(recordsOf(commands), sizes)
  return bytesOf(
    observeSource(source, market, { batchRecords }).pipe(
      validate(market, { rememberIds: 8 }),
      risk(market, { maxOrderLots: 40, maxNotional: '1900', collarTicks: 3 }),
      match(market),
    ),
  )
}

test('island - how commands are cut into batches changes nothing that comes of them', async (t) => {
  const cuts = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(
      streams('narrow', 120),
      cuts.filter((sizes) => sizes.some((size) => size > 0)),
      fc.integer({ min: 1, max: 64 }),
      async (commands, sizes, batchRecords) => {
        const whole = await run(commands, [Infinity], 1_024)
        t.true(whole.length > 0)
        return whole.equals(await run(commands, sizes, batchRecords))
      },
    ),
    { numRuns: 60 },
  )
})

test('island - a step may be made asynchronously; the stream begins when all are there', async (t) => {
  const [first, second] = feedback()
  const lots: number[] = []
  const island = inBatches(anyRecords(3), 3).pipe(
    fromStep(async () => {
      await new Promise(setImmediate)
      return first
    }),
    fromStep(() => second),
  )
  await ended(island, { next: (batch) => lots.push(...lotsOf(batch)) })
  t.deepEqual(lots, [0, 1, 2])
})

test('island - each subscription has steps of its own', async (t) => {
  let made = 0
  const island = inBatches(anyRecords(2), 2).pipe(
    fromStep(() => {
      made++
      return doubling()
    }),
  )
  const bytes = await bytesOf(island)
  t.deepEqual(await bytesOf(island), bytes)
  t.is(made, 2)
})

test('island - an empty batch passes, empties what steps made before and flushes them', (t) => {
  let flushes = 0
  const twice = doubling()
  const fused = new FusedSteps([twice, stepOf(() => {}, { flush: () => flushes++ })])
  const records = anyRecords(2)
  t.is(fused.process(records).count, 4)
  records.count = 0
  t.is(fused.process(records).count, 0)
  t.is(flushes, 2)
})

test('island - steps are flushed behind the last record of a batch', async (t) => {
  const log: string[] = []
  const logging = (name: string): Step =>
    stepOf(() => log.push(name), { flush: () => log.push(`${name} flushed`) })
  await ended(
    inBatches(anyRecords(3), 2, 1).pipe(
      fromStep(() => logging('a')),
      fromStep(() => logging('b')),
    ),
  )
  const flushed = ['a flushed', 'b flushed']
  t.deepEqual(log, ['a', 'b', 'a', 'b', ...flushed, 'a', 'b', ...flushed])
})

test('island - no steps at all pass batches on', (t) => {
  const records = anyRecords(2)
  t.is(new FusedSteps([]).process(records), records)
})

test('island - nothing is made before someone subscribes', (t) => {
  let made = 0
  const island = NEVER.pipe(
    fromStep(() => {
      made++
      return stepOf(() => {})
    }),
  )
  t.is(made, 0)
  island.subscribe().unsubscribe()
  t.is(made, 1)
})

test('island - an operator that is not fused hears of the end and of errors', async (t) => {
  const nothing = fromStep(() => stepOf(() => {}))
  await t.notThrowsAsync(ended(of<Batch>().pipe(nothing)))
  await t.throwsAsync(ended(throwError(() => new Error('broken')).pipe(nothing)), { message: 'broken' })
  await t.notThrowsAsync(ended(inBatches(anyRecords(4), 2, 2).pipe(nothing, take(1))))
})
