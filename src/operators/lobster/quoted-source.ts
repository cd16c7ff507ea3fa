import { access } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { type Batch, RECORD_WORDS } from '../../book/index.ts'
import type { Market } from '../../pipeline/market.ts'
import type { ReportSection, Source } from '../../pipeline/operator.ts'
import { readBookRows } from './book-rows.ts'
import { type LobsterRow, readMessages, type RowFault } from './messages.ts'
import { QuotedCommands, type QuotedCounts, quotedLines } from './quoted-commands.ts'
import { lobsterUnits } from './units.ts'

export interface QuotedOptions {
  /** The message file, plain or gzip. */
  readonly messages: string
  /** The book published beside it, plain or gzip, row for row. */
  readonly book: string
  /** By default what stands in the message file's name before the first `_`. */
  readonly symbol?: string | undefined
}

/**
 * Opens a LOBSTER message file and the book published beside it as a stream of orders whose book is the published one.
 * @returns the source, or in words why the files cannot be read
 */
export function openQuoted(market: Market, options: QuotedOptions): TE.TaskEither<string, QuotedSource> {
  return async () => {
    const rows = quotedRows(options.messages, options.book)
    try {
      const first = await rows.next()
      const units = lobsterUnits(market, options.messages, options.symbol)
      if (E.isRight(units))
        return E.right(new QuotedSource(units.right.instrument, new QuotedCommands(units.right), rows, first))
      await rows.return()
      return units
    } catch (error) {
      return E.left((error as Error).message)
    }
  }
}

/** The book file that a message file's name goes with, if it is there. */
export async function bookBeside(messages: string): Promise<string | undefined> {
  const name = basename(messages)
  const at = name.lastIndexOf('message')
  if (at < 0) return undefined
  const sibling = join(dirname(messages), `${name.slice(0, at)}orderbook${name.slice(at + 'message'.length)}`)
  return access(sibling).then(
    () => sibling,
    () => undefined,
  )
}

interface QuotedRow {
  readonly message: LobsterRow
  readonly published: readonly number[]
}

/** @throws Error that names both files, if one has more rows than the other */
async function* quotedRows(messages: string, book: string): AsyncGenerator<readonly QuotedRow[], void> {
  const published = readBookRows(book)
  let count = 0
  try {
    for await (const rows of readMessages(messages)) {
      const quoted: QuotedRow[] = []
      for (const message of rows) {
        const next = await published.next()
        if (next.done === true) throw new Error(`${book} ends after ${count} rows, ${messages} goes on`)
        quoted.push({ message, published: next.value })
        count++
      }
      yield quoted
    }
    if ((await published.next()).done !== true)
      throw new Error(`${messages} ends after ${count} rows, ${book} goes on`)
  } finally {
    await published.return()
  }
}

/** The orders behind a published book, as commands: see QuotedCommands. Both files are read as they are asked for. */
export class QuotedSource implements Source {
  readonly instrument: number
  private readonly commands: QuotedCommands
  private readonly reader: AsyncGenerator<readonly QuotedRow[], void>
  private rows: readonly QuotedRow[]
  private nextRow: number
  private given: number
  private ended: boolean
  private loading: Promise<void> | undefined

  constructor(
    instrument: number,
    commands: QuotedCommands,
    reader: AsyncGenerator<readonly QuotedRow[], void>,
    first: IteratorResult<readonly QuotedRow[], void>,
  ) {
    this.instrument = instrument
    this.commands = commands
    this.reader = reader
    this.rows = first.done === true ? [] : first.value
    this.nextRow = 0
    this.given = 0
    this.ended = first.done === true
    this.loading = undefined
  }

  get counts(): Readonly<QuotedCounts> {
    return this.commands.counts
  }

  /** The first rows that could not be read, and where they stand. */
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

  /** Resolves when more rows have been read, or the files have ended; rejects where they do not go together. */
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

  report(): ReportSection {
    return { title: 'lobster', lines: quotedLines(this.counts), figures: { ...this.counts } }
  }

  private give(batch: Batch, upTo: number): void {
    const { output } = this.commands
    const count = Math.min(upTo - batch.count, output.count - this.given)
    if (count <= 0) return
    const from = this.given * RECORD_WORDS
    batch.words.set(output.words.subarray(from, from + count * RECORD_WORDS), batch.count * RECORD_WORDS)
    batch.count += count
    this.given += count
  }

  /** Turns rows at hand into commands, once the last ones have been given. Returns false if there are none. */
  private makeMore(): boolean {
    const { output } = this.commands
    if (this.given < output.count) return true
    output.count = 0
    this.given = 0
    while (output.count === 0 && this.nextRow < this.rows.length) {
      const { message, published } = this.rows[this.nextRow++]!
      this.commands.add(message, published)
    }
    return output.count > 0
  }

  private async load(): Promise<void> {
    if (this.nextRow >= this.rows.length && !this.ended) {
      const next = await this.reader.next()
      if (next.done === true) this.ended = true
      else if (!this.ended) {
        this.rows = next.value
        this.nextRow = 0
      }
    }
    this.loading = undefined
  }
}
