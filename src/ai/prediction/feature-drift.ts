import { FEATURE_COUNT } from '../features/feature-list.ts'

const SHARES = 10
/** Vectors before an index means anything, and how often it is worked out. */
const WINDOW = 2_000
const EVERY = 500
/** Stands for an empty share, whose logarithm there is none of. */
const LEAST_SHARE = 1e-3

/**
 * How far the features of late are from those the model was trained on: the population stability index of each,
 * the sum over ten shares of (now - then) x ln(now / then). Below 0.1 little has changed, above 0.25 much has
 * (Siddiqi 2006, 'Credit risk scorecards'). Counts fade by half whenever a window is full.
 */
export class FeatureDrift {
  /** Of each feature; 0 until a window has been seen. */
  readonly indexes: Float64Array
  private readonly deciles: Float64Array
  /** Share of the training rows in each of the ten: a tenth, but where many rows have the same value. */
  private readonly expected: Float64Array
  private readonly counts: Float64Array
  private seen: number
  private weight: number

  constructor(deciles: readonly (readonly number[])[]) {
    this.indexes = new Float64Array(FEATURE_COUNT)
    this.deciles = Float64Array.from(deciles.flat())
    this.expected = new Float64Array(FEATURE_COUNT * SHARES)
    this.counts = new Float64Array(FEATURE_COUNT * SHARES)
    this.seen = 0
    this.weight = 0
    for (const [feature, cuts] of deciles.entries())
      for (let cut = 0; cut <= cuts.length; cut++)
        this.expected[feature * SHARES + this.shareOf(feature, cuts[cut] ?? Infinity)]! += 1 / SHARES
  }

  add(vector: Float32Array): void {
    for (let feature = 0; feature < FEATURE_COUNT; feature++)
      this.counts[feature * SHARES + this.shareOf(feature, vector[feature]!)]!++
    this.seen++
    this.weight++
    if (this.weight >= WINDOW * 2) this.fade()
    if (this.seen >= WINDOW && this.seen % EVERY === 0) this.work()
  }

  /** The mean over the features. */
  get mean(): number {
    let sum = 0
    for (let feature = 0; feature < FEATURE_COUNT; feature++) sum += this.indexes[feature]!
    return sum / FEATURE_COUNT
  }

  /** Which share a value falls into: the first whose upper end is not below it. */
  private shareOf(feature: number, value: number): number {
    const from = feature * (SHARES - 1)
    let share = 0
    while (share < SHARES - 1 && value > this.deciles[from + share]!) share++
    return share
  }

  private fade(): void {
    for (let at = 0; at < this.counts.length; at++) this.counts[at]! /= 2
    this.weight /= 2
  }

  private work(): void {
    for (let feature = 0; feature < FEATURE_COUNT; feature++) {
      let index = 0
      for (let share = 0; share < SHARES; share++) {
        const at = feature * SHARES + share
        const now = Math.max(this.counts[at]! / this.weight, LEAST_SHARE)
        const then = Math.max(this.expected[at]!, LEAST_SHARE)
        index += (now - then) * Math.log(now / then)
      }
      this.indexes[feature] = index
    }
  }
}
