import { Batch, RECORD_WORDS } from '../../book/index.ts'
import { match, risk, validate } from '../../operators/index.ts'
import { Simulator } from '../../operators/simulator/simulator.ts'
import { Summary } from '../../operators/sinks/summary.ts'
import { fromStep, Island } from '../../pipeline/island.ts'
import { Market } from '../../pipeline/market.ts'
import type { Source } from '../../pipeline/operator.ts'
import { observeSource } from '../../pipeline/pump.ts'
import { PERCENTILES } from '../../telemetry/latency.ts'
import { PROBE_EVERY, StageClock } from '../../telemetry/stage-clock.ts'
import { duration, thousands } from '../../telemetry/text-table.ts'
import { print } from '../print.ts'
import { median } from './median.ts'

const STAGES = ['ingest', 'validate', 'risk', 'match', 'publish']

export interface BenchPipelineOptions {
  readonly orders: number
  readonly rounds: number
  readonly json?: boolean
}

/** Middle rates over the rounds, and percentiles by stage of the latest timed one. */
export interface PipelineFigures {
  readonly orders: number
  readonly ordersPerSecond: number
  readonly untimedPerSecond: number
  readonly timingCostPercent: number
  readonly latencyNs: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/** `millrace bench pipeline`: how fast a whole pipeline is over recorded flow. Returns the exit code. */
export async function benchPipeline({ orders, rounds, json }: BenchPipelineOptions): Promise<number> {
  const figures = await measurePipeline(orders, rounds)
  return print(json === true ? `${JSON.stringify(figures)}\n` : pipelineText(figures))
}

/** Gives recorded commands again, from memory: the cost of the source is one copy. */
class Recorded implements Source {
  private readonly records: Batch
  private next = 0

  constructor(records: Batch) {
    this.records = records
  }

  pull(batch: Batch, upTo: number): boolean {
    const count = Math.min(upTo - batch.count, this.records.count - this.next)
    const { words } = this.records
    const from = this.next * RECORD_WORDS
    const to = batch.count * RECORD_WORDS
    for (let at = 0; at < count * RECORD_WORDS; at++) batch.words[to + at] = words[from + at]!
    batch.count += count
    this.next += count
    return this.next < this.records.count
  }
}

/**
 * The whole pipeline of pipelines/exchange.yaml over recorded flow: orders a second, the time of an order in each
 * stage, and what measuring that costs. Rounds with and without stage timing alternate.
 */
export async function measurePipeline(orders: number, rounds: number): Promise<PipelineFigures> {
  const records = recordOrders(orders)
  await playRound(records, PROBE_EVERY)
  const timed: number[] = []
  const untimed: number[] = []
  let clock: StageClock | undefined
  for (let round = 0; round < rounds; round++) {
    // Who goes first changes from round to round: a machine that warms up or slows down favours neither.
    for (const probeEvery of round % 2 === 0 ? [PROBE_EVERY, 0] : [0, PROBE_EVERY]) {
      const result = await playRound(records, probeEvery)
      if (probeEvery === 0) untimed.push(result.milliseconds)
      else {
        timed.push(result.milliseconds)
        clock = result.clock
      }
    }
  }
  const ratios = timed.map((milliseconds, round) => milliseconds / untimed[round]!)
  return {
    orders,
    ordersPerSecond: Math.round((orders / median(timed)) * 1e3),
    untimedPerSecond: Math.round((orders / median(untimed)) * 1e3),
    timingCostPercent: Number(((median(ratios) - 1) * 100).toFixed(1)),
    latencyNs: Object.fromEntries(
      clock!
        .summaries()
        .map(({ name, percentilesNs }) => [
          name,
          Object.fromEntries(PERCENTILES.map((percentile, i) => [`p${percentile}`, percentilesNs[i]!])),
        ]),
    ),
  }
}

function pipelineText(figures: PipelineFigures): string {
  const { orders, ordersPerSecond, untimedPerSecond, timingCostPercent, latencyNs } = figures
  const stages = Object.entries(latencyNs).map(([name, percentiles]) => {
    const each = Object.entries(percentiles).map(([percentile, ns]) => `${percentile} ${duration(ns)}`)
    return `  ${name.padEnd(10)} ${each.join(', ')}`
  })
  const lines = [
    `${thousands(orders)} orders: ${thousands(ordersPerSecond)} a second`,
    `without stage timing ${thousands(untimedPerSecond)} a second: timing costs ${timingCostPercent}%`,
    'an order spends in',
    ...stages,
  ]
  return `${lines.join('\n')}\n`
}

function market(): Market {
  return new Market(
    ['AAPL', 'AMZN', 'GOOG', 'INTC', 'MSFT'].map((symbol, i) => ({
      symbol,
      tick: '0.01',
      lot: '1',
      referencePrice: String(30 * (i + 1)),
    })),
  )
}

function recordOrders(orders: number): Batch {
  const batch = new Batch(orders)
  const simulator = new Simulator(market(), { seed: 7, orders })
  while (simulator.pull(batch, orders) && batch.count < orders);
  return batch
}

async function playRound(
  records: Batch,
  probeEvery: number,
): Promise<{ milliseconds: number; clock: StageClock }> {
  const venue = market()
  const clock = new StageClock(STAGES, 1_024, probeEvery)
  const summary = new Summary(venue)
  const began = performance.now()
  const events = new Island(observeSource(new Recorded(records), venue, { clock }), [], clock).pipe(
    validate(venue),
    risk(venue, { maxOrderLots: 100_000, maxNotional: '50000000', collarTicks: 500 }),
    match(venue),
    fromStep(() => summary),
  )
  await new Promise<void>((complete, error) => {
    events.subscribe({ complete, error })
  })
  const milliseconds = performance.now() - began
  if (!summary.totals().addsUp) throw new Error('the counts do not add up')
  return { milliseconds, clock }
}
