import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'

/** Percentiles that a report shows, in the order shown. */
export const PERCENTILES = [50, 95, 99, 99.9, 99.99] as const

/** What a histogram knows, in nanoseconds. */
export interface LatencySummary {
  readonly name: string
  readonly samples: number
  readonly meanNs: number
  /** One for each of PERCENTILES. */
  readonly percentilesNs: readonly number[]
  readonly maxNs: number
}

const LONGEST_NS = 3_600_000_000_000

/** Durations of one kind of work in a high dynamic range histogram: three significant digits from 1 ns to an hour. */
export class Latency {
  readonly name: string
  private readonly histogram: RecordableHistogram
  /** The same since it was last asked for; there once someone has asked. */
  private recent: RecordableHistogram | undefined

  constructor(name: string) {
    this.name = name
    this.histogram = newHistogram()
    this.recent = undefined
  }

  /** @param milliseconds as two readings of `performance.now()` differ */
  record(milliseconds: number): void {
    const rounded = Math.round(milliseconds * 1e6)
    const ns = rounded < 1 ? 1 : rounded > LONGEST_NS ? LONGEST_NS : rounded
    this.histogram.record(ns)
    this.recent?.record(ns)
  }

  summary(): LatencySummary {
    return summaryOf(this.name, this.histogram)
  }

  /** What has come since this was last called; for one who calls it at intervals. */
  takeRecent(): LatencySummary {
    this.recent ??= newHistogram()
    const summary = summaryOf(this.name, this.recent)
    this.recent.reset()
    return summary
  }
}

function newHistogram(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: LONGEST_NS, figures: 3 })
}

function summaryOf(name: string, histogram: RecordableHistogram): LatencySummary {
  const { count, mean, max } = histogram
  return {
    name,
    samples: count,
    meanNs: count === 0 ? 0 : mean,
    percentilesNs: PERCENTILES.map((percentile) => (count === 0 ? 0 : histogram.percentile(percentile))),
    maxNs: count === 0 ? 0 : max,
  }
}
