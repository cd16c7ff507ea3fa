import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import test from 'ava'
import {
  Batch,
  EventKind,
  Instruments,
  newOrder,
  pushCommand,
  readEvents,
  RECORD_WORDS,
  Side,
  type InstrumentSpec,
} from '../../src/book/index.ts'
import { SEQUENCE, writeU64 } from '../../src/book/record.ts'
import { Journal } from '../../src/journal/journal.ts'
import { JournalError } from '../../src/journal/problem.ts'
import { Replay } from '../../src/journal/replay.ts'
import { openWritten } from '../../src/journal/segment-file.ts'
import { listSnapshots } from '../../src/journal/snapshot-file.ts'
import { asIfKilled, feed, filesOf, plainHost, reopen, stateOf, tempDir } from '../support/journal.ts'

const SMALL = { segmentBytes: 65_536 } as const

test('journal - what was taken in is there again, with its state, its sequence and its match numbers', async (t) => {
  const dir = join(tempDir(t), 'journal')
  const journal = Journal.open({ dir, ...SMALL }, plainHost())
  feed(journal, 2_000)
  const [hash, trades] = [journal.engine.stateHash(), journal.engine.trades]
  await journal.close()
  const again = Journal.open({ dir, ...SMALL }, plainHost())
  t.is(again.sequence, 2_000)
  t.is(again.engine.stateHash(), hash)
  t.is(again.engine.trades, trades)
  t.true(trades > 100)
  feed(again, 10)
  await again.close()
  t.is(stateOf(dir).sequence, 2_010)
})

test('journal - a restart in the middle comes to the same as none', async (t) => {
  const [cut, whole] = [join(tempDir(t), 'cut'), join(tempDir(t), 'whole')]
  for (const commands of [700, 1, 800, 499]) {
    const journal = Journal.open({ dir: cut, ...SMALL }, plainHost())
    feed(journal, commands)
    await journal.close()
  }
  const journal = Journal.open({ dir: whole, ...SMALL }, plainHost())
  feed(journal, 2_000)
  await journal.close()
  t.deepEqual(stateOf(cut), stateOf(whole))
})

for (const [durability, files] of [
  ['os', 'write'],
  ['os', 'map'],
  ['disk', 'write'],
  ['disk', 'map'],
] as const)
  test(`journal - with ${durability} and ${files} all is in the files as soon as it is committed`, async (t) => {
    const dir = join(tempDir(t), 'journal')
    const copy = join(tempDir(t), 'copy')
    const journal = Journal.open({ dir, ...SMALL, durability, files }, plainHost())
    feed(journal, 1_500)
    asIfKilled(dir, copy)
    const hash = journal.engine.stateHash()
    const { syncs } = journal.figures()
    await journal.close()
    t.deepEqual([stateOf(copy).sequence, stateOf(copy).hash], [1_500, hash])
    t.is(syncs, durability === 'disk' ? Math.ceil(1_500 / 16) : 0, 'one sync for each commit')
  })

test('journal - with none it is in the files once the journal is closed', async (t) => {
  const dir = join(tempDir(t), 'journal')
  const journal = Journal.open({ dir, ...SMALL, durability: 'none' }, plainHost())
  feed(journal, 1_500)
  const hash = journal.engine.stateHash()
  await journal.close()
  t.deepEqual([stateOf(dir).sequence, stateOf(dir).hash], [1_500, hash])
})

test('journal - a second one in the same directory is refused, and names the process that has it', async (t) => {
  const dir = join(tempDir(t), 'journal')
  const journal = Journal.open({ dir }, plainHost())
  const error = t.throws(() => Journal.open({ dir }, plainHost()), { instanceOf: JournalError })
  t.regex(error.message, new RegExp(`process ${process.pid} is writing to this journal`))
  await journal.close()
  await t.notThrowsAsync(reopen({ dir }))
})

