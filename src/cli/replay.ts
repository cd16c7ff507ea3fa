import { existsSync } from 'node:fs'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { readEvent, RECORD_WORDS } from '../book/index.ts'
import { readU64, SEQUENCE } from '../book/record.ts'
import { JournalError } from '../journal/problem.ts'
import { Replay } from '../journal/replay.ts'
import { listSegments } from '../journal/segment-reader.ts'
import { SegmentKind } from '../journal/layout.ts'
import { EventCheck, type Difference } from '../journal/verify.ts'
import { thousands } from '../telemetry/text-table.ts'
import { ExitCode } from './exit-code.ts'
import { print } from './print.ts'
import { showProgress } from './progress.ts'
import { Pacer } from './journal/pacer.ts'
import { replayInto } from './journal/replay-into.ts'
import { replayDeadLetters } from './replay-dead-letters.ts'
import type { ReplayCommandOptions } from './journal/replay-options.ts'

/** What a replay came to. */
export interface ReplayResult {
  readonly dir: string
  readonly sequence: number
  readonly commands: number
  readonly snapshotSequence: number
  readonly liveOrders: number
  readonly trades: number
  readonly hash: string
  readonly seconds: number
  readonly verified?: { readonly events: number; readonly unrecorded: number; readonly orphaned: number }
  readonly notes: readonly string[]
}

/** `millrace replay`. */
export function addReplay(program: Command): void {
  program
    .command('replay')
    .description('bring back the state that a journal leads to, and print its hash')
    .argument('[dir]', 'directory of the journal; it is only read')
    .option(
      '--dead-letters <path>',
      'send dead letters, a file or a folder of them, through the pipeline of --into',
    )
    .option('--input <file>', 'what ${INPUT} in that file stands for')
    .option('--verify', 'hold every event against the one that was recorded, byte for byte')
    .option('--from <sequence>', 'begin with the last snapshot before a sequence', sequenceNumber)
    .option('--to <sequence>', 'end with a sequence', sequenceNumber)
    .option('--pace <times>', 'as fast as it was by the times in the commands, times this', paceNumber)
    .option('--into <file>', 'hand the commands to the stages of a pipeline file instead, and report')
    .option(
      '--set <path=value>',
      'override a value of that file; repeatable',
      (text, all: string[]) => [...all, text],
      [],
    )
    .addOption(new Option('--format <format>', 'how to report').choices(['text', 'json']).default('text'))
    .option('--quiet', 'no progress')
    .action(async (dir: string | undefined, options: ReplayCommandOptions) => {
      process.exitCode = await replayOne(dir, options)
    })
}

/** A journal or dead letters, whichever is named. Returns the exit code. */
async function replayOne(dir: string | undefined, options: ReplayCommandOptions): Promise<number> {
  const { deadLetters, into } = options
  if (
    (dir === undefined) === (deadLetters === undefined) ||
    (deadLetters !== undefined && into === undefined)
  ) {
    process.stderr.write(
      'millrace: expected the directory of a journal, or --dead-letters PATH with --into FILE\n',
    )
    return ExitCode.usage
  }
  return deadLetters === undefined
    ? replayCommand(dir!, options)
    : replayDeadLetters({ ...options, deadLetters, into: into! })
}

/** Replays a journal and prints what it came to. Returns the exit code. */
export async function replayCommand(dir: string, options: ReplayCommandOptions): Promise<number> {
  if (!existsSync(dir)) {
    process.stderr.write(`millrace: ${dir}: there is no such directory\n`)
    return ExitCode.noInput
  }
  try {
    if (options.into !== undefined) return await replayInto(dir, options.into, options)
    return await replayState(dir, options)
  } catch (error) {
    if (!(error instanceof JournalError)) throw error
    process.stderr.write(`millrace: ${error.message}\n`)
    return ExitCode.badData
  }
}

async function replayState(dir: string, options: ReplayCommandOptions): Promise<number> {
  const began = performance.now()
  const replay = Replay.open(dir, { to: options.to, snapshotsTo: snapshotsTo(dir, options.from) })
  if (replay === undefined) {
    process.stderr.write(`millrace: ${dir}: no journal is in this directory\n`)
    return ExitCode.noInput
  }
  const check = options.verify === true ? new EventCheck(dir, replay.sequence) : undefined
  const difference = await run(replay, check, options)
  const seconds = (performance.now() - began) / 1e3
  replay.close()
  check?.close()
  if (difference !== undefined) return tellDifference(difference, options.format)
  const result: ReplayResult = {
    dir,
    sequence: replay.sequence,
    commands: replay.commands,
    snapshotSequence: replay.snapshotSequence,
    liveOrders: replay.engine.liveOrders,
    trades: replay.engine.trades,
    hash: replay.engine.stateHash(),
    seconds,
    ...(check === undefined
      ? {}
      : { verified: { events: check.same, unrecorded: check.unrecorded, orphaned: check.orphaned } }),
    notes: [...replay.notes, ...endNotes(replay)],
  }
  return print(options.format === 'json' ? `${JSON.stringify(result)}\n` : resultText(result))
}

