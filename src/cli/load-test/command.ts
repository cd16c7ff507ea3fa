import { readFileSync, writeFileSync } from 'node:fs'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { PERCENTILES, type LatencySummary } from '../../telemetry/latency.ts'
import { duration, table, thousands } from '../../telemetry/text-table.ts'
import { ExitCode } from '../exit-code.ts'
import { print } from '../print.ts'
import { brokenBy, figuresOf, parseAssertion, type Assertion } from './assertions.ts'
import { htmlReport } from './html-report.ts'
import { HttpLink, WebSocketLink, type Link } from './links.ts'
import { loadTest, type LoadResult, type Second } from './load-test.ts'
import { recordedDay } from './lobster-day.ts'
import { ordersOf, PATTERNS, type Pattern, type Planned, type Traded } from './orders.ts'

interface LoadCommandOptions {
  readonly clients: number
  readonly rate: number
  readonly duration: number
  readonly pattern: Pattern
  readonly lobster?: string
  readonly over: 'websocket' | 'http'
  readonly symbol: readonly string[]
  readonly seed: number
  readonly keyFile?: string
  readonly html?: string
  readonly assert: readonly Assertion[]
  readonly format: 'text' | 'json'
  readonly quiet?: boolean
}

/** A test is not what it should have been: an assertion did not hold. */
const NOT_HELD = 1

/** `millrace load`. */
export function addLoad(program: Command): void {
  program
    .command('load')
    .description('send orders to a server at a rate, whatever it does, and measure its answers')
    .argument('[url]', 'where the API is', 'http://127.0.0.1:8787')
    .option('--clients <n>', 'clients, each with a connection of its own', whole, 100)
    .option('--rate <n>', 'commands a second, of all clients together', positive, 1_000)
    .option('--duration <seconds>', 'how long commands are sent', positive, 10)
    .addOption(new Option('--pattern <name>', 'how commands come').choices(PATTERNS).default('uniform'))
    .option('--lobster <file>', 'send the messages of a LOBSTER message file in place of a pattern')
    .addOption(new Option('--over <way>', 'how they go').choices(['websocket', 'http']).default('websocket'))
    .option(
      '--symbol <symbol>',
      'what is traded; repeatable; by default all',
      (one, all: string[]) => [...all, one],
      [],
    )
    .option('--seed <n>', 'the same seed sends the same commands', whole, 1)
    .option('--key-file <file>', 'a file that holds the API key')
    .option('--html <file>', 'write a report with plots: one file, nothing to load')
    .option(
      '--assert <condition>',
      'end with code 1 unless it holds, as in "p99<5ms", "rejects<1%", "rate>=1000"; repeatable',
      asserted,
      [],
    )
    .addOption(new Option('--format <format>', 'of the report').choices(['text', 'json']).default('text'))
    .option('--quiet', 'no progress')
    .action(async (url: string, options: LoadCommandOptions) => {
      process.exitCode = await load(url, options)
    })
}

/** Runs a load test and reports. Returns the exit code. */
async function load(address: string, options: LoadCommandOptions): Promise<number> {
  const stop = new AbortController()
  const onSignal = (): void => stop.abort()
  process.once('SIGINT', onSignal)
  const links: Link[] = []
  try {
    const url = new URL(address)
    const key = options.keyFile === undefined ? undefined : readFileSync(options.keyFile, 'utf8').trim()
    const plan = await planOf(url, key, options)
    for (let client = 1; client <= options.clients; client++) {
      const name = `load-${client}`
      links.push(
        options.over === 'http' ? new HttpLink(url, name, key) : await WebSocketLink.open(url, name, key),
      )
    }
    const result = await loadTest(plan, links, {
      durationMs: options.duration * 1e3,
      stop: stop.signal,
      ...(options.quiet === true ? {} : { onSecond: progressOf(options.duration) }),
    })
    return await report(address, result, options)
  } catch (error) {
    process.stderr.write(`millrace: ${reasonOf(error as NodeJS.ErrnoException)}\n`)
    return ExitCode.unavailable
  } finally {
    process.off('SIGINT', onSignal)
    for (const link of links) link.close()
  }
}

async function planOf(
  url: URL,
  key: string | undefined,
  options: LoadCommandOptions,
): Promise<Iterable<Planned>> {
  const { clients, rate: perSecond, seed, lobster, pattern } = options
  const symbols = await tradedAt(url, key, options.symbol)
  // Order ids of one test must not meet those of one before.
  const flow = { clients, perSecond, seed, symbols, tag: `load${Date.now().toString(36)}` }
  if (lobster === undefined) return ordersOf(pattern, flow)
  return recordedDay(lobster, flow, Math.ceil(perSecond * options.duration))
}

