import { FEATURE_COUNT, FEATURES, featureIndex } from '../features/feature-list.ts'
import { Features } from '../features/features.ts'
import { Calibration } from '../models/calibration.ts'
import { Direction, type Horizon, horizonText, parseHorizon } from '../models/horizon.ts'
import type { ModelFile } from '../models/model-file.ts'
import { TWO_WAY, type Scorer } from '../models/model.ts'
import { thousands } from '../../telemetry/text-table.ts'
import { FeatureDrift } from './feature-drift.ts'
import { Pending } from './pending.ts'
import { type Prediction, Silence } from './prediction.ts'
import type { Predictor } from './predictor.ts'
import { Quality } from './quality.ts'

/** Bounds below which a prediction engine does not advise. */
export interface WatchOptions {
  /** How long after an instrument's last event its prediction still counts, in nanoseconds. */
  readonly staleAfterNs: number
  /** Largest calibration error of the latest outcomes. It advises again once the error is below half of it. */
  readonly maxCalibrationError: number
  /** Largest mean population stability index; again below half of it. */
  readonly maxDrift: number
  /** Outcomes before the calibration error counts. */
  readonly leastOutcomes: number
}

export const WATCH: WatchOptions = {
  staleAfterNs: 60e9,
  maxCalibrationError: 0.1,
  maxDrift: 1,
  leastOutcomes: 500,
}

const CALIBRATED_CLASSES = { two: [Direction.up], three: [Direction.down, Direction.flat, Direction.up] }

/**
 * Keeps a prediction for each instrument: takes in the book's events, follows a sample of its predictions to their
 * outcome to calibrate itself and to know how true it is, and works a prediction out when somebody asks, once for an
 * event. Deterministic: the same events give the same predictions.
 */
export class PredictionEngine implements Predictor {
  readonly features: Features
  readonly modelId: string
  readonly horizon: Horizon
  readonly quality: Quality
  readonly drift: FeatureDrift
  /** Predictions that were worked out. */
  predictions: number
  /** Why it does not advise anybody: a Silence. How often it has stopped. */
  silence: number
  stops: number
  private readonly scorer: Scorer
  private readonly model: ModelFile
  private readonly watch: WatchOptions
  private readonly calibration: Calibration
  private readonly classCount: number
  private readonly classes: readonly number[]
  private readonly vector: Float32Array
  private readonly scores: Float64Array
  private readonly chances: Float64Array
  private readonly current: Prediction
  /** By instrument: what waits for its outcome, the event of the latest prediction and its chances, the mid before. */
  private readonly pending: Pending[]
  private eventOf: Float64Array
  private chancesOf: Float64Array
  private spreadOf: Float64Array
  private timeOf: Float64Array
  private midOf: Int32Array
  /** Outcomes so far. */
  private judged: number

  constructor(model: ModelFile, scorer: Scorer, watch: Partial<WatchOptions> = {}) {
    this.model = model
    this.scorer = scorer
    this.watch = { ...WATCH, ...watch }
    this.modelId = model.id
    this.horizon = parseHorizon(model.horizon)!
    this.features = new Features((instrument, timeNs) => this.learn(instrument, timeNs))
    this.calibration = new Calibration(model.calibration)
    this.quality = new Quality(1_000)
    this.drift = new FeatureDrift(model.deciles)
    this.predictions = 0
    this.silence = Silence.none
    this.stops = 0
    this.classCount = model.outputs === TWO_WAY ? 2 : 3
    this.classes = model.outputs === TWO_WAY ? CALIBRATED_CLASSES.two : CALIBRATED_CLASSES.three
    this.vector = new Float32Array(FEATURE_COUNT)
    this.scores = new Float64Array(model.outputs)
    this.chances = new Float64Array(3)
    this.current = {
      direction: Direction.flat,
      down: 0.5,
      flat: 0.5,
      up: 0.5,
      confidence: 0.5,
      expectedMoveTicks: 0.5,
      ageNs: 0.5,
      silence: 0,
    }
    this.pending = []
    this.eventOf = new Float64Array(0)
    this.chancesOf = new Float64Array(0)
    this.spreadOf = new Float64Array(0)
    this.timeOf = new Float64Array(0)
    this.midOf = new Int32Array(0)
    this.judged = 0
  }

