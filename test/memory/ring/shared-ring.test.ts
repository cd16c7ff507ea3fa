import test from 'ava'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createMappedFile, MappedFileError, openMappedFile } from '../../../src/memory/mapped-file.ts'
import {
  CLOSED,
  createRingFile,
  openRingReader,
  openRingWriter,
  Ring,
} from '../../../src/memory/ring/index.ts'
import { OWNER_WORDS, RECORD_WORDS } from '../../../src/memory/ring/layout.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-ring-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

function script(name: string, ...args: readonly string[]): ChildProcess {
  const path = fileURLToPath(new URL(name, import.meta.url))
  return spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'inherit', 'inherit'] })
}

const records = (count: number): Int32Array => new Int32Array(count * RECORD_WORDS).fill(7)

/** Kills the two ends of a ring in turn, at seeded positions, and starts them again. */
async function killed(
  path: string,
  times: number,
  seed: number,
): Promise<{ code: number | null; again: number }> {
  const perKill = 40_000
  const startAt = -(times * perKill) >> 1
  const end = startAt + (times + 1) * perKill
  createRingFile(path, { capacity: 1_024, startAt })
  const ledgerFile = createMappedFile(`${path}.ledger`, 4_096)
  const ledger = new Int32Array(ledgerFile.buffer)
  ledger[0] = startAt
  const file = openMappedFile(path, { writable: false })
  const ring = new Ring(file.buffer)
  const ends = {
    writer: (): ChildProcess => script('process-writer.ts', path, String(end)),
    reader: (): ChildProcess => script('process-reader.ts', path, `${path}.ledger`),
  }
  const running = { writer: ends.writer(), reader: ends.reader() }
  let random = seed
  let target = startAt
  for (let kill = 0; kill < times; kill++) {
    random = (Math.imul(random, 1_103_515_245) + 12_345) & 0x7fff_ffff
    target += 1 + ((random >>> 4) % perKill)
    while (((Atomics.load(ring.words, ring.layout.head) - target) | 0) < 0) {
      if (running.reader.exitCode !== null) return { code: running.reader.exitCode, again: -1 }
      await new Promise(setImmediate)
    }
    const both = (random >>> 20) % 4 === 0
    const first = (random >>> 23) % 2 === 0 ? 'writer' : 'reader'
    for (const which of both ? (['writer', 'reader'] as const) : ([first] as const)) {
      const gone = once(running[which], 'exit')
      running[which].kill('SIGKILL')
      await gone
      running[which] = ends[which]()
    }
  }
  await Promise.all([
    running.writer.exitCode ?? once(running.writer, 'exit'),
    running.reader.exitCode ?? once(running.reader, 'exit'),
  ])
  const result = { code: running.reader.exitCode, again: ledger[1]! }
  if (result.code === 0 && ledger[0] !== end) result.code = -1
  file.close()
  ledgerFile.close()
  return result
}

test('shared ring - either process may be killed at any moment: no record is lost or dealt with twice', async (t) => {
  const { code, again } = await killed(join(folder, 'killed'), 24, 7)
  t.is(code, 0)
  t.true(again >= 0 && again <= 64)
})

test('shared ring - records go through, and the end after them', async (t) => {
  const path = join(folder, 'plain')
  const writer = await openRingWriter(path, 16)
  const reader = await openRingReader(path)
  t.is(writer.peer, 'alive')
  t.is(writer.peerPid, process.pid)
  t.is(writer.side.write(records(20), 0, 20), 16)
  const room = writer.untilRoom()
  const into = records(16)
  t.is(reader.side.read(into, 16), 16)
  await room
  writer.side.end()
  await reader.untilRecords()
  t.is(reader.side.read(into, 16), CLOSED)
  reader.acknowledgeEnd()
  await reader.close()
  t.is(writer.peer, 'absent')
  await writer.close()
  await writer.close()
})

