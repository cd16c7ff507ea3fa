import { FEATURE_COUNT } from '../features/feature-list.ts'
import { CLIP } from '../models/logistic.ts'
import { sigmoid } from '../models/model.ts'
import type { Dataset } from './dataset.ts'

/** Mean and deviation of each feature over some rows. A feature that does not vary has deviation 1. */
export interface Scaling {
  readonly means: number[]
  readonly deviations: number[]
}

export function scalingOf(data: Dataset, rows: Int32Array): Scaling {
  const means: number[] = []
  const deviations: number[] = []
  for (let feature = 0; feature < FEATURE_COUNT; feature++) {
    let sum = 0
    for (const row of rows) sum += data.at(row, feature)
    const mean = sum / rows.length
    let squares = 0
    for (const row of rows) squares += (data.at(row, feature) - mean) ** 2
    const deviation = Math.sqrt(squares / rows.length)
    means.push(mean)
    deviations.push(deviation > 1e-9 ? deviation : 1)
  }
  return { means, deviations }
}

const STEPS = 25
const GOOD_ENOUGH = 1e-8

/**
 * Fits a logistic regression with a ridge by Newton's method (iteratively reweighted least squares).
 * @param isPositive 1 for rows of the class, 0 for others; by row number of the data set
 * @param only features that may have weight, by default all
 * @returns a weight for each standardized feature, then the bias
 */
export function fitLogistic(
  data: Dataset,
  rows: Int32Array,
  isPositive: Uint8Array,
  { means, deviations }: Scaling,
  { ridge = 1, only }: { readonly ridge?: number; readonly only?: readonly number[] } = {},
): { weights: number[]; bias: number } {
  const used = only ?? Array.from({ length: FEATURE_COUNT }, (_, feature) => feature)
  const size = used.length + 1
  const beta = new Float64Array(size)
  const x = new Float64Array(size)
  x[size - 1] = 1
  for (let step = 0; step < STEPS; step++) {
    const gradient = new Float64Array(size)
    const hessian = new Float64Array(size * size)
    for (const row of rows) {
      for (let i = 0; i < used.length; i++) {
        const value = (data.at(row, used[i]!) - means[used[i]!]!) / deviations[used[i]!]!
        x[i] = value > CLIP ? CLIP : value < -CLIP ? -CLIP : value
      }
      let score = 0
      for (let i = 0; i < size; i++) score += beta[i]! * x[i]!
      const chance = sigmoid(score)
      const error = chance - isPositive[row]!
      const weight = Math.max(chance * (1 - chance), 1e-9)
      for (let i = 0; i < size; i++) {
        gradient[i]! += error * x[i]!
        const scaled = weight * x[i]!
        for (let j = 0; j <= i; j++) hessian[i * size + j]! += scaled * x[j]!
      }
    }
    for (let i = 0; i < used.length; i++) {
      gradient[i]! += ridge * beta[i]!
      hessian[i * size + i]! += ridge
    }
    hessian[size * size - 1]! += 1e-9
    const change = solve(hessian, gradient, size)
    let largest = 0
    for (let i = 0; i < size; i++) {
      beta[i]! -= change[i]!
      largest = Math.max(largest, Math.abs(change[i]!))
    }
    if (largest < GOOD_ENOUGH) break
  }
  const weights = Array.from({ length: FEATURE_COUNT }, () => 0)
  for (let i = 0; i < used.length; i++) weights[used[i]!] = beta[i]!
  return { weights, bias: beta[size - 1]! }
}

/** Solves a symmetric positive definite system of which the lower half is given, by Cholesky decomposition. */
export function solve(matrix: Float64Array, right: Float64Array, size: number): Float64Array {
  const lower = matrix.slice()
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      let sum = lower[i * size + j]!
      for (let k = 0; k < j; k++) sum -= lower[i * size + k]! * lower[j * size + k]!
      lower[i * size + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / lower[j * size + j]!
    }
  const result = right.slice()
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) result[i]! -= lower[i * size + k]! * result[k]!
    result[i]! /= lower[i * size + i]!
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) result[i]! -= lower[k * size + i]! * result[k]!
    result[i]! /= lower[i * size + i]!
  }
  return result
}
