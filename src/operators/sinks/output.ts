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

/** Bytes that may wait for a file before the source is held back. */
const FILE_BYTES_WAITING = 1_048_576

/**
 * Opens a file for writing, created or emptied, or standard output for `-`.
 * @param gate closed while the output has no room
 * @param stdout what `-` stands for
 * @returns the output, or a message that names the file
 */
export function openOutput(
  file: string,
  gate: Gate,
  stdout: Writable = process.stdout,
): TE.TaskEither<string, Output> {
  if (file === '-') return async () => E.right(new Output(stdout, 'standard output', gate, false))
  return () =>
    new Promise((resolve) => {
      const stream = createWriteStream(file, { highWaterMark: FILE_BYTES_WAITING })
      const fail = (error: Error): void => resolve(E.left(`${file}: ${systemProblem(error)}`))
      stream.once('error', fail)
      stream.once('open', () => {
        stream.off('error', fail)
        resolve(E.right(new Output(stream, file, gate, true)))
      })
    })
}

/** Text on its way out. While the stream has no room it holds the gate, and so the source. */
export class Output {
  /** Resolves when writing has failed; stays open if it never does. What is written afterwards goes nowhere. */
  readonly failed: Promise<OutputProblem>
  problem: OutputProblem | undefined
  private readonly stream: Writable
  private readonly name: string
  private readonly gate: Gate
  private readonly isOwn: boolean
  private isHolding: boolean
  private readonly onDrain: () => void
  private tellFailed: (problem: OutputProblem) => void

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
    this.isHolding = false
    this.onDrain = () => this.letGo()
    stream.on('drain', this.onDrain)
    stream.on('error', (error) => this.fail(error))
  }

  write(text: string): void {
    if (this.problem !== undefined || this.stream.write(text) || this.isHolding) return
    this.isHolding = true
    this.gate.close()
  }

  /** Resolves when all that was written is with the system, or has failed. */
  async close(): Promise<void> {
    const { stream } = this
    if (this.problem === undefined) {
      const done = new Promise<void>((resolve) => {
        if (this.isOwn) stream.once('close', resolve).end()
        else stream.write('', () => resolve())
      })
      await Promise.race([done, this.failed])
    }
    stream.off('drain', this.onDrain)
    this.letGo()
  }

  private fail(error: Error): void {
    if (this.problem !== undefined) return
    const isQuiet = !this.isOwn && (error as NodeJS.ErrnoException).code === 'EPIPE'
    this.problem = { message: `${this.name}: ${systemProblem(error)}`, isQuiet }
    this.letGo()
    this.tellFailed(this.problem)
  }

  private letGo(): void {
    if (!this.isHolding) return
    this.isHolding = false
    this.gate.open()
  }
}
