import { FEATURE_COUNT } from '../features/feature-list.ts'
import type { Trees } from '../models/boosted-trees.ts'
import { sigmoid } from '../models/model.ts'
import type { Dataset } from './dataset.ts'
import { TrainingRandom } from './random.ts'

export interface TreeOptions {
  readonly trees: number
  readonly depth: number
  readonly rate: number
  /** Least sum of p (1 - p) in a leaf: how many uncertain rows it must have, about, times 4. */
  readonly leafWeight: number
  readonly ridge: number
  /** Share of the rows that each tree is grown on. */
  readonly sample: number
  readonly seed: number
  readonly onTree?: ((grown: number) => void) | undefined
}

/** Values that a feature is told apart by. */
const BINS = 64

/** Where the values of each feature are cut: value v is in the first bin whose cut is not below it. */
interface Bins {
  readonly cuts: readonly Float32Array[]
  /** Feature by feature, the bin of each of the rows. */
  readonly of: readonly Uint8Array[]
}

/**
 * Grows boosted trees for the log loss, level by level over histograms (Friedman 2001, 'Greedy function approximation';
 * leaf values by one Newton step, as Chen and Guestrin 2016). Same rows, options and seed give the same trees.
 * @param isPositive by row number of the data set
 */
export function fitTrees(
  data: Dataset,
  rows: Int32Array,
  isPositive: Uint8Array,
  options: TreeOptions,
): Trees {
  const bins = binRows(data, rows)
  const count = rows.length
  const inner = 2 ** options.depth - 1
  const random = new TrainingRandom(options.seed)
  let positives = 0
  for (const row of rows) positives += isPositive[row]!
  const share = Math.min(Math.max(positives / count, 1e-6), 1 - 1e-6)
  const base = Math.log(share / (1 - share))
  const trees: Trees = {
    depth: options.depth,
    base,
    features: new Uint8Array(options.trees * inner),
    thresholds: new Float32Array(options.trees * inner).fill(Infinity),
    leaves: new Float64Array(options.trees * (inner + 1)),
  }
  const grower = new Grower(bins, count, options)
  const scores = new Float64Array(count).fill(base)
  for (let tree = 0; tree < options.trees; tree++) {
    for (let i = 0; i < count; i++) {
      const chance = sigmoid(scores[i]!)
      const isIn = options.sample >= 1 || random.uniform() < options.sample ? 1 : 0
      grower.isIn[i] = isIn
      grower.gradients[i] = chance - isPositive[rows[i]!]!
      grower.hessians[i] = chance * (1 - chance)
    }
    grower.grow(trees, tree, scores)
    options.onTree?.(tree + 1)
  }
  return trees
}

/** Grows one tree at a time; what it needs for that is made once. */
class Grower {
  readonly isIn: Uint8Array
  readonly gradients: Float64Array
  readonly hessians: Float64Array
  private readonly bins: Bins
  private readonly options: TreeOptions
  /** Node of the level that each row is in. */
  private readonly node: Uint16Array
  /** By node, feature and bin: sums of gradients and of hessians. */
  private readonly gradientSums: Float64Array
  private readonly hessianSums: Float64Array

  constructor(bins: Bins, count: number, options: TreeOptions) {
    const cells = 2 ** options.depth * FEATURE_COUNT * BINS
    this.isIn = new Uint8Array(count)
    this.gradients = new Float64Array(count)
    this.hessians = new Float64Array(count)
    this.bins = bins
    this.options = options
    this.node = new Uint16Array(count)
    this.gradientSums = new Float64Array(cells)
    this.hessianSums = new Float64Array(cells)
  }

  grow(trees: Trees, tree: number, scores: Float64Array): void {
    const { depth } = this.options
    const inner = 2 ** depth - 1
    this.node.fill(0)
    for (let level = 0; level < depth; level++) {
      const nodes = 2 ** level
      this.sum(nodes)
      const cutAt = new Int16Array(nodes)
      const cutBy = new Uint8Array(nodes)
      for (let node = 0; node < nodes; node++) {
        const place = tree * inner + nodes - 1 + node
        const [feature, bin] = this.bestCut(node)
        cutBy[node] = feature
        cutAt[node] = bin
        trees.features[place] = feature
        trees.thresholds[place] = bin < 0 ? Infinity : this.bins.cuts[feature]![bin]!
      }
      for (let i = 0; i < this.node.length; i++) {
        const node = this.node[i]!
        const isRight = cutAt[node]! >= 0 && this.bins.of[cutBy[node]!]![i]! > cutAt[node]!
        this.node[i] = 2 * node + (isRight ? 1 : 0)
      }
    }
    this.setLeaves(trees.leaves.subarray(tree * (inner + 1), (tree + 1) * (inner + 1)), scores)
  }

