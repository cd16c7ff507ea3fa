import { readFile, writeFile } from 'node:fs/promises'
import * as E from 'fp-ts/lib/Either.js'
import { systemProblem } from '../../operators/input/system-error.ts'
import { duration, thousands } from '../../telemetry/text-table.ts'
import { ExitCode } from '../exit-code.ts'
import { print } from '../print.ts'
import { generateWorkload, usualLive, type FlowKind } from './flow.ts'
import { median } from './median.ts'
import { checkAnswer, timeCommands, timePass, toPlayable, type CommandLatency } from './play.ts'
import { decodeWorkload, formatWorkloadError, type Workload } from './workload.ts'

/** The least that the CPU clock tells apart: a workload of a few events may take less. */
const CLOCK_STEP_SECONDS = 1e-6

/** The flow that is generated where nothing else is said. */
export interface GeneratedOptions {
  readonly kind?: FlowKind
  readonly seed?: number
  readonly events?: number
  readonly live?: number
  readonly instruments?: number
}

export interface BenchBookOptions extends GeneratedOptions {
  readonly workload?: string
  readonly save?: string
  readonly passes: number
  readonly latency?: boolean
  readonly json?: boolean
}

/** Middle rates over the timed passes, and the answer that every pass gave. */
export interface BookFigures {
  readonly events: number
  readonly cpuEventsPerSecond: number
  readonly wallEventsPerSecond: number
  readonly trades: number
  readonly lots: number
  readonly hash: number
  readonly latencyNs?: CommandLatency
}

/** `millrace bench book`: how fast the order book alone plays a workload. Returns the exit code. */
export async function benchBook(options: BenchBookOptions): Promise<number> {
  const workload = options.workload === undefined ? generated(options) : await load(options.workload)
  if (typeof workload === 'number') return workload
  if (options.save !== undefined) {
    const code = await save(options.save, workload)
    if (code !== ExitCode.good) return code
  }
  const { rejected, ...figures } = measureBook(workload, options)
  return print(options.json === true ? `${JSON.stringify(figures)}\n` : bookText(figures, rejected))
}

/** A pass that checks, one that warms up, then those that are timed: each on a fresh engine, its prefill not timed. */
export function measureBook(
  workload: Workload,
  { passes, latency = false }: { passes: number; latency?: boolean },
): BookFigures & { rejected: number } {
  const playable = toPlayable(workload)
  const answer = checkAnswer(playable)
  timePass(playable, answer)
  const times = Array.from({ length: passes }, () => timePass(playable, answer))
  const { trades, lots, hash, rejected } = answer
  const { events } = workload
  const rate = (seconds: readonly number[]): number =>
    Math.round(events / Math.max(CLOCK_STEP_SECONDS, median(seconds)))
  return {
    events,
    cpuEventsPerSecond: rate(times.map(({ cpuSeconds }) => cpuSeconds)),
    wallEventsPerSecond: rate(times.map(({ wallSeconds }) => wallSeconds)),
    trades,
    lots,
    hash,
    ...(latency ? { latencyNs: timeCommands(playable, answer) } : {}),
    rejected,
  }
}

function generated({ kind = 'steady', seed = 42, events = 1_000_000, ...rest }: GeneratedOptions): Workload {
  const { live = usualLive(kind), instruments = 1 } = rest
  return generateWorkload({ kind, seed, events, live, instruments })
}

async function load(file: string): Promise<Workload | number> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(file)
  } catch (error) {
    process.stderr.write(`${file}: ${systemProblem(error)}\n`)
    return ExitCode.noInput
  }
  const workload = decodeWorkload(bytes)
  if (E.isRight(workload)) return workload.right
  process.stderr.write(`${formatWorkloadError(file, workload.left)}\n`)
  return ExitCode.badData
}

async function save(file: string, { bytes }: Workload): Promise<number> {
  try {
    await writeFile(file, bytes)
    return ExitCode.good
  } catch (error) {
    process.stderr.write(`${file}: ${systemProblem(error)}\n`)
    return ExitCode.ioError
  }
}

function bookText(figures: BookFigures, rejected: number): string {
  const { events, cpuEventsPerSecond, wallEventsPerSecond, trades, lots, hash, latencyNs } = figures
  const lines = [
    `${thousands(events)} events: ${thousands(cpuEventsPerSecond)} a second of CPU time, ${thousands(wallEventsPerSecond)} a second by the clock`,
    `${thousands(trades)} trades, ${thousands(lots)} lots, hash ${hash}, ${thousands(rejected)} rejected`,
  ]
  if (latencyNs !== undefined) {
    const { clock, ...percentiles } = latencyNs
    const each = Object.entries(percentiles).map(([name, ns]) => `${name} ${duration(ns)}`)
    lines.push(`a command takes ${each.join(', ')} (without the clock's own ${clock} ns)`)
  }
  return `${lines.join('\n')}\n`
}