async function run(
  replay: Replay,
  check: EventCheck | undefined,
  { quiet, pace, to = Infinity }: ReplayCommandOptions,
): Promise<Difference | undefined> {
  const endProgress = quiet === true ? () => {} : showProgress(() => replay.commands)
  const pacer = pace === undefined ? undefined : new Pacer(pace)
  let turn = performance.now()
  try {
    while (replay.next()) {
      const difference = check?.check(replay.events)
      if (difference !== undefined) return difference
      await pacer?.wait(replay.words, replay.count)
      if (performance.now() - turn < TURN_MS) continue
      await new Promise(setImmediate)
      turn = performance.now()
    }
    return check?.finish(Math.min(to, replay.sequence))
  } finally {
    endProgress()
  }
}

/** How long to go on before the progress is shown. */
const TURN_MS = 50

/** From the very beginning, where the log still has it: a replay is to prove something. */
function snapshotsTo(dir: string, from: number | undefined): number {
  if (from !== undefined) return from - 1
  return listSegments(dir, SegmentKind.commands)[0]?.firstSequence === 1 ? 0 : Infinity
}

function endNotes({ end }: Replay): string[] {
  return end === undefined || end.tornBytes === 0
    ? []
    : [
        `${end.path}: ${end.tornBytes} bytes from byte ${end.offset} on are no whole block: a write was broken off, or is under way; the next run cuts them`,
      ]
}

function resultText(result: ReplayResult): string {
  const { sequence, commands, seconds, snapshotSequence, verified } = result
  const replayed =
    snapshotSequence === 0 ? 'from the beginning' : `from the snapshot at ${thousands(snapshotSequence)}`
  const lines = [
    `${result.dir}: sequence ${thousands(sequence)}, ${thousands(commands)} commands, ${replayed}`,
    `${thousands(result.liveOrders)} live orders, ${thousands(result.trades)} trades`,
    ...(verified === undefined ? [] : verifiedLines(verified)),
    `state ${result.hash}`,
    `in ${seconds.toFixed(2)} s`,
    ...result.notes,
  ]
  return `${lines.join('\n')}\n`
}

function verifiedLines({ events, unrecorded, orphaned }: NonNullable<ReplayResult['verified']>): string[] {
  const lines = [`${thousands(events)} events are as they were recorded, byte for byte`]
  if (unrecorded > 0)
    lines.push(
      `${thousands(unrecorded)} events at the end were not recorded: the process was ended before they were`,
    )
  if (orphaned > 0) lines.push(`${thousands(orphaned)} events are of commands that are missing from the log`)
  return lines
}

async function tellDifference(
  { sequence, recorded, replayed }: Difference,
  format: 'text' | 'json',
): Promise<number> {
  const event = (words: Int32Array | undefined): unknown => (words === undefined ? null : shownEvent(words))
  const told = { sequence, recorded: event(recorded), replayed: event(replayed) }
  await print(
    format === 'json'
      ? `${JSON.stringify({ difference: told })}\n`
      : `the events of command ${sequence} are not as they were recorded\n  recorded ${JSON.stringify(told.recorded)}\n  replayed ${JSON.stringify(told.replayed)}\n`,
  )
  return ExitCode.badData
}

/** An event as an object; its words where it is none that there is. */
function shownEvent(words: Int32Array): unknown {
  try {
    return JSON.parse(
      JSON.stringify(readEvent(words, 0), (_, value: unknown) =>
        typeof value === 'bigint' ? String(value) : value,
      ),
    )
  } catch {
    return { sequence: readU64(words, SEQUENCE), words: Array.from(words.subarray(0, RECORD_WORDS)) }
  }
}

export function sequenceNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value <= 0)
    throw new InvalidArgumentError('expected a sequence: a whole number above 0')
  return value
}

function paceNumber(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value < 1e9)) throw new InvalidArgumentError('expected a number above 0')
  return value
}
