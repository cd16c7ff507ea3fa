import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { JournalOptions } from '../../src/journal/options.ts'
import { Replay } from '../../src/journal/replay.ts'
import { EventCheck } from '../../src/journal/verify.ts'
import { Random } from '../../src/operators/simulator/random.ts'
import { Uninterrupted } from './crash-flow.ts'

export interface CrashRun {
  readonly dir: string
  readonly seed: number
  /** Orders in the flow; a run that comes to its end was not killed in time, and the kills are over. */
  readonly orders: number
  readonly kills: number
  readonly journal: Omit<JournalOptions, 'dir'>
  /** Called after each kill. */
  readonly onKill?: (kill: number, found: CrashFound) => void
  /** Ends the kills early. */
  readonly isOver?: () => boolean
}

export interface CrashFound {
  /** The last sequence that the process said. */
  readonly acknowledged: number
  /** The last sequence in the log. */
  readonly sequence: number
}

const child = fileURLToPath(new URL('crash-child.ts', import.meta.url))
/** The furthest from the last kill that the next one may be, in batches. */
const MOST_BATCHES = 40

/**
 * Kills a process with `kill -9` at seeded moments, starts it again on the same journal, and so on. After each kill, no
 * sequence that the process said may be missing; the state that the log leads to must be that of a run which was never
 * interrupted; and the events recorded must be those of the log, none missing before the end and none twice.
 * @returns how many kills there were
 * @throws Error that says which kill found what
 */
export async function crashAgainAndAgain(run: CrashRun): Promise<number> {
  const random = new Random(run.seed)
  const reference = await Uninterrupted.begin(run.seed, run.orders)
  let sequence = 0
  for (let kill = 1; kill <= run.kills; kill++) {
    const batches = 1 + Math.floor(random.uniform() * MOST_BATCHES)
    const spins = Math.floor(random.uniform() * 200_000)
    const { acknowledged, isDone } = await killOne(run, batches, spins)
    const found = inspect(run.dir, `kill ${kill} of seed ${run.seed}`, Math.max(acknowledged, sequence))
    if (found.sequence > 0 && reference.hashAt(found.sequence) !== found.hash)
      throw new Error(`kill ${kill} of seed ${run.seed}: the state at ${found.sequence} is another`)
    ;({ sequence } = found)
    run.onKill?.(kill, { acknowledged, sequence })
    if (isDone || run.isOver?.() === true) return kill
  }
  return run.kills
}

/** What a journal holds, without a change to it. */
function inspect(dir: string, what: string, acknowledged: number): { sequence: number; hash: string } {
  const replay = Replay.open(dir)
  // Killed before the first batch was in.
  if (replay === undefined) {
    if (acknowledged === 0) return { sequence: 0, hash: '' }
    throw new Error(`${what}: nothing is there, ${acknowledged} was said`)
  }
  const check = new EventCheck(dir, replay.sequence)
  while (replay.next()) {
    const difference = check.check(replay.events)
    if (difference !== undefined)
      throw new Error(`${what}: the events of ${difference.sequence} are not those recorded`)
  }
  const beyond = check.finish(Infinity)
  replay.close()
  check.close()
  if (beyond !== undefined || check.orphaned > 0) throw new Error(`${what}: there are events too many`)
  if (replay.sequence < acknowledged)
    throw new Error(`${what}: ${acknowledged} was said, and the log ends with ${replay.sequence}`)
  return { sequence: replay.sequence, hash: replay.engine.stateHash() }
}

/** Starts the process and kills it when it has said so many batches, a little later. */
async function killOne(
  { dir, seed, orders, journal }: CrashRun,
  batches: number,
  spins: number,
): Promise<{ acknowledged: number; isDone: boolean }> {
  const options = JSON.stringify({ ...journal, orders, seed })
  const process_ = spawn(process.execPath, [child, dir, options], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  let complaint = ''
  process_.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text
  })
  let lines = 0
  let isKilled = false
  process_.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
    lines += text.split('\n').length - 1
    if (isKilled || lines < batches) return
    isKilled = true
    for (let spin = 0; spin < spins; spin++) performance.now()
    process_.kill('SIGKILL')
  })
  const signal = await new Promise<NodeJS.Signals | null>((resolve) => {
    process_.on('close', (_, with_) => resolve(with_))
  })
  if (signal !== 'SIGKILL' && !said.endsWith('done\n')) throw new Error(`it ended by itself: ${complaint}`)
  const numbers = said.split('\n').filter((line) => /^\d+$/.test(line))
  return { acknowledged: Number(numbers.at(-1) ?? 0), isDone: said.endsWith('done\n') }
}
