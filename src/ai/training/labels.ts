import { Direction, type Horizon } from '../models/horizon.ts'
import { WARM_EVENTS } from '../features/feature-list.ts'
import type { Dataset } from './dataset.ts'

/** Of a row whose horizon ends after the data does, or whose instrument had not seen enough events for its features. */
export const UNRESOLVED = 255

/** What came of each row of a data set. */
export interface Labels {
  /** A Direction, or UNRESOLVED. */
  readonly classes: Uint8Array
  /** How far the mid went, in ticks. */
  readonly moves: Float64Array
  /** The row at which that was known: the first that lies at or behind the horizon. */
  readonly knownAt: Int32Array
}

/** Labels all rows of a data set, instrument by instrument. A mid that is where it was is flat. */
export function labelRows(data: Dataset, horizon: Horizon): Labels {
  const labels: Labels = {
    classes: new Uint8Array(data.count).fill(UNRESOLVED),
    moves: new Float64Array(data.count),
    knownAt: new Int32Array(data.count).fill(-1),
  }
  const rowsOf = new Map<number, number[]>()
  for (let row = 0; row < data.count; row++) {
    const instrument = data.instruments[row]!
    const rows = rowsOf.get(instrument)
    if (rows === undefined) rowsOf.set(instrument, [row])
    else rows.push(row)
  }
  for (const rows of rowsOf.values()) {
    // Ahead of `at` and never behind where it was for the row before: one pass over the rows.
    let ahead = 0
    for (let at = 0; at < rows.length; at++) {
      ahead = Math.max(ahead, at + 1)
      while (ahead < rows.length && !isReached(data, horizon, rows[at]!, rows[ahead]!)) ahead++
      if (ahead === rows.length) break
      if (data.events[rows[at]!]! < WARM_EVENTS) continue
      setLabel(data, horizon, labels, rows[at]!, rows[ahead - 1]!, rows[ahead]!)
    }
  }
  return labels
}

function isReached(data: Dataset, horizon: Horizon, from: number, row: number): boolean {
  if (horizon.kind === 'next-move') return data.doubleMids[row] !== data.doubleMids[from]
  if (horizon.kind === 'events') return data.events[row]! - data.events[from]! >= horizon.events
  // At the horizon the mid is that of the last event before it.
  return data.timesNs[row]! - data.timesNs[from]! > horizon.seconds * 1e9
}

function setLabel(
  data: Dataset,
  horizon: Horizon,
  labels: Labels,
  from: number,
  before: number,
  reached: number,
): void {
  const end = horizon.kind === 'time' ? before : reached
  const move = data.doubleMids[end]! - data.doubleMids[from]!
  labels.moves[from] = move / 2
  labels.classes[from] = move > 0 ? Direction.up : move < 0 ? Direction.down : Direction.flat
  labels.knownAt[from] = reached
}
