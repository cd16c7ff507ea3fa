// `npm run crash -- --minutes N`: a pipeline with a journal is killed with `kill -9` at seeded moments and started again, over
// and over, with each durability and both ways into files; after each kill, all that test/support/crash.ts says is checked.
// `--kills N` ends after so many (200 without either), `--seed N` begins elsewhere, `--dir DIR` works on another disk.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { JournalOptions } from '../src/journal/options.ts'
import { crashAgainAndAgain } from '../test/support/crash.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    kills: { type: 'string' },
    seed: { type: 'string', default: '1' },
    dir: { type: 'string', default: tmpdir() },
  },
})
const MINUTE_MS = 60_000
const KILLS = 200
const KILLS_A_ROUND = 25
const ORDERS = 2_000_000
const SMALL = { segmentBytes: 1_048_576, snapshotEvery: 20_000 }
const WAYS: readonly Omit<JournalOptions, 'dir'>[] = [
  { ...SMALL, durability: 'os' },
  { ...SMALL, durability: 'disk' },
  { ...SMALL, durability: 'os', files: 'map' },
  { ...SMALL, durability: 'disk', files: 'map', retain: { bytes: 20_000_000 } },
]

const ends = values.minutes === undefined ? Infinity : performance.now() + number('minutes') * MINUTE_MS
const most = values.kills !== undefined ? number('kills') : values.minutes === undefined ? KILLS : Infinity
const began = performance.now()
let kills = 0
for (let round = 0; kills < most && performance.now() < ends; round++) {
  const journal = WAYS[round % WAYS.length]!
  const dir = mkdtempSync(join(values.dir, 'millrace-crash-'))
  const seed = number('seed') + round
  try {
    kills += await crashAgainAndAgain({
      dir,
      seed,
      orders: ORDERS,
      kills: Math.min(KILLS_A_ROUND, most - kills),
      journal,
      isOver: () => performance.now() >= ends,
    })
    process.stdout.write(
      `${kills} kills, ${journal.durability} and ${journal.files ?? 'write'}, seed ${seed}: good\n`,
    )
  } catch (error) {
    process.stdout.write(
      `FAILED with seed ${seed}, ${JSON.stringify(journal)}: ${String(error)}\nthe journal is kept in ${dir}\n`,
    )
    process.exit(1)
  }
  rmSync(dir, { recursive: true, force: true })
}
const seconds = Math.round((performance.now() - began) / 1e3)
process.stdout.write(
  `${kills} kills in ${seconds} s: nothing that was told is missing, nothing is there twice\n`,
)

function number(name: 'minutes' | 'kills' | 'seed'): number {
  const value = Number(values[name])
  if (value > 0 && value < Infinity) return value
  process.stderr.write(`crash: --${name}: expected a number above 0\n`)
  return process.exit(64)
}
