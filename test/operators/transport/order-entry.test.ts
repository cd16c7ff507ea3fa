import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import type { NatsConnection } from '@nats-io/nats-core'
import {
  Batch,
  CommandKind,
  newOrder,
  readEvents,
  RejectCode,
  Side,
  EventKind,
  RECORD_WORDS,
  type EngineEvent,
} from '../../../src/book/index.ts'
import { ingest, match, publish, validate } from '../../../src/operators/index.ts'
import { CODE, SEQUENCE, writeU64 } from '../../../src/book/record.ts'
import { entryPoint, OrderGateway } from '../../../src/operators/order-entry/gateway.ts'
import { Market } from '../../../src/pipeline/market.ts'
import { FrameReader, recordsOf } from '../../../src/transport/frame.ts'
import { NatsServer } from '../../support/nats-server.ts'
import { ONE } from '../../support/simulated.ts'
import { ended, recordsOf as commandsOf } from '../../support/streams.ts'
import { commandFrame } from '../../support/transports.ts'

let server: NatsServer
const folder = mkdtempSync(join(tmpdir(), 'millrace-entry-'))
test.before(async () => {
  server = await NatsServer.start()
})
test.after.always(async () => {
  rmSync(folder, { recursive: true, force: true })
  await server.stop()
})

interface Entry {
  readonly market: Market
  readonly connection: NatsConnection
  readonly events: EngineEvent[]
  readonly stop: () => Promise<void>
}

type From = NonNullable<Parameters<typeof ingest>[1]['orderEntry']>

/** A pipeline with order entry, which has begun to listen. */
async function start(subject: string, from: Partial<From> = {}, market = new Market([ONE])): Promise<Entry> {
  const stop = new AbortController()
  const events: EngineEvent[] = []
  const orderEntry = { servers: [server.url], subject, ...from }
  const over = ended(
    ingest(market, { orderEntry }, { stop: stop.signal }).pipe(
      validate(market),
      match(market),
      publish(market, (event) => events.push(event)),
      publish(market, { orderEntry: {} }),
    ),
  )
  const connection = await server.connect()
  for (;;) {
    const hello = await connection
      .request(subject.replace('{client}', '7'), new Uint8Array(1), { timeout: 500 })
      .catch(() => undefined)
    if (hello !== undefined) break
  }
  return {
    market,
    connection,
    events,
    stop: async () => {
      stop.abort()
      await over
    },
  }
}

