import type { ModelFile } from './model-file.ts'
import { TWO_WAY } from './model.ts'
import { RollingCalibrator } from './rolling-calibrator.ts'

/** Scores of a model to chances of its classes: a rolling calibrator an output, and chances that sum to 1. */
export class Calibration {
  private readonly outputs: readonly RollingCalibrator[]

  constructor({ start, window, every, strength }: ModelFile['calibration']) {
    this.outputs = start.map((platt) => new RollingCalibrator({ start: platt, window, every, strength }))
  }

  /** Writes the chances of down and up, or of down, flat and up. */
  chances(scores: Float64Array, from: number, chances: Float64Array, to: number): void {
    const { outputs } = this
    if (outputs.length === TWO_WAY) {
      const up = outputs[0]!.chance(scores[from]!)
      chances[to] = 1 - up
      chances[to + 1] = up
      return
    }
    let sum = 0
    for (let output = 0; output < outputs.length; output++) {
      const chance = outputs[output]!.chance(scores[from + output]!)
      chances[to + output] = chance
      sum += chance
    }
    for (let output = 0; output < outputs.length; output++) chances[to + output]! /= sum
  }

  /**
   * Takes in what came of scores.
   * @param classes the Direction that each output stands for
   */
  add(scores: Float64Array, from: number, classes: readonly number[], direction: number): void {
    for (let output = 0; output < this.outputs.length; output++)
      this.outputs[output]!.add(scores[from + output]!, classes[output] === direction)
  }

  /** What holds now, output by output. */
  get now(): { readonly slope: number; readonly intercept: number }[] {
    return this.outputs.map(({ platt }) => ({ ...platt }))
  }
}
