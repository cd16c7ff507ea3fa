import test from 'ava'
import { RECORD_WORDS } from '../../../src/book/index.ts'
import type { ReportSection } from '../../../src/pipeline/operator.ts'
import { RedisSink } from '../../../src/operators/sinks/redis-sink.ts'
import { match, publish, type PublishTo } from '../../../src/operators/index.ts'
import { Market } from '../../../src/pipeline/market.ts'
import { connectRedis, isRedis } from '../../../src/transport/redis/connection.ts'
import { RedisServer } from '../../support/redis-server.ts'
import { ONE } from '../../support/simulated.ts'
import { anyRecords, ended, inBatches } from '../../support/streams.ts'

type To = NonNullable<PublishTo['redisStreams']>

const ORDERS = 4_000

/** Publishes 4,000 accepted orders while something is wrong with a server; says what the sink reports. */
async function publishAll(
  server: RedisServer,
  given: Partial<To>,
  during: (sink: RedisSink, market: Market) => Promise<void> = async () => {},
): Promise<ReportSection> {
  const market = new Market([ONE])
  const redis = await connectRedis({ url: server.url })
  if (!isRedis(redis)) throw new Error(redis.message)
  const sink = await RedisSink.open(market, redis, { url: server.url, cap: 1_000_000, ...given })
  const sizes = Array.from({ length: ORDERS / 100 }, () => 100)
  const over = ended(inBatches(anyRecords(ORDERS), ...sizes).pipe(match(market), publish(market, sink)))
  await Promise.all([over, during(sink, market)])
  return sink.report()
}

/** Sequences of a stream's entries, in order. */
async function sequences(server: RedisServer, key: string): Promise<number[]> {
  const entries = (await server.connect().xrange(key, '-', '+')) as [string, string[]][]
  return entries.map(([, fields]) => Number(fields[fields.indexOf('sequence') + 1]))
}

const ALL = Array.from({ length: ORDERS }, (_, i) => i + 1)

test('redis trouble - a server that is killed and comes back has every entry once', async (t) => {
  const server = await RedisServer.start()
  const report = await publishAll(server, { prefix: 'kill:' }, async () => {
    await server.kill()
    await server.start()
  })
  t.deepEqual(await sequences(server, 'kill:orders:AAPL'), ALL)
  t.true((report.figures['retries'] as number) > 0)
  await server.stop()
})

test('redis trouble - while the server is out of memory the pipeline is held, and then goes on', async (t) => {
  const server = await RedisServer.start('--maxmemory', '64mb', '--maxmemory-policy', 'noeviction')
  const admin = server.connect()
  await admin.config('SET', 'maxmemory', '1')
  const report = await publishAll(server, { buffer: 1_024 }, async (sink, market) => {
    while (sink.report().figures['retries'] === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    t.not(market.gate.wait(), undefined, 'the gate is closed')
    await admin.config('SET', 'maxmemory', '0')
  })
  t.deepEqual(await sequences(server, 'orders:AAPL'), ALL)
  t.true((report.figures['refusals'] as Record<string, number>)['OOM']! > 0)
  t.true((report.figures['blockedMs'] as number) > 0)
  await server.stop()
})

test('redis trouble - a replica that is read-only is asked again until it is a primary', async (t) => {
  const server = await RedisServer.start()
  const other = await RedisServer.start()
  const admin = server.connect()
  await admin.replicaof('127.0.0.1', other.port)
  const report = await publishAll(server, {}, async (sink) => {
    while (sink.report().figures['retries'] === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await admin.replicaof('NO', 'ONE')
  })
  t.deepEqual(await sequences(server, 'orders:AAPL'), ALL)
  t.true((report.figures['refusals'] as Record<string, number>)['READONLY']! > 0)
  await Promise.all([server.stop(), other.stop()])
})

test('redis trouble - a script of someone else that takes long is waited for', async (t) => {
  const server = await RedisServer.start('--busy-reply-threshold', '50')
  const admin = server.connect()
  const slow = server.connect()
  await Promise.all([admin.ping(), slow.ping()])
  const report = await publishAll(server, {}, async (sink) => {
    const script = slow.eval('while true do end', 0).catch(() => {})
    while (sink.report().figures['retries'] === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await admin.script('KILL')
    await script
  }).catch((error: Error) => error)
  t.false(report instanceof Error)
  t.deepEqual(await sequences(server, 'orders:AAPL'), ALL)
  await server.stop()
})

test('redis trouble - a stream that was evicted raises an alarm', async (t) => {
  const server = await RedisServer.start()
  const admin = server.connect()
  const market = new Market([ONE])
  const redis = await connectRedis({ url: server.url })
  if (!isRedis(redis)) throw new Error(redis.message)
  const sink = await RedisSink.open(market, redis, { url: server.url })
  const events = new Market([ONE])
  await ended(inBatches(anyRecords(2), 2).pipe(match(events)))
  const { words } = events.engine!.events
  sink.process(words, 0)
  sink.flush()
  while (sink.report().figures['entries'] === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  await admin.del('orders:AAPL')
  sink.process(words, RECORD_WORDS)
  await sink.close()
  t.deepEqual(sink.report().figures['evicted'], { 'orders:AAPL': 1 })
  t.true(sink.report().lines.some((line) => line.startsWith('ALARM: orders:AAPL was gone')))
  await server.stop()
})

test('redis trouble - an entry that is trimmed before a group has read it raises an alarm', async (t) => {
  const server = await RedisServer.start()
  const admin = server.connect()
  await admin.xgroup('CREATE', 'orders:AAPL', 'books', '0', 'MKSTREAM')
  const report = await publishAll(server, { cap: 500 })
  const [alarm] = Object.entries(report.figures['trimmedUnread'] as Record<string, number>)
  t.is(alarm![0], 'group books of orders:AAPL')
  t.is(alarm![1], ORDERS - (await admin.xlen('orders:AAPL')))
  await server.stop()
})

test('redis trouble - what the server does not have after all is told, not passed over', async (t) => {
  const server = await RedisServer.start()
  const admin = server.connect()
  await admin.set('orders:AAPL', 'not a stream')
  await t.throwsAsync(publishAll(server, {}), { message: /could not be written.*WRONGTYPE/ })
  await server.stop()
})