async function ask(entry: Entry, subject: string, ...lines: object[]): Promise<Record<string, unknown>[]> {
  const text = lines.map((line) => JSON.stringify(line)).join('\n')
  const reply = await entry.connection.request(subject, text, { timeout: 2_000 })
  return reply
    .string()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

function order(id: number, client: number, more: object = {}): object {
  return { id, client, symbol: 'AAPL', side: 'buy', price: '50.00', quantity: 10, ...more }
}

test('order entry - lines of JSON are answered one for one, with reject codes as in the book', async (t) => {
  const entry = await start('entry.json')
  const answers = await ask(
    entry,
    'entry.json',
    order(1, 7),
    order(2, 7, { quantity: 0 }),
    { id: 3, client: 7, symbol: 'AAPL', side: 'buy', price: 'x', quantity: 1 },
    { op: 'amend', id: 1, client: 7, quantity: 4 },
    { op: 'cancel', id: 1, client: 8 },
    { op: 'cancel', id: 1, client: 7 },
    order(9, 0),
    { op: 'kill' },
  )
  t.like(answers[0], { event: 'accepted', id: '1', client: '7', sequence: 1, quantity: '10' })
  t.like(answers[1], { event: 'rejected', code: 'INVALID_QUANTITY' })
  t.like(answers[2], { event: 'rejected', code: 'INVALID_PRICE' })
  t.like(answers[3], { event: 'amended', id: '1', open: '4' })
  t.like(answers[4], { event: 'rejected', code: 'UNKNOWN_ORDER' })
  t.like(answers[5], { event: 'cancelled', id: '1' })
  t.like(answers[6], { event: 'rejected', code: 'INVALID_COMMAND' })
  t.like(answers[7], { event: 'rejected', code: 'INVALID_COMMAND' }, 'nobody but the venue has a kill switch')
  await entry.stop()
})

test('order entry - a frame is answered by a frame, its ids made of client and own id', async (t) => {
  const entry = await start('entry.packed')
  const commands = commandsOf([
    newOrder({ orderId: 5, client: 3, side: Side.sell, lots: 10, priceTicks: 5_000 }),
    newOrder({ orderId: 5, client: 4, side: Side.buy, lots: 4, priceTicks: 5_000 }),
    { kind: CommandKind.cancel, orderId: 5, client: 3 },
  ])
  const reply = await entry.connection.request('entry.packed', commandFrame(commands.words, 0, 3))
  const reader = new FrameReader()
  t.is(reader.read(reply.data), undefined)
  const batch = new Batch(3)
  batch.words = recordsOf(reply.data, reader)
  batch.count = reader.count
  t.deepEqual(
    readEvents(batch).map(({ kind, orderId, client }) => [kind, orderId, client]),
    [
      [EventKind.accepted, 3 * 2 ** 32 + 5, 3],
      [EventKind.accepted, 4 * 2 ** 32 + 5, 4],
      [EventKind.cancelled, 3 * 2 ** 32 + 5, 3],
    ],
  )
  t.is(entry.events.filter(({ kind }) => kind === EventKind.trade).length, 1)
  await entry.stop()
})

test('order entry - an order that comes again is answered as before and is not let in again', async (t) => {
  const entry = await start('entry.again')
  const [first] = await ask(entry, 'entry.again', order(1, 7))
  const [again, other] = await ask(entry, 'entry.again', order(1, 7), order(1, 8))
  t.deepEqual(again, { ...first, duplicate: true })
  t.like(other, { event: 'accepted', client: '8' })
  t.is(other!['duplicate'], undefined, 'ids are those of each client')
  const both = await ask(entry, 'entry.again', order(2, 7), order(2, 7))
  t.is(both[1]!['duplicate'], true, 'even in one message')
  const many = commandsOf([newOrder({ orderId: 1, client: 7, side: Side.buy, lots: 10, priceTicks: 5_000 })])
  const reply = await entry.connection.request('entry.again', commandFrame(many.words, 0, 1))
  t.is(reply.headers!.get('Millrace-Duplicates'), '0')
  t.is(entry.market.engine!.liveOrders, 3)
  await entry.stop()
})

test('order entry - a client in the subject speaks for itself alone', async (t) => {
  const entry = await start('entry.of.{client}')
  t.like((await ask(entry, 'entry.of.7', order(1, 7)))[0], { event: 'accepted' })
  t.like((await ask(entry, 'entry.of.7', order(1, 8)))[0], { event: 'rejected', code: 'INVALID_COMMAND' })
  t.like((await ask(entry, 'entry.of.x', order(1, 7)))[0], { error: 'subject' })
  await entry.stop()
})

test('order entry - what is no frame, and what there is no room for, is told at once', async (t) => {
  const entry = await start('entry.full', { capacity: 1_024 })
  const bad = await entry.connection.request('entry.full', new Uint8Array(70))
  t.like(bad.json(), { error: 'frame' })
  entry.market.gate.close()
  const words = new Int32Array(600 * RECORD_WORDS)
  const first = entry.connection.request('entry.full', commandFrame(words, 0, 600), { timeout: 5_000 })
  const busy = await entry.connection.request('entry.full', commandFrame(words, 0, 600))
  t.like(busy.json(), { error: 'busy' })
  entry.market.gate.open()
  const reader = new FrameReader()
  t.is(reader.read((await first).data), undefined)
  t.is(reader.count, 600, 'what there was room for is answered')
  await entry.stop()
})

test('order entry - what was let in before a crash is known after it, what was not is let in', async (t) => {
  const dir = join(folder, 'crash')
  const entry = await start('entry.crash', { dir })
  const [first] = await ask(entry, 'entry.crash', order(1, 7))
  await ask(entry, 'entry.crash', order(2, 7), order(3, 7))
  await entry.stop()
  // A journal that has come to sequence 2: the third order never got there.
  const market = new Market([ONE])
  market.sequence = 2
  const after = await start('entry.after', { dir }, market)
  const answers = await ask(after, 'entry.after', order(1, 7), order(2, 7), order(3, 7))
  t.deepEqual(answers[0], { ...first, duplicate: true })
  t.like(answers[1], { event: 'accepted', sequence: 2, duplicate: true })
  t.like(answers[2], { event: 'accepted', sequence: 3 })
  t.is(answers[2]!['duplicate'], undefined)
  t.is(after.market.engine!.liveOrders, 1)
  await after.stop()
  t.is(RejectCode.DUPLICATE_ORDER_ID, 40)
})

test('order entry - an order that an edge had no room for is told so at once, and may come again', (t) => {
  const market = new Market([ONE])
  const point = entryPoint(market, 'orders')
  point.isAnswered = true
  const gateway = new OrderGateway(market, point, 1_024, 1_024, undefined)
  const codes: number[] = []
  const request = {
    isText: false,
    client: undefined,
    reply: (answers: Int32Array) => codes.push(answers[CODE]! & 0xffff),
  }
  const { words } = commandsOf([
    newOrder({ orderId: 1, client: 7, side: Side.buy, lots: 10, priceTicks: 5_000 }),
  ])
  const frame = commandFrame(words, 0, 1)
  const batch = new Batch(16)
  for (let time = 1; time <= 2; time++) {
    gateway.takeRecords(frame, 64, 1, request)
    batch.count = 0
    gateway.pull(batch, 16)
    t.is(batch.count, 1, 'it is let in')
    writeU64(batch.words, SEQUENCE, ++market.sequence)
    gateway.rejected(batch.words, 0)
    t.deepEqual(
      codes,
      Array.from({ length: time }, () => RejectCode.EDGE_FULL),
    )
  }
})
