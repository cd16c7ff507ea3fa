import { statSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { Journal } from '../../src/journal/journal.ts'
import { Replay } from '../../src/journal/replay.ts'
import { retain } from '../../src/journal/retention.ts'
import { listSnapshots } from '../../src/journal/snapshot-file.ts'
import { feed, filesOf, plainHost, reopen, stateOf, tempDir } from '../support/journal.ts'

const SMALL = { segmentBytes: 65_536 } as const
const DAY_MS = 86_400_000

/** A journal in whose middle and at whose end there is a snapshot. */
async function journalOf(t: ExecutionContext): Promise<string> {
  const dir = join(tempDir(t), 'journal')
  for (const commands of [3_000, 3_000]) {
    const journal = Journal.open({ dir, ...SMALL }, plainHost())
    feed(journal, commands)
    await journal.close()
  }
  return dir
}

const bytesOf = (dir: string): number =>
  [...filesOf(dir, 'commands'), ...filesOf(dir, 'events')].reduce((sum, path) => sum + statSync(path).size, 0)

test('retention - nothing goes unless it is said what may', async (t) => {
  const dir = await journalOf(t)
  t.deepEqual(retain(dir, 1, {}, Date.now()), [])
  t.is(listSnapshots(dir).length, 1, 'but snapshots beyond those to keep')
})

test('retention - segments that are too old go, as far as the oldest snapshot stands in for them', async (t) => {
  const dir = await journalOf(t)
  const whole = stateOf(dir)
  t.deepEqual(retain(dir, 2, { days: 1 }, Date.now()), [], 'none is a day old')
  const gone = retain(dir, 2, { days: 1 }, Date.now() + 2 * DAY_MS)
  t.true(gone.length > 4)
  const [, middle] = listSnapshots(dir)
  t.is(middle!.sequence, 3_000)
  const replay = Replay.open(dir, { snapshotsTo: middle!.sequence })!
  while (replay.next());
  t.is(replay.engine.stateHash(), whole.hash, 'the older snapshot and what is behind it still lead there')
  replay.close()
  t.deepEqual(await reopen({ dir, ...SMALL }).then(({ sequence, hash }) => [sequence, hash]), [
    6_000,
    whole.hash,
  ])
})

test('retention - of what is too much the oldest goes', async (t) => {
  const dir = await journalOf(t)
  const before = bytesOf(dir)
  const [first, ...rest] = retain(dir, 1, { bytes: Math.round(before / 2) }, Date.now())
  t.true(rest.length > 1)
  t.regex(first!, /-000001-/)
  t.true(bytesOf(dir) <= before / 2 && bytesOf(dir) > before / 2 - 2 * SMALL.segmentBytes)
  retain(dir, 1, { bytes: 0 }, Date.now())
  t.is(stateOf(dir).sequence, 6_000, 'the last segments stay, and the snapshot')
})

test('retention - works by itself while a journal is in use', async (t) => {
  const dir = join(tempDir(t), 'journal')
  const options = { dir, ...SMALL, snapshotEvery: 1_000, keepSnapshots: 1, retain: { bytes: 200_000 } }
  for (let i = 0; i < 3; i++) {
    const journal = Journal.open(options, plainHost())
    feed(journal, 4_000)
    await journal.close()
  }
  t.true(bytesOf(dir) < 200_000 + 2 * SMALL.segmentBytes)
  t.is(stateOf(dir).sequence, 12_000)
})
