import { existsSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { InvalidArgumentError, type Command } from 'commander'
import { EventKind, RECORD_WORDS } from '../book/index.ts'
import { MAKER_ORDER_ID, ORDER_ID, readU64 } from '../book/record.ts'
import { SegmentKind } from '../journal/layout.ts'
import { lastSequenceOf } from '../journal/log-tail.ts'
import { JournalError } from '../journal/problem.ts'
import { lifeOfOrder, queryEvents, type EventQuery, type Found } from '../journal/query.ts'
import { RecordedNames } from '../journal/recorded-names.ts'
import { sequenceAt } from '../journal/sequence-at.ts'
import { specsOf } from '../journal/tables.ts'
import { MarketTables } from '../operators/journal-tables.ts'
import { openEventLines, type EventLines } from '../operators/sinks/event-lines.ts'
import { dashedNames } from '../operators/text/dashed-name.ts'
import { utcNanoseconds } from './journal/moment.ts'
import { Market } from '../pipeline/market.ts'
import { didYouMean } from '../pipeline/suggest.ts'
import { ExitCode } from './exit-code.ts'

interface EventsOptions {
  readonly symbol?: string
  readonly client?: string
  readonly order?: string
  readonly type?: readonly string[]
  readonly from?: string
  readonly to?: string
}

const KINDS = dashedNames(EventKind)

/** `millrace events`. */
export function addEvents(program: Command): void {
  program
    .command('events')
    .description('stream the events of a journal that are asked for, as NDJSON')
    .argument('<dir>', 'directory of the journal; it may be in use')
    .option('--symbol <symbol>', 'of one instrument')
    .option('--client <name>', 'of one client: its orders, and trades on either side')
    .option('--order <id>', 'of one order: its whole life, whatever it was replaced by or was before')
    .option(
      '--type <types>',
      `of some types, with commas between: ${KINDS.filter(Boolean).join(', ')}`,
      types,
    )
    .option('--from <sequence|time>', 'from a sequence on, or a time such as 2026-11-25T09:30:00Z', moment)
    .option('--to <sequence|time>', 'up to a sequence or time', moment)
    .action(async (dir: string, options: EventsOptions) => {
      process.exitCode = await eventsCommand(dir, options)
    })
}

/** Writes the events that are asked for to standard output. Returns the exit code. */
export async function eventsCommand(dir: string, options: EventsOptions): Promise<number> {
  if (!existsSync(dir)) {
    process.stderr.write(`millrace: ${dir}: there is no such directory\n`)
    return ExitCode.noInput
  }
  try {
    const names = new RecordedNames(dir)
    try {
      const query = queryFor(dir, names, options)
      if (typeof query !== 'string') {
        tellMissing(dir, query)
        return await stream(dir, query, names)
      }
      process.stderr.write(`millrace: ${query}\n`)
      return ExitCode.badData
    } finally {
      names.close()
    }
  } catch (error) {
    if (!(error instanceof JournalError)) throw error
    process.stderr.write(`millrace: ${error.message}\n`)
    return ExitCode.badData
  }
}

/** What is asked for in the journal's own numbers; or why that cannot be. */
function queryFor(dir: string, names: RecordedNames, options: EventsOptions): EventQuery | string {
  const { symbol, client, order, type } = options
  const { tables } = names
  const instrument = symbol === undefined ? undefined : tables.instruments.find(symbol)
  if (symbol !== undefined && instrument === undefined) {
    const known = specsOf(tables.instruments).map((spec) => spec.symbol)
    return `--symbol: the journal has no instrument ${JSON.stringify(symbol)}${didYouMean(symbol, known)}`
  }
  const clientNumber = client === undefined ? undefined : numberOf(tables.clients, client)
  if (client !== undefined && clientNumber === undefined)
    return `--client: the journal has no client ${JSON.stringify(client)}${didYouMean(client, tables.clients)}`
  const orders = order === undefined ? undefined : ordersOf(names, order)
  if (orders?.size === 0) return `--order: the journal has no order ${JSON.stringify(order)}`
  return {
    instrument,
    client: clientNumber,
    orders,
    kinds: type === undefined ? undefined : new Set(type.map((name) => KINDS.indexOf(name))),
    from: options.from === undefined ? undefined : sequenceOf(dir, options.from, 'first'),
    to: options.to === undefined ? undefined : sequenceOf(dir, options.to, 'last'),
  }
}

function numberOf(names: readonly string[], name: string): number | undefined {
  const number = names.indexOf(name)
  if (number > 0) return number
  return isNumber(name) ? Number(name) : undefined
}

function ordersOf(names: RecordedNames, order: string): Set<number> {
  const numbers = names.numbersOf(order)
  if (numbers.length === 0 && isNumber(order)) numbers.push(Number(order))
  return new Set(numbers)
}

function sequenceOf(dir: string, moment: string, which: 'first' | 'last'): number {
  if (isNumber(moment)) return Number(moment)
  const first = sequenceAt(dir, utcNanoseconds(moment)!)
  return which === 'first' ? first : first - 1
}

async function stream(dir: string, query: EventQuery, names: RecordedNames): Promise<number> {
  const market = new Market()
  const tables = new MarketTables(market)
  tables.adopt({ ...names.tables.all(), instruments: [0, specsOf(names.tables.instruments)] })
  const opened = await openEventLines(market, { file: '-' })()
  if (E.isLeft(opened)) throw new Error(opened.left)
  const lines = opened.right
  for (const found of eventsFor(dir, query)) {
    nameOrders(market, tables, names, found)
    for (const at of found.at) lines.process(found.words, at)
    if (lines.problem !== undefined) break
    await market.gate.wait()
  }
  await lines.close()
  return tellProblem(lines)
}

/** An order's life is at hand all at once, so that it can be followed through its replacements; all else is streamed. */
function eventsFor(dir: string, query: EventQuery): Iterable<Found> {
  if (query.orders === undefined) return queryEvents(dir, query)
  const { words } = lifeOfOrder(dir, query.orders, query)
  const at = Array.from({ length: words.length / RECORD_WORDS }, (_, i) => i * RECORD_WORDS)
  return [{ words, at }]
}

/** Commands whose events are not written down yet: a process has the journal, or was killed while it had. */
function tellMissing(dir: string, { to = Infinity }: EventQuery): void {
  const [commands, events] = [SegmentKind.commands, SegmentKind.events].map((kind) =>
    lastSequenceOf(dir, kind),
  )
  if (events! >= Math.min(commands!, to)) return
  process.stderr.write(
    `millrace: events of commands ${events! + 1} to ${commands} are not written down yet: a process is at it, or the next start makes up for them\n`,
  )
}

function tellProblem({ problem }: EventLines): number {
  if (problem === undefined || problem.isQuiet) return ExitCode.good
  process.stderr.write(`millrace: ${problem.message}\n`)
  return ExitCode.ioError
}

/** Looks up what the orders of these events are called. */
function nameOrders(market: Market, tables: MarketTables, names: RecordedNames, { words, at }: Found): void {
  for (const record of at)
    for (const word of [ORDER_ID, MAKER_ORDER_ID]) {
      const number = readU64(words, record + word)
      if (number === 0 || number > MAX_ID || market.orders.text(number) !== String(number)) continue
      const orders = names.entriesFor(number)
      if (orders.length > 0) tables.adopt({ orders })
    }
}

const MAX_ID = Number.MAX_SAFE_INTEGER

function isNumber(text: string): boolean {
  return /^\d+$/.test(text) && Number.isSafeInteger(Number(text))
}

function types(text: string): readonly string[] {
  const named = text.split(',').map((name) => name.trim())
  for (const name of named)
    if (name === '' || !KINDS.includes(name))
      throw new InvalidArgumentError(
        `no type ${JSON.stringify(name)}${didYouMean(name, KINDS.filter(Boolean))}`,
      )
  return named
}

function moment(text: string): string {
  if ((isNumber(text) && Number(text) > 0) || utcNanoseconds(text) !== undefined) return text
  throw new InvalidArgumentError('expected a sequence above 0, or a time such as 2026-11-25T09:30:00Z')
}
