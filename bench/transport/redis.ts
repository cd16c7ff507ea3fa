import { EventKind, HEAD, headKind } from '../../src/book/record.ts'
import { RECORD_WORDS } from '../../src/book/index.ts'
import { RedisSink } from '../../src/operators/sinks/redis-sink.ts'
import { EventText } from '../../src/operators/sinks/event-text.ts'
import { Market } from '../../src/pipeline/market.ts'
import { connectRedis, isRedis } from '../../src/transport/redis/connection.ts'
import { RedisServer } from '../../test/support/redis-server.ts'
import { BENCH_INSTRUMENT, benchFlow, type BenchFlow } from './flow.ts'
import { median } from './nats.ts'

const EVENTS = 40_000
const BATCH = 1_024

/** Writes events through the sink, as a pump would. Returns events a second. */
async function sinkRate(
  server: RedisServer,
  flow: BenchFlow,
  format: 'entries' | 'packed',
  rounds: number,
): Promise<number> {
  const market = new Market([BENCH_INSTRUMENT])
  const redis = await connectRedis({ url: server.url })
  if (!isRedis(redis)) throw new Error(redis.message)
  await redis.flushall()
  const sink = await RedisSink.open(market, redis, { url: server.url, format })
  const { words, count } = flow.events
  const began = performance.now()
  for (let round = 0; round < rounds; round++)
    for (let from = 0; from < count; from += BATCH) {
      for (let i = from; i < Math.min(count, from + BATCH); i++) sink.process(words, i * RECORD_WORDS)
      sink.flush()
      await market.gate.wait()
      await new Promise(setImmediate)
    }
  await sink.close()
  const seconds = (performance.now() - began) / 1e3
  if (Object.values(sink.report().figures['refusals'] as object).length > 0)
    throw new Error('the server refused entries')
  return (count * rounds) / seconds
}

/** The same commands in a bare loop over pipelines of ioredis, with what they say made beforehand. */
async function bareRate(server: RedisServer, flow: BenchFlow): Promise<number> {
  const redis = server.connect()
  await redis.flushall()
  const text = new EventText(new Market([BENCH_INSTRUMENT]))
  const { words, count } = flow.events
  const entries = Array.from({ length: count }, (_, i) => {
    const line = text.line(words, i * RECORD_WORDS)
    const fields = Object.entries(JSON.parse(line) as object).flatMap(([key, value]) => [key, String(value)])
    return { line, fields, isTrade: headKind(words[i * RECORD_WORDS + HEAD]!) === EventKind.trade }
  })
  const began = performance.now()
  for (let from = 0; from < count; from += BATCH) {
    const pipeline = redis.pipeline()
    for (const { line, fields, isTrade } of entries.slice(from, from + BATCH)) {
      pipeline.xadd(isTrade ? 'trades:AAPL' : 'orders:AAPL', 'MAXLEN', '~', 10_000, '*', ...fields)
      if (!isTrade) continue
      pipeline.xadd('trades:all', 'MAXLEN', '~', 10_000, '*', ...fields)
      pipeline.publish('live_trades', line)
    }
    await pipeline.exec()
  }
  return count / ((performance.now() - began) / 1e3)
}

/** Events a second into Redis Streams, one entry each beside a bare loop, and packed. */
export async function benchRedis(rounds: number): Promise<Record<string, unknown>> {
  const flow = benchFlow(EVENTS, EVENTS)
  const server = await RedisServer.start()
  const [entries, bare, packed]: [number[], number[], number[]] = [[], [], []]
  for (let round = 0; round < rounds; round++) {
    bare.push(await bareRate(server, flow))
    entries.push(await sinkRate(server, flow, 'entries', 1))
    packed.push(await sinkRate(server, flow, 'packed', 20))
  }
  await server.stop()
  return {
    redisEntriesPerSecond: Math.round(median(entries)),
    bareLoopPerSecond: Math.round(median(bare)),
    ofBareLoop: Number((median(entries) / median(bare)).toFixed(2)),
    redisPackedPerSecond: Math.round(median(packed)),
  }
}
