import * as E from 'fp-ts/lib/Either.js'
import { Batch, RECORD_WORDS } from '../src/book/index.ts'
import { SEQUENCE, writeU64 } from '../src/book/record.ts'
import { registry } from '../src/operators/registry.ts'
import { Simulator } from '../src/operators/simulator/simulator.ts'
import { median } from '../src/cli/bench/median.ts'
import { decodeDefinition, type Definition } from '../src/pipeline/definition.ts'
import { Market } from '../src/pipeline/market.ts'
import type { Source, Step } from '../src/pipeline/operator.ts'
import { preparePipeline } from '../src/pipeline/runtime.ts'

const ORDERS = 2_000_000
const ROUNDS = 7
const BATCH = 1_024
const SYMBOLS = ['AAPL', 'AMZN', 'GOOG', 'INTC', 'MSFT']

const text = (boundary: boolean): string => `name: bench
instruments: { ${SYMBOLS.map((symbol, i) => `${symbol}: { tick: 0.01, lot: 1, referencePrice: ${30 * (i + 1)} }`).join(', ')} }
stages:
  - { id: orders, operator: ingest, from: { simulate: {} } }
  - { id: validate, operator: validate }
  - { id: risk, operator: risk, limits: { maxOrderLots: 100000, maxNotional: 50000000, collarTicks: 500 } }
  - { id: match, operator: match }
  - { id: report, operator: publish, to: summary${boundary ? ', boundary: true' : ''} }
`

/** Orders that go through before the clock is started: by then everything is compiled. */
const WARM = 250_000

/** Gives recorded commands again, from memory, and times the most of it. */
class Recorded implements Source {
  private readonly records: Batch
  spentMs = 0
  private next = 0
  private began: NodeJS.CpuUsage | undefined

  constructor(records: Batch) {
    this.records = records
  }

  pull(batch: Batch, upTo: number): boolean {
    const count = Math.min(upTo - batch.count, this.records.count - this.next)
    const from = this.next * RECORD_WORDS
    batch.words.set(
      this.records.words.subarray(from, from + count * RECORD_WORDS),
      batch.count * RECORD_WORDS,
    )
    batch.count += count
    this.next += count
    if (this.began === undefined && this.next >= WARM) this.began = process.cpuUsage()
    const isOver = this.next >= this.records.count
    if (isOver) this.spentMs = spentMs(this.began!)
    return !isOver
  }
}

/**
 * What the framework costs: a pipeline file as it is run, against loops written by hand that call the same steps on the
 * same batches, and against the same file with an edge before its sink. Rounds alternate; the middle ones count, in processor time.
 */
export async function measureFramework(): Promise<Record<string, number>> {
  const records = new Batch(ORDERS)
  const simulator = new Simulator(new Market(define(false).instruments), { seed: 7, orders: ORDERS })
  while (simulator.pull(records, ORDERS) && records.count < ORDERS);
  const plays: Record<string, () => Promise<Played>> = {
    hand: () => playByHand(records),
    fused: () => playFile(records, false),
    edge: () => playFile(records, true),
  }
  const took: Record<string, number[]> = { hand: [], fused: [], edge: [] }
  const names = Object.keys(plays)
  let events = 0
  for (let round = -1; round < ROUNDS; round++) {
    const totals: string[] = []
    // Who goes first changes from round to round: a machine that warms up or slows down favours nobody.
    for (const name of names.map((_, i) => names[(i + round + 1) % names.length]!)) {
      const played = await plays[name]!()
      totals.push(played.answer)
      events = Math.max(events, played.events)
      if (round >= 0) took[name]!.push(played.milliseconds)
    }
    if (new Set(totals).size !== 1) throw new Error('the answers differ')
  }
  const rate = (name: string): number => Math.round(((ORDERS - WARM) / median(took[name]!)) * 1e3)
  const ratio = (name: string, to: string): number =>
    median(took[name]!.map((milliseconds, round) => milliseconds / took[to]![round]!))
  return {
    handWrittenPerSecond: rate('hand'),
    frameworkPerSecond: rate('fused'),
    frameworkOverheadPercent: Number(((ratio('fused', 'hand') - 1) * 100).toFixed(1)),
    withAnEdgePerSecond: rate('edge'),
    edgeNsAnEvent: Number(
      (((median(took['edge']!) - median(took['fused']!)) * 1e6) / (events * (1 - WARM / ORDERS))).toFixed(1),
    ),
  }
}

interface Played {
  readonly milliseconds: number
  readonly answer: string
  readonly events: number
}

/** Processor time of this process: other work on the machine is not counted. */
function spentMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1e3
}

function define(boundary: boolean): Definition {
  const definition = decodeDefinition('bench', text(boundary), registry)
  if (E.isLeft(definition)) throw new Error(JSON.stringify(definition.left))
  return definition.right
}

async function playFile(records: Batch, boundary: boolean): Promise<Played> {
  const source = new Recorded(records)
  const prepared = await preparePipeline(define(boundary), {
    probeEvery: 0,
    batchRecords: BATCH,
    adopt: ({ id }) => (id === 'orders' ? source : undefined),
  })()
  if (E.isLeft(prepared)) throw new Error(JSON.stringify(prepared.left))
  const report = await prepared.right.run()
  const milliseconds = source.spentMs
  const { totals } = report.sections[0]!.figures as { totals: { addsUp: boolean; trades: number } }
  if (!totals.addsUp) throw new Error('the counts do not add up')
  const events = report.stats.edges[0]?.read ?? 0
  return { milliseconds, answer: JSON.stringify(totals), events }
}

/** What one would write without a framework. */
async function playByHand(records: Batch): Promise<Played> {
  const definition = define(false)
  const market = new Market(definition.instruments)
  const steps: Step[] = []
  for (const { id, operator, options } of definition.stages.slice(1)) {
    const made = await operator.create(options, { id, market })()
    if (E.isLeft(made)) throw new Error(made.left.message)
    steps.push(made.right as Step)
  }
  const [check, limit, engine, summary] = steps as [Step, Step, Step, Step]
  const source = new Recorded(records)
  const batch = new Batch(BATCH)
  const events = engine.output!
  let sequence = 0
  for (let more = true; more;) {
    batch.count = 0
    more = source.pull(batch, BATCH)
    events.count = 0
    const { words } = batch
    for (let at = 0; at < batch.count * RECORD_WORDS; at += RECORD_WORDS) {
      writeU64(words, at + SEQUENCE, ++sequence)
      check.process(words, at)
      limit.process(words, at)
      engine.process(words, at)
    }
    const out = events.words
    for (let at = 0; at < events.count * RECORD_WORDS; at += RECORD_WORDS) summary.process(out, at)
  }
  market.sequence = sequence
  const milliseconds = source.spentMs
  const { totals } = summary.report!().figures as { totals: object }
  return { milliseconds, answer: JSON.stringify(totals), events: 0 }
}
