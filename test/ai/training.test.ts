import test from 'ava'
import fc from 'fast-check'
import { FEATURE_COUNT } from '../../src/ai/features/feature-list.ts'
import { Direction, type Horizon } from '../../src/ai/models/horizon.ts'
import { modelText } from '../../src/ai/models/model-file.ts'
import { BoostedTrees } from '../../src/ai/models/boosted-trees.ts'
import { fitPlatt, RollingCalibrator, scoreBin, SCORE_BINS } from '../../src/ai/models/rolling-calibrator.ts'
import { Dataset } from '../../src/ai/training/dataset.ts'
import { makeCard } from '../../src/ai/training/card.ts'
import { cardText } from '../../src/ai/training/card-text.ts'
import { fitImpact } from '../../src/ai/training/fit-impact.ts'
import { fitLogistic, scalingOf } from '../../src/ai/training/fit-logistic.ts'
import { fitTrees } from '../../src/ai/training/fit-trees.ts'
import { labelRows, UNRESOLVED } from '../../src/ai/training/labels.ts'
import { judge } from '../../src/ai/training/metrics.ts'
import { TrainingRandom } from '../../src/ai/training/random.ts'
import { splitByTime } from '../../src/ai/training/split.ts'
import { trainModel, type Training } from '../../src/ai/training/train.ts'
import { openedFlow } from '../support/flow-rows.ts'
import { recordInput } from '../../src/cli/ai/record-input.ts'

/** Rows of given mids (in ticks), a second apart, all of them warm. */
function rowsOf(mids: readonly number[], instruments: readonly number[] = []): Dataset {
  const data = new Dataset(Math.max(1, mids.length))
  data.count = mids.length
  const seen = new Map<number, number>()
  for (const [row, mid] of mids.entries()) {
    const instrument = instruments[row] ?? 0
    const event = (seen.get(instrument) ?? 1_000) + 1
    seen.set(instrument, event)
    data.instruments[row] = instrument
    data.events[row] = event
    data.doubleMids[row] = mid * 2
    data.timesNs[row] = row * 1e9
  }
  return data
}

const classesOf = (data: Dataset, horizon: Horizon): number[] => [...labelRows(data, horizon).classes]
const { down, flat, up } = Direction

test('labels - the next move is up or down, and known when it comes', (t) => {
  const data = rowsOf([10, 10, 11, 11, 9, 9])
  t.deepEqual(classesOf(data, { kind: 'next-move' }), [up, up, down, down, UNRESOLVED, UNRESOLVED])
  const { knownAt, moves } = labelRows(data, { kind: 'next-move' })
  t.deepEqual([...knownAt].slice(0, 4), [2, 2, 4, 4])
  t.deepEqual([...moves].slice(0, 4), [1, 1, -2, -2])
})

test('labels - so many events ahead the mid is up, flat or down', (t) => {
  const data = rowsOf([10, 11, 10, 10, 9])
  t.deepEqual(classesOf(data, { kind: 'events', events: 2 }), [flat, down, down, UNRESOLVED, UNRESOLVED])
})

test('labels - so many seconds ahead the mid is that of the last event before', (t) => {
  const data = rowsOf([10, 10, 12, 12, 12])
  data.timesNs.set([0, 1e9, 1.5e9, 4e9, 5e9])
  // From row 0, 1 s ahead: row 1 is there, row 2 is not, so the mid has not moved.
  t.deepEqual(classesOf(data, { kind: 'time', seconds: 1 }), [flat, up, flat, UNRESOLVED, UNRESOLVED])
})

test('labels - instruments are told apart, and cold rows have none', (t) => {
  const data = rowsOf([10, 50, 11, 49], [0, 1, 0, 1])
  t.deepEqual(classesOf(data, { kind: 'next-move' }), [up, down, UNRESOLVED, UNRESOLVED])
  data.events[0] = 3
  t.deepEqual(classesOf(data, { kind: 'next-move' }), [UNRESOLVED, down, UNRESOLVED, UNRESOLVED])
})

