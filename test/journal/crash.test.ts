import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import type { JournalOptions } from '../../src/journal/options.ts'
import { crashAgainAndAgain } from '../support/crash.ts'

const KILLS = 4
const SMALL = { segmentBytes: 1_048_576, snapshotEvery: 9_000 }
const WAYS: readonly Omit<JournalOptions, 'dir'>[] = [
  { ...SMALL, durability: 'os' },
  { ...SMALL, durability: 'os', files: 'map' },
  { ...SMALL, durability: 'disk' },
]

for (const [i, journal] of WAYS.entries())
  test.serial(
    `crash - killed at any moment (${journal.durability}, ${journal.files ?? 'write'}), nothing that was told is missing, and nothing is there twice`,
    async (t) => {
      const dir = mkdtempSync(join(tmpdir(), 'millrace-crash-'))
      t.teardown(() => rmSync(dir, { recursive: true, force: true }))
      const found: number[] = []
      const kills = await crashAgainAndAgain({
        dir,
        seed: 11 + i,
        orders: 200_000,
        kills: KILLS,
        journal,
        onKill: (_, { sequence }) => found.push(sequence),
      })
      t.is(kills, KILLS)
      t.true(found.at(-1)! > found[0]!, 'each run goes on where the last one was killed')
    },
  )
