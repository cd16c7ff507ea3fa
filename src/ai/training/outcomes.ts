import { FEATURE_COUNT } from '../features/feature-list.ts'
import type { Scorer } from '../models/model.ts'
import { scoreBin, SCORE_BINS } from '../models/rolling-calibrator.ts'
import type { Dataset } from './dataset.ts'

/** Counts rows, and those of the class, by bin of an output's score. */
export function countOutcomes(
  data: Dataset,
  rows: Int32Array,
  scorer: Scorer,
  output: number,
  isPositive: Uint8Array,
): { readonly outcomes: Float64Array; readonly positives: Float64Array } {
  const outcomes = new Float64Array(SCORE_BINS)
  const positives = new Float64Array(SCORE_BINS)
  const scores = new Float64Array(scorer.outputs)
  for (const row of rows) {
    scorer.score(data.features, row * FEATURE_COUNT, scores)
    const bin = scoreBin(scores[output]!)
    outcomes[bin]!++
    positives[bin]! += isPositive[row]!
  }
  return { outcomes, positives }
}
