import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Allocation } from './allocation.ts'
import { WITH_TERMS } from './cycles.ts'
import { SPREADS } from './growth.ts'

const COMMANDS = 10_000_000
const KIND_COMMANDS = 500_000

/** Room for what a round allocates, so that it is not collected before it is counted. */
const ROOM = ['--min-semi-space-size=64', '--max-semi-space-size=64']

/** What the engine allocates, how it grows to a million orders, and what a snapshot of them takes. */
export function benchScale(): Record<string, unknown> {
  return {
    allocation: {
      plain: allocationOf('plain', COMMANDS),
      'with terms': allocationOf('with terms', COMMANDS),
    },
    allocationBytesPerCommand: Object.fromEntries(
      Object.keys(WITH_TERMS).map((kind) => {
        const { leastRoundBytes, roundCommands } = allocationOf(kind, KIND_COMMANDS)
        return [kind, Number((leastRoundBytes / roundCommands).toFixed(1))]
      }),
    ),
    growth: Object.fromEntries(Object.keys(SPREADS).map((spread) => [spread, runPart([], 'growth', spread)])),
    emptyInstrumentBytes: runPart([], 'empty'),
    snapshot: runPart([], 'snapshot'),
  }
}

/**
 * Bytes of the JavaScript heap that commands take, in a process of its own.
 * @param cycle `plain`, `with terms`, or kinds of them with a + between
 */
export function allocationOf(cycle: string, commands: number): Allocation {
  return runPart(ROOM, 'allocation', cycle, String(commands)) as Allocation
}

/** Runs part.ts. Coverage and options of this process are not for it: they would change what is measured. */
function runPart(options: readonly string[], ...args: readonly string[]): unknown {
  // Named, because Node hands coverage down where it is not.
  const env = { ...process.env, NODE_V8_COVERAGE: undefined, NODE_OPTIONS: undefined }
  const part = fileURLToPath(new URL('part.ts', import.meta.url))
  const output = execFileSync(process.execPath, [...options, part, ...args], { encoding: 'utf8', env })
  return JSON.parse(output) as unknown
}
