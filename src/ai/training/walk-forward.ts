import { FEATURE_COUNT } from '../features/feature-list.ts'
import type { ModelFile } from '../models/model-file.ts'
import { TWO_WAY, type Scorer } from '../models/model.ts'
import { Calibration } from '../models/calibration.ts'
import type { Dataset } from './dataset.ts'
import type { Labels } from './labels.ts'
import { UNRESOLVED } from './labels.ts'
import { judge, type Metrics } from './metrics.ts'
import { outputClasses } from './train.ts'

/** How a model does on the test rows. */
export interface Walk {
  /** With the calibration that the file starts with, and with the one that is fitted again on the way. */
  readonly fixed: Metrics
  readonly recalibrated: Metrics
  /** Row by row of the test part: the chance of each class, recalibrated. */
  readonly chances: Float64Array
}

/**
 * Walks through the test rows as serving would: each row is judged with what was known when it came. The rolling
 * calibration begins with the file's and takes in one row in `sampleEvery` once its outcome is known, from the
 * beginning of the test part on.
 */
export function walkForward(
  data: Dataset,
  labels: Labels,
  test: Int32Array,
  testFrom: number,
  scorer: Scorer,
  calibration: ModelFile['calibration'],
): Walk {
  const { outputs } = scorer
  const classCount = outputs === TWO_WAY ? 2 : 3
  const classes = Uint8Array.from(test, (row) => classOf(labels.classes[row]!, outputs))
  const fixed = new Calibration(calibration)
  const rolling = new Calibration(calibration)
  const scores = new Float64Array(outputs)
  const known = outcomesInOrder(data, labels, testFrom, calibration.sampleEvery)
  const fixedChances = new Float64Array(test.length * classCount)
  const chances = new Float64Array(test.length * classCount)
  let next = 0
  for (const [at, row] of test.entries()) {
    for (; next < known.length && labels.knownAt[known[next]!]! <= row; next++) {
      const told = known[next]!
      scorer.score(data.features, told * FEATURE_COUNT, scores)
      rolling.add(scores, 0, outputClasses(outputs), labels.classes[told]!)
    }
    scorer.score(data.features, row * FEATURE_COUNT, scores)
    fixed.chances(scores, 0, fixedChances, at * classCount)
    rolling.chances(scores, 0, chances, at * classCount)
  }
  return {
    fixed: judge(fixedChances, classes, classCount),
    recalibrated: judge(chances, classes, classCount),
    chances,
  }
}

/** A class as `judge` counts it: with two, down is 0 and up is 1. */
export function classOf(direction: number, outputs: number): number {
  return outputs === TWO_WAY ? (direction === 0 ? 0 : 1) : direction
}

/** Rows from the beginning of the test part, one event in so many, in the order in which their outcomes were known. */
function outcomesInOrder(data: Dataset, labels: Labels, from: number, sampleEvery: number): number[] {
  const rows: number[] = []
  for (let row = from; row < data.count; row++)
    if (labels.classes[row] !== UNRESOLVED && data.events[row]! % sampleEvery === 0) rows.push(row)
  return rows.sort((a, b) => labels.knownAt[a]! - labels.knownAt[b]! || a - b)
}
