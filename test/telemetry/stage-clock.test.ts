import test from 'ava'
import * as fc from 'fast-check'
import { Batch, RECORD_WORDS } from '../../src/book/index.ts'
import { LOTS } from '../../src/book/record.ts'
import { match, risk, validate } from '../../src/operators/index.ts'
import { fromStep, Island } from '../../src/pipeline/island.ts'
import { Market } from '../../src/pipeline/market.ts'
import type { Step } from '../../src/pipeline/operator.ts'
import { observeSource } from '../../src/pipeline/pump.ts'
import { PROBE_EVERY, StageClock } from '../../src/telemetry/stage-clock.ts'
import { THREE, simulate } from '../support/simulated.ts'
import { anyRecords, bytesOf, ListSource, stepOf } from '../support/streams.ts'

/** Runs records through steps with a clock, and gives what comes out and what was timed. */
async function timed(
  records: Batch,
  steps: readonly Step[],
  every: number,
  { batchRecords = 64, sizes = [Infinity] } = {},
) {
  const market = new Market()
  const names = ['source', ...steps.map((_, i) => `step ${i + 1}`)]
  const clock = new StageClock(names, batchRecords, every)
  const commands = observeSource(new ListSource(records, sizes), market, { clock, batchRecords })
  const makers = steps.map((step) => () => step)
  const bytes = await bytesOf(new Island(commands, makers, clock))
  const samples = Object.fromEntries(clock.summaries().map(({ name, samples }) => [name, samples]))
  return { bytes, samples, summaries: clock.summaries() }
}

const idle = (): Step => stepOf(() => {})

test('stage clock - one record in so many is timed, in every stage and as a whole', async (t) => {
  const { samples } = await timed(anyRecords(1_000), [idle(), idle()], 10)
  t.deepEqual(samples, { source: 100, 'step 1': 100, 'step 2': 100, whole: 100, batch: 16 })
})

test('stage clock - which records are timed does not hang on how they are batched', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 }),
      async (every, batchRecords, sizes) => {
        const { samples } = await timed(anyRecords(100), [idle()], every, { batchRecords, sizes })
        const expected = Math.floor(100 / every)
        return (
          samples['source'] === expected && samples['step 1'] === expected && samples['whole'] === expected
        )
      },
    ),
    { numRuns: 100 },
  )
  t.pass()
})

test('stage clock - 0 times nothing', async (t) => {
  const { samples } = await timed(anyRecords(1_000), [idle()], 0)
  t.deepEqual(samples, { source: 0, 'step 1': 0, whole: 0, batch: 0 })
})

test('stage clock - unless told otherwise, one record in 509 is timed', (t) => {
  t.is(new StageClock(['source'], 64).every, 509)
  t.is(PROBE_EVERY, 509)
})

test('stage clock - a probe that becomes several records is one sample a stage, for all of them', async (t) => {
  const { samples } = await timed(anyRecords(100), [tripling(), idle(), idle()], 5)
  t.deepEqual(samples, { source: 20, 'step 1': 20, 'step 2': 20, 'step 3': 20, whole: 20, batch: 2 })
})

test('stage clock - a record takes as long as a whole as in all stages, and never no time', async (t) => {
  const { summaries } = await timed(anyRecords(500), [idle(), tripling(), idle()], 1)
  const stages = summaries.filter(({ name }) => name === 'source' || name.startsWith('step'))
  const whole = summaries.find(({ name }) => name === 'whole')!
  const sum = stages.reduce((all, { meanNs }) => all + meanNs, 0)
  // A histogram keeps three digits of each, and counts what took no time as 1 ns.
  t.true(Math.abs(sum - whole.meanNs) <= 0.01 * sum + 8, `${sum} and ${whole.meanNs}`)
  for (const { percentilesNs, maxNs } of summaries) {
    t.true(percentilesNs.every((ns, i) => ns >= 1 && ns >= (percentilesNs[i - 1] ?? 0)))
    t.true(maxNs >= percentilesNs.at(-1)! * 0.99)
  }
})

test('stage clock - all that is timed takes no longer than the run itself', async (t) => {
  const began = performance.now()
  const { summaries } = await timed(anyRecords(10_000), [idle(), tripling(), idle()], 1)
  const tookNs = (performance.now() - began) * 1e6
  const totalOf = (names: RegExp): number =>
    summaries
      .filter(({ name }) => names.test(name))
      .reduce((sum, { samples, meanNs }) => sum + samples * meanNs, 0)
  for (const names of [/^source|^step/, /^whole/, /^batch/]) {
    t.true(totalOf(names) > 0)
    // What took no time is counted as 1 ns, and a histogram keeps three digits.
    t.true(totalOf(names) < tookNs * 1.01, `${names}`)
  }
})

test('stage clock - timing changes nothing that comes out of validate, risk and match', async (t) => {
  const records = simulate({ orders: 4_000, seed: 5, badShare: 0.05 }, THREE)
  const outcome = (every: number): Promise<Buffer> => {
    const market = new Market(THREE)
    const clock = new StageClock(['source', 'validate', 'risk', 'match'], 512, every)
    const source = observeSource(new ListSource(records, [300, 7]), market, { clock, batchRecords: 512 })
    return bytesOf(
      new Island(source, [], clock).pipe(validate(market), risk(market, { collarTicks: 20 }), match(market)),
    )
  }
  const plain = await outcome(0)
  t.true(plain.length > 4_000 * 64)
  for (const every of [1, 2, 3, 251]) t.true(plain.equals(await outcome(every)), `one in ${every}`)
})

test('stage clock - several records of one probe meet all steps one by one, as all others do', async (t) => {
  const outcome = (every: number): Promise<{ bytes: Buffer }> => {
    let handled = 0
    const first = stepOf((words, at) => {
      words[at + LOTS] = handled
    })
    const second = stepOf(() => {
      handled++
    })
    return timed(anyRecords(100), [tripling(), first, second], every)
  }
  const plain = await outcome(0)
  const words = new Int32Array(plain.bytes.buffer, plain.bytes.byteOffset, plain.bytes.length / 4)
  const lots = Array.from({ length: 300 }, (_, i) => words[i * RECORD_WORDS + LOTS])
  t.deepEqual(
    lots,
    Array.from({ length: 300 }, (_, i) => i),
  )
  for (const every of [1, 2, 7]) t.true(plain.bytes.equals((await outcome(every)).bytes), `one in ${every}`)
})

test('stage clock - a step joined to a timed island is timed too', async (t) => {
  const clock = new StageClock(['source', 'step'], 64, 2)
  const source = observeSource(new ListSource(anyRecords(10)), new Market(), { clock, batchRecords: 64 })
  await bytesOf(new Island(source, [], clock).pipe(fromStep(idle)))
  t.deepEqual(
    clock.summaries().map(({ name, samples }) => [name, samples]),
    [
      ['source', 5],
      ['step', 5],
      ['whole', 5],
      ['batch', 1],
    ],
  )
})

/** Makes three records of each. */
function tripling(): Step {
  const output = new Batch(4)
  return stepOf(
    (words, at) => {
      for (let copy = 0; copy < 3; copy++) {
        if (output.count === output.capacity) output.grow()
        output.words.set(words.subarray(at, at + RECORD_WORDS), output.count++ * RECORD_WORDS)
      }
    },
    { output },
  )
}
