import type { Scorer } from './model.ts'

/** Trees of one output, each complete to the same depth and laid out level by level. */
export interface Trees {
  readonly depth: number
  /** Score before the first tree. */
  readonly base: number
  /** For each tree, 2^depth - 1 inner nodes: the feature that each looks at, and what it goes right above. */
  readonly features: Uint8Array
  readonly thresholds: Float32Array
  /** For each tree, 2^depth leaves: what each adds to the score. */
  readonly leaves: Float64Array
}

/**
 * Gradient boosted trees on typed arrays. A vector goes to the right child of node n, 2n + 2, where its feature is above
 * the threshold, else to the left one, 2n + 1; no branch is taken but the loop's. A feature that is not a number goes left.
 */
export class BoostedTrees implements Scorer {
  readonly outputs: number
  private readonly forests: readonly Trees[]

  constructor(forests: readonly Trees[]) {
    this.outputs = forests.length
    this.forests = forests
  }

  score(vector: Float32Array, at: number, scores: Float64Array): void {
    for (let output = 0; output < this.outputs; output++)
      addTrees(this.forests[output]!, vector, at, scores, output)
  }
}

/** Sums in place: a number in a typed array is never boxed, whichever compiler is at work. */
function addTrees(
  trees: Trees,
  vector: Float32Array,
  at: number,
  scores: Float64Array,
  output: number,
): void {
  const { depth, features, thresholds, leaves } = trees
  const inner = (1 << depth) - 1
  scores[output] = trees.base
  for (let root = 0, leaf = 0; root < features.length; root += inner, leaf += inner + 1) {
    let node = 0
    for (let level = 0; level < depth; level++) {
      const place = root + node
      node = 2 * node + 1 + (vector[at + features[place]!]! > thresholds[place]! ? 1 : 0)
    }
    scores[output] += leaves[leaf + node - inner]!
  }
}
