import { Batch, RECORD_WORDS } from '../../src/book/index.ts'
import type { JournalOptions } from '../../src/journal/options.ts'
import { registry } from '../../src/operators/registry.ts'
import { Simulator } from '../../src/operators/simulator/simulator.ts'
import { Summary } from '../../src/operators/sinks/summary.ts'
import { Island } from '../../src/pipeline/island.ts'
import { Market } from '../../src/pipeline/market.ts'
import type { Source, Step } from '../../src/pipeline/operator.ts'
import { observeSource } from '../../src/pipeline/pump.ts'

/** One run of a whole pipeline over recorded orders. */
export interface Round {
  /** From the first pull until the events of the last batch have left. */
  readonly milliseconds: number
  /** CPU time of this thread for a batch, on average: what else runs on the machine does not count. */
  readonly cpuMilliseconds: number
  /** The same until everything is closed. */
  readonly closedMilliseconds: number
  /** From the pull of a batch until its events have left, by batch. */
  readonly batchMs: Float64Array
  readonly hash: string
  readonly figures: Readonly<Record<string, unknown>> | undefined
}

const SYMBOLS = ['AAPL', 'AMZN', 'GOOG', 'INTC', 'MSFT']

export function benchMarket(): Market {
  return new Market(
    SYMBOLS.map((symbol, i) => ({ symbol, tick: '0.01', lot: '1', referencePrice: String(30 * (i + 1)) })),
  )
}

export function benchFlow(orders: number): Simulator {
  return new Simulator(benchMarket(), { seed: 7, orders })
}

/** The next orders of a flow. */
export function recordOrders(orders: number, simulator = benchFlow(orders)): Batch {
  const batch = new Batch(orders)
  while (simulator.pull(batch, orders) && batch.count < orders);
  return batch
}

/** Gives recorded commands again, and notes when each batch was asked for. */
export class Recorded implements Source {
  readonly asked: number[] = []
  private readonly records: Batch
  private next = 0

  constructor(records: Batch) {
    this.records = records
  }

  pull(batch: Batch, upTo: number): boolean {
    this.asked.push(performance.now())
    const count = Math.min(upTo - batch.count, this.records.count - this.next)
    const from = this.next * RECORD_WORDS
    batch.words.set(
      this.records.words.subarray(from, from + count * RECORD_WORDS),
      batch.count * RECORD_WORDS,
    )
    batch.count += count
    this.next += count
    return this.next < this.records.count
  }
}

/** Batches from one reading of the thread's CPU time to the next. */
const CPU_EVERY = 16

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1e3
}

/** Plays recorded orders through validate, risk, match and a summary. */
export async function playRound(records: Batch, journal?: JournalOptions): Promise<Round> {
  const market = benchMarket()
  const steps = new Map<string, Step>()
  const limits = { maxOrderLots: 100_000, maxNotional: '50000000', collarTicks: 500 }
  for (const [name, options] of Object.entries({ validate: {}, risk: { limits }, match: { journal } })) {
    const made = await registry.get(name)!.create(options, { id: name, market, upstream: steps })()
    if (made._tag === 'Left') throw new Error(made.left.message)
    steps.set(name, made.right as Step)
  }
  const summary = new Summary(market)
  const source = new Recorded(records)
  const left: number[] = []
  const events = new Island(
    observeSource(source, market, { batchRecords: market.batchRecords }),
    [...steps.values(), summary].map((step) => () => step),
  )
  let cpu = 0
  const cpuBegan = threadCpuMs()
  const began = performance.now()
  await new Promise<void>((complete, error) => {
    const next = (): void => {
      left.push(performance.now())
      if (left.length % CPU_EVERY === 0) cpu = threadCpuMs() - cpuBegan
    }
    events.subscribe({ next, complete, error })
  })
  const closed = performance.now()
  if (!summary.totals().addsUp) throw new Error('the counts do not add up')
  return {
    milliseconds: left.at(-1)! - began,
    cpuMilliseconds: cpu / (left.length - (left.length % CPU_EVERY) || left.length),
    closedMilliseconds: closed - began,
    batchMs: Float64Array.from(left, (at, i) => at - source.asked[i]!),
    hash: market.engine!.stateHash(),
    figures: steps.get('match')!.report?.().figures,
  }
}
