import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { createWriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
import type { Gate } from '../../pipeline/gate.ts'
import { systemProblem } from '../input/system-error.ts'

/** Why nothing more can be written. */
export interface OutputProblem {
  /** Names the file and what the system said. */
  readonly message: string
  /** Whether the reader just went away, as `head` does when it has seen enough: no fault of anyone's. */
  readonly isQuiet: boolean
}

/** Characters that may wait for a file before the source is held back. */
const MOST_WAITING = 1_048_576
/** Characters handed to the system in one go. A single command can cause gigabytes of events, more than it would take. */
const MOST_AT_ONCE = 1_048_576

/**
 * Opens a file for writing, created or emptied, or standard output for `-`.
 * @param goesOn whether what is in the file is kept, and written on
 * @param gate closed while the output has no room
 * @param stdout what `-` stands for
 * @returns the output, or a message that names the file
 */
export function openOutput(
  file: string,
  gate: Gate,
  stdout: Writable = process.stdout,
  goesOn = false,
): TE.TaskEither<string, Output> {
  if (file === '-') return async () => E.right(new Output(stdout, 'standard output', gate, false))
  return () =>
    new Promise((resolve) => {
      const stream = createWriteStream(file, {
        highWaterMark: MOST_WAITING,
        flags: goesOn ? 'a' : 'w',
      })
      const fail = (error: Error): void => resolve(E.left(`${file}: ${systemProblem(error)}`))
      stream.once('error', fail)
      stream.once('open', () => {
        stream.off('error', fail)
        resolve(E.right(new Output(stream, file, gate, true)))
      })
    })
}

/** Text on its way out, one write at a time. While too much waits it holds the gate, and so the source. */
export class Output {
  /** Resolves when writing has failed; stays open if it never does. What is written afterwards goes nowhere. */
  readonly failed: Promise<OutputProblem>
  problem: OutputProblem | undefined
  private readonly stream: Writable
  private readonly name: string
  private readonly gate: Gate
  private readonly isOwn: boolean
  private waiting: string[]
  private waitingCharacters: number
  private isWriting: boolean
  private isHolding: boolean
  private tellFailed: (problem: OutputProblem) => void
  private tellIdle: () => void

  /**
   * @param name for messages
   * @param isOwn whether the stream ends with this output
   */
  constructor(stream: Writable, name: string, gate: Gate, isOwn: boolean) {
    this.tellFailed = () => {}
    this.failed = new Promise((resolve) => {
      this.tellFailed = resolve
    })
    this.problem = undefined
    this.stream = stream
    this.name = name
    this.gate = gate
    this.isOwn = isOwn
    this.waiting = []
    this.waitingCharacters = 0
    this.isWriting = false
    this.isHolding = false
    this.tellIdle = () => {}
    stream.on('error', (error) => this.fail(error))
  }

  write(text: string): void {
    if (this.problem !== undefined) return
    this.waiting.push(text)
    this.waitingCharacters += text.length
    if (!this.isWriting) this.writeNext()
    if (this.isHolding || this.hasRoom()) return
    this.isHolding = true
    this.gate.close()
  }

  /** Resolves when all that was written is with the system, or has failed. */
  async close(): Promise<void> {
    const { stream } = this
    await Promise.race([this.idle(), this.failed])
    if (this.isOwn && this.problem === undefined) {
      const done = new Promise<void>((resolve) => stream.once('close', resolve).end())
      await Promise.race([done, this.failed])
    }
    this.letGo()
  }

  private hasRoom(): boolean {
    return this.waitingCharacters < MOST_WAITING && !this.stream.writableNeedDrain
  }

  private idle(): Promise<void> {
    if (!this.isWriting) return Promise.resolve()
    return new Promise((resolve) => {
      this.tellIdle = resolve
    })
  }

  private writeNext(): void {
    const { waiting } = this
    let [texts, characters] = [0, 0]
    while (texts < waiting.length && characters < MOST_AT_ONCE) characters += waiting[texts++]!.length
    this.isWriting = texts > 0
    if (!this.isWriting) return this.tellIdle()
    this.waitingCharacters -= characters
    this.stream.write(waiting.splice(0, texts).join(''), (error) => this.written(error))
  }

  private written(error: Error | null | undefined): void {
    if (this.problem !== undefined || error) return
    this.writeNext()
    if (this.hasRoom()) this.letGo()
  }

  /**
   * Ends it at once: what waits is dropped, and the chunk of whole lines that is under way to a file is finished, so
   * that the file ends with a whole line. Of what a pipe has not taken nobody can say how much its reader will see.
   */
  async abort(): Promise<void> {
    const { stream } = this
    if (!this.isOwn || this.problem !== undefined || stream.closed) return
    this.problem = { message: `${this.name}: the run was ended at once`, isQuiet: true }
    this.letGo()
    await new Promise((resolve) => stream.once('close', resolve).destroy())
  }

  private fail(error: Error): void {
    if (this.problem !== undefined) return
    const isQuiet = !this.isOwn && (error as NodeJS.ErrnoException).code === 'EPIPE'
    this.problem = { message: `${this.name}: ${systemProblem(error)}`, isQuiet }
    this.waiting = []
    this.letGo()
    this.tellFailed(this.problem)
  }

  private letGo(): void {
    if (!this.isHolding) return
    this.isHolding = false
    this.gate.open()
  }
}
