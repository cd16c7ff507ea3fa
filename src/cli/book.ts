import { InvalidArgumentError, Option, type Command } from 'commander'
import { TradingState } from '../book/index.ts'
import { MappedFileError } from '../memory/mapped-file.ts'
import { pageFormat, ViewReader, type BookPage } from '../operators/observe/view-reader.ts'
import { dashedNames } from '../operators/text/dashed-name.ts'
import { table, thousands } from '../telemetry/text-table.ts'
import { ExitCode } from './exit-code.ts'
import { print } from './print.ts'

const STATES = dashedNames(TradingState)
const DEFAULT_INTERVAL_MS = 250
const RETRY_MS = 5
const PATIENCE_MS = 5_000
/** Moves to the upper left and clears what is there. */
const CLEAR = '\u001b[H\u001b[2J'

interface BookOptions {
  readonly attach: string
  readonly symbol?: string
  readonly watch?: boolean
  readonly interval: number
  readonly format: 'text' | 'json'
}

/** `millrace book`. */
export function addBook(program: Command): void {
  program
    .command('book')
    .description('show the order books of a pipeline that runs with match: { observe: { file: FILE } }')
    .requiredOption('--attach <file>', 'the file of the view')
    .option('--symbol <symbol>', 'only this instrument')
    .option('--watch', 'show it again whenever it has changed, until Ctrl-C')
    .option(
      '--interval <ms>',
      'how often to look, at the most, with --watch',
      milliseconds,
      DEFAULT_INTERVAL_MS,
    )
    .addOption(new Option('--format <format>', 'how to show it').choices(['text', 'json']).default('text'))
    .action(async (options: BookOptions) => {
      process.exitCode = await showBook(options)
    })
}

function milliseconds(text: string): number {
  const value = Number(text)
  if (!(value >= 1 && value <= 3_600_000)) throw new InvalidArgumentError('expected milliseconds, 1 or more')
  return value
}

async function showBook(options: BookOptions): Promise<number> {
  let view: ViewReader
  try {
    view = new ViewReader(options.attach)
  } catch (error) {
    if (!(error instanceof MappedFileError)) throw error
    process.stderr.write(`millrace: ${error.message}\n`)
    return error.code === 'ENOENT' || error.code === 'EACCES' ? ExitCode.noInput : ExitCode.badData
  }
  try {
    return options.watch === true ? await watch(view, options) : await show(view, options)
  } finally {
    view.close()
  }
}

async function show(view: ViewReader, options: BookOptions): Promise<number> {
  const wanted = await pagesOf(view, options.symbol)
  if (typeof wanted === 'string') {
    process.stderr.write(`millrace: ${options.attach}: ${wanted}\n`)
    return ExitCode.badData
  }
  if (options.format === 'json') return print(`${JSON.stringify(bookJson(view, wanted))}\n`)
  return print(bookText(view, wanted))
}

/** Shows the view each time that it has changed. In a pipe, one after the other; on a terminal, in place. */
async function watch(view: ViewReader, options: BookOptions): Promise<number> {
  const stop = new AbortController()
  const onSignal = (): void => stop.abort()
  process.once('SIGINT', onSignal)
  process.once('SIGTERM', onSignal)
  let shown = ''
  try {
    while (!stop.signal.aborted) {
      const state = stateOf(view)
      if (state !== shown) {
        shown = state
        if (process.stdout.isTTY && options.format === 'text') process.stdout.write(CLEAR)
        const code = await show(view, options)
        if (code !== ExitCode.good || !process.stdout.writable) return code
      }
      await pause(options.interval, stop.signal)
    }
    return ExitCode.good
  } finally {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', over)
      resolve()
    }
    const timer = setTimeout(over, ms)
    signal.addEventListener('abort', over)
  })
}

/** All that can change, in a text that is another one when it has. */
function stateOf(view: ViewReader): string {
  const versions = Array.from({ length: view.instruments }, (_, instrument) => view.version(instrument))
  return `${view.writer.state} ${versions.join(' ')}`
}

/** A writer that is alive is at most put off by the system: it is waited for. */
async function wholePage(view: ViewReader, instrument: number): Promise<BookPage | undefined> {
  for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
    const page = view.page(instrument)
    if (page !== undefined || waitedMs >= PATIENCE_MS || view.writer.state !== 'alive') return page
    await new Promise((resolve) => {
      setTimeout(resolve, RETRY_MS)
    })
  }
}

/** The pages that are asked for, or why there are none. */
async function pagesOf(view: ViewReader, symbol: string | undefined): Promise<BookPage[] | string> {
  const pages: BookPage[] = []
  for (let instrument = 0; instrument < view.instruments; instrument++) {
    const page = await wholePage(view, instrument)
    if (page === undefined) {
      const { state, pid } = view.writer
      return `process ${pid} ${state === 'gone' ? 'died' : 'was stopped'} while it wrote instrument ${instrument}`
    }
    if (symbol === undefined || page.symbol === symbol) pages.push(page)
  }
  if (symbol !== undefined && pages.length === 0)
    return `no instrument ${JSON.stringify(symbol)} among the ${view.instruments} that are shown`
  return pages
}

function bookText(view: ViewReader, pages: readonly BookPage[]): string {
  const { state, pid } = view.writer
  const lines: string[] = []
  if (state === 'absent') lines.push('the process that wrote this has ended', '')
  if (state === 'gone') lines.push(`process ${pid}, which wrote this, died`, '')
  for (const page of pages) lines.push(...pageLines(page), '')
  if (view.leftOut > 0) lines.push(`${thousands(view.leftOut)} instruments have no room in the view`, '')
  return `${lines.join('\n').trimEnd()}\n`
}

function pageLines(page: BookPage): string[] {
  const { price, quantity } = pageFormat(page)
  const last =
    page.lastTicks === 0
      ? 'none'
      : `${price(page.lastTicks)}${page.lastLots === 0 ? '' : ` x ${quantity(page.lastLots)}`}`
  const rows = Array.from({ length: Math.max(page.bids.length, page.offers.length) }, (_, i) => {
    const [bid, offer] = [page.bids[i], page.offers[i]]
    return [
      bid === undefined ? '' : String(bid.orders),
      bid === undefined ? '' : quantity(bid.lots),
      bid === undefined ? '' : price(bid.priceTicks),
      offer === undefined ? '' : price(offer.priceTicks),
      offer === undefined ? '' : quantity(offer.lots),
      offer === undefined ? '' : String(offer.orders),
    ]
  })
  const head = `${page.symbol}  ${STATES[page.state] ?? 'unknown'}  last ${last}  sequence ${thousands(page.sequence)}`
  if (rows.length === 0) return [head, '  (no orders)']
  return [head, ...table(['orders', 'quantity', 'bid', 'offer', 'quantity', 'orders'], rows)]
}

function bookJson(view: ViewReader, pages: readonly BookPage[]): unknown {
  return {
    writer: view.writer,
    leftOut: view.leftOut,
    instruments: pages.map((page) => {
      const { price, quantity } = pageFormat(page)
      const side = (levels: BookPage['bids']): unknown =>
        levels.map(({ priceTicks, lots, orders }) => ({
          price: price(priceTicks),
          quantity: quantity(lots),
          orders,
        }))
      return {
        symbol: page.symbol,
        state: STATES[page.state],
        last: page.lastTicks === 0 ? null : price(page.lastTicks),
        lastQuantity: page.lastLots === 0 ? null : quantity(page.lastLots),
        sequence: page.sequence,
        bids: side(page.bids),
        offers: side(page.offers),
      }
    }),
  }
}
