import { sigmoid } from './model.ts'

/**
 * Platt scaling: the chance of a score is sigmoid(slope * score + intercept). (Platt 1999, 'Probabilistic outputs for
 * support vector machines'.)
 */
export interface Platt {
  readonly slope: number
  readonly intercept: number
}

export const NO_CALIBRATION: Platt = { slope: 1, intercept: 0 }

/** Scores are told apart by steps of an eighth, from -6 to 6. */
const STEP = 1 / 8
const FARTHEST = 6
export const SCORE_BINS = (2 * FARTHEST) / STEP
const NEWTON_STEPS = 8

/** The bin that a score is counted in. */
export function scoreBin(score: number): number {
  const bin = Math.floor((score + FARTHEST) / STEP)
  return bin < 0 ? 0 : bin >= SCORE_BINS ? SCORE_BINS - 1 : bin
}

function scoreOf(bin: number): number {
  return (bin + 0.5) * STEP - FARTHEST
}

/**
 * Fits Platt's two numbers to outcomes counted by bin of the score, by Newton's method. `prior` holds like `strength`
 * observations would, so that few outcomes do not say much.
 */
export function fitPlatt(
  outcomes: Float64Array,
  positives: Float64Array,
  prior: Platt = NO_CALIBRATION,
  strength = 0,
): Platt {
  let { slope, intercept } = prior
  for (let step = 0; step < NEWTON_STEPS; step++) {
    let g0 = strength * (intercept - prior.intercept)
    let g1 = strength * (slope - prior.slope)
    let h00 = strength + 1e-9
    let h11 = strength + 1e-9
    let h01 = 0
    for (let bin = 0; bin < SCORE_BINS; bin++) {
      const count = outcomes[bin]!
      if (count === 0) continue
      const score = scoreOf(bin)
      const chance = sigmoid(slope * score + intercept)
      const error = count * chance - positives[bin]!
      const weight = count * Math.max(chance * (1 - chance), 1e-6)
      g0 += error
      g1 += error * score
      h00 += weight
      h01 += weight * score
      h11 += weight * score * score
    }
    const determinant = h00 * h11 - h01 * h01
    if (!(determinant > 1e-12)) break
    intercept -= (h11 * g0 - h01 * g1) / determinant
    slope -= (h00 * g1 - h01 * g0) / determinant
    if (!Number.isFinite(slope) || !Number.isFinite(intercept)) return prior
  }
  return slope > 0 ? { slope, intercept } : prior
}

export interface RollingOptions {
  /** Outcomes that a fit looks back on, and after how many new ones it is made again. */
  readonly window: number
  readonly every: number
  /** What holds at first, and how many outcomes it weighs as much as. */
  readonly start: Platt
  readonly strength: number
}

/**
 * Platt scaling fitted again and again to the latest outcomes, so that chances stay true while the market changes. One
 * implementation for the walk through the test part and for serving. A fit looks at counts by bin of the score, so it
 * costs a few microseconds however long the window is. Nothing is allocated but the fit's two numbers.
 */
export class RollingCalibrator {
  private readonly options: RollingOptions
  private current: Platt
  /** For each outcome in the window: its bin, and 128 more if it was positive. */
  private readonly ring: Uint8Array
  private added: number
  private readonly outcomes: Float64Array
  private readonly positives: Float64Array

  constructor(options: RollingOptions) {
    this.options = options
    this.current = options.start
    this.ring = new Uint8Array(options.window)
    this.added = 0
    this.outcomes = new Float64Array(SCORE_BINS)
    this.positives = new Float64Array(SCORE_BINS)
  }

  /** The chance that a score stands for. */
  chance(score: number): number {
    return sigmoid(this.current.slope * score + this.current.intercept)
  }

  get platt(): Platt {
    return this.current
  }

  /** Takes in what came of a score. */
  add(score: number, isPositive: boolean): void {
    const { window, every, start, strength } = this.options
    const at = this.added % window
    if (this.added >= window) {
      const gone = this.ring[at]!
      this.outcomes[gone & 127]!--
      if (gone >= 128) this.positives[gone & 127]!--
    }
    const bin = scoreBin(score)
    this.ring[at] = isPositive ? bin + 128 : bin
    this.outcomes[bin]!++
    if (isPositive) this.positives[bin]!++
    this.added++
    if (this.added % every === 0) this.current = fitPlatt(this.outcomes, this.positives, start, strength)
  }
}
