import { FEATURE_COUNT } from '../features/feature-list.ts'
import type { Scorer } from './model.ts'

/**
 * A linear model: score = bias + sum of weight times (feature - mean) / deviation. Kept folded into one weight a feature,
 * so that a score is one pass over the vector. Features beyond `clip` deviations count as that far.
 */
export class Logistic implements Scorer {
  readonly outputs: number
  /** Output by output: a weight a feature. */
  private readonly weights: Float64Array
  private readonly biases: Float64Array
  private readonly means: Float64Array
  private readonly inverses: Float64Array

  /**
   * @param weights for each output, a weight a standardized feature
   * @param deviations above 0
   */
  constructor(
    weights: readonly (readonly number[])[],
    biases: readonly number[],
    means: readonly number[],
    deviations: readonly number[],
  ) {
    this.outputs = biases.length
    this.weights = Float64Array.from(weights.flat())
    this.biases = Float64Array.from(biases)
    this.means = Float64Array.from(means)
    this.inverses = Float64Array.from(deviations, (deviation) => 1 / deviation)
  }

  score(vector: Float32Array, at: number, scores: Float64Array): void {
    const { weights, biases, means, inverses } = this
    for (let output = 0; output < this.outputs; output++) {
      let score = biases[output]!
      const from = output * FEATURE_COUNT
      for (let feature = 0; feature < FEATURE_COUNT; feature++) {
        const value = (vector[at + feature]! - means[feature]!) * inverses[feature]!
        const near = value > CLIP ? CLIP : value < -CLIP ? -CLIP : value
        score += weights[from + feature]! * near
      }
      scores[output] = score
    }
  }
}

/** Deviations beyond which a feature says no more: one wild value must not decide alone. */
export const CLIP = 5
