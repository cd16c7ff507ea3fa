import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { ExecutionContext } from 'ava'
import { lastValueFrom } from 'rxjs'
import {
  amendOrder,
  Batch,
  cancelOrder,
  Instruments,
  newOrder,
  pushCommand,
  RECORD_WORDS,
  Side,
} from '../../src/book/index.ts'
import { SEQUENCE, writeU64 } from '../../src/book/record.ts'
import { BlockKind, HEADER_BYTES } from '../../src/journal/layout.ts'
import type { JournalHost } from '../../src/journal/host.ts'
import { Journal } from '../../src/journal/journal.ts'
import type { JournalOptions } from '../../src/journal/options.ts'
import { Replay } from '../../src/journal/replay.ts'
import { RecordedTables } from '../../src/journal/tables.ts'
import { crashPipeline } from './crash-flow.ts'

/** A directory that goes when the test is over. */
export function tempDir(t: ExecutionContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-journal-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** A journal of seeded flow through validate, risk and match, from its beginning to its end. */
export async function flowJournal(
  dir: string,
  orders: number,
  options: Omit<JournalOptions, 'dir'> = {},
): Promise<void> {
  await lastValueFrom(await crashPipeline(5, orders, { ...options, dir }), { defaultValue: undefined })
}

/** The host of a journal that has an engine and nothing else. */
export function plainHost(options: Partial<JournalHost> = {}): JournalHost {
  const instruments = options.instruments ?? new Instruments([{ symbol: 'AAPL', tick: '0.01', lot: '1' }])
  return {
    instruments,
    marketData: false,
    tables: new RecordedTables(instruments),
    restoreStages: () => {},
    stages: () => new Map(),
    ...options,
  }
}

/** Takes so many commands into a journal, a few to a block: each other one rests, some trade, amend and cancel. */
export function feed(journal: Journal, commands: number, perBlock = 16): void {
  const batch = new Batch(perBlock)
  let sequence = journal.sequence
  const last = sequence + commands
  while (sequence < last) {
    batch.count = 0
    journal.engine.events.count = 0
    while (batch.count < perBlock && sequence < last) {
      sequence++
      pushCommand(batch, commandAt(sequence))
      writeU64(batch.words, (batch.count - 1) * RECORD_WORDS + SEQUENCE, sequence)
    }
    for (let at = 0; at < batch.count * RECORD_WORDS; at += RECORD_WORDS)
      journal.engine.apply(batch.words, at)
    journal.append(batch.words, 0, batch.count * RECORD_WORDS)
    journal.commit(journal.engine.events)
    journal.endBatch()
  }
}

function commandAt(sequence: number): Parameters<typeof pushCommand>[1] {
  const client = 1 + (sequence % 7)
  if (sequence % 11 === 0) return cancelOrder(sequence - 9)
  if (sequence % 13 === 0) return amendOrder(sequence - 12, { lots: 5 })
  const side = sequence % 2 === 0 ? Side.buy : Side.sell
  const away = (sequence * 7) % 20
  const priceTicks = side === Side.buy ? 10_005 - away : 9_998 + away
  return newOrder({ orderId: sequence, client, instrument: 0, side, priceTicks, lots: 1 + (sequence % 9) })
}

/** What a directory holds as it would be if the process that has it open were killed now. */
export function asIfKilled(dir: string, to: string): void {
  cpSync(dir, to, { recursive: true, filter: (path) => !path.endsWith('/lock') })
}

/** Sequence and hash that a journal leads to. */
export function stateOf(dir: string): { sequence: number; hash: string; notes: readonly string[] } {
  const replay = Replay.open(dir)
  if (replay === undefined) return { sequence: 0, hash: '', notes: [] }
  try {
    while (replay.next());
    return { sequence: replay.sequence, hash: replay.engine.stateHash(), notes: replay.notes }
  } finally {
    replay.close()
  }
}

/** Opens a journal and closes it again. Returns what was told of it, and the sequence it goes on behind. */
export async function reopen(
  options: JournalOptions,
  host: JournalHost = plainHost(),
): Promise<{ sequence: number; notes: readonly string[]; hash: string }> {
  const journal = Journal.open(options, host)
  const { sequence, recovery, engine } = journal
  const hash = engine.stateHash()
  await journal.close()
  return { sequence, notes: recovery.notes, hash }
}

/** Changes what the first block of a segment holds, and seals it again so that its checksums fit. */
export function forge(path: string, change: (records: Buffer) => void): void {
  const bytes = readFileSync(path)
  let at = bytes.readInt32LE(28)
  while (bytes.readInt32LE(at + 4) === BlockKind.tables) at += HEADER_BYTES + bytes.readInt32LE(at + 12)
  const records = bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + bytes.readInt32LE(at + 12))
  change(records)
  bytes.writeInt32LE(crc32(records) | 0, at + 32)
  bytes.writeInt32LE(crc32(bytes.subarray(at, at + 60)) | 0, at + 60)
  writeFileSync(path, bytes)
}

export function filesOf(dir: string, begin: string, end = '.log'): string[] {
  return readdirSync(dir)
    .filter((name) => name.startsWith(begin) && name.endsWith(end))
    .sort()
    .map((name) => join(dir, name))
}