/** @throws Error where the server does not answer, or does not trade what is asked for */
async function tradedAt(url: URL, key: string | undefined, wanted: readonly string[]): Promise<Traded[]> {
  const get = async <A>(path: string): Promise<A> => {
    const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` }
    const response = await fetch(new URL(path, url), { headers })
    if (!response.ok) throw new Error(`${url.href}: answer ${response.status} to ${path}`)
    return (await response.json()) as A
  }
  const all = await get<{ symbol: string; tick: string; lot: string }[]>('/api/instruments')
  const unknown = wanted.filter((name) => !all.some(({ symbol }) => symbol === name))
  if (unknown.length > 0) throw new Error(`${url.href} does not trade ${unknown.join(', ')}`)
  const chosen = wanted.length === 0 ? all : all.filter(({ symbol }) => wanted.includes(symbol))
  if (chosen.length === 0) throw new Error(`${url.href} trades nothing`)
  return Promise.all(
    chosen.map(async ({ symbol, tick, lot }) => {
      const book = await get<{ last?: string; bids: [string][]; offers: [string][] }>(
        `/api/book/${encodeURIComponent(symbol)}?levels=1`,
      )
      const [bid, offer] = [Number(book.bids[0]?.[0]), Number(book.offers[0]?.[0])]
      const middle = bid > 0 && offer > 0 ? (bid + offer) / 2 : Number(book.last ?? 0)
      return { symbol, tick, lot, middle: middle > 0 ? middle : Number(tick) * OPENING_TICKS }
    }),
  )
}

/** Where trade begins in a book that has seen none. */
const OPENING_TICKS = 10_000
const BAR = 30

function progressOf(seconds: number): (second: Second, elapsedMs: number) => void {
  const { stderr } = process
  return ({ sent, answered, p99Ns }, elapsedMs) => {
    const share = Math.min(1, elapsedMs / 1e3 / seconds)
    const bar = '#'.repeat(Math.round(share * BAR)).padEnd(BAR, '.')
    const text = `[${bar}] ${Math.round(share * 100)}%  ${thousands(sent)} sent/s  ${thousands(answered)} answered/s  p99 ${duration(p99Ns)}`
    stderr.write(stderr.isTTY ? `\r${text}\x1b[K${share === 1 ? '\n' : ''}` : `${text}\n`)
  }
}

async function report(address: string, result: LoadResult, options: LoadCommandOptions): Promise<number> {
  const broken = brokenBy(options.assert, result)
  const told = broken.map(({ text, value }) => `${text} (was ${Number(value.toPrecision(6))})`)
  if (options.html !== undefined) {
    const flow = options.lobster ?? options.pattern
    const title = `Load on ${address}: ${flow}, ${thousands(options.rate)}/s over ${options.over}`
    writeFileSync(options.html, htmlReport(title, result, told))
  }
  const text =
    options.format === 'json'
      ? `${JSON.stringify({ ...result, figures: figuresOf(result), notHeld: broken })}\n`
      : reportText(result)
  const code = await print(text)
  for (const one of told) process.stderr.write(`millrace: not held: ${one}\n`)
  return broken.length > 0 ? NOT_HELD : code
}

function reportText(result: LoadResult): string {
  const row = (name: string, { meanNs, percentilesNs, maxNs }: LatencySummary): string[] => [
    name,
    ...[meanNs, ...percentilesNs, maxNs].map(duration),
  ]
  const counted = (title: string, counts: Readonly<Record<string, number>>): string[] =>
    Object.entries(counts).map(([name, count]) => `  ${title} ${name}: ${thousands(count)}`)
  return `${[
    `${thousands(result.clients)} clients sent ${thousands(result.sent)} commands in ${result.seconds.toFixed(1)} s`,
    `  answered ${thousands(result.answered)} (${thousands(result.answered / result.seconds)}/s), accepted ${thousands(result.accepted)}, rejected ${thousands(result.rejected)}, unanswered ${thousands(result.unanswered)}, fills ${thousands(result.fills)}`,
    ...counted('rejected', result.rejects),
    ...counted('error', result.errors),
    '',
    ...table(
      ['an answer takes', 'mean', ...PERCENTILES.map((p) => `p${p}`), 'max'],
      [
        row('from due time', result.latency),
        row('from sending', result.service),
        row('sent late by', result.late),
      ],
      1,
    ),
  ].join('\n')}\n`
}

function reasonOf(error: NodeJS.ErrnoException): string {
  const { cause } = error
  return cause instanceof Error && cause.message !== '' ? `${error.message}: ${cause.message}` : error.message
}

function whole(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('expected a whole number above 0')
  return Number(text)
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value < Infinity)) throw new InvalidArgumentError('expected a number above 0')
  return value
}

function asserted(text: string, all: readonly Assertion[]): Assertion[] {
  try {
    return [...all, parseAssertion(text)]
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message)
  }
}
