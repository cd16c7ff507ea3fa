import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type Batch, type Instruments, RECORD_WORDS } from '../../book/index.ts'
import type { Market } from '../../pipeline/market.ts'
import type { ReportSection, Source } from '../../pipeline/operator.ts'
import { type LobsterRow, readMessages, type RowFault } from './messages.ts'
import { type LobsterUnits, lobsterUnits } from './units.ts'
import { countLines, LobsterCommands, type LobsterCounts } from './lobster-commands.ts'

export type { LobsterCounts } from './lobster-commands.ts'

export interface LobsterOptions {
  /** The message file, plain or gzip. */
  readonly messages: string
  /** By default what stands in the file's name before the first `_`. */
  readonly symbol?: string | undefined
}

/**
 * Opens a LOBSTER message file as a stream of orders.
 * @returns the source, or in words why the file cannot be read
 */
export function openLobster(market: Market, options: LobsterOptions): TE.TaskEither<string, LobsterSource> {
  const path = options.messages
  return async () => {
    const rows = readMessages(path)
    try {
      const first = await rows.next()
      const units = lobsterUnits(market, path, options.symbol)
      if (E.isRight(units))
        return E.right(new LobsterSource(path, market.instruments, units.right, rows, first))
      await rows.return()
      return units
    } catch (error) {
      return E.left((error as Error).message)
    }
  }
}

/**
 * The orders behind a LOBSTER message file, as commands: see LobsterCommands for what becomes of a message. The file
 * is read as it is asked for, so it may be of any size.
 */
export class LobsterSource implements Source {
  readonly instrument: number
  private readonly path: string
  private readonly commands: LobsterCommands
  private readonly reader: AsyncGenerator<readonly LobsterRow[], void>
  private rows: readonly LobsterRow[]
  private nextRow: number
  /** Records of `commands.output` that were given already. */
  private given: number
  private ended: boolean
  private loading: Promise<void> | undefined

  constructor(
    path: string,
    instruments: Instruments,
    units: LobsterUnits,
    reader: AsyncGenerator<readonly LobsterRow[], void>,
    first: IteratorResult<readonly LobsterRow[], void>,
  ) {
    this.path = path
    this.instrument = units.instrument
    this.commands = new LobsterCommands(instruments, units)
    this.reader = reader
    this.rows = first.done === true ? [] : first.value
    this.nextRow = 0
    this.given = 0
    this.ended = first.done === true
    this.loading = undefined
  }

  /** What became of the messages so far. */
  get counts(): Readonly<LobsterCounts> {
    return this.commands.counts
  }

  /** The first rows that could not be read, and where they stand; `counts.malformed` says how many there are. */
  get faults(): readonly RowFault[] {
    return this.commands.faults
  }

  pull(batch: Batch, upTo: number): boolean {
    for (;;) {
      this.give(batch, upTo)
      if (batch.count >= upTo) return true
      if (!this.makeMore()) return !this.ended
    }
  }

  /** Resolves when more rows have been read, or the file has ended. */
  ready(): Promise<void> {
    this.loading ??= this.load()
    return this.loading
  }

  stop(): void {
    this.ended = true
  }

  async close(): Promise<void> {
    this.ended = true
    await this.reader.return()
  }

  /** How the messages add up to the commands. */
  report(): ReportSection {
    const { counts, faults } = this
    return {
      title: 'lobster',
      lines: [
        ...countLines(counts),
        ...faults.map((fault) => `${this.path}:${fault.line}:${fault.column} ${fault.message}`),
      ],
      figures: { ...counts },
    }
  }

  private give(batch: Batch, upTo: number): void {
    const { output } = this.commands
    const count = Math.min(upTo - batch.count, output.count - this.given)
    if (count <= 0) return
    const from = this.given * RECORD_WORDS
    const records = output.words.subarray(from, from + count * RECORD_WORDS)
    batch.words.set(records, batch.count * RECORD_WORDS)
    batch.count += count
    this.given += count
  }

  /** Turns rows at hand into commands, once the last ones have been given. Returns false if there are none. */
  private makeMore(): boolean {
    const { commands } = this
    const { output } = commands
    if (this.given < output.count) return true
    output.count = 0
    this.given = 0
    while (output.count === 0 && this.nextRow < this.rows.length) commands.add(this.rows[this.nextRow++]!)
    if (output.count === 0 && this.ended) commands.end()
    return output.count > 0
  }

  private async load(): Promise<void> {
    if (this.nextRow >= this.rows.length && !this.ended) {
      const next = await this.reader.next()
      if (next.done === true) this.ended = true
      // Stopped meanwhile: what has only just been read is no longer part of the stream.
      else if (!this.ended) {
        this.rows = next.value
        this.nextRow = 0
      }
    }
    this.loading = undefined
  }
}
