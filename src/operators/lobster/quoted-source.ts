import { access } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import type { Market } from '../../pipeline/market.ts'
import type { ReportSection } from '../../pipeline/operator.ts'
import { readBookRows } from './book-rows.ts'
import { type LobsterRow, readMessages, type RowFault } from './messages.ts'
import { QuotedCommands, type QuotedCounts, quotedLines } from './quoted-commands.ts'
import { RowSource } from './row-source.ts'
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

/** The orders behind a published book, as commands: see QuotedCommands. */
export class QuotedSource extends RowSource<QuotedRow> {
  readonly instrument: number
  private readonly commands: QuotedCommands

  constructor(
    instrument: number,
    commands: QuotedCommands,
    reader: AsyncGenerator<readonly QuotedRow[], void>,
    first: IteratorResult<readonly QuotedRow[], void>,
  ) {
    super(commands.output, reader, first)
    this.instrument = instrument
    this.commands = commands
  }

  get counts(): Readonly<QuotedCounts> {
    return this.commands.counts
  }

  /** The first rows that could not be read, and where they stand. */
  get faults(): readonly RowFault[] {
    return this.commands.faults
  }

  report(): ReportSection {
    return { title: 'lobster', lines: quotedLines(this.counts), figures: { ...this.counts } }
  }

  protected add({ message, published }: QuotedRow): void {
    this.commands.add(message, published)
  }

  /** Each row of the book is whole in itself. */
  protected end(): void {}
}
