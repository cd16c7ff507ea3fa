import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BookFigures } from '../src/cli/bench/bench-book.ts'
import { generateWorkload } from '../src/cli/bench/flow.ts'
import { median } from '../src/cli/bench/median.ts'

export interface BookBenchOptions {
  /** A program that plays the workload file it is given and prints its figures as a line of JSON, see `Yardstick`. */
  readonly yardstick?: string
  /** Workload files to play instead of generated ones. */
  readonly workload?: readonly string[]
}

/** What a yardstick prints for a file; with `lat` behind the file, `lat_ns`. */
interface Yardstick {
  readonly events: number
  readonly wall_s: number
  readonly cpu_s: number
  readonly trades: number
  readonly qty: number
  readonly hash: number
}

/** One round of one engine over one file. Not every engine has a hash. */
type Round = Pick<BookFigures, 'cpuEventsPerSecond' | 'wallEventsPerSecond' | 'trades' | 'lots'> &
  Partial<Pick<BookFigures, 'hash'>>

type Engine = (file: string) => Round

const ROUNDS = 5
const SEEDS = [42, 7]
const EVENTS = 200_000
const LIVE = 10_000

/** The book against other engines, by latency, by live orders, by kind of flow and by number of instruments. */
export function benchBook({ yardstick, workload }: BookBenchOptions): Record<string, unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  try {
    const files = workload ?? SEEDS.map((seed) => generatedFile(folder, seed))
    const engines: Record<string, Engine> = {
      millrace: (file) => millrace(['--workload', file, '--passes', '1']),
      ...(yardstick === undefined ? {} : { yardstick: (file: string) => playYardstick(yardstick, file) }),
      'nodejs-order-book': playPeer,
    }
    return {
      against: Object.fromEntries(files.map((file) => [basename(file), compare(engines, file)])),
      latencyNs: Object.fromEntries(files.map((file) => [basename(file), latencies(file, yardstick)])),
      byLive: rates([10_000, 100_000, 1_000_000], '--live'),
      byKind: rates(['steady', 'swing', 'drift', 'one-level'], '--kind'),
      // As many orders in all, so that what grows is the number of books and not the memory.
      byInstruments: rates([1, 100, 10_000], '--instruments', ['--live', '100000']),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * Plays every engine in alternating rounds, each in a process of its own. All must have traded the same before anything
 * is said. Ratios are of middle rates of CPU time, so that others on the machine count for nothing: above 1, Millrace is
 * faster.
 */
function compare(engines: Readonly<Record<string, Engine>>, file: string): Record<string, number> {
  const rounds = Object.keys(engines).map((name): { name: string; played: Round[] } => ({ name, played: [] }))
  for (let round = 0; round < ROUNDS; round++) {
    // Who goes first changes from round to round: a machine that warms up or slows down favours none.
    for (const { name, played } of round % 2 === 0 ? rounds : rounds.toReversed()) {
      const result = engines[name]!(file)
      assertEqual(name, result, rounds[0]!.played[0] ?? result)
      played.push(result)
    }
  }
  const figures: Record<string, number> = {}
  const cpu = (played: readonly Round[]): number =>
    median(played.map(({ cpuEventsPerSecond }) => cpuEventsPerSecond))
  for (const { name, played } of rounds) {
    figures[`${name} wall/s`] = median(played.map(({ wallEventsPerSecond }) => wallEventsPerSecond))
    figures[`${name} cpu/s`] = cpu(played)
    if (name !== 'millrace')
      figures[`millrace / ${name}`] = Number((cpu(rounds[0]!.played) / cpu(played)).toPrecision(3))
  }
  return figures
}

function assertEqual(name: string, { trades, lots, hash }: Round, first: Round): void {
  const isSame = hash === undefined || first.hash === undefined || hash === first.hash
  if (trades !== first.trades || lots !== first.lots || !isSame)
    throw new Error(
      `${name} traded ${lots} lots in ${trades} trades (hash ${hash}), not ${first.lots} in ${first.trades} (${first.hash})`,
    )
}

function latencies(file: string, yardstick: string | undefined): Record<string, unknown> {
  const own = millrace(['--workload', file, '--passes', '1', '--latency']).latencyNs
  if (yardstick === undefined) return { millrace: own }
  const { lat_ns, timer_ns } = output(yardstick, [file, 'lat']) as {
    lat_ns: object
    timer_ns: number
  }
  return { millrace: own, yardstick: { ...lat_ns, timer: timer_ns } }
}

/** Events a second of CPU time and what a command costs of it, for each value of an option. */
function rates(
  values: readonly (string | number)[],
  option: string,
  rest: readonly string[] = [],
): Record<string, { cpuEventsPerSecond: number; nsPerCommand: number }> {
  const rows = values.map((value) => {
    const args = ['--events', String(EVENTS), option, String(value), ...rest]
    const { cpuEventsPerSecond } = millrace(args)
    return [value, { cpuEventsPerSecond, nsPerCommand: Math.round(1e9 / cpuEventsPerSecond) }] as const
  })
  return Object.fromEntries(rows)
}

function generatedFile(folder: string, seed: number): string {
  const file = join(folder, `steady-${seed}.bin`)
  writeFileSync(file, generateWorkload({ kind: 'steady', seed, events: EVENTS, live: LIVE }).bytes)
  return file
}

function millrace(args: readonly string[]): BookFigures {
  const program = fileURLToPath(new URL('../bin/millrace.js', import.meta.url))
  return output(process.execPath, [program, 'bench', 'book', '--json', ...args]) as BookFigures
}

function playPeer(file: string): Round {
  return output(process.execPath, [fileURLToPath(new URL('peer-round.ts', import.meta.url)), file]) as Round
}

function playYardstick(program: string, file: string): Round {
  const { events, wall_s, cpu_s, trades, qty, hash } = output(program, [file]) as Yardstick
  const rate = (seconds: number): number => Math.round(events / seconds)
  return {
    wallEventsPerSecond: rate(wall_s),
    cpuEventsPerSecond: rate(cpu_s),
    trades,
    lots: qty,
    hash,
  }
}

function output(program: string, args: readonly string[]): unknown {
  return JSON.parse(execFileSync(program, args, { encoding: 'utf8' })) as unknown
}
