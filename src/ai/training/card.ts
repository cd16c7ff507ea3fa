import { FEATURES, featureIndex } from '../features/feature-list.ts'
import { scorerOf } from '../models/model-file.ts'
import { Logistic } from '../models/logistic.ts'
import { TWO_WAY, type Scorer } from '../models/model.ts'
import { fitPlatt, NO_CALIBRATION } from '../models/rolling-calibrator.ts'
import type { Dataset } from './dataset.ts'
import type { ImpactFit } from './fit-impact.ts'
import { fitLogistic, scalingOf } from './fit-logistic.ts'
import { judge, type Metrics } from './metrics.ts'
import { EMBARGO_ROWS } from './split.ts'
import { outputClasses, type Training } from './train.ts'
import { countOutcomes } from './outcomes.ts'
import { classOf, walkForward } from './walk-forward.ts'

/** Where the rows came from, as the card tells it. */
export interface CardData {
  /** Names of files without folders, or the profile and seed of a simulated flow. */
  readonly inputs: readonly string[]
  /** SHA-256 of each input's bytes, where it is a file. */
  readonly digests: readonly string[]
  readonly instruments: readonly string[]
  readonly tick: string
}

/** Everything a model card says, for programs; `cardText` says it to people. */
export interface ModelCard {
  readonly schema: 'millrace-model-card/1'
  readonly model: string
  readonly checksum: string
  readonly kind: string
  readonly horizon: string
  readonly seed: number
  readonly trained: Readonly<Record<string, number>>
  readonly data: CardData
  readonly rows: {
    readonly all: number
    readonly train: number
    readonly validation: number
    readonly test: number
    readonly unlabelled: number
    readonly embargoed: number
    readonly embargoRows: number
    /** First row of the validation and of the test part, and how far apart in time the parts' nearest rows are. */
    readonly validationFrom: number
    readonly testFrom: number
  }
  readonly classShares: Readonly<Record<string, number>>
  readonly features: readonly string[]
  readonly recalibration: string
  readonly test: Metrics
  readonly testWithoutRecalibration: Metrics
  readonly baselines: Readonly<
    Record<string, Pick<Metrics, 'accuracy' | 'auc' | 'brier' | 'calibrationError'>>
  >
  readonly impact: ImpactFit
}

const RECALIBRATION =
  'Platt scaling of each output, fitted on the validation rows, then again and again on the latest outcomes'

/** Judges a training on its test rows, beside the shares of the classes alone and the queue imbalance alone. */
export function makeCard(
  data: Dataset,
  { model, labels, split }: Training,
  about: CardData,
  settings: {
    readonly seed: number
    readonly trained: Readonly<Record<string, number>>
    readonly impact: ImpactFit
  },
): ModelCard {
  const { outputs } = model
  const { test, testFrom } = split
  const walk = walkForward(data, labels, test, testFrom, scorerOf(model), model.calibration)
  const classes = Uint8Array.from(test, (row) => classOf(labels.classes[row]!, outputs))
  const names = outputs === TWO_WAY ? ['down', 'up'] : ['down', 'flat', 'up']
  const trainShares = sharesOf(split.train, labels.classes, outputs, names.length)
  return {
    schema: 'millrace-model-card/1',
    model: model.id,
    checksum: model.checksum,
    kind: model.kind,
    horizon: model.horizon,
    seed: settings.seed,
    trained: settings.trained,
    data: about,
    rows: {
      all: data.count,
      train: split.train.length,
      validation: split.validation.length,
      test: test.length,
      unlabelled: split.unresolved,
      embargoed: split.embargoed,
      embargoRows: EMBARGO_ROWS,
      validationFrom: split.validationFrom,
      testFrom,
    },
    classShares: Object.fromEntries(
      names.map((name, each) => [name, classes.filter((given) => given === each).length / classes.length]),
    ),
    features: FEATURES,
    recalibration: RECALIBRATION,
    test: walk.recalibrated,
    testWithoutRecalibration: walk.fixed,
    baselines: {
      null: brief(judgeConstant(trainShares, classes)),
      queueImbalance: brief(imbalanceAlone(data, { model, labels, split })),
    },
    impact: settings.impact,
  }
}

function brief({ accuracy, auc, brier, calibrationError }: Metrics): ModelCard['baselines'][string] {
  return { accuracy, auc, brier, calibrationError }
}

function sharesOf(rows: Int32Array, given: Uint8Array, outputs: number, count: number): number[] {
  const shares = Array.from({ length: count }, () => 0)
  for (const row of rows) shares[classOf(given[row]!, outputs)]! += 1 / rows.length
  return shares
}

/** Says the same of every row: how often each class came in the training part. */
function judgeConstant(shares: readonly number[], classes: Uint8Array): Metrics {
  const chances = new Float64Array(classes.length * shares.length)
  for (let at = 0; at < chances.length; at++) chances[at] = shares[at % shares.length]!
  return judge(chances, classes, shares.length)
}

/** A logistic regression on the queue imbalance and nothing else, calibrated as the model is. */
function imbalanceAlone(data: Dataset, { model, labels, split }: Training): Metrics {
  const scaling = scalingOf(data, split.train)
  const only = [featureIndex('queueImbalance')]
  const positives = outputClasses(model.outputs).map((each) =>
    Uint8Array.from(labels.classes, (given) => (given === each ? 1 : 0)),
  )
  const fits = positives.map((isPositive) => fitLogistic(data, split.train, isPositive, scaling, { only }))
  const scorer: Scorer = new Logistic(
    fits.map(({ weights }) => weights),
    fits.map(({ bias }) => bias),
    scaling.means,
    scaling.deviations,
  )
  const start = positives.map((isPositive, output) => {
    const { outcomes, positives: right } = countOutcomes(data, split.validation, scorer, output, isPositive)
    return fitPlatt(outcomes, right, NO_CALIBRATION, 1)
  })
  const calibration = { ...model.calibration, start }
  return walkForward(data, labels, split.test, split.testFrom, scorer, calibration).fixed
}