test('split - nothing in a part was known only in a later one, and each later part begins behind its embargo', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 5, max: 12 }), { minLength: 60, maxLength: 300 }),
      fc.integer({ min: 0, max: 10 }),
      fc.constantFrom<Horizon>(
        { kind: 'next-move' },
        { kind: 'events', events: 7 },
        { kind: 'time', seconds: 3 },
      ),
      (mids, embargoRows, horizon) => {
        const data = rowsOf(mids)
        const labels = labelRows(data, horizon)
        const split = splitByTime(data.count, labels, { embargoRows })
        const { train, validation, test: last, validationFrom, testFrom } = split
        const good =
          train.every((row) => row < validationFrom && labels.knownAt[row]! < validationFrom) &&
          validation.every((row) => row >= validationFrom + embargoRows && labels.knownAt[row]! < testFrom) &&
          last.every((row) => row >= testFrom + embargoRows)
        const all = train.length + validation.length + last.length + split.embargoed + split.unresolved
        return good && all === data.count
      },
    ),
  )
  t.pass()
})

test('metrics - a few predictions worked out by hand', (t) => {
  // Chance of up: .9 .8 .4 .3; what came: up down up down.
  const chances = Float64Array.from([0.1, 0.9, 0.2, 0.8, 0.6, 0.4, 0.7, 0.3])
  const metrics = judge(chances, Uint8Array.from([1, 0, 1, 0]), 2)
  t.is(metrics.accuracy, 0.5)
  t.is(metrics.auc, 0.75, 'of four pairs three are in order')
  t.true(Math.abs(metrics.brier - (0.01 + 0.64 + 0.36 + 0.09) / 4) < 1e-12)
  t.is(metrics.f1, 0.5)
  const at8 = metrics.coverage.find(({ confidence }) => confidence === 0.8)!
  t.is(at8.share, 0.5)
  t.is(at8.accuracy, 0.5)
  // Bands of a fifteenth: .9 alone, .8 alone, .6 alone, .7 alone; errors .1, .8, .6 and .3.
  t.true(Math.abs(metrics.calibrationError - (0.1 + 0.8 + 0.6 + 0.3) / 4) < 1e-9)
})

test('metrics - three classes, and ties in the area under the curve count half', (t) => {
  const sure = Float64Array.from([1, 0, 0, 0, 1, 0, 0, 0, 1])
  const best = judge(sure, Uint8Array.from([0, 1, 2]), 3)
  t.like(best, { accuracy: 1, auc: 1, f1: 1, brier: 0, calibrationError: 0 })
  const same = judge(new Float64Array(12).fill(1 / 3), Uint8Array.from([0, 1, 2, 2]), 3)
  t.is(same.auc, 0.5)
})

/** Rows whose first features are random, and whose class is what `chance` says of them. */
function randomRows(
  count: number,
  chance: (x: Float32Array) => number,
): { data: Dataset; classes: Uint8Array; rows: Int32Array } {
  const data = rowsOf(Array.from({ length: count }, () => 1))
  const random = new TrainingRandom(7)
  const classes = new Uint8Array(count)
  for (let row = 0; row < count; row++) {
    const x = data.features.subarray(row * FEATURE_COUNT, (row + 1) * FEATURE_COUNT)
    for (let i = 0; i < 4; i++) x[i] = random.uniform() * 2 - 1
    classes[row] = random.uniform() < chance(x) ? 1 : 0
  }
  return { data, classes, rows: Int32Array.from({ length: count }, (_, row) => row) }
}

const logistic = (score: number): number => 1 / (1 + Math.exp(-score))

test('logistic regression - finds the weights that rows were made with', (t) => {
  const { data, classes, rows } = randomRows(20_000, (x) => logistic(2 * x[0]! - x[1]! + 0.5))
  const scaling = scalingOf(data, rows)
  const { weights, bias } = fitLogistic(data, rows, classes, scaling)
  const raw = weights.map((weight, at) => weight / scaling.deviations[at]!)
  t.true(Math.abs(raw[0]! - 2) < 0.1, String(raw[0]))
  t.true(Math.abs(raw[1]! + 1) < 0.1, String(raw[1]))
  t.true(Math.abs(raw[2]!) < 0.1 && raw[10] === 0)
  t.true(Math.abs(bias - 0.5) < 0.1)
  t.deepEqual(
    fitLogistic(data, rows, classes, scaling, { only: [2] }).weights.filter((weight) => weight !== 0).length,
    1,
  )
})

test('boosted trees - learn what no line can part, and the same again from the same seed', (t) => {
  const { data, classes, rows } = randomRows(4_000, (x) => (x[0]! > 0 === x[1]! > 0 ? 0.95 : 0.05))
  const options = { trees: 20, depth: 3, rate: 0.2, leafWeight: 5, ridge: 1, sample: 0.7, seed: 3 }
  const trees = fitTrees(data, rows, classes, options)
  const model = new BoostedTrees([trees])
  const scores = new Float64Array(1)
  let right = 0
  for (const row of rows) {
    model.score(data.features, row * FEATURE_COUNT, scores)
    if (scores[0]! > 0 === (classes[row] === 1)) right++
  }
  t.true(right / rows.length > 0.9, String(right / rows.length))
  t.deepEqual(fitTrees(data, rows, classes, options), trees)
  t.notDeepEqual(fitTrees(data, rows, classes, { ...options, seed: 4 }), trees)
})

