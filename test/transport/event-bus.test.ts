import test from 'ava'
import { match, publish } from '../../src/operators/index.ts'
import { EventKind, type Batch, type EngineEvent } from '../../src/book/index.ts'
import { Market } from '../../src/pipeline/market.ts'
import { EventBus, type BusEvent } from '../../src/transport/event-bus.ts'
import { RedisServer } from '../support/redis-server.ts'
import { ONE, numbered } from '../support/simulated.ts'
import { ended, inBatches } from '../support/streams.ts'

let server: RedisServer
test.before(async () => {
  server = await RedisServer.start()
})
test.after.always(() => server.stop())

const MSFT = { ...ONE, symbol: 'MSFT' }
const commands = numbered({ seed: 5, orders: 4_000, clients: 5 }, [ONE, MSFT])

async function run(
  prefix: string,
  records: Batch,
  market: Market,
  format: 'entries' | 'packed' = 'entries',
): Promise<EngineEvent[]> {
  const events: EngineEvent[] = []
  const sizes = Array.from({ length: Math.ceil(records.count / 100) }, (_, i) =>
    Math.min(100, records.count - i * 100),
  )
  await ended(
    inBatches(records, ...sizes).pipe(
      match(market),
      publish(market, (event) => events.push(event)),
      publish(market, { redisStreams: { url: server.url, prefix, cap: 1_000_000, format } }),
    ),
  )
  return events
}

/** Reads until so many events have come. */
async function collect(
  bus: EventBus,
  count: number,
  ...[filter, from]: Parameters<EventBus['subscribe']> extends [infer F, infer S, unknown] ? [F, S] : never
): Promise<BusEvent[]> {
  const got: BusEvent[] = []
  let done = (): void => {}
  const enough = new Promise<void>((resolve) => {
    done = resolve
  })
  const subscription = await bus.subscribe(filter, from, (event) => {
    got.push(event)
    if (got.length === count) done()
  })
  await enough
  await subscription.close()
  return got
}

for (const format of ['entries', 'packed'] as const)
  test(`event bus - by symbol, client and kind, ${format}`, async (t) => {
    const prefix = `${format}:`
    const events = await run(prefix, commands, new Market([ONE, MSFT]), format)
    const bus = new EventBus(server.connect(), { prefix })
    const trades = events.filter(({ kind }) => kind === EventKind.trade)
    const of = async (filter: Parameters<EventBus['subscribe']>[0], wanted: EngineEvent[]): Promise<void> => {
      t.true(wanted.length > 3)
      const got = await collect(bus, wanted.length, filter, 'oldest')
      t.deepEqual(
        got.map(({ sequence }) => sequence),
        wanted.map(({ sequence }) => sequence),
      )
    }
    await of({ events: ['trade'] }, trades)
    await of(
      { events: ['trade'], symbol: 'MSFT' },
      trades.filter(({ instrument }) => instrument === 1),
    )
    await of(
      { events: ['trade'], client: '3' },
      trades.filter(
        (event) => event.client === 3 || (event.kind === EventKind.trade && event.makerClient === 3),
      ),
    )
    await of(
      { events: ['cancelled'], symbol: 'AAPL', client: '2' },
      events.filter(
        ({ kind, instrument, client }) => kind === EventKind.cancelled && instrument === 0 && client === 2,
      ),
    )
  })

test('event bus - from a sequence, an id or a time, and on into what comes live', async (t) => {
  const market = new Market([ONE, MSFT])
  const [early, late] = [commands.slice(), commands.slice()]
  early.count = 2_000
  late.words.copyWithin(0, 2_000 * 16)
  late.count = 2_000
  const events = await run('live:', early, market)
  const sequences = events.filter(({ kind }) => kind === EventKind.trade).map(({ sequence }) => sequence)
  const redis = server.connect()
  const bus = new EventBus(redis, { prefix: 'live:' })
  const middle = sequences[Math.floor(sequences.length / 2)]!
  const expected = sequences.filter((sequence) => sequence >= middle)
  const filter = { events: ['trade'] }
  const got = await collect(bus, expected.length, filter, { sequence: middle })
  t.deepEqual(
    got.map(({ sequence }) => sequence),
    expected,
  )
  const half = got[Math.floor(got.length / 2)]!
  const rest = await collect(bus, got.length - got.indexOf(half) - 1, filter, { afterId: half.id })
  t.deepEqual(
    rest.map(({ id }) => id),
    got.slice(got.indexOf(half) + 1).map(({ id }) => id),
  )
  const time = Number(half.id.split('-')[0])
  const since = await collect(bus, 1, filter, { timeMs: time })
  t.is(Number(since[0]!.id.split('-')[0]), time)

  const all: number[] = []
  const subscription = await bus.subscribe(filter, 'oldest', (event) => {
    all.push(event.sequence)
  })
  const later = market
  const more: EngineEvent[] = []
  await ended(
    inBatches(late, ...Array.from({ length: 20 }, () => 100)).pipe(
      match(later),
      publish(later, (event) => more.push(event)),
      publish(later, { redisStreams: { url: server.url, prefix: 'live:', cap: 1_000_000 } }),
    ),
  )
  const total = sequences.length + more.filter(({ kind }) => kind === EventKind.trade).length
  while (all.length < total) await new Promise((resolve) => setTimeout(resolve, 5))
  await subscription.close()
  t.is(all.length, total, 'no gap and no double where history ends')
})

test('event bus - who asks for what the cap has taken is told', async (t) => {
  await run('short:', commands, new Market([ONE, MSFT]))
  const redis = server.connect()
  await redis.xtrim('short:trades:all', 'MAXLEN', 5)
  const truncated: string[] = []
  const bus = new EventBus(redis, { prefix: 'short:', onTruncated: (stream) => truncated.push(stream) })
  await collect(bus, 5, { events: ['trade'] }, { sequence: 1 })
  t.deepEqual(truncated, ['short:trades:all'])
})
