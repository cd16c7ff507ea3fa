import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Writable } from 'node:stream'
import type { Market } from '../../pipeline/market.ts'
import type { Step } from '../../pipeline/operator.ts'
import { EventText } from './event-text.ts'
import { openOutput, type Output, type OutputProblem } from './output.ts'

export interface EventLinesOptions {
  /** A path, or `-` for standard output. */
  readonly file: string
  readonly format?: 'ndjson' | undefined
  /** What `-` stands for, where it is not the standard output of the process. */
  readonly stdout?: Writable | undefined
  /** Whether a file that is there is written on. */
  readonly goesOn?: boolean | undefined
}

/**
 * Opens a file or standard output for events.
 * @returns the step that writes them, or a message that names the file
 */
export function openEventLines(
  market: Market,
  { file, stdout, goesOn }: EventLinesOptions,
): TE.TaskEither<string, EventLines> {
  if (file === '-') market.stdoutTaken = true
  return TE.map((target: Output) => new EventLines(target, market))(
    openOutput(file, market.gate, stdout, goesOn),
  )
}

const WRITE_CHARACTERS = 65_536

/**
 * Writes every event as one line of JSON, in order. Lines are written when a batch is through
 * or 64 KiB are waiting.
 */
export class EventLines implements Step {
  /** Events turned into lines so far. */
  lines: number
  private readonly target: Output
  private readonly text: EventText
  private waiting: string

  constructor(target: Output, market: Market) {
    this.lines = 0
    this.target = target
    this.text = new EventText(market)
    this.waiting = ''
  }

  /** Why nothing more can be written, once that is so. */
  get problem(): OutputProblem | undefined {
    return this.target.problem
  }

  /** Resolves when writing has failed, so that the source can be stopped; stays open if it never does. */
  get failed(): Promise<OutputProblem> {
    return this.target.failed
  }

  process(words: Int32Array, at: number): void {
    this.lines++
    this.waiting += this.text.line(words, at)
    if (this.waiting.length >= WRITE_CHARACTERS) this.flush()
  }

  flush(): void {
    if (this.waiting === '') return
    this.target.write(this.waiting)
    this.waiting = ''
  }

  /** Ends with the last line that is whole. */
  async abort(): Promise<void> {
    this.waiting = ''
    await this.target.abort()
  }

  async close(): Promise<void> {
    this.flush()
    await this.target.close()
  }
}
