import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import {
  Batch,
  EventKind,
  newOrder,
  pushCommand,
  readEvent,
  RECORD_WORDS,
  replaceOrder,
  Side,
  type EngineEvent,
} from '../../src/book/index.ts'
import { SEQUENCE, writeU64 } from '../../src/book/record.ts'
import {
  indexPath,
  IndexBuilder,
  IndexReader,
  keyOf,
  KeyOf,
  writeIndex,
} from '../../src/journal/index-file.ts'
import { makeIndex, unindexed } from '../../src/journal/index-segment.ts'
import { Journal } from '../../src/journal/journal.ts'
import { SegmentKind } from '../../src/journal/layout.ts'
import { JournalError } from '../../src/journal/problem.ts'
import { lifeOfOrder, queryEvents, type EventQuery } from '../../src/journal/query.ts'
import { listSegments } from '../../src/journal/segment-reader.ts'
import { asIfKilled, feed, filesOf, flowJournal, plainHost, tempDir } from '../support/journal.ts'

const SMALL = { segmentBytes: 131_072, snapshotEvery: 0 } as const

async function flow(t: ExecutionContext): Promise<string> {
  const dir = join(tempDir(t), 'journal')
  await flowJournal(dir, 8_000, SMALL)
  return dir
}

function all(dir: string, query: EventQuery = {}): EngineEvent[] {
  const events: EngineEvent[] = []
  for (const { words, at } of queryEvents(dir, query))
    for (const record of at) events.push(readEvent(words, record))
  return events
}

/** What a query means, said plainly. */
function isWanted(event: EngineEvent, { orders, client, instrument, kinds, from, to }: EventQuery): boolean {
  const isMarket = event.kind >= EventKind.state
  const maker = event.kind === EventKind.trade ? event : undefined
  const ids = isMarket ? [] : [event.orderId]
  if (maker !== undefined) ids.push(maker.makerOrderId)
  if (event.kind === EventKind.replaced) ids.push(event.previousOrderId)
  const clients = [isMarket ? undefined : event.client, maker?.makerClient]
  return (
    (orders === undefined || ids.some((id) => orders.has(id))) &&
    (client === undefined || clients.includes(client)) &&
    (instrument === undefined || event.instrument === instrument) &&
    (kinds === undefined || kinds.has(event.kind)) &&
    event.sequence >= (from ?? 1) &&
    event.sequence <= (to ?? Infinity)
  )
}

const QUERIES: readonly EventQuery[] = [
  {},
  { client: 3 },
  { client: 3, instrument: 1 },
  { instrument: 2, kinds: new Set([EventKind.trade]) },
  { orders: new Set([40]) },
  { orders: new Set([40, 900, 2_000]), client: 1 },
  { kinds: new Set([EventKind.rejected]), from: 500, to: 4_321 },
  { from: 7_990 },
  { to: 12 },
  { client: 2, from: 3_000, to: 3_100 },
  { orders: new Set([987_654_321]) },
]

test('query - gives what is asked for, in order, with an index and without one', async (t) => {
  const dir = await flow(t)
  const whole = all(dir)
  t.true(whole.length > 8_000)
  t.true(listSegments(dir, SegmentKind.events).length > 3)
  for (const query of QUERIES) {
    const wanted = whole.filter((event) => isWanted(event, query))
    for (const file of filesOf(dir, 'events', '.idx')) rmSync(file)
    t.deepEqual(all(dir, query), wanted)
    t.deepEqual(all(dir, query), wanted, 'a second time')
  }
  t.true(whole.filter((event) => isWanted(event, QUERIES[4]!)).length > 0)
})

test('query - reads only blocks that may have something, and so finds an order in a log that is damaged elsewhere', async (t) => {
  const dir = await flow(t)
  const query = { orders: new Set([40]) }
  const before = all(dir, query)
  t.true(before.length > 0)
  for (const path of filesOf(dir, 'events').slice(1)) {
    const bytes = readFileSync(path)
    bytes.fill(1, 20_000, 22_000)
    writeFileSync(path, bytes)
  }
  t.deepEqual(all(dir, query), before)
  t.throws(() => all(dir), { instanceOf: JournalError, message: /damaged/ })
})

test('query - an index that is damaged, of another segment or of another size is made again', async (t) => {
  const dir = await flow(t)
  const query = { client: 4 }
  const wanted = all(dir, query)
  const [first, second] = filesOf(dir, 'events').map(indexPath)
  const whole = readFileSync(first!)
  for (const at of [1, 5, 18, 70]) {
    const bytes = Buffer.from(whole)
    bytes[at]! ^= 1
    writeFileSync(first!, bytes)
    t.deepEqual(all(dir, query), wanted, `byte ${at}`)
  }
  writeFileSync(first!, whole.subarray(0, whole.length / 2))
  t.deepEqual(all(dir, query), wanted)
  const entry = Buffer.from(whole)
  entry.fill(0, entry.length - 4_000)
  writeFileSync(first!, entry)
  t.deepEqual(all(dir, query), wanted, 'entries that do not fit their checksum are not believed')
  writeFileSync(second!, '')
  t.deepEqual(all(dir, query), wanted)
})