  observe(
    instrument: number,
    bidTicks: number,
    bidLots: number,
    offerTicks: number,
    offerLots: number,
    signedLots: number,
    timeNs: number,
  ): void {
    this.features.observe(instrument, bidTicks, bidLots, offerTicks, offerLots, signedLots, timeNs)
  }

  /** The prediction of an instrument. @param nowNs time of the stream, as of the order that asks */
  predict(instrument: number, nowNs: number): Prediction {
    const { current, features, watch } = this
    if (!features.isWarm(instrument)) return this.silent(Silence.cold)
    if (this.eventOf[instrument] !== features.events(instrument)) this.workOut(instrument)
    const { chancesOf, classCount } = this
    const from = instrument * 3
    current.down = chancesOf[from]!
    current.flat = classCount === 2 ? 0 : chancesOf[from + 1]!
    current.up = chancesOf[from + (classCount === 2 ? 1 : 2)]!
    if (!(current.up >= 0 && current.down >= 0 && current.flat >= 0)) return this.silent(Silence.broken)
    const isUp = current.up > current.down
    const side = isUp ? current.up : current.down
    const isFlat = current.flat >= side
    current.direction = isFlat ? Direction.flat : isUp ? Direction.up : Direction.down
    current.confidence = isFlat ? current.flat : side
    const { perEdge, perEdgeAndSpread } = this.model.move
    current.expectedMoveTicks =
      (current.up - current.down) * (perEdge + perEdgeAndSpread * this.spreadOf[instrument]!)
    const age = nowNs - this.timeOf[instrument]!
    current.ageNs = age > 0 ? age : 0
    current.silence =
      this.silence !== Silence.none ? this.silence : current.ageNs > watch.staleAfterNs ? Silence.stale : 0
    return current
  }

  lines(): readonly string[] {
    const { quality, drift } = this
    const worst = drift.indexes.indexOf(Math.max(...drift.indexes))
    const now =
      this.silence === Silence.none
        ? 'advises'
        : `does not advise: ${this.silence === Silence.drift ? 'its features have drifted' : 'its chances are not true of late'}`
    return [
      `model ${this.modelId}, ${horizonText(this.horizon)}: ${now}; ${thousands(this.predictions)} predictions, stopped ${this.stops} times`,
      `  of the latest ${thousands(quality.outcomes)} outcomes ${(quality.accuracy * 100).toFixed(1)}% right, calibration error ${quality.calibrationError.toFixed(3)}`,
      `  population stability index ${drift.mean.toFixed(3)} in the mean, ${drift.indexes[worst]!.toFixed(3)} of ${FEATURES[worst]}`,
    ]
  }

  figures(): Readonly<Record<string, unknown>> {
    const { quality, drift, silence, stops, predictions, modelId } = this
    return {
      model: modelId,
      predictions,
      advises: silence === Silence.none,
      stops,
      outcomes: quality.outcomes,
      accuracy: quality.accuracy,
      calibrationError: quality.calibrationError,
      calibration: this.calibration.now,
      drift: Object.fromEntries(FEATURES.map((name, at) => [name, drift.indexes[at]!])),
      horizon: horizonText(this.horizon),
      instruments: this.all(),
    }
  }

  /** What is predicted of each instrument that is known well enough, as of the latest event of any. */
  private all(): (Prediction & { readonly instrument: number })[] {
    const nowNs = this.timeOf.reduce((latest, time) => Math.max(latest, time), 0)
    const known = Array.from(this.timeOf.keys()).filter((instrument) => this.features.isWarm(instrument))
    return known
      .slice(0, INSTRUMENTS_TOLD)
      .map((instrument) => ({ instrument, ...this.predict(instrument, nowNs) }))
  }

  private silent(why: number): Prediction {
    const { current } = this
    current.direction = Direction.flat
    current.down = current.up = current.confidence = current.expectedMoveTicks = 0
    current.flat = 1
    current.silence = why
    return current
  }

