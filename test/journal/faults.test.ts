import { appendFileSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { cpSync } from 'node:fs'
import { basename, join } from 'node:path'
import { crc32 } from 'node:zlib'
import test, { type ExecutionContext } from 'ava'
import { Journal } from '../../src/journal/journal.ts'
import { SegmentKind } from '../../src/journal/layout.ts'
import { LogReader } from '../../src/journal/log-reader.ts'
import { JournalError } from '../../src/journal/problem.ts'
import { Replay } from '../../src/journal/replay.ts'
import { EventCheck } from '../../src/journal/verify.ts'
import { Random } from '../../src/operators/simulator/random.ts'
import { asIfKilled, feed, filesOf, forge, plainHost, reopen, stateOf, tempDir } from '../support/journal.ts'

const SMALL = { segmentBytes: 65_536, snapshotEvery: 0 } as const
const COMMANDS = 3_000

/** A journal of several segments, closed. */
async function closedJournal(t: ExecutionContext, snapshotEvery = 0): Promise<string> {
  const dir = join(tempDir(t), 'journal')
  const journal = Journal.open({ dir, ...SMALL, snapshotEvery }, plainHost())
  feed(journal, COMMANDS)
  await journal.close()
  return dir
}

function copyOf(t: ExecutionContext, dir: string): string {
  const copy = join(tempDir(t), 'copy')
  cpSync(dir, copy, { recursive: true })
  return copy
}

/** Takes the last bytes of the last segment of commands away. */
function cutLast(dir: string, bytes: number): void {
  const last = filesOf(dir, 'commands').at(-1)!
  truncateSync(last, statSync(last).size - bytes)
}

/** Hashes of an uninterrupted run, by sequence. */
function hashes(dir: string): Map<number, string> {
  const replay = Replay.open(dir)!
  const found = new Map<number, string>()
  while (replay.next()) found.set(replay.sequence, replay.engine.stateHash())
  replay.close()
  return found
}

function problemOf(work: () => unknown): JournalError {
  try {
    work()
  } catch (error) {
    if (error instanceof JournalError) return error
    throw error
  }
  throw new Error('nothing went wrong')
}

test('faults - a log that is cut at any byte of its last 4 KiB is good up to its last whole block', async (t) => {
  const dir = await closedJournal(t)
  const expected = hashes(dir)
  const ends = [...expected.keys()]
  const last = filesOf(dir, 'commands').at(-1)!
  const size = statSync(last).size
  let before = Infinity
  for (let bytes = size - 1; bytes >= size - 4_096; bytes--) {
    truncateSync(last, bytes)
    const reader = new LogReader(dir, SegmentKind.commands)
    while (reader.read() !== undefined);
    const { lastSequence, end } = reader
    if (!ends.includes(lastSequence) || lastSequence > before || end!.offset + end!.tornBytes > bytes)
      t.fail(`cut to ${bytes} bytes: ${lastSequence}, ${JSON.stringify(end)}`)
    before = lastSequence
    if (bytes % 128 !== 1) continue
    const state = stateOf(dir)
    t.is(state.hash, expected.get(state.sequence)!, `cut to ${bytes} bytes`)
  }
  t.true(before < ends.at(-1)! && ends.length - ends.indexOf(before) > 3, 'several blocks are gone')
})

test('faults - a torn last block is cut and reported, its commands are as if they never came, and the log goes on', async (t) => {
  const dir = await closedJournal(t)
  const expected = hashes(dir)
  const ends = [...expected.keys()]
  for (const name of filesOf(dir, 'events')) rmSync(name)
  cutLast(dir, 100)
  const journal = Journal.open({ dir, ...SMALL }, plainHost())
  t.is(journal.sequence, ends.at(-2)!)
  t.is(journal.engine.stateHash(), expected.get(journal.sequence)!)
  t.regex(journal.recovery.notes.join('\n'), /commands-.*\.log was broken off: \d+ bytes from byte \d+ on/)
  feed(journal, 100)
  await journal.close()
  const check = new EventCheck(dir, 0)
  const replay = Replay.open(dir)!
  while (replay.next()) t.is(check.check(replay.events), undefined)
  t.is(check.finish(Infinity), undefined)
  t.is(replay.sequence, ends.at(-2)! + 100)
  t.is(check.unrecorded, 0, 'events that were missing were made up for')
})

test('faults - commands that are gone although their events are there are told of, and their numbers are not given again', async (t) => {
  const dir = await closedJournal(t)
  const ends = [...hashes(dir).keys()]
  cutLast(dir, 100)
  const journal = Journal.open({ dir, ...SMALL }, plainHost())
  t.is(journal.sequence, COMMANDS, 'numbering goes on behind them')
  t.regex(
    journal.recovery.notes.join('\n'),
    new RegExp(`commands from ${ends.at(-2)! + 1} to ${COMMANDS} are missing from the log`),
  )
  feed(journal, 50)
  await journal.close()
  t.is(stateOf(dir).sequence, COMMANDS + 50)
  const replay = Replay.open(dir)!
  const check = new EventCheck(dir, 0)
  while (replay.next()) t.is(check.check(replay.events), undefined)
  t.true(check.orphaned > 0)
})

test('faults - a flipped bit anywhere in the log is found, with its place, or changes nothing', async (t) => {
  const dir = await closedJournal(t)
  const whole = stateOf(dir)
  const random = new Random(3)
  let found = 0
  for (const path of filesOf(dir, 'commands')) {
    const bytes = readFileSync(path)
    const places = [...Array(96).keys()].map((i) => i * 5)
    for (let i = 0; i < 60; i++) places.push(Math.floor(random.uniform() * bytes.length))
    for (let i = 1; i < 20; i++) places.push(bytes.length - i * 37)
    for (const at of places) {
      const bit = 1 << Math.floor(random.uniform() * 8)
      bytes[at]! ^= bit
      writeFileSync(path, bytes)
      bytes[at]! ^= bit
      try {
        const state = stateOf(dir)
        t.is(state.hash, whole.hash, `${basename(path)}: bit ${bit} of byte ${at}`)
        t.is(state.sequence, whole.sequence)
      } catch (error) {
        if (!(error instanceof JournalError)) throw error
        found++
        t.is(error.path, path)
      }
    }
    writeFileSync(path, bytes)
  }
  t.true(found > 300)
})

test('faults - a bad block in the middle stops with the file and the byte, and says what can be done', async (t) => {
  const dir = await closedJournal(t)
  const path = filesOf(dir, 'commands')[1]!
  const bytes = readFileSync(path)
  bytes[20_000]! ^= 1
  writeFileSync(path, bytes)
  for (const error of [
    problemOf(() => stateOf(dir)),
    problemOf(() => Journal.open({ dir, ...SMALL }, plainHost())),
  ]) {
    t.is(error.path, path)
    t.true(error.offset! <= 20_000 && error.offset! > 18_000)
    t.regex(error.message, /a block is damaged, and good ones follow.*backup.*docs\/recovery\.md/)
  }
  t.is(filesOf(dir, 'lock', '').length, 0, 'a journal that could not be opened is not locked')
})

test('faults - a last block that was whole and is damaged is no torn write: it is not cut away', async (t) => {
  const dir = await closedJournal(t)
  const path = filesOf(dir, 'commands').at(-1)!
  const bytes = readFileSync(path)
  bytes[bytes.length - 30]! ^= 4
  writeFileSync(path, bytes)
  t.regex(problemOf(() => stateOf(dir)).message, /the last block is damaged/)
})

test('faults - an empty last file is taken away and told of, one in the middle stops', async (t) => {
  const dir = await closedJournal(t)
  const whole = stateOf(dir)
  const files = filesOf(dir, 'commands')
  const next = join(dir, `commands-${String(files.length + 1).padStart(6, '0')}-0000000000003001.log`)
  writeFileSync(next, '')
  const { notes, sequence, hash } = await reopen({ dir, ...SMALL })
  t.deepEqual([sequence, hash], [whole.sequence, whole.hash])
  t.regex(notes.join('\n'), /was empty and has been taken away/)
  t.deepEqual(filesOf(dir, 'commands'), files)
  writeFileSync(files[1]!, '')
  t.regex(problemOf(() => stateOf(dir)).message, /its header is cut short/)
})

test('faults - a missing segment is named, at the beginning and in the middle', async (t) => {
  const dir = await closedJournal(t)
  for (const [i, message] of [
    [1, /it is segment 3 and comes behind segment 1/],
    [0, /the log begins with sequence \d+, and there is no good snapshot before that/],
  ] as const) {
    const copy = copyOf(t, dir)
    rmSync(filesOf(copy, 'commands')[i]!)
    t.regex(problemOf(() => stateOf(copy)).message, message)
  }
})

test('faults - a segment under the name of another is refused', async (t) => {
  const dir = await closedJournal(t)
  const [first, second] = filesOf(dir, 'commands')
  cpSync(first!, second!)
  t.regex(problemOf(() => stateOf(dir)).message, /not what its name says/)
})

test('faults - another format version is refused in words, of segments and of snapshots', async (t) => {
  const dir = await closedJournal(t, COMMANDS)
  for (const [begin, end] of [
    ['commands', '.log'],
    ['snapshot', '.snap'],
  ] as const) {
    const copy = copyOf(t, dir)
    if (end === '.log') rmSync(filesOf(copy, 'snapshot', '.snap')[0]!)
    const path = filesOf(copy, begin, end)[0]!
    const bytes = readFileSync(path)
    bytes.writeInt32LE(7, 4)
    bytes.writeInt32LE(crc32(bytes.subarray(0, 60)) | 0, 60)
    writeFileSync(path, bytes)
    t.regex(problemOf(() => stateOf(copy)).message, /is of format 7, and this Millrace reads format 1/)
  }
})

test('faults - a damaged snapshot is passed over and told of; the log stands in for it', async (t) => {
  const dir = await closedJournal(t, 1_000)
  const whole = stateOf(dir)
  const [path] = filesOf(dir, 'snapshot', '.snap').slice(-1)
  const bytes = readFileSync(path!)
  for (const at of [2, 20, 70, 200, bytes.length - 3]) {
    const flipped = Buffer.from(bytes)
    flipped[at]! ^= 8
    writeFileSync(path!, flipped)
    const state = stateOf(dir)
    t.deepEqual([state.sequence, state.hash], [whole.sequence, whole.hash], `byte ${at}`)
    t.regex(state.notes.join('\n'), /passed over/)
  }
  for (const bad of [bytes.subarray(0, 50), bytes.subarray(0, bytes.length - 64), Buffer.alloc(0)]) {
    writeFileSync(path!, bad)
    t.is(stateOf(dir).hash, whole.hash)
  }
})

test('faults - events that were changed are found by a check, whole blocks of them too', async (t) => {
  const dir = await closedJournal(t)
  const path = filesOf(dir, 'events')[0]!
  const bytes = readFileSync(path)
  bytes[10_000]! ^= 2
  writeFileSync(path, bytes)
  const check = (): void => {
    const replay = Replay.open(dir)!
    const events = new EventCheck(dir, 0)
    while (replay.next()) {
      const difference = events.check(replay.events)
      if (difference !== undefined) throw new JournalError(dir, `differs at ${difference.sequence}`)
    }
  }
  t.regex(problemOf(check).message, /block is damaged/)
  bytes[10_000]! ^= 2
  writeFileSync(path, bytes)
  // The same with a checksum that fits: what a forger would do.
  forge(path, (records) => records.writeInt32LE(records.readInt32LE(36) + 1, 36))
  t.regex(problemOf(check).message, /differs at 1$/)
})

test('faults - what stands behind the end of a log that was in use is zeros, and no harm', async (t) => {
  const dir = join(tempDir(t), 'journal')
  const copy = join(tempDir(t), 'copy')
  const journal = Journal.open({ dir, ...SMALL }, plainHost())
  feed(journal, 500)
  asIfKilled(dir, copy)
  await journal.close()
  t.is(statSync(filesOf(copy, 'commands')[0]!).size, SMALL.segmentBytes)
  t.deepEqual(stateOf(copy), stateOf(dir))
  const { notes, sequence } = await reopen({ dir: copy, ...SMALL })
  t.deepEqual([notes, sequence], [[], 500])
  appendFileSync(filesOf(copy, 'commands')[0]!, Buffer.alloc(777))
  t.is(stateOf(copy).sequence, 500)
})
