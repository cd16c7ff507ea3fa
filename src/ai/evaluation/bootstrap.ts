import { TrainingRandom } from '../training/random.ts'

/** A mean and where 95% of the means of resampled data lie. */
export interface Estimate {
  readonly mean: number
  readonly low: number
  readonly high: number
  /** Values that went into it. */
  readonly count: number
}

const RESAMPLES = 1_000
/** Orders near in time share a market: they are drawn together (Kunsch 1989, moving blocks). */
const BLOCK = 20

/**
 * Mean of weighted values with a bootstrap interval: blocks of neighbours are drawn with replacement. Without values
 * everything is not a number.
 */
export function estimate(values: readonly number[], weights: readonly number[], seed: number): Estimate {
  const count = values.length
  let sum = 0
  let weight = 0
  for (let i = 0; i < count; i++) {
    sum += values[i]! * weights[i]!
    weight += weights[i]!
  }
  if (weight === 0) return { mean: NaN, low: NaN, high: NaN, count: 0 }
  const random = new TrainingRandom(seed)
  const block = Math.min(BLOCK, count)
  const blocks = Math.ceil(count / block)
  const means: number[] = []
  for (let sample = 0; sample < RESAMPLES; sample++) {
    let sampleSum = 0
    let sampleWeight = 0
    for (let drawn = 0; drawn < blocks; drawn++) {
      const from = Math.floor(random.uniform() * (count - block + 1))
      for (let i = from; i < from + block; i++) {
        sampleSum += values[i]! * weights[i]!
        sampleWeight += weights[i]!
      }
    }
    if (sampleWeight > 0) means.push(sampleSum / sampleWeight)
  }
  means.sort((a, b) => a - b)
  return {
    mean: sum / weight,
    low: means[Math.floor(means.length * 0.025)]!,
    high: means[Math.floor(means.length * 0.975)]!,
    count: values.filter((_, i) => weights[i]! > 0).length,
  }
}
