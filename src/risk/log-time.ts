import * as record from '../book/record.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { MAX_SECONDS, TIMESTAMP_NS } = record

/**
 * Time as the log tells it, in units of 512 ns since 1970: a number holds that exactly for all times that a record's clock
 * can have (10^9 ns are 1,953,125 such units).
 */
export const UNITS_PER_SECOND = 1_953_125
export const UNITS_PER_DAY = UNITS_PER_SECOND * 86_400
const HIGH_UNITS = 8_388_608

/** The timestamp of a command in units of 512 ns; 0 for none, and for one past what the engine's clock can hold. */
export function commandTime(words: Int32Array, at: number): number {
  const units = (words[at + TIMESTAMP_NS + 1]! >>> 0) * HIGH_UNITS + (words[at + TIMESTAMP_NS]! >>> 9)
  return units < (MAX_SECONDS + 1) * UNITS_PER_SECOND ? units : 0
}
