// `npm run bench -- ai`: what predictions cost. Features an event, inference a vector, and the whole pipeline with and
// without the model, in rounds that alternate.
import { readFileSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { FEATURE_COUNT } from '../src/ai/features/feature-list.ts'
import { Features } from '../src/ai/features/features.ts'
import { decodeModel, scorerOf } from '../src/ai/models/model-file.ts'
import { Dataset } from '../src/ai/training/dataset.ts'
import { Batch, RECORD_WORDS } from '../src/book/index.ts'
import { openInput, playInput, recordInput } from '../src/cli/ai/record-input.ts'
import { median } from '../src/cli/bench/median.ts'
import { aiEnhance, match, risk, Summary, validate } from '../src/operators/index.ts'
import { Simulator } from '../src/operators/simulator/simulator.ts'
import { fromStep, Island } from '../src/pipeline/island.ts'
import { Market } from '../src/pipeline/market.ts'
import type { Source } from '../src/pipeline/operator.ts'
import { observeSource } from '../src/pipeline/pump.ts'
import { PROBE_EVERY, StageClock } from '../src/telemetry/stage-clock.ts'

const FLOW = { profile: 'nasdaq-large-tick', seed: 7, orders: 300_000, instruments: 5 } as const
const ORDERS = 500_000
const ROUNDS = 9
const MODEL = process.env['AIMODEL'] ?? 'models/direction.json'
const STAGES = ['ingest', 'validate', 'predict', 'risk', 'match', 'publish']

export async function benchAi(): Promise<Record<string, unknown>> {
  const { updateNs, writeNs, data } = await measureFeatures()
  const inference = Object.fromEntries(
    ['models/direction.json', 'models/amzn.json'].map((file) => [file, measureInference(file, data)]),
  )
  return {
    'feature update, ns an event': updateNs,
    'feature vector, ns': writeNs,
    'inference, ns a vector': inference,
    ...(await measurePipelines()),
  }
}

/** Milliseconds that this process has had: others may be at work on the machine. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e3
}

type Event = Parameters<Features['observe']>

async function measureFeatures(): Promise<{ updateNs: number; writeNs: number; data: Dataset }> {
  const events: Event[] = []
  const data = new Dataset()
  const opened = async () => {
    const input = await openInput(FLOW)
    if (E.isLeft(input)) throw new Error(input.left)
    return input.right
  }
  await recordInput(await opened(), data)
  await playInput(await opened(), { observe: (...event) => events.push(event) })
  const updates: number[] = []
  const writes: number[] = []
  const vector = new Float32Array(FEATURE_COUNT)
  let rows = 0
  for (let round = 0; round < ROUNDS; round++) {
    const features = new Features()
    let began = cpuMs()
    for (const event of events) features.observe(...event)
    updates.push(((cpuMs() - began) / events.length) * 1e6)
    rows = 0
    for (let instrument = 0; instrument < FLOW.instruments; instrument++) rows += features.events(instrument)
    began = cpuMs()
    for (let i = 0; i < 100_000; i++) features.write(i % FLOW.instruments, vector)
    writes.push(((cpuMs() - began) / 100_000) * 1e6)
  }
  if (rows !== data.count) throw new Error(`${rows} events were taken in, ${data.count} were recorded`)
  return { updateNs: Math.round(median(updates)), writeNs: Math.round(median(writes)), data }
}

function measureInference(file: string, data: Dataset): number {
  const model = decodeModel(JSON.parse(readFileSync(file, 'utf8')))
  if (E.isLeft(model)) throw new Error(`${file} is no model`)
  const scorer = scorerOf(model.right)
  const scores = new Float64Array(scorer.outputs)
  const rounds: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    let sum = 0
    const began = cpuMs()
    for (let row = 0; row < data.count; row++) {
      scorer.score(data.features, row * FEATURE_COUNT, scores)
      sum += scores[0]!
    }
    rounds.push(((cpuMs() - began) / data.count) * 1e6)
    if (!Number.isFinite(sum)) throw new Error(`${file} gives no numbers`)
  }
  return Math.round(median(rounds))
}

async function measurePipelines(): Promise<Record<string, unknown>> {
  const records = recordOrders()
  const rates: Record<'with' | 'without', number[]> = { with: [], without: [] }
  let clock: StageClock | undefined
  for (let round = 0; round <= ROUNDS; round++)
    for (const which of round % 2 === 0 ? (['with', 'without'] as const) : (['without', 'with'] as const)) {
      const played = await play(records, which === 'with')
      // The first round warms up.
      if (round > 0) rates[which].push(ORDERS / played.seconds)
      if (which === 'with') clock = played.clock
    }
  const whole = clock!.summaries().find(({ name }) => name === 'whole')!
  const predict = clock!.summaries().find(({ name }) => name === 'predict')!
  return {
    'orders a second with risk and the model': Math.round(median(rates.with)),
    'orders a second with risk alone': Math.round(median(rates.without)),
    'an order in the pipeline, ns, p50 p95 p99 p99.9': whole.percentilesNs.join(' '),
    'an order in ai-enhance, ns, p50 p95 p99 p99.9': predict.percentilesNs.join(' '),
  }
}

function venue(): Market {
  return new Market(
    ['AAPL', 'AMZN', 'GOOG', 'INTC', 'MSFT'].map((symbol, i) => ({
      symbol,
      tick: '0.01',
      lot: '1',
      referencePrice: String(30 * (i + 1)),
    })),
  )
}

function recordOrders(): Batch {
  const batch = new Batch(ORDERS)
  const simulator = new Simulator(venue(), { seed: 7, orders: ORDERS })
  while (simulator.pull(batch, ORDERS) && batch.count < ORDERS);
  return batch
}

/** Gives recorded commands again, from memory. */
function recorded(records: Batch): Source {
  let next = 0
  return {
    pull: (batch, upTo) => {
      const count = Math.min(upTo - batch.count, records.count - next)
      const from = next * RECORD_WORDS
      batch.words.set(records.words.subarray(from, from + count * RECORD_WORDS), batch.count * RECORD_WORDS)
      batch.count += count
      next += count
      return next < records.count
    },
  }
}

async function play(records: Batch, withModel: boolean): Promise<{ seconds: number; clock: StageClock }> {
  const market = venue()
  const stages = withModel ? STAGES : STAGES.filter((name) => name !== 'predict')
  const clock = new StageClock(stages, 1_024, PROBE_EVERY)
  const summary = new Summary(market)
  const commands = new Island(observeSource(recorded(records), market, { clock }), [], clock).pipe(
    validate(market),
  )
  const predicted = withModel ? commands.pipe(aiEnhance(market, { model: MODEL })) : commands
  const events = predicted.pipe(
    risk(market, { maxOrderLots: 100_000, maxNotional: '50000000', collarTicks: 500 }),
    match(market),
    fromStep(() => summary),
  )
  const began = cpuMs()
  await new Promise<void>((complete, error) => {
    events.subscribe({ complete, error })
  })
  const seconds = (cpuMs() - began) / 1e3
  const totals = summary.totals()
  if (!totals.addsUp || totals.commands !== ORDERS) throw new Error('the counts do not add up')
  return { seconds, clock }
}