test('query - the log of a process that has it open, or was killed, is read as far as it is', async (t) => {
  const dir = join(tempDir(t), 'journal')
  const copy = join(tempDir(t), 'copy')
  const journal = Journal.open({ dir, ...SMALL }, plainHost())
  feed(journal, 3_000)
  t.notThrows(() => all(dir, { client: 1 }))
  asIfKilled(dir, copy)
  writeFileSync(join(copy, 'lock'), '999999999 1')
  await journal.close()
  const whole = all(dir)
  const open = all(copy)
  t.deepEqual(open, whole.slice(0, open.length))
  t.is(filesOf(copy, 'events', '.idx').length, 0)
})

test('query - an order is followed through its replacements, forwards and backwards', async (t) => {
  const dir = join(tempDir(t), 'journal')
  const journal = Journal.open({ dir, ...SMALL }, plainHost())
  const batch = new Batch(8)
  const terms = { client: 1, instrument: 0, side: Side.buy, priceTicks: 100, lots: 5 }
  pushCommand(batch, newOrder({ orderId: 10, ...terms }))
  pushCommand(batch, newOrder({ orderId: 77, ...terms }))
  pushCommand(batch, replaceOrder(10, 20, { lots: 6 }))
  pushCommand(batch, replaceOrder(20, 30, { priceTicks: 101 }))
  pushCommand(
    batch,
    newOrder({ orderId: 40, ...terms, client: 2, side: Side.sell, priceTicks: 101, lots: 6 }),
  )
  for (let i = 0; i < batch.count; i++) {
    writeU64(batch.words, i * RECORD_WORDS + SEQUENCE, i + 1)
    journal.engine.apply(batch.words, i * RECORD_WORDS)
  }
  journal.append(batch.words, 0, batch.count * RECORD_WORDS)
  journal.commit(journal.engine.events)
  await journal.close()
  for (const id of [10, 20, 30]) {
    const { ids, words } = lifeOfOrder(dir, [id])
    t.deepEqual(
      [...ids].sort((a, b) => a - b),
      [10, 20, 30],
    )
    const kinds = Array.from(
      { length: words.length / RECORD_WORDS },
      (_, i) => readEvent(words, i * RECORD_WORDS).kind,
    )
    t.deepEqual(kinds, [EventKind.accepted, EventKind.replaced, EventKind.replaced, EventKind.trade])
  }
  t.deepEqual([...lifeOfOrder(dir, [77]).ids], [77])
  t.is(lifeOfOrder(dir, [10], { kinds: new Set([EventKind.trade]) }).words.length, RECORD_WORDS)
})

test('query - a missing segment of events is told of', async (t) => {
  const dir = await flow(t)
  rmSync(filesOf(dir, 'events')[1]!)
  t.throws(() => all(dir), { instanceOf: JournalError, message: /segment 2 of the events is missing/ })
})

test('index - finds every block that a key is in, with many keys to a bucket and with few', (t) => {
  const dir = tempDir(t)
  for (const keys of [3, 500, 40_000]) {
    const path = join(dir, `events-000001-${keys}.log`)
    writeFileSync(path, Buffer.alloc(64))
    const builder = new IndexBuilder()
    const wanted = new Map<number, Set<number>>()
    for (let block = 0; block < 20; block++) {
      builder.begin(block * 640)
      for (let i = 0; i < keys; i += 1 + (block % 3)) {
        const key = keyOf(KeyOf.order, i, block % 2)
        builder.add(key)
        if (i % 2 === 0) builder.add(key)
        wanted.set(key, (wanted.get(key) ?? new Set()).add(block * 640))
      }
    }
    writeIndex(path, builder.build(64))
    const index = IndexReader.open(path)!
    for (const [key, blocks] of wanted)
      if (keys < 1_000 || key % 50 === 0) t.deepEqual(index.find(key), [...blocks])
    t.deepEqual(index.find(keyOf(KeyOf.client, 5, 5)), [])
    index.close()
  }
})

test('index - segments that lack one are known, all but the last', async (t) => {
  const dir = await flow(t)
  const events = listSegments(dir, SegmentKind.events)
  const commands = listSegments(dir, SegmentKind.commands)
  t.is(unindexed(dir).length, events.length + commands.length - 2)
  for (const { path, kind } of unindexed(dir)) makeIndex(path, kind)
  t.deepEqual(unindexed(dir), [])
})
