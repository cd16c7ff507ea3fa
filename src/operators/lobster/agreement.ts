import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { access } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type EngineEvent, EventKind, type Instruments, readEvent } from '../../book/index.ts'
import { INSTRUMENT, ORDER_ID, readU64 } from '../../book/record.ts'
import type { Market } from '../../pipeline/market.ts'
import type { ReportSection, Step } from '../../pipeline/operator.ts'
import { thousands } from '../../telemetry/text-table.ts'
import { BookReplay, type BookRows, readBookRows } from './book-rows.ts'
import { lobsterIdOf, runOf } from './ids.ts'
import { readMessages } from './messages.ts'
import { type LobsterUnits, lobsterUnits } from './units.ts'
import { type ExpectedRun, ExpectedRuns } from './expected-runs.ts'

/** Disagreements that are told one by one. */
const TOLD = 5

export interface AgreementOptions {
  /** The message file that the orders came from. A file beside it with `orderbook` for `message` is compared too. */
  readonly messages: string
  /** As in the source. */
  readonly symbol?: string | undefined
}

// A type, not an interface: only that is taken for a record of figures.
export type AgreementFigures = {
  /** Runs whose resting orders were all announced: those that can be compared. */
  readonly compared: number
  readonly agreeing: number
  /** Of those compared; 100 if there are none. */
  readonly percent: number
  readonly leftOut: number
  /** Compared runs whose incoming order never came: the stream was cut short, or lost it. */
  readonly missing: number
  /** The published book replayed from the messages; undefined if there is none, or none that fits. */
  readonly book: BookRows | undefined
}

export interface AgreementReport extends ReportSection {
  readonly figures: AgreementFigures
}

/**
 * Opens a comparison of an engine's trades with the message file its orders came from.
 * @returns the step, or in words why a file cannot be read
 */
export function openAgreement(market: Market, options: AgreementOptions): TE.TaskEither<string, Agreement> {
  const path = options.messages
  return async () => {
    const units = lobsterUnits(market, path, options.symbol)
    if (E.isLeft(units)) return units
    const bookPath = await siblingBook(path)
    try {
      const runs = await expectedRuns(path, units.right)
      if (bookPath === undefined)
        return E.right(new Agreement(market.instruments, units.right, runs, undefined))
      const book = await replayBook(path, bookPath)
      return E.right(new Agreement(market.instruments, units.right, runs, book))
    } catch (error) {
      return E.left((error as Error).message)
    }
  }
}

/**
 * Holds the engine's trades against what was really traded: each incoming order must fill the orders that its run of
 * executions names, in that order, as much and at those prices. What must be filled comes from the file alone.
 */
export class Agreement implements Step {
  private readonly instruments: Instruments
  private readonly instrument: number
  private readonly runs: readonly ExpectedRun[]
  private readonly book: BookRows | string | undefined

  /** @param book the replay of the published book, or in words why there is none */
  constructor(
    instruments: Instruments,
    units: LobsterUnits,
    runs: readonly ExpectedRun[],
    book: BookRows | string | undefined,
  ) {
    this.instruments = instruments
    this.instrument = units.instrument
    this.runs = runs
    this.book = book
  }

  process(words: Int32Array, at: number): void {
    if (words[at + INSTRUMENT] !== this.instrument) return
    const run = this.runs[runOf(readU64(words, at + ORDER_ID)) - 1]
    if (run === undefined) return
    const event = readEvent(words, at)
    run.hasCome = true
    if (event.kind === EventKind.trade) this.compare(run, event)
  }