test('journal - numbers of commands that a stage took out before are no gap', async (t) => {
  const dir = join(tempDir(t), 'journal')
  const journal = Journal.open({ dir, ...SMALL, snapshotEvery: 0 }, plainHost())
  const batch = new Batch(1)
  for (let sequence = 2; sequence <= 300; sequence += 1 + (sequence % 3)) {
    batch.count = 0
    const terms = { client: 1, instrument: 0, side: Side.buy, priceTicks: 100, lots: 5 }
    pushCommand(batch, newOrder({ orderId: sequence, ...terms }))
    writeU64(batch.words, SEQUENCE, sequence)
    journal.engine.events.count = 0
    journal.engine.apply(batch.words, 0)
    journal.append(batch.words, 0, RECORD_WORDS)
    journal.commit(journal.engine.events)
  }
  const { sequence, commands } = journal
  const hash = journal.engine.stateHash()
  await journal.close()
  t.deepEqual([stateOf(dir).sequence, stateOf(dir).hash], [sequence, hash])
  const again = Journal.open({ dir, ...SMALL }, plainHost())
  t.deepEqual([again.sequence, again.commands], [sequence, commands])
  t.is(commands, sequence, 'a source that gives them again has given those too')
  await again.close()
})

test('journal - the lock of a process that is dead, or of another with its number, is taken over', async (t) => {
  const dir = join(tempDir(t), 'journal')
  await reopen({ dir })
  for (const stale of ['999999999 12345', `${process.pid} 1`, '']) {
    writeFileSync(join(dir, 'lock'), stale)
    await t.notThrowsAsync(reopen({ dir }), stale)
    t.false(existsSync(join(dir, 'lock')))
  }
})

test('journal - snapshots are taken while it runs, from the log, and kept so many deep', async (t) => {
  const dir = join(tempDir(t), 'journal')
  const options = { dir, ...SMALL, snapshotEvery: 300, keepSnapshots: 2 }
  const journal = Journal.open(options, plainHost())
  for (let snapshot = 1; snapshot <= 4; snapshot++) {
    feed(journal, 400)
    await journal.settled()
    t.is(journal.figures().snapshots, snapshot)
  }
  const { sequence } = journal
  const hash = journal.engine.stateHash()
  await journal.close()
  const snapshots = listSnapshots(dir)
  t.is(snapshots.length, 2)
  t.is(snapshots[0]!.sequence, sequence, 'one of the last state is there when it is closed')
  const [fromSnapshot, fromLog] = [Replay.open(dir)!, Replay.open(dir, { snapshotsTo: 0 })!]
  while (fromSnapshot.next());
  while (fromLog.next());
  t.is(fromSnapshot.snapshotSequence, sequence)
  t.is(fromSnapshot.engine.stateHash(), hash)
  t.is(fromLog.engine.stateHash(), hash)
  const between = Replay.open(dir, { to: snapshots[1]!.sequence + 50 })!
  t.is(between.snapshotSequence, snapshots[1]!.sequence)
  for (const replay of [fromSnapshot, fromLog, between]) replay.close()
})

test('journal - what was being made when a process was killed is cleared away', async (t) => {
  const dir = join(tempDir(t), 'journal')
  const journal = Journal.open({ dir, ...SMALL }, plainHost())
  feed(journal, 100)
  await journal.close()
  writeFileSync(join(dir, 'snapshot-0000000000000100.snap.tmp'), 'half')
  writeFileSync(join(dir, 'next-commands.tmp'), 'half')
  t.is((await reopen({ dir, ...SMALL })).sequence, 100)
  t.deepEqual(
    readdirSync(dir).filter((name) => name.endsWith('.tmp')),
    [],
  )
})

const AAPL: InstrumentSpec = { symbol: 'AAPL', tick: '0.01', lot: '1' }
const hostOf = (...specs: InstrumentSpec[]) => plainHost({ instruments: new Instruments(specs) })

