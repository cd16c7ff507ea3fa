import test from 'ava'
import { featureIndex } from '../../src/ai/features/feature-list.ts'
import { Direction } from '../../src/ai/models/horizon.ts'
import { type ModelFile, scorerOf } from '../../src/ai/models/model-file.ts'
import { AsyncPredictor } from '../../src/ai/prediction/async-predictor.ts'
import { ModelBreaker } from '../../src/ai/prediction/breaker.ts'
import { FeatureDrift } from '../../src/ai/prediction/feature-drift.ts'
import { PredictionEngine, type WatchOptions } from '../../src/ai/prediction/prediction-engine.ts'
import { Silence } from '../../src/ai/prediction/prediction.ts'
import type { Predictor } from '../../src/ai/prediction/predictor.ts'
import { Quality } from '../../src/ai/prediction/quality.ts'
import { plainModel } from '../support/models.ts'
import { turns } from '../support/streams.ts'

const IMBALANCE = featureIndex('queueImbalance')
const SPREAD = featureIndex('spreadTicks')

function engineOf(model: ModelFile, watch: Partial<WatchOptions> = {}): PredictionEngine {
  return new PredictionEngine(model, scorerOf(model), { maxDrift: Infinity, ...watch })
}

/** Events that change the lots and leave the mid where it is. */
function warmUp(predictor: Predictor, events = 200, instrument = 0): void {
  for (let event = 1; event <= events; event++)
    predictor.observe(instrument, 100, 10 + (event % 2), 102, 10, 0, event * 1e6)
}

test('prediction - an instrument that has not seen enough is cold', (t) => {
  const engine = engineOf(plainModel({ [IMBALANCE]: 4 }))
  t.is(engine.predict(0, 0).silence, Silence.cold)
  warmUp(engine, 199)
  t.is(engine.predict(0, 0).silence, Silence.cold)
  engine.observe(0, 100, 50, 102, 10, 0, 200e6)
  t.is(engine.predict(0, 200e6).silence, Silence.none)
})

test('prediction - direction, chance, expected move and age', (t) => {
  const model = plainModel(
    { [IMBALANCE]: 3 },
    { move: { perEdge: 0.5, perEdgeAndSpread: 0.25, deviationTicks: 1 } },
  )
  const engine = engineOf(model)
  warmUp(engine)
  engine.observe(0, 100, 30, 104, 10, 0, 5e9)
  const { direction, up, down, flat, confidence, expectedMoveTicks, ageNs, silence } = engine.predict(0, 7e9)
  const chance = 1 / (1 + Math.exp(-3 * 0.5))
  t.is(direction, Direction.up)
  t.true(Math.abs(up - chance) < 1e-12 && Math.abs(down - (1 - chance)) < 1e-12)
  t.is(flat, 0)
  t.is(confidence, up)
  t.true(Math.abs(expectedMoveTicks - (up - down) * (0.5 + 0.25 * 4)) < 1e-12)
  t.is(ageNs, 2e9)
  t.is(silence, Silence.none)
})

test('prediction - a report has the prediction of each instrument that is known well enough', (t) => {
  const engine = engineOf(plainModel({ [IMBALANCE]: 3 }))
  warmUp(engine, 200, 0)
  warmUp(engine, 10, 1)
  warmUp(engine, 201, 2)
  const { instruments, horizon, model } = engine.figures() as {
    instruments: { instrument: number; direction: number; confidence: number; ageNs: number }[]
    horizon: string
    model: string
  }
  t.deepEqual(
    instruments.map(({ instrument, ageNs }) => [instrument, ageNs]),
    [
      [0, 1e6],
      [2, 0],
    ],
  )
  t.is(horizon, 'next-move')
  t.true(model.startsWith('test-'))
  t.is(instruments[0]!.confidence, engine.predict(0, 0).confidence)
})

test('prediction - one whose last event is too long ago is stale', (t) => {
  const engine = engineOf(plainModel({ [IMBALANCE]: 3 }), { staleAfterNs: 1e9 })
  warmUp(engine)
  t.is(engine.predict(0, 200e6 + 1e9).silence, Silence.none)
  t.is(engine.predict(0, 200e6 + 1e9 + 1).silence, Silence.stale)
})

