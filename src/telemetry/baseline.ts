import type { History } from './history.ts'

/** How a gauge of the last minutes stands against the same hour of earlier days. */
export interface Degradation {
  readonly gauge: string
  /** Mean of the last minutes. */
  readonly now: number
  /** Median of the minutes of the same hour on earlier days, and their median absolute deviation from it. */
  readonly usual: number
  readonly spread: number
  /** How many spreads it is on the worse side. */
  readonly score: number
}

export interface BaselineOptions {
  /** Days that are looked back. */
  readonly days?: number
  /** Minutes that count as now. */
  readonly minutes?: number
  /** Minutes of earlier days that are needed before anything is said. */
  readonly leastMinutes?: number
}

const DAY_SECONDS = 86_400
const HALF_HOUR_SECONDS = 1_800
const MINUTE_SECONDS = 60
/** Makes the median absolute deviation of normal noise its standard deviation (Hampel, 1974). */
const NORMAL = 1.4826
/** Where earlier minutes hardly differ, a change below a twentieth of the usual is no news. */
const LEAST_SPREAD_SHARE = 0.05
/** From here on it is degraded: six standard deviations of noise. */
export const DEGRADED_SCORE = 6

/**
 * Whether a gauge is worse than usual without a limit that someone set: against the median of the same hour on earlier
 * days, in units of their spread. Median and spread are robust, so that a bad minute of last week does not hide the one
 * of today.
 * @param now seconds since 1970
 * @param isHigherWorse latencies and shares: true; rates: false
 * @returns undefined while there is too little to compare with
 */
export function degradation(
  history: History,
  gauge: string,
  now: number,
  isHigherWorse: boolean,
  { days = 7, minutes = 5, leastMinutes = 30 }: BaselineOptions = {},
): Degradation | undefined {
  const recent = history.points(gauge, now - minutes * MINUTE_SECONDS, now, 'minute')
  const earlier: number[] = []
  for (let day = 1; day <= days; day++) {
    const then = now - day * DAY_SECONDS
    for (const { mean } of history.points(
      gauge,
      then - HALF_HOUR_SECONDS,
      then + HALF_HOUR_SECONDS,
      'minute',
    ))
      earlier.push(mean)
  }
  if (recent.length === 0 || earlier.length < leastMinutes) return undefined
  const mean = recent.reduce((sum, point) => sum + point.mean, 0) / recent.length
  const usual = median(earlier)
  const deviation = NORMAL * median(earlier.map((value) => Math.abs(value - usual)))
  const spread = Math.max(deviation, LEAST_SPREAD_SHARE * Math.abs(usual), Number.MIN_VALUE)
  const worse = isHigherWorse ? mean - usual : usual - mean
  return { gauge, now: mean, usual, spread, score: worse / spread }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