test('journal - other limits begin another revision, and a replay passes over the change', async (t) => {
  const dir = join(tempDir(t), 'journal')
  const options = { dir, ...SMALL, snapshotEvery: 0 }
  const first = Journal.open(options, hostOf({ ...AAPL, maxQuantity: '5' }))
  feed(first, 500)
  await first.close()
  const second = Journal.open(options, hostOf(AAPL, { ...AAPL, symbol: 'AMZN' }))
  t.is(second.sequence, 500)
  feed(second, 500)
  const hash = second.engine.stateHash()
  await second.close()
  const replay = Replay.open(dir, { snapshotsTo: 0 })!
  const refused = [0, 0]
  while (replay.next())
    for (const { kind } of readEvents(replay.events))
      if (kind === EventKind.rejected) refused[replay.sequence > 500 ? 1 : 0]!++
  t.is(replay.configuration.revision, 2)
  t.is(replay.engine.instruments.count, 2)
  t.is(replay.engine.stateHash(), hash)
  t.true(refused[0]! > 2 * refused[1]!, 'the old limit holds for what came under it, and no longer')
  replay.close()
})

test('journal - another tick, or another instrument in the place of one, is refused', async (t) => {
  const dir = join(tempDir(t), 'journal')
  const journal = Journal.open({ dir, ...SMALL }, hostOf(AAPL))
  feed(journal, 50)
  await journal.close()
  for (const [specs, told] of [
    [[{ ...AAPL, tick: '0.05' }], /written with AAPL \(tick 0\.01, lot 1\).*pipeline has AAPL \(tick 0\.05/],
    [[{ ...AAPL, symbol: 'AMZN' }, AAPL], /the pipeline has AMZN/],
  ] as const)
    t.throws(() => Journal.open({ dir, ...SMALL }, hostOf(...specs)), {
      instanceOf: JournalError,
      message: told,
    })
})

test('journal - a slow disk holds up whoever commits, and nothing is gathered meanwhile', async (t) => {
  const dir = join(tempDir(t), 'journal')
  const wait = new Int32Array(new SharedArrayBuffer(4))
  let syncs = 0
  const openSegment = (path: string) => {
    const file = openWritten(path)
    return {
      path,
      write: (bytes: Uint8Array, at: number) => file.write(bytes, at),
      close: (bytes: number) => file.close(bytes),
      sync: () => {
        Atomics.wait(wait, 0, 0, 5)
        syncs++
        file.sync()
      },
    }
  }
  const journal = Journal.open({ dir, durability: 'disk' }, plainHost({ openSegment }))
  feed(journal, 2_000, 50)
  t.is(syncs, 40, 'each commit has waited for the disk')
  const { syncSeconds } = journal.figures()
  t.true(syncSeconds >= 0.2)
  await journal.close()
  t.is(stateOf(dir).sequence, 2_000)
})

test('journal - segments are of the size that is asked for, and numbered without a gap', async (t) => {
  const dir = join(tempDir(t), 'journal')
  const journal = Journal.open({ dir, ...SMALL, snapshotEvery: 0 }, plainHost())
  feed(journal, 5_000, 64)
  await journal.close()
  const names = filesOf(dir, 'commands')
  t.true(names.length >= 5)
  for (const [i, name] of names.entries()) {
    t.is(basename(name).slice(9, 15), String(i + 1).padStart(6, '0'))
    t.true(statSync(name).size <= SMALL.segmentBytes)
  }
})

test('journal - a process that ends without a close loses nothing with os, and with none what it had not written', async (t) => {
  for (const durability of ['os', 'none'] as const) {
    const dir = join(tempDir(t), durability)
    const copy = join(tempDir(t), durability)
    const journal = Journal.open({ dir, ...SMALL, durability }, plainHost())
    feed(journal, 1_000)
    asIfKilled(dir, copy)
    await journal.close()
    t.is(stateOf(copy).sequence, durability === 'os' ? 1_000 : 0)
  }
})
