import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'

/** Percentiles that a report shows, in the order shown. */
export const PERCENTILES = [50, 95, 99, 99.9] as const

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

  constructor(name: string) {
    this.name = name
    this.histogram = createHistogram({ lowest: 1, highest: LONGEST_NS, figures: 3 })
  }

  /** @param milliseconds as two readings of `performance.now()` differ */
  record(milliseconds: number): void {
    const ns = Math.round(milliseconds * 1e6)
    this.histogram.record(ns < 1 ? 1 : ns > LONGEST_NS ? LONGEST_NS : ns)
  }

  summary(): LatencySummary {
    const { count, mean, max } = this.histogram
    return {
      name: this.name,
      samples: count,
      meanNs: count === 0 ? 0 : mean,
      percentilesNs: PERCENTILES.map((percentile) =>
        count === 0 ? 0 : this.histogram.percentile(percentile),
      ),
      maxNs: count === 0 ? 0 : max,
    }
  }
}