  private setLeaves(leaves: Float64Array, scores: Float64Array): void {
    const { isIn, node, gradients, hessians } = this
    const { ridge, rate } = this.options
    const gradientOf = new Float64Array(leaves.length)
    const hessianOf = new Float64Array(leaves.length)
    for (let i = 0; i < node.length; i++) {
      if (isIn[i] === 0) continue
      gradientOf[node[i]!]! += gradients[i]!
      hessianOf[node[i]!]! += hessians[i]!
    }
    for (let leaf = 0; leaf < leaves.length; leaf++)
      leaves[leaf] = (-rate * gradientOf[leaf]!) / (hessianOf[leaf]! + ridge)
    for (let i = 0; i < node.length; i++) scores[i]! += leaves[node[i]!]!
  }

  private sum(nodes: number): void {
    const { isIn, node, gradients, hessians, gradientSums, hessianSums } = this
    const cells = nodes * FEATURE_COUNT * BINS
    gradientSums.fill(0, 0, cells)
    hessianSums.fill(0, 0, cells)
    for (let feature = 0; feature < FEATURE_COUNT; feature++) {
      const bins = this.bins.of[feature]!
      const offset = feature * BINS
      for (let i = 0; i < node.length; i++) {
        if (isIn[i] === 0) continue
        const cell = node[i]! * FEATURE_COUNT * BINS + offset + bins[i]!
        gradientSums[cell]! += gradients[i]!
        hessianSums[cell]! += hessians[i]!
      }
    }
  }

  /** The feature and the last bin on the left of the cut that lowers the loss most; a bin of -1 if none does. */
  private bestCut(node: number): readonly [feature: number, bin: number] {
    const { gradientSums, hessianSums } = this
    const { ridge, leafWeight } = this.options
    let bestFeature = 0
    let bestBin = -1
    let bestGain = 1e-9
    for (let feature = 0; feature < FEATURE_COUNT; feature++) {
      const from = (node * FEATURE_COUNT + feature) * BINS
      let gradient = 0
      let hessian = 0
      for (let bin = 0; bin < BINS; bin++) {
        gradient += gradientSums[from + bin]!
        hessian += hessianSums[from + bin]!
      }
      const whole = (gradient * gradient) / (hessian + ridge)
      let left = 0
      let leftWeight = 0
      for (let bin = 0; bin < this.bins.cuts[feature]!.length; bin++) {
        left += gradientSums[from + bin]!
        leftWeight += hessianSums[from + bin]!
        if (leftWeight < leafWeight || hessian - leftWeight < leafWeight) continue
        const right = gradient - left
        const gain =
          (left * left) / (leftWeight + ridge) + (right * right) / (hessian - leftWeight + ridge) - whole
        if (gain > bestGain) {
          bestGain = gain
          bestFeature = feature
          bestBin = bin
        }
      }
    }
    return [bestFeature, bestBin]
  }
}

/** Cuts each feature where its sorted values part into equal shares, and puts every row into its bins. */
function binRows(data: Dataset, rows: Int32Array): Bins {
  const cuts: Float32Array[] = []
  const of: Uint8Array[] = []
  for (let feature = 0; feature < FEATURE_COUNT; feature++) {
    const values = Float32Array.from(rows, (row) => data.at(row, feature))
    const sorted = values.slice().sort()
    const found: number[] = []
    for (let bin = 1; bin < BINS; bin++) {
      const value = sorted[Math.floor((bin * sorted.length) / BINS)]!
      if (value < sorted.at(-1)! && value !== found.at(-1)) found.push(value)
    }
    const bounds = Float32Array.from(found)
    cuts.push(bounds)
    of.push(Uint8Array.from(values, (value) => binOf(bounds, value)))
  }
  return { cuts, of }
}

function binOf(cuts: Float32Array, value: number): number {
  let low = 0
  let high = cuts.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (value > cuts[middle]!) low = middle + 1
    else high = middle
  }
  return low
}
