import type { Batch } from '../../book/index.ts'
import * as record from '../../book/record.ts'
import { ACCEPTED, RejectCode } from '../../book/reject-code.ts'
import type { StageStats } from '../../telemetry/pipeline-stats.ts'
import type { Fallback } from '../graph/stage-settings.ts'
import type { RecordKind } from '../operator.ts'
import { Breaker, type BreakerOptions } from './breaker.ts'
import { writeRejected } from './rejected-event.ts'

const { CODE } = record
/** Of the word at CODE; the other half are flags. */
const REJECT_CODE_MASK = 0xffff

/** Takes records that a stage could not handle. */
export interface DeadLetterSink {
  /** @param cause what the stage threw, in words */
  add(stage: string, cause: string, kind: RecordKind, words: Int32Array, at: number): void
}

export interface FaultOptions {
  readonly stage: string
  readonly island: string
  /** What it does while its breaker is open; undefined to end the run at the first failure. */
  readonly fallback: () => Fallback | undefined
  readonly breaker: BreakerOptions
  readonly takes: RecordKind
  /** Where the stage puts records of another kind. */
  readonly output: Batch | undefined
  readonly deadLetters: DeadLetterSink
  readonly onFailure?: ((cause: unknown) => void) | undefined
}

/** A stage failed, and the file does not say that the run goes on. */
export class StageFailedError extends Error {
  constructor(stage: string, cause: unknown) {
    super(`${stage}: ${messageOf(cause)}`, { cause })
    this.name = 'StageFailedError'
  }
}

/** What a stage's failures lead to: dead letters, a breaker, and what the file says is to be done meanwhile. */
export class StageFaults {
  readonly breaker: Breaker
  private readonly options: FaultOptions
  private failures = 0
  private deadLettered = 0
  private bypassed = 0
  private refused = 0

  constructor(options: FaultOptions) {
    this.options = options
    this.breaker = new Breaker(options.breaker)
  }

  /**
   * A record could not be handled.
   * @throws the cause, if the run is to end
   */
  failed(cause: unknown, words: Int32Array, at: number): void {
    this.counted(cause, words, at)
    this.afterFailure(cause)
  }

  /** As `failed`, for a record of a batch that failed as a whole. */
  counted(cause: unknown, words: Int32Array, at: number): void {
    const { stage, takes, deadLetters } = this.options
    this.deadLettered++
    deadLetters.add(stage, messageOf(cause), takes, words, at)
  }

  /**
   * A record or a batch has failed, and is with the dead letters.
   * @throws the cause, if the run is to end
   */
  afterFailure(cause: unknown): void {
    const { stage, onFailure } = this.options
    const fallback = this.options.fallback()
    this.failures++
    this.breaker.failed()
    onFailure?.(cause)
    if (fallback === undefined) throw cause
    if (fallback === 'stop' && this.breaker.state === 'open') throw new StageFailedError(stage, cause)
  }

  /** Deals with a record while the breaker is open. */
  fallBack(words: Int32Array, at: number): void {
    const { fallback, output } = this.options
    if (fallback() !== 'reject') {
      this.bypassed++
      return
    }
    const isRefused = (words[at + CODE]! & REJECT_CODE_MASK) !== ACCEPTED
    if (!isRefused) {
      this.refused++
      words[at + CODE]! |= RejectCode.STAGE_FAILED
    }
    if (output !== undefined) writeRejected(output, words, at, words[at + CODE]! & REJECT_CODE_MASK)
  }

  stats(): StageStats {
    const { stage, island } = this.options
    const fallback = this.options.fallback()
    const { failures, deadLettered, bypassed, refused } = this
    const breaker = fallback === undefined ? undefined : this.breaker.state
    return { id: stage, island, failures, deadLettered, breaker, bypassed, refused }
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
