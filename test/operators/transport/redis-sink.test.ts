import test from 'ava'
import { EventKind, readEvent, RECORD_WORDS, type EngineEvent } from '../../../src/book/index.ts'
import { match, publish, type PublishTo } from '../../../src/operators/index.ts'
import { Market } from '../../../src/pipeline/market.ts'
import { FrameReader, recordsOf } from '../../../src/transport/frame.ts'
import { RedisServer } from '../../support/redis-server.ts'
import { ONE, numbered } from '../../support/simulated.ts'
import { anyRecords, ended, inBatches } from '../../support/streams.ts'
import type { Batch } from '../../../src/book/index.ts'

let server: RedisServer
test.before(async () => {
  server = await RedisServer.start()
})
test.after.always(() => server.stop())

type RedisSinkOptions = NonNullable<PublishTo['redisStreams']>
type Entry = [id: string, fields: string[]]

function sizes(count: number): number[] {
  return Array.from({ length: Math.ceil(count / 256) }, (_, i) => Math.min(256, count - i * 256))
}

/** Matches commands and publishes what becomes of them. Returns all events. */
async function run(commands: Batch, to: RedisSinkOptions): Promise<EngineEvent[]> {
  const market = new Market([ONE])
  const events: EngineEvent[] = []
  await ended(
    inBatches(commands, ...sizes(commands.count)).pipe(
      match(market),
      publish(market, (event) => events.push(event)),
      publish(market, { redisStreams: to }),
    ),
  )
  return events
}

function field(entry: Entry, name: string): string | undefined {
  const at = entry[1].indexOf(name)
  return at === -1 ? undefined : entry[1][at + 1]
}

test('redis sink - order events and trades are in their streams, in order, and trades are on the channel', async (t) => {
  const redis = server.connect()
  const heard: string[] = []
  const listener = server.connect()
  await listener.subscribe('a:live_trades')
  listener.on('message', (_, message: string) => heard.push(message))
  const events = await run(numbered({ seed: 3, orders: 3_000 }), {
    url: server.url,
    prefix: 'a:',
    cap: 1_000_000,
  })
  const trades = events.filter(({ kind }) => kind === EventKind.trade)
  const orders = (await redis.xrange('a:orders:AAPL', '-', '+')) as Entry[]
  const [own, all] = (await Promise.all(
    ['a:trades:AAPL', 'a:trades:all'].map((key) => redis.xrange(key, '-', '+')),
  )) as [Entry[], Entry[]]
  const inBook = events.filter(({ kind, instrument }) => kind !== EventKind.trade && instrument === 0)
  t.deepEqual(
    orders.map((entry) => [field(entry, 'event'), Number(field(entry, 'sequence'))]),
    inBook.map(({ kind, sequence }) => [
      Object.keys(EventKind).find((name) => EventKind[name as keyof typeof EventKind] === kind),
      sequence,
    ]),
  )
  t.deepEqual(
    own.map((entry) => Number(field(entry, 'sequence'))),
    trades.map(({ sequence }) => sequence),
  )
  t.deepEqual(
    all.map(([, fields]) => fields),
    own.map(([, fields]) => fields),
  )
  await listener.ping()
  t.deepEqual(
    heard.map((line) => (JSON.parse(line) as { sequence: number }).sequence),
    trades.map(({ sequence }) => sequence),
  )
  t.true(trades.length > 100)
})

test('redis sink - a stream keeps about as many entries as its cap says', async (t) => {
  const events = await run(anyRecords(5_000), { url: server.url, prefix: 'b:', cap: 500 })
  t.is(events.length, 5_000)
  const length = await server.connect().xlen('b:orders:AAPL')
  t.true(length >= 500 && length < 700, String(length))
})

test('redis sink - packed, frames hold the same records', async (t) => {
  const events = await run(numbered({ seed: 4, orders: 3_000 }), {
    url: server.url,
    prefix: 'c:',
    format: 'packed',
  })
  const redis = server.connect()
  const read = async (key: string): Promise<EngineEvent[]> => {
    const reader = new FrameReader()
    const entries = (await redis.xrangeBuffer(key, '-', '+')) as unknown as [Buffer, Buffer[]][]
    return entries.flatMap(([, [name, frame]]) => {
      t.is(String(name), 'frame')
      t.is(reader.read(frame!), undefined)
      const words = recordsOf(frame!, reader)
      return Array.from({ length: reader.count }, (_, i) => readEvent(words, i * RECORD_WORDS))
    })
  }
  const trades = events.filter(({ kind }) => kind === EventKind.trade)
  t.deepEqual(await read('c:trades:all'), trades)
  t.deepEqual(await read('c:trades:AAPL'), trades)
  t.deepEqual(
    await read('c:orders:AAPL'),
    events.filter(({ kind, instrument }) => kind !== EventKind.trade && instrument === 0),
  )
})

test('redis sink - with resume, a second run of the same input adds nothing', async (t) => {
  const to: RedisSinkOptions = { url: server.url, prefix: 'd:', writer: 'w', resume: true, cap: 1_000_000 }
  const commands = numbered({ seed: 5, orders: 2_000 })
  const shorter = commands.slice()
  shorter.count = 1_200
  await run(shorter, to)
  await run(commands, to)
  await run(commands, to)
  const events = await run(commands, { ...to, prefix: 'e:', writer: 'w' })
  const redis = server.connect()
  const fields = async (key: string): Promise<string[][]> =>
    ((await redis.xrange(key, '-', '+')) as Entry[]).map((entry) => entry[1])
  t.deepEqual(await fields('d:trades:all'), await fields('e:trades:all'))
  t.deepEqual(await fields('d:orders:AAPL'), await fields('e:orders:AAPL'))
  t.true(events.length > 2_000)
})