  report(): AgreementReport {
    const compared = this.runs.filter(({ leftOut }) => !leftOut)
    const others = compared.filter((run) => !isAgreeing(run))
    const agreeing = compared.length - others.length
    const percent = compared.length === 0 ? 100 : (agreeing / compared.length) * 100
    const leftOut = this.runs.length - compared.length
    const missing = compared.filter(({ hasCome }) => !hasCome).length
    const lines = this.runs.length === 0 ? ['no executions, so nothing to agree on'] : []
    if (this.runs.length > 0)
      lines.push(
        `runs ${thousands(agreeing)} of ${thousands(compared.length)} agree (${percent.toFixed(2)} %); ` +
          `${thousands(leftOut)} left out: they name an order that the file never announced`,
      )
    if (missing > 0) lines.push(`${thousands(missing)} of them never came to the engine`)
    const { book } = this
    if (typeof book === 'string') lines.push(book)
    else if (book !== undefined)
      lines.push(
        `book rows ${thousands(book.agreeing)} of ${thousands(book.rows)} ` +
          `(levels: ${book.levels}; ${thousands(book.adopted)} levels adopted from the file)`,
      )
    if (typeof book === 'object' && book.levels === 1)
      lines.push(
        'a file of one level lacks the deletes behind the best price: its runs cannot test time priority',
      )
    for (const run of others.slice(0, TOLD)) lines.push(`line ${run.fills[0]!.line}: ${this.tell(run)}`)
    const replay = typeof book === 'object' ? book : undefined
    return {
      title: 'agreement',
      lines,
      figures: { compared: compared.length, agreeing, percent, leftOut, missing, book: replay },
    }
  }

  private compare(run: ExpectedRun, trade: Extract<EngineEvent, { kind: typeof EventKind.trade }>): void {
    const expected = run.fills[run.trades++]
    if (run.difference !== undefined) return
    const lobsterId = lobsterIdOf(trade.makerOrderId)
    const { lots, priceTicks } = trade
    if (expected?.lobsterId === lobsterId && expected.lots === lots && expected.priceTicks === priceTicks)
      return
    run.difference = `expected ${this.fill(run, run.trades - 1)}, got ${this.words(lobsterId, lots, priceTicks)}`
  }

  private tell(run: ExpectedRun): string {
    if (run.difference !== undefined) return run.difference
    if (!run.hasCome) return 'the incoming order never came'
    return `expected ${this.fill(run, run.trades)}, got no more trades`
  }

  private fill({ fills }: ExpectedRun, index: number): string {
    const fill = fills[index]
    return fill === undefined ? 'no more trades' : this.words(fill.lobsterId, fill.lots, fill.priceTicks)
  }

  private words(lobsterId: number, lots: number, priceTicks: number | string): string {
    const price =
      typeof priceTicks === 'number' ? this.instruments.formatPrice(this.instrument, priceTicks) : 'no tick'
    return `${this.instruments.formatQuantity(this.instrument, lots)} at ${price} with order ${lobsterId}`
  }
}

function isAgreeing(run: ExpectedRun): boolean {
  return run.difference === undefined && run.trades === run.fills.length
}

async function expectedRuns(path: string, units: LobsterUnits): Promise<readonly ExpectedRun[]> {
  const expected = new ExpectedRuns(units)
  for await (const rows of readMessages(path)) for (const row of rows) expected.add(row)
  expected.end()
  return expected.list
}

/** The published book beside a message file, if there is one. */
async function siblingBook(path: string): Promise<string | undefined> {
  const name = basename(path)
  const at = name.lastIndexOf('message')
  if (at < 0) return undefined
  const sibling = join(dirname(path), `${name.slice(0, at)}orderbook${name.slice(at + 'message'.length)}`)
  return access(sibling).then(
    () => sibling,
    () => undefined,
  )
}

async function replayBook(path: string, bookPath: string): Promise<BookRows | string> {
  const replay = new BookReplay()
  const published = readBookRows(bookPath)
  let messages = 0
  for await (const rows of readMessages(path)) {
    for (const row of rows) {
      messages++
      const next = await published.next()
      if (next.done !== true) replay.next(row, next.value)
    }
  }
  let bookRows = replay.rows
  for await (const _ of published) bookRows++
  if (bookRows === messages) return replay
  return `${bookPath} is not compared: it has ${thousands(bookRows)} rows, the message file ${thousands(messages)}`
}
