import { featureIndex } from '../features/feature-list.ts'
import type { Dataset } from './dataset.ts'
import { Direction } from '../models/horizon.ts'
import { type Labels, UNRESOLVED } from './labels.ts'

/** How often the mid went up next where a feature was within two bounds. */
export interface CurvePoint {
  readonly from: number
  readonly to: number
  readonly rows: number
  readonly upShare: number
}

/** Share of next moves up by queue imbalance, in bands of equal width from -1 to 1. */
export function imbalanceCurve(data: Dataset, labels: Labels, bands = 5): CurvePoint[] {
  const at = featureIndex('queueImbalance')
  const rows = new Float64Array(bands)
  const ups = new Float64Array(bands)
  for (let row = 0; row < data.count; row++) {
    const direction = labels.classes[row]!
    if (direction === UNRESOLVED || direction === Direction.flat) continue
    const band = Math.min(bands - 1, Math.floor(((data.at(row, at) + 1) / 2) * bands))
    rows[band]!++
    if (direction === Direction.up) ups[band]!++
  }
  return Array.from(rows, (count, band) => ({
    from: -1 + (2 * band) / bands,
    to: -1 + (2 * (band + 1)) / bands,
    rows: count,
    upShare: count === 0 ? NaN : ups[band]! / count,
  }))
}