test('shared ring - after an end that was dealt with, the next reader waits for the next writer', async (t) => {
  const path = join(folder, 'twice')
  const into = records(4)
  for (let round = 1; round <= 2; round++) {
    const writer = await openRingWriter(path, 4)
    writer.side.write(into, 0, 3)
    writer.side.end()
    await writer.close()
    const early = await openRingReader(path)
    t.is(early.side.read(into, 4), 3)
    t.is(early.side.read(into, 4), CLOSED)
    await early.close()
    const reader = await openRingReader(path)
    t.is(reader.side.read(into, 4), CLOSED, 'an end that nobody has dealt with stays')
    reader.acknowledgeEnd()
    await reader.close()
    const next = await openRingReader(path)
    t.is(next.side.read(into, 4), 0)
    t.is(next.comings, round * 3)
    await next.close()
  }
})

test('shared ring - a second writer or reader is refused while the first one lives', async (t) => {
  const path = join(folder, 'busy')
  const writer = await openRingWriter(path, 4)
  const reader = await openRingReader(path)
  for (const open of [() => openRingWriter(path, 4), () => openRingReader(path)]) {
    const error = await t.throwsAsync(open, { instanceOf: MappedFileError })
    t.is(error.code, 'EBUSY')
    t.regex(error.message, new RegExp(`process ${process.pid} is its (writer|reader) already`))
  }
  await reader.close()
  await (await openRingReader(path)).close()
  await writer.close()
  await (await openRingWriter(path, 4)).close()
})

test('shared ring - an end that a process of another time or place held is free once its heart is still', async (t) => {
  const path = join(folder, 'elsewhere')
  createRingFile(path, { capacity: 4 })
  const file = openMappedFile(path)
  const words = new Int32Array(file.buffer)
  // As if this very process had taken it before the machine was started anew.
  const real = await openRingWriter(path, 4)
  const identity = words.slice(OWNER_WORDS, OWNER_WORDS + 2)
  await real.close()
  words.set(identity, OWNER_WORDS)
  words[OWNER_WORDS + 2]! ^= 1
  const beating = setInterval(() => Atomics.add(words, OWNER_WORDS + 3, 1), 50)
  await t.throwsAsync(() => openRingWriter(path, 4), { instanceOf: MappedFileError, message: /EBUSY/ })
  clearInterval(beating)
  const writer = await openRingWriter(path, 4)
  t.is(writer.comings, 2)
  await writer.close()
  file.close()
})

test('shared ring - a pid that another process has by now does not hold an end', async (t) => {
  const path = join(folder, 'reused')
  createRingFile(path, { capacity: 4 })
  const writer = await openRingWriter(path, 4)
  const file = openMappedFile(path)
  const words = new Int32Array(file.buffer)
  words[OWNER_WORDS]! += 1 // the same pid, begun a tick later
  const reader = await openRingReader(path)
  t.is(reader.peer, 'gone')
  const next = await openRingWriter(path, 4)
  t.is(reader.peer, 'alive')
  await Promise.all([next.close(), writer.close(), reader.close()])
  file.close()
})

test('shared ring - a file that is not there, is no ring, or holds another number of records is refused', async (t) => {
  const fails = async (open: () => Promise<unknown>, message: RegExp): Promise<void> => {
    const error = await t.throwsAsync(open, { instanceOf: MappedFileError })
    t.regex(error.message, message)
  }
  await fails(() => openRingReader(join(folder, 'missing')), /missing: no such file or directory \(ENOENT\)/)
  const text = join(folder, 'text')
  writeFileSync(text, 'orders\n'.repeat(1_000))
  await fails(() => openRingReader(text), /text: not a ring of records \(EINVAL\)/)
  await fails(() => openRingWriter(text, 4), /not a ring of records/)
  const path = join(folder, 'other')
  createRingFile(path, { capacity: 8 })
  await fails(() => openRingWriter(path, 4), /other: holds 8 records, 4 were asked for \(EINVAL\)/)
  await (await openRingWriter(path, 8)).close()
})

test.serial(
  'shared ring - a reader with nothing to read costs next to nothing, and closes at once',
  async (t) => {
    const path = join(folder, 'idle')
    createRingFile(path, { capacity: 4 })
    const reader = await openRingReader(path)
    await reader.side.waitForRecords(10)
    const before = process.cpuUsage()
    const began = performance.now()
    t.false(await reader.side.waitForRecords(500))
    const waitedUs = (performance.now() - began) * 1e3
    const { user, system } = process.cpuUsage(before)
    t.true(user + system < waitedUs / 10, `${user + system} us of processor time in ${waitedUs} us`)
    void reader.untilRecords()
    await reader.close()
  },
)
