import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { backUp, restoreBackup } from '../../src/journal/backup.ts'
import { Journal } from '../../src/journal/journal.ts'
import { JournalError } from '../../src/journal/problem.ts'
import { EventCheck } from '../../src/journal/verify.ts'
import { Replay } from '../../src/journal/replay.ts'
import { feed, filesOf, plainHost, reopen, stateOf, tempDir } from '../support/journal.ts'

const SMALL = { segmentBytes: 65_536 } as const

test('backup - of a journal in use is a journal itself, up to where it was', async (t) => {
  const base = tempDir(t)
  const [dir, into, restored] = ['journal', 'backup', 'restored'].map((name) => join(base, name)) as [
    string,
    string,
    string,
  ]
  const journal = Journal.open({ dir, ...SMALL, snapshotEvery: 500 }, plainHost())
  feed(journal, 2_000)
  const hash = journal.engine.stateHash()
  const first = backUp(dir, into)
  t.is(first.kept, 0)
  feed(journal, 2_000)
  const result = restoreBackup(into, restored)
  t.deepEqual([result.sequence, result.hash, result.commands], [2_000, hash, 2_000])
  const second = backUp(dir, into)
  t.true(second.kept > 0, 'what has not changed is not copied again')
  t.true(second.files > first.files)
  const later = join(base, 'later')
  t.is(restoreBackup(into, later).hash, journal.engine.stateHash())
  await journal.close()
  const goesOn = Journal.open({ dir: restored, ...SMALL }, plainHost())
  feed(goesOn, 2_000)
  await goesOn.close()
  t.is(stateOf(restored).hash, stateOf(dir).hash)
  const replay = Replay.open(restored, { snapshotsTo: 0 })!
  const check = new EventCheck(restored, 0)
  while (replay.next()) t.is(check.check(replay.events), undefined)
  t.is(check.unrecorded, 0)
})

test('backup - damage is found when it is made and when it is restored, and named', async (t) => {
  const base = tempDir(t)
  const [dir, into] = [join(base, 'journal'), join(base, 'backup')]
  const journal = Journal.open({ dir, ...SMALL }, plainHost())
  feed(journal, 3_000)
  await journal.close()
  backUp(dir, into)
  for (const path of [...filesOf(into, 'commands'), ...filesOf(into, 'snapshot', '.snap')]) {
    const bytes = readFileSync(path)
    bytes[bytes.length >> 1]! ^= 1
    writeFileSync(path, bytes)
    const error = t.throws(() => restoreBackup(into, join(base, 'restored')), { instanceOf: JournalError })
    t.is(error.path, path)
    t.regex(error.message, /not as it was when it was backed up/)
    bytes[bytes.length >> 1]! ^= 1
    writeFileSync(path, bytes)
    rmSync(join(base, 'restored'), { recursive: true })
  }
  const source = filesOf(dir, 'commands')[0]!
  const bytes = readFileSync(source)
  bytes[9_999]! ^= 1
  writeFileSync(source, bytes)
  t.throws(() => backUp(dir, join(base, 'other')), { instanceOf: JournalError, message: /block is damaged/ })
})

test('backup - takes nothing that is none, and writes over nothing', async (t) => {
  const base = tempDir(t)
  const [dir, into] = [join(base, 'journal'), join(base, 'backup')]
  mkdirSync(dir)
  t.throws(() => backUp(dir, into), { instanceOf: JournalError, message: /no journal is in this directory/ })
  await reopen({ dir })
  const journal = Journal.open({ dir, ...SMALL }, plainHost())
  feed(journal, 100)
  await journal.close()
  mkdirSync(into)
  writeFileSync(join(into, 'letter.txt'), 'dear')
  t.throws(() => backUp(dir, into), { message: /that is no backup/ })
  t.throws(() => restoreBackup(into, join(base, 'x')), { message: /no backup is in this directory/ })
  rmSync(join(into, 'letter.txt'))
  backUp(dir, into)
  t.throws(() => restoreBackup(into, dir), { message: /is not empty/ })
  rmSync(filesOf(into, 'commands')[0]!)
  t.throws(() => restoreBackup(into, join(base, 'y')), { message: /lacks this file/ })
})