test('calibration - Platt finds the slope and the intercept that outcomes were made with', (t) => {
  const random = new TrainingRandom(1)
  const outcomes = new Float64Array(SCORE_BINS)
  const positives = new Float64Array(SCORE_BINS)
  for (let i = 0; i < 50_000; i++) {
    const score = random.uniform() * 6 - 3
    outcomes[scoreBin(score)]!++
    if (random.uniform() < logistic(0.5 * score + 0.3)) positives[scoreBin(score)]!++
  }
  const { slope, intercept } = fitPlatt(outcomes, positives)
  t.true(Math.abs(slope - 0.5) < 0.03 && Math.abs(intercept - 0.3) < 0.03, `${slope} ${intercept}`)
  t.deepEqual(fitPlatt(new Float64Array(SCORE_BINS), positives, { slope: 2, intercept: 1 }, 10), {
    slope: 2,
    intercept: 1,
  })
})

test('calibration - a rolling one follows a market that changes, and forgets what left its window', (t) => {
  const start = { slope: 1, intercept: 0 }
  const rolling = new RollingCalibrator({ start, window: 500, every: 50, strength: 10 })
  const fresh = new RollingCalibrator({ start, window: 500, every: 50, strength: 10 })
  const random = new TrainingRandom(9)
  for (let i = 0; i < 2_000; i++) rolling.add(random.uniform() * 4 - 2, random.uniform() < 0.9)
  t.true(rolling.chance(0) > 0.8)
  for (let i = 0; i < 500; i++) {
    const [score, isPositive] = [random.uniform() * 4 - 2, random.uniform() < 0.2]
    rolling.add(score, isPositive)
    fresh.add(score, isPositive)
  }
  t.true(rolling.chance(0) < 0.3)
  t.deepEqual(rolling.platt, fresh.platt, 'only the window counts')
})

async function simulatedTraining(seed: number): Promise<{ data: Dataset; training: Training; text: string }> {
  const data = new Dataset()
  await recordInput(
    await openedFlow({ profile: 'nasdaq-large-tick', seed: 2, orders: 40_000, instruments: 1 }),
    data,
  )
  const impact = fitImpact(data, 0)
  const training = trainModel(data, {
    kind: 'boosted-trees',
    horizon: { kind: 'events', events: 20 },
    seed,
    trees: 10,
    depth: 3,
    name: 'sim',
    impact,
  })
  const about = { inputs: ['x'], digests: [''], instruments: ['SIM'], tick: '0.01' }
  const card = makeCard(data, training, about, { seed, trained: { trees: 10 }, impact })
  return { data, training, text: modelText(training.model) + JSON.stringify(card) + cardText(card) }
}

test('training - the same flow and seed give the same model and card to the byte; another seed does not', async (t) => {
  const { text, training } = await simulatedTraining(1)
  t.is((await simulatedTraining(1)).text, text)
  t.not((await simulatedTraining(2)).text, text)
  t.is(training.model.outputs, 3)
  t.true(text.includes('| queue imbalance alone, logistic |'))
})

test('training - what comes behind a part does not change what is learned from it', async (t) => {
  const { data, training } = await simulatedTraining(1)
  const { testFrom } = training.split
  // The test part turned upside down: labels of earlier rows stay, for those known only later are left out.
  for (let row = testFrom; row < data.count; row++) {
    data.doubleMids[row] = 1_000_000 - data.doubleMids[row]!
    for (let i = 0; i < FEATURE_COUNT; i++) data.features[row * FEATURE_COUNT + i] = 1e6
  }
  const impact = {
    perOrderFlow: training.model.impact.perOrderFlow,
    squareRoot: training.model.impact.squareRoot,
  }
  const again = trainModel(data, {
    kind: 'boosted-trees',
    horizon: { kind: 'events', events: 20 },
    seed: 1,
    trees: 10,
    depth: 3,
    name: 'sim',
    impact,
  })
  const parts = ({ model }: Training) => ({
    trees: model.trees,
    start: model.calibration.start,
    move: model.move,
    deciles: model.deciles,
  })
  t.deepEqual(parts(again), parts(training))
})
