import { FEATURE_COUNT } from '../features/feature-list.ts'
import { Features } from '../features/features.ts'
import { Direction } from '../models/horizon.ts'
import type { AsyncModel } from '../onnx/onnx-session.ts'
import { thousands } from '../../telemetry/text-table.ts'
import { WATCH } from './prediction-engine.ts'
import { type Prediction, Silence } from './prediction.ts'
import type { Predictor } from './predictor.ts'

export interface AsyncOptions {
  readonly modelId: string
  /** An answer that took longer is thrown away, and while one is overdue nothing is advised. */
  readonly deadlineMs: number
  /** How old the features behind an answer may be, in nanoseconds of the stream. */
  readonly staleAfterNs?: number | undefined
  /** Size of a move in ticks: the expected move is (chance up - chance down) times it. */
  readonly moveTicks: number
  /** Milliseconds that only ever rise; for tests. */
  readonly now?: (() => number) | undefined
}

/**
 * Predictions of a model that takes its time, such as an ONNX model in its runtime's own threads. Between batches the
 * features of all instruments that have changed are handed over, one question at a time; answers are taken up when they
 * come. An order gets the latest answer or none: it never waits. What was asked with features of long ago is stale, and
 * an answer past the deadline is late.
 */
export class AsyncPredictor implements Predictor {
  readonly features: Features
  readonly modelId: string
  private readonly model: AsyncModel
  private readonly options: AsyncOptions
  private readonly now: () => number
  private readonly current: Prediction
  /** Instruments that have changed since they were last asked about. */
  private readonly changed: Set<number>
  private readonly times: number[]
  /** By instrument: chances of down, flat and up, and the time of the event they were made from. */
  private readonly answers: ({ readonly chances: readonly number[]; readonly timeNs: number } | undefined)[]
  private matrix: Float32Array
  private askedAt: number
  private isAsking: boolean
  private hasFailed: boolean
  private questions: number
  private late: number
  private failures: number
  private slowestMs: number

  constructor(model: AsyncModel, options: AsyncOptions) {
    this.model = model
    this.options = options
    this.modelId = options.modelId
    this.now = options.now ?? (() => performance.now())
    this.features = new Features((instrument, timeNs) => {
      this.changed.add(instrument)
      this.times[instrument] = timeNs
    })
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
    this.changed = new Set()
    this.times = []
    this.answers = []
    this.matrix = new Float32Array(FEATURE_COUNT)
    this.askedAt = 0
    this.isAsking = false
    this.hasFailed = false
    this.questions = 0
    this.late = 0
    this.failures = 0
    this.slowestMs = 0
  }

  observe(...event: Parameters<Features['observe']>): void {
    this.features.observe(...event)
  }

  predict(instrument: number, nowNs: number): Prediction {
    const { current, features, options } = this
    const answer = this.answers[instrument]
    current.silence = Silence.none
    if (!features.isWarm(instrument)) current.silence = Silence.cold
    else if (this.hasFailed) current.silence = Silence.broken
    else if (this.isOverdue()) current.silence = Silence.late
    else if (answer === undefined) current.silence = Silence.cold
    if (answer === undefined || current.silence !== Silence.none) return current
    const [down, flat, up] = answer.chances as [number, number, number]
    current.down = down
    current.flat = flat
    current.up = up
    current.direction =
      flat >= Math.max(up, down) ? Direction.flat : up > down ? Direction.up : Direction.down
    current.confidence = Math.max(down, flat, up)
    current.expectedMoveTicks = (up - down) * options.moveTicks
    current.ageNs = Math.max(0, nowNs - answer.timeNs)
    if (current.ageNs > (options.staleAfterNs ?? WATCH.staleAfterNs)) current.silence = Silence.stale
    return current
  }

  /** Asks about what has changed, if no question is open. */
  betweenBatches(): void {
    if (this.isAsking || this.changed.size === 0) return
    const asked = [...this.changed].filter((instrument) => this.features.isWarm(instrument))
    this.changed.clear()
    if (asked.length === 0) return
    if (this.matrix.length < asked.length * FEATURE_COUNT)
      this.matrix = new Float32Array(asked.length * FEATURE_COUNT)
    for (const [row, instrument] of asked.entries())
      this.features.write(instrument, this.matrix, row * FEATURE_COUNT)
    const times = asked.map((instrument) => this.times[instrument]!)
    this.isAsking = true
    this.questions++
    this.askedAt = this.now()
    this.model.run(this.matrix, asked.length).then(
      (chances) => this.take(asked, times, chances),
      () => this.fail(),
    )
  }

  lines(): readonly string[] {
    return [
      `model ${this.modelId}, asked ${thousands(this.questions)} times: ${thousands(this.late)} answers late, ${thousands(this.failures)} failed, slowest ${this.slowestMs.toFixed(1)} ms`,
    ]
  }

  figures(): Readonly<Record<string, unknown>> {
    const { modelId, questions, late, failures, slowestMs } = this
    return { model: modelId, questions, late, failures, slowestMs }
  }

  close(): Promise<void> {
    return this.model.close()
  }

  private isOverdue(): boolean {
    return this.isAsking && this.now() - this.askedAt > this.options.deadlineMs
  }

  private take(asked: readonly number[], times: readonly number[], chances: Float32Array): void {
    const took = this.now() - this.askedAt
    const { columns } = this.model
    this.isAsking = false
    this.slowestMs = Math.max(this.slowestMs, took)
    if (took > this.options.deadlineMs) {
      this.late++
      return
    }
    if (chances.length !== asked.length * columns || !isChances(chances)) return this.fail()
    this.hasFailed = false
    for (const [row, instrument] of asked.entries()) {
      const from = row * columns
      const [down, flat, up] =
        columns === 2
          ? [chances[from]!, 0, chances[from + 1]!]
          : [chances[from]!, chances[from + 1]!, chances[from + 2]!]
      this.answers[instrument] = { chances: [down, flat, up], timeNs: times[row]! }
    }
  }

  private fail(): void {
    this.isAsking = false
    this.hasFailed = true
    this.failures++
  }
}

function isChances(values: Float32Array): boolean {
  return values.every((value) => value >= 0 && value <= 1)
}