test('prediction - the model is asked once for an event, however often it is wanted', (t) => {
  const model = plainModel(
    {},
    {
      calibration: {
        start: [{ slope: 1, intercept: 0 }],
        window: 10,
        every: 10,
        strength: 0,
        sampleEvery: 1_000,
      },
    },
  )
  const engine = engineOf(model)
  warmUp(engine)
  const before = engine.predictions
  for (let i = 0; i < 5; i++) engine.predict(0, 0)
  t.is(engine.predictions, before + 1)
})

test('prediction - three classes sum to 1, and what is no number is broken', (t) => {
  const zeros = plainModel({}).logistic!.means
  const model = plainModel(
    {},
    {
      outputs: 3,
      horizon: '10 events',
      calibration: {
        ...plainModel({}).calibration,
        start: [0, 1, 2].map(() => ({ slope: 1, intercept: 0 })),
      },
      logistic: {
        weights: [zeros, zeros, zeros].map((each) => [...each]),
        biases: [-1, 2, 0],
        means: [...zeros],
        deviations: zeros.map(() => 1),
      },
    },
  )
  const engine = engineOf(model)
  warmUp(engine)
  const { up, down, flat, direction } = engine.predict(0, 0)
  t.true(Math.abs(up + down + flat - 1) < 1e-12)
  t.is(direction, Direction.flat)
  const broken = new PredictionEngine(model, { outputs: 3, score: (_, __, scores) => scores.fill(NaN) })
  for (let event = 1; event <= 200; event++) broken.observe(0, 100, 10 + (event % 2), 102, 10, 0, event)
  t.is(broken.predict(0, 0).silence, Silence.broken)
})

/** Plays moves of the mid that a model of the queue imbalance foretells, or foretells the wrong way round. */
function playMoves(
  engine: PredictionEngine,
  moves: number,
  isRight: (move: number) => boolean,
  from = 1e12,
): void {
  let bid = 1_000
  for (let move = 0; move < moves; move++) {
    const goesUp = move % 2 === 0
    const saysUp = isRight(move) ? goesUp : !goesUp
    engine.observe(0, bid, saysUp ? 90 : 10, bid + 2, saysUp ? 10 : 90, 0, from + move * 2e6)
    bid += goesUp ? 1 : -1
    engine.observe(0, bid, 50, bid + 2, 50, 0, from + move * 2e6 + 1e6)
  }
}

test('prediction - a model that is not true of late stops advising, and says so; when it is true again it goes on', (t) => {
  const engine = engineOf(plainModel({ [IMBALANCE]: 6 }), { maxCalibrationError: 0.25, leastOutcomes: 200 })
  warmUp(engine)
  playMoves(engine, 1_000, () => true)
  t.is(engine.predict(0, 0).silence, Silence.none)
  t.is(engine.stops, 0)
  playMoves(engine, 1_000, () => false, 2e12)
  t.is(engine.predict(0, 0).silence, Silence.calibration)
  t.is(engine.stops, 1)
  t.true(engine.lines()[0]!.includes('does not advise: its chances are not true of late'))
  t.false(engine.figures()['advises'])
  playMoves(engine, 3_000, () => true, 3e12)
  t.is(engine.predict(0, 0).silence, Silence.none)
  t.true(engine.lines()[0]!.includes('advises'))
})

test('prediction - features that are no longer those of the training stop it too', (t) => {
  const deciles = plainModel({}).deciles.map((cuts, at) =>
    at === SPREAD ? [1, 1, 1, 2, 2, 2, 2, 3, 3] : [...cuts],
  )
  const model = plainModel({ [IMBALANCE]: 1 }, { deciles })
  const engine = new PredictionEngine(model, scorerOf(model), { maxDrift: 0.5, maxCalibrationError: 1 })
  warmUp(engine)
  playMoves(engine, 2_500, () => true)
  t.is(engine.predict(0, 0).silence, Silence.drift)
  t.true(engine.lines()[0]!.includes('its features have drifted'))
})

test('drift - the index is near 0 for what the model was trained on and large for something else', (t) => {
  const deciles = plainModel({}).deciles.map(() => [1, 2, 3, 4, 5, 6, 7, 8, 9])
  const same = new FeatureDrift(deciles)
  const other = new FeatureDrift(deciles)
  for (let i = 0; i < 4_000; i++) {
    same.add(new Float32Array(16).fill((i % 10) + 0.5))
    other.add(new Float32Array(16).fill((i % 10) / 4))
  }
  t.true(same.mean < 0.001, String(same.mean))
  t.true(other.mean > 1, String(other.mean))
})