  /** An event of an instrument has been taken in: learns from outcomes that it decides, and follows one in so many. */
  private learn(instrument: number, timeNs: number): void {
    const { features, horizon } = this
    if (instrument >= this.eventOf.length) this.grow(instrument)
    const event = features.events(instrument)
    const mid = features.doubleMid(instrument)
    const pending = this.pending[instrument]!
    // At a horizon in time the mid is that of the event before.
    const midThere = horizon.kind === 'time' ? this.midOf[instrument]! : mid
    for (;;) {
      const place = pending.reached(horizon, mid, event, timeNs)
      if (place < 0) break
      this.judge(pending, place, pending.take(midThere))
    }
    this.midOf[instrument] = mid
    this.timeOf[instrument] = timeNs
    if (event % this.model.calibration.sampleEvery !== 0 || !features.isWarm(instrument)) return
    this.workOut(instrument)
    this.drift.add(this.vector)
    // What a broken model says has no outcome to be held against.
    if (Number.isNaN(this.chances[0]!)) return
    const place = pending.add(mid, event, timeNs)
    if (place < 0) return
    pending.scores.set(this.scores, pending.scoresAt(place))
    for (let each = 0; each < this.classCount; each++)
      pending.chances[pending.chancesAt(place) + each] = this.chances[each]!
  }

  private judge(pending: Pending, place: number, direction: number): void {
    const { chances } = pending
    const from = pending.chancesAt(place)
    let named = 0
    for (let each = 1; each < this.classCount; each++)
      if (chances[from + each]! > chances[from + named]!) named = each
    const came = this.classCount === 2 ? (direction === Direction.up ? 1 : 0) : direction
    this.quality.add(chances[from + named]!, named === came)
    this.calibration.add(pending.scores, pending.scoresAt(place), this.classes, direction)
    if (++this.judged % JUDGE_EVERY === 0) this.look()
  }

  /** Whether it is good enough to advise. */
  private look(): void {
    const { quality, drift, watch } = this
    const ease = this.silence === Silence.none ? 1 : 0.5
    const isUntrue =
      quality.outcomes >= watch.leastOutcomes && quality.calibrationError > watch.maxCalibrationError * ease
    const hasDrifted = drift.mean > watch.maxDrift * ease
    const silence = isUntrue ? Silence.calibration : hasDrifted ? Silence.drift : Silence.none
    if (silence !== Silence.none && this.silence === Silence.none) this.stops++
    this.silence = silence
  }

  private workOut(instrument: number): void {
    const { features, vector, scores, chances } = this
    features.write(instrument, vector)
    try {
      this.scorer.score(vector, 0, scores)
    } catch {
      scores.fill(NaN)
    }
    this.calibration.chances(scores, 0, chances, 0)
    const from = instrument * 3
    this.chancesOf[from] = chances[0]!
    this.chancesOf[from + 1] = chances[1]!
    this.chancesOf[from + 2] = chances[2]!
    this.spreadOf[instrument] = vector[SPREAD]!
    this.eventOf[instrument] = features.events(instrument)
    this.predictions++
  }

  private grow(instrument: number): void {
    const size = Math.max(instrument + 1, this.eventOf.length * 2, 16)
    const wider = (from: Float64Array, by = 1): Float64Array => {
      const to = new Float64Array(size * by)
      to.set(from)
      return to
    }
    this.eventOf = wider(this.eventOf)
    this.chancesOf = wider(this.chancesOf, 3)
    this.spreadOf = wider(this.spreadOf)
    this.timeOf = wider(this.timeOf)
    const mids = new Int32Array(size)
    mids.set(this.midOf)
    this.midOf = mids
    while (this.pending.length < size) this.pending.push(new Pending(this.model.outputs, this.classCount))
  }
}

const SPREAD = featureIndex('spreadTicks')
/** Instruments whose predictions a report shows. */
const INSTRUMENTS_TOLD = 100
/** Outcomes from one look at the quality to the next. */
const JUDGE_EVERY = 100
