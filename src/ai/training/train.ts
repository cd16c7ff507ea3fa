import { FEATURE_COUNT, FEATURES, featureIndex } from '../features/feature-list.ts'
import type { Trees } from '../models/boosted-trees.ts'
import { Direction, type Horizon, horizonText } from '../models/horizon.ts'
import { type ModelFile, scorerOf, sealModel } from '../models/model-file.ts'
import { THREE_WAY, TWO_WAY, type Scorer } from '../models/model.ts'
import { fitPlatt, NO_CALIBRATION, type Platt } from '../models/rolling-calibrator.ts'
import { countOutcomes } from './outcomes.ts'
import type { Dataset } from './dataset.ts'
import { fitLogistic, scalingOf, solve } from './fit-logistic.ts'
import { fitTrees } from './fit-trees.ts'
import { type Labels, labelRows } from './labels.ts'
import { type Split, splitByTime } from './split.ts'
import type { ImpactFit } from './fit-impact.ts'

export interface TrainOptions {
  readonly kind: ModelFile['kind']
  readonly horizon: Horizon
  readonly seed: number
  readonly trees: number
  readonly depth: number
  /** What the model's id begins with. */
  readonly name: string
  readonly impact: Pick<ImpactFit, 'perOrderFlow' | 'squareRoot'>
  /** How far the work is, from 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined
}

/** Everything about a training that its card tells. */
export interface Training {
  readonly model: ModelFile
  readonly labels: Labels
  readonly split: Split
}

const RATE = 0.05
const LEAF_WEIGHT = 10
const SAMPLE = 0.5
const RIDGE = 1
/** Of the recalibration while running: docs/ai.md. */
const CALIBRATION = { window: 1_000, every: 50, strength: 50 }
/** Outcomes that the test part should give at least, and the fewest events of which one is followed. */
const OUTCOMES_WANTED = 2_700
const SPARSEST = 16
/** A threshold that nothing is above, for a node that parts nothing: JSON has no infinity. */
const FARTHEST = 3.4028234663852886e38

/**
 * Trains a model: labels, split by time, fit on the first part, calibration and expected move on the second. The third
 * is not looked at. Same data, options and seed give the same bytes.
 * @throws RangeError if a part has too few rows
 */
export function trainModel(data: Dataset, options: TrainOptions): Training {
  const labels = labelRows(data, options.horizon)
  const split = splitByTime(data.count, labels)
  for (const part of ['train', 'validation', 'test'] as const)
    if (split[part].length < LEAST_ROWS)
      throw new RangeError(
        `training needs at least ${LEAST_ROWS} rows in each part, ${part} has ${split[part].length}`,
      )
  const outputs = options.horizon.kind === 'next-move' ? TWO_WAY : THREE_WAY
  const positives = outputClasses(outputs).map((each) =>
    Uint8Array.from(labels.classes, (given) => (given === each ? 1 : 0)),
  )
  const fitted = fit(data, split.train, positives, options)
  const scorer = scorerOf({ kind: options.kind, ...fitted } as ModelFile)
  const start = positives.map((isPositive, output) =>
    calibrationOf(data, split.validation, scorer, output, isPositive),
  )
  const sampleEvery = Math.max(1, Math.min(SPARSEST, Math.floor(split.test.length / OUTCOMES_WANTED)))
  const model = sealModel(options.name, {
    kind: options.kind,
    features: [...FEATURES],
    horizon: horizonText(options.horizon),
    outputs,
    calibration: { start, ...CALIBRATION, sampleEvery },
    move: moveOf(data, split.validation, labels, scorer, start),
    deciles: decilesOf(data, split.train),
    impact: { perOrderFlow: options.impact.perOrderFlow, squareRoot: options.impact.squareRoot },
    ...fitted,
  })
  return { model, labels, split }
}

const LEAST_ROWS = 500

/** The class that each output stands for. */
export function outputClasses(outputs: number): readonly number[] {
  return outputs === TWO_WAY ? [Direction.up] : [Direction.down, Direction.flat, Direction.up]
}

function fit(
  data: Dataset,
  rows: Int32Array,
  positives: readonly Uint8Array[],
  { kind, seed, trees, depth, onProgress }: TrainOptions,
): Pick<ModelFile, 'logistic' | 'trees'> {
  if (kind === 'logistic') {
    const scaling = scalingOf(data, rows)
    const fits = positives.map((isPositive) => fitLogistic(data, rows, isPositive, scaling, { ridge: RIDGE }))
    onProgress?.(1)
    return {
      logistic: {
        weights: fits.map(({ weights }) => weights),
        biases: fits.map(({ bias }) => bias),
        ...scaling,
      },
    }
  }
  const forests = positives.map((isPositive, output) =>
    fitTrees(data, rows, isPositive, {
      trees,
      depth,
      rate: RATE,
      leafWeight: LEAF_WEIGHT,
      ridge: RIDGE,
      sample: SAMPLE,
      seed: seed + output,
      onTree: (grown) => onProgress?.((output + grown / trees) / positives.length),
    }),
  )
  return { trees: forests.map(plainTrees) }
}

function plainTrees({
  depth,
  base,
  features,
  thresholds,
  leaves,
}: Trees): NonNullable<ModelFile['trees']>[0] {
  return {
    depth,
    base,
    features: [...features],
    thresholds: Array.from(thresholds, (threshold) => (threshold === Infinity ? FARTHEST : threshold)),
    leaves: [...leaves],
  }
}

function calibrationOf(
  data: Dataset,
  rows: Int32Array,
  scorer: Scorer,
  output: number,
  isPositive: Uint8Array,
): Platt {
  const { outcomes, positives } = countOutcomes(data, rows, scorer, output, isPositive)
  return fitPlatt(outcomes, positives, NO_CALIBRATION, 1)
}

/** Fits the expected move by least squares over the validation rows: see the model file. */
function moveOf(
  data: Dataset,
  rows: Int32Array,
  labels: Labels,
  scorer: Scorer,
  start: readonly Platt[],
): ModelFile['move'] {
  const scores = new Float64Array(scorer.outputs)
  const matrix = new Float64Array(4)
  const right = new Float64Array(2)
  const spreadAt = featureIndex('spreadTicks')
  let squares = 0
  for (const row of rows) {
    scorer.score(data.features, row * FEATURE_COUNT, scores)
    const edge = edgeOf(scores, start)
    const x = [edge, edge * data.at(row, spreadAt)] as const
    const move = labels.moves[row]!
    squares += move * move
    for (let i = 0; i < 2; i++) {
      right[i]! += x[i]! * move
      for (let j = 0; j <= i; j++) matrix[i * 2 + j]! += x[i]! * x[j]!
    }
  }
  matrix[0]! += 1e-6
  matrix[3]! += 1e-6
  const [perEdge, perEdgeAndSpread] = solve(matrix, right, 2) as unknown as [number, number]
  return { perEdge, perEdgeAndSpread, deviationTicks: Math.sqrt(squares / rows.length) }
}

/** Chance up less chance down. */
function edgeOf(scores: Float64Array, start: readonly Platt[]): number {
  const chances = Array.from(scores, (score, output) => {
    const { slope, intercept } = start[output]!
    return 1 / (1 + Math.exp(-(slope * score + intercept)))
  })
  if (chances.length === TWO_WAY) return 2 * chances[0]! - 1
  const [down, flat, up] = chances as [number, number, number]
  return (up - down) / (down + flat + up)
}

function decilesOf(data: Dataset, rows: Int32Array): number[][] {
  return FEATURES.map((_, feature) => {
    const sorted = Float32Array.from(rows, (row) => data.at(row, feature)).sort()
    return Array.from({ length: 9 }, (_, at) => sorted[Math.floor(((at + 1) * sorted.length) / 10)]!)
  })
}
