import { commandTime, UNITS_PER_DAY, UNITS_PER_SECOND } from '../log-time.ts'
import type { FeePeriod } from './fees.ts'

/** Days since 1970 up to 1 March of year 0 of the proleptic calendar, and days in 400 years. */
const DAYS_TO_1970 = 719_468
const ERA_DAYS = 146_097

/** The time of the log as events tell it: that of the latest time command. */
export class LedgerClock {
  /** Seconds since 1970, and days; 0 before the first time command. */
  seconds: number
  day: number
  /** Number of the period that fees are counted over. */
  period: number
  private readonly of: FeePeriod

  constructor(of: FeePeriod) {
    this.seconds = this.day = this.period = 0
    this.of = of
  }

  /** Moves it to the time of an applied event. */
  set(words: Int32Array, at: number): void {
    const units = commandTime(words, at)
    this.seconds = Math.floor(units / UNITS_PER_SECOND)
    this.day = Math.floor(units / UNITS_PER_DAY)
    if (this.of === 'day') this.period = this.day
    else if (this.of === 'month') this.period = monthOf(this.day)
  }
}

/** The day since 1970 of an applied event of a time command. */
export function dayOfTime(words: Int32Array, at: number): number {
  return Math.floor(commandTime(words, at) / UNITS_PER_DAY)
}

/** A number for the month of a day since 1970, by the Gregorian calendar: a later month has a larger one. */
function monthOf(day: number): number {
  const shifted = day + DAYS_TO_1970
  const era = Math.floor(shifted / ERA_DAYS)
  const ofEra = shifted - era * ERA_DAYS
  const year = Math.floor(
    (ofEra - Math.floor(ofEra / 1_460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  )
  const ofYear = ofEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100))
  // Months from March: 153 days in five of them.
  return (era * 400 + year) * 12 + Math.floor((5 * ofYear + 2) / 153)
}

/** A day since 1970 as `2026-11-25`. */
export function dayText(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10)
}