test('quality - calibration error and accuracy are of the window alone', (t) => {
  const quality = new Quality(100)
  for (let i = 0; i < 500; i++) quality.add(0.9, false)
  t.true(Math.abs(quality.calibrationError - 0.9) < 1e-6)
  for (let i = 0; i < 100; i++) quality.add(0.7, i % 10 < 7)
  t.is(quality.outcomes, 100)
  t.true(Math.abs(quality.accuracy - 0.7) < 1e-12)
  t.true(quality.calibrationError < 1e-6)
})

test('breaker - opens after failures in a row, lets one try after a cool-down, and closes on an answer', (t) => {
  const breaker = new ModelBreaker(3, 5)
  const fail = (times: number): void => {
    for (let i = 0; i < times; i++) if (breaker.lets()) breaker.failed()
  }
  fail(2)
  breaker.succeeded()
  fail(2)
  t.false(breaker.isOpen)
  fail(1)
  t.true(breaker.isOpen)
  for (let i = 0; i < 5; i++) t.false(breaker.lets())
  t.true(breaker.lets())
  breaker.failed()
  t.true(breaker.isOpen, 'one more failure is enough')
  t.is(breaker.opened, 2)
  for (let i = 0; i < 5; i++) breaker.lets()
  t.true(breaker.lets())
  breaker.succeeded()
  fail(2)
  t.false(breaker.isOpen)
})

/** A model that answers when it is told to. */
function slowModel(): {
  model: ConstructorParameters<typeof AsyncPredictor>[0]
  answer: (chances: number[]) => void
  break: () => void
  asked: () => number
} {
  let settle: { resolve: (chances: Float32Array) => void; reject: (error: Error) => void } | undefined
  let count = 0
  return {
    model: {
      columns: 2,
      run: () => {
        count++
        return new Promise((resolve, reject) => {
          settle = { resolve, reject }
        })
      },
      close: () => Promise.resolve(),
    },
    answer: (chances) => settle!.resolve(Float32Array.from(chances)),
    break: () => settle!.reject(new Error('no')),
    asked: () => count,
  }
}

test('later answers - an order gets the latest one, and none before the first', async (t) => {
  const slow = slowModel()
  let now = 0
  const predictor = new AsyncPredictor(slow.model, {
    modelId: 'm',
    deadlineMs: 10,
    moveTicks: 2,
    now: () => now,
  })
  warmUp(predictor)
  predictor.betweenBatches()
  t.is(slow.asked(), 1)
  t.is(predictor.predict(0, 200e6).silence, Silence.cold)
  predictor.betweenBatches()
  t.is(slow.asked(), 1, 'one question at a time')
  now = 9
  slow.answer([0.25, 0.75])
  await turns(1)
  const { direction, confidence, expectedMoveTicks, silence, ageNs } = predictor.predict(0, 300e6)
  t.deepEqual(
    { direction, confidence, expectedMoveTicks, silence, ageNs },
    { direction: Direction.up, confidence: 0.75, expectedMoveTicks: 1, silence: 0, ageNs: 100e6 },
  )
})

test('later answers - past the deadline there is no advice, and the answer is thrown away', async (t) => {
  const slow = slowModel()
  let now = 0
  const predictor = new AsyncPredictor(slow.model, {
    modelId: 'm',
    deadlineMs: 10,
    moveTicks: 2,
    now: () => now,
  })
  warmUp(predictor)
  predictor.betweenBatches()
  now = 11
  t.is(predictor.predict(0, 0).silence, Silence.late)
  slow.answer([0.1, 0.9])
  await turns(1)
  t.is(predictor.predict(0, 0).silence, Silence.cold)
  t.true(predictor.lines()[0]!.includes('1 answers late'))
})

test('later answers - a failure and an answer that is none are broken until a good one comes', async (t) => {
  const slow = slowModel()
  const predictor = new AsyncPredictor(slow.model, { modelId: 'm', deadlineMs: 1e9, moveTicks: 2 })
  warmUp(predictor)
  for (const spoil of [slow.break, () => slow.answer([NaN, 1]), () => slow.answer([0.5])]) {
    predictor.betweenBatches()
    spoil()
    await turns(1)
    t.is(predictor.predict(0, 0).silence, Silence.broken)
    warmUp(predictor, 2)
  }
  predictor.betweenBatches()
  slow.answer([0.5, 0.5])
  await turns(1)
  t.is(predictor.predict(0, 0).silence, Silence.none)
})
