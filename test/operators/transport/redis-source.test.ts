import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import type { Redis } from 'ioredis'
import { ingest, match } from '../../../src/operators/index.ts'
import { Market } from '../../../src/pipeline/market.ts'
import { RedisServer } from '../../support/redis-server.ts'
import { ONE } from '../../support/simulated.ts'
import { anyRecords, ended } from '../../support/streams.ts'
import { commandFrame } from '../../support/transports.ts'

let server: RedisServer
const folder = mkdtempSync(join(tmpdir(), 'millrace-redis-source-'))
test.before(async () => {
  server = await RedisServer.start()
})
test.after.always(async () => {
  rmSync(folder, { recursive: true, force: true })
  await server.stop()
})

type From = NonNullable<Parameters<typeof ingest>[1]['redisStreams']>

async function take(
  market: Market,
  limit: number,
  from: Partial<From> & { streams: string[] },
): Promise<void> {
  const redisStreams = { url: server.url, claimIdleMs: 200, ...from }
  await ended(ingest(market, { redisStreams }, { limit }).pipe(match(market)))
}

async function pending(redis: Redis, key: string): Promise<number> {
  return ((await redis.xpending(key, 'millrace')) as [number])[0]
}

test('redis source - lines of JSON and plain fields are orders too, and all is acknowledged', async (t) => {
  const redis = server.connect()
  await redis.xadd(
    'plain',
    '*',
    'json',
    '{"id":"a","client":"x","symbol":"AAPL","side":"buy","price":"50.00","quantity":3}',
  )
  await redis.xadd(
    'plain',
    '*',
    'id',
    'b',
    'client',
    'y',
    'symbol',
    'AAPL',
    'side',
    'sell',
    'price',
    '50.01',
    'quantity',
    '4',
  )
  await redis.xadd('plain', '*', 'id', 'c', 'symbol', 'NONE', 'side', 'sell', 'quantity', '4')
  const market = new Market([ONE])
  await take(market, 3, { streams: ['plain'] })
  t.deepEqual(market.engine!.depth(0, 0, 1), [{ priceTicks: 5_000, lots: 3, orders: 1 }])
  t.deepEqual(market.engine!.depth(0, 1, 1), [{ priceTicks: 5_001, lots: 4, orders: 1 }])
  t.is(await pending(redis, 'plain'), 0)
})

test('redis source - what a dead consumer had not finished is taken over', async (t) => {
  const redis = server.connect()
  const { words } = anyRecords(30)
  for (let i = 0; i < 30; i++)
    await redis.xadd('dead', '*', 'frame', Buffer.from(commandFrame(words, i, i + 1)))
  await redis.xgroup('CREATE', 'dead', 'millrace', '0')
  await redis.xreadgroup('GROUP', 'millrace', 'gone', 'COUNT', 10, 'STREAMS', 'dead', '>')
  const market = new Market([ONE])
  await take(market, 30, { streams: ['dead'] })
  t.is(market.engine!.liveOrders, 30)
  t.is(await pending(redis, 'dead'), 0)
})

test('redis source - entries that the journal had before a crash are not taken again', async (t) => {
  const redis = server.connect()
  const { words } = anyRecords(40)
  for (let i = 0; i < 40; i += 4)
    await redis.xadd('crash', '*', 'frame', Buffer.from(commandFrame(words, i, i + 4)))
  const positions = join(folder, 'crash')
  // The notes of a run that came to sequence 22, and acknowledged nothing.
  const first = new Market([ONE])
  await take(first, 22, { streams: ['crash'], positions, entryRecords: 4 })
  await redis.xgroup('SETID', 'crash', 'millrace', '0')
  const second = new Market([ONE])
  second.sequence = 22
  await take(second, 18, { streams: ['crash'], positions, entryRecords: 4 })
  t.is(second.sequence, 40)
  t.is(second.engine!.liveOrders, 18)
  t.is(await pending(redis, 'crash'), 0)
})

test('redis source - an entry that holds nothing good is set aside and acknowledged', async (t) => {
  const redis = server.connect()
  const { words } = anyRecords(2)
  await redis.xadd('odd', '*', 'frame', Buffer.from('nonsense'))
  await redis.xadd('odd', '*', 'frame', Buffer.from(commandFrame(words, 0, 2)))
  const market = new Market([ONE])
  await take(market, 2, { streams: ['odd'] })
  t.is(market.engine!.liveOrders, 2)
  t.is(await pending(redis, 'odd'), 0)
})
