/**
 * What a model says about a feature vector: one score for each of its outputs, the log of the odds before calibration.
 * With one output it is that of up against down; with three, of down, flat and up, each against the others.
 */
export interface Scorer {
  readonly outputs: number
  /** Writes the scores of the vector that begins at `at`. Allocates nothing. */
  score(vector: Float32Array, at: number, scores: Float64Array): void
}

/** Outputs of a model that tells up from down alone, and of one that knows flat too. */
export const TWO_WAY = 1
export const THREE_WAY = 3

export function sigmoid(score: number): number {
  return 1 / (1 + Math.exp(-score))
}
