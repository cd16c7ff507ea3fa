import type { Labels } from './labels.ts'
import { UNRESOLVED } from './labels.ts'

/** Rows of one part of the data, in the order of time. */
export interface Split {
  readonly train: Int32Array
  readonly validation: Int32Array
  readonly test: Int32Array
  /** First row of the validation and of the test part, before the embargo. */
  readonly validationFrom: number
  readonly testFrom: number
  /** Rows left out: their outcome was not known when the next part began, or they stand in an embargo. */
  readonly embargoed: number
  /** Rows without a label: see UNRESOLVED. */
  readonly unresolved: number
}

/** Rows behind a boundary whose feature windows reach back across it. */
export const EMBARGO_ROWS = 200

/**
 * Splits rows by time: 60% to train on, 20% to choose and calibrate with, 20% to test on. No row is in a part if its
 * outcome became known only in a later one, and each later part begins with an embargo as long as the longest feature
 * window, so that nothing a part is judged by has been seen before it.
 */
export function splitByTime(
  count: number,
  labels: Labels,
  { train = 0.6, validation = 0.2, embargoRows = EMBARGO_ROWS } = {},
): Split {
  const validationFrom = Math.floor(count * train)
  const testFrom = Math.floor(count * (train + validation))
  const parts: [number[], number[], number[]] = [[], [], []]
  const bounds = [
    [0, validationFrom],
    [validationFrom + embargoRows, testFrom],
    [testFrom + embargoRows, count],
  ] as const
  let unresolved = 0
  for (const [part, [from, to]] of bounds.entries())
    for (let row = from; row < to; row++) {
      if (labels.classes[row] === UNRESOLVED) unresolved++
      else if (labels.knownAt[row]! < to) parts[part]!.push(row)
    }
  const [first, second, third] = parts
  return {
    train: Int32Array.from(first),
    validation: Int32Array.from(second),
    test: Int32Array.from(third),
    validationFrom,
    testFrom,
    embargoed: count - unresolved - first.length - second.length - third.length,
    unresolved,
  }
}
