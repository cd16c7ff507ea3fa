import { Batch, RECORD_WORDS } from '../../book/index.ts'
import type { AsyncStep } from '../operator.ts'
import type { StageFaults } from '../fault/stage-faults.ts'
import type { Inputs } from './edge-inputs.ts'
import { Task, type TaskParts } from './task.ts'

export interface AsyncParts extends TaskParts {
  readonly step: AsyncStep
  readonly faults: StageFaults
  readonly timeoutMs: number
}

/** A stage that took longer than its time. */
export class TimeoutError extends Error {
  constructor(milliseconds: number) {
    super(`took longer than ${milliseconds} ms`)
    this.name = 'TimeoutError'
  }
}

type Outcome = { readonly batch: Batch } | { readonly batch: Batch; readonly error: unknown }

/** A stage that waits, behind an edge: one batch at a time, while everyone else goes on. */
export class AsyncTask extends Task {
  private readonly inputs: Inputs
  private readonly work: AsyncParts
  private batch: Batch
  private isUnderWay: boolean
  private outcome: Outcome | undefined
  private cancel: () => void
  private advancedTo: number

  constructor(parts: AsyncParts, inputs: Inputs, nowMs: number) {
    super(parts, nowMs)
    this.inputs = inputs
    this.work = parts
    this.batch = new Batch(parts.batchRecords)
    this.isUnderWay = false
    this.outcome = undefined
    this.cancel = () => {}
    this.advancedTo = 0
  }

  override get isHoldingRecords(): boolean {
    return this.isUnderWay || this.outcome !== undefined
  }

  override get heldRecords(): number {
    if (this.outcome !== undefined) return this.outcome.batch.count
    return this.isUnderWay ? this.batch.count : 0
  }

  /** Tells the step that nobody waits for it any more. */
  abort(): void {
    this.cancel()
  }

  run(nowMs: number): number {
    if (this.isUnderWay) return this.rest('waiting', nowMs)
    if (this.outcome !== undefined) return this.settle(this.outcome)
    const { inputs } = this
    if (!inputs.hasRecords()) return this.idle(nowMs)
    const room = this.admitted(this.parts.batchRecords, nowMs)
    if (room === 0) return 0
    const { batch } = this
    batch.count = 0
    inputs.read(batch, room, nowMs)
    const { faults } = this.work
    if (faults.breaker.allows()) {
      this.begin(batch)
      return this.rest('waiting', nowMs) || nowMs
    }
    this.account.enter('busy', nowMs)
    for (let i = 0; i < batch.count; i++) faults.fallBack(batch.words, i * RECORD_WORDS)
    return this.handOn(this.work.step.output ?? batch, batch.count)
  }

  private idle(nowMs: number): number {
    const { outputs } = this.parts
    if (this.inputs.isOver()) return this.end(nowMs)
    const watermark = this.inputs.watermark()
    this.rest('idle', nowMs)
    if (watermark <= this.advancedTo) return 0
    this.advancedTo = watermark
    outputs.advance(watermark, nowMs)
    return nowMs
  }

  private begin(batch: Batch): void {
    const { step, timeoutMs } = this.work
    const { wake } = this.parts
    const abort = new AbortController()
    this.isUnderWay = true
    if (step.output !== undefined) step.output.count = 0
    let isSettled = false
    const settle = (outcome: Outcome): void => {
      if (isSettled) return
      isSettled = true
      clearTimeout(timer)
      this.isUnderWay = false
      this.outcome = outcome
      this.cancel = () => {}
      wake()
    }
    const giveUp = (error: unknown): void => {
      settle({ batch, error })
      abort.abort(error)
      // The step may still write to the batch it was given: it can keep it.
      this.batch = new Batch(this.parts.batchRecords)
    }
    const timer = setTimeout(() => giveUp(new TimeoutError(timeoutMs)), timeoutMs)
    this.cancel = () => giveUp(new Error('the run was ended before it was done'))
    step.processAsync(batch, abort.signal).then(
      () => settle({ batch }),
      (error: unknown) => settle({ batch, error }),
    )
  }

  /** @throws the error, if the file does not say that the run goes on */
  private settle(outcome: Outcome): number {
    this.outcome = undefined
    const { batch } = outcome
    const { faults, step } = this.work
    this.account.enter('busy', performance.now())
    if (!('error' in outcome)) {
      faults.breaker.succeeded()
      return this.handOn(step.output ?? batch, batch.count)
    }
    for (let i = 0; i < batch.count; i++) faults.counted(outcome.error, batch.words, i * RECORD_WORDS)
    faults.afterFailure(outcome.error)
    const nowMs = this.worked(batch.count)
    this.advance(nowMs)
    return nowMs
  }

  private handOn(made: Batch, taken: number): number {
    this.steps.process(made)
    this.parts.outputs.expanded(taken, made.count)
    const nowMs = this.worked(taken)
    this.advance(nowMs)
    return nowMs
  }

  private advance(nowMs: number): void {
    this.advancedTo = this.inputs.watermark()
    this.parts.outputs.advance(this.advancedTo, nowMs)
  }
}
