import { join } from 'node:path'
import test from 'ava'
import { connect, EventKind, Side, type EngineEvent, type MillraceClient } from '../../src/client/index.ts'
import { CommandKind, TimeInForce, OrderType, type Command } from '../../src/book/index.ts'
import { Random } from '../../src/operators/simulator/random.ts'
import { root, start, type Running } from '../support/cli.ts'
import { NatsServer } from '../support/nats-server.ts'

let server: NatsServer
let exchange: Running
let client: MillraceClient

test.before(async () => {
  server = await NatsServer.start()
  process.env['NATS_URL'] = server.url
  exchange = start(['run', join(root, 'pipelines/nats-exchange.yaml'), '--quiet'])
  client = await connect({ servers: server.url })
  for (;;) {
    const table = await client.instruments().catch(() => undefined)
    if (table !== undefined) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
})
test.after.always(async () => {
  await client?.close()
  exchange?.child.kill('SIGTERM')
  await exchange?.ended
  await server?.stop()
})

/** Resolves when something has become true, which is looked at again and again. */
async function until(fact: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!fact()) {
    if (performance.now() > deadline) throw new Error(`never: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Orders of a client around a price, some of which trade. */
function flow(from: number, count: number, who: number, seed: number): Command[] {
  const random = new Random(seed)
  return Array.from({ length: count }, (_, i) => ({
    kind: CommandKind.new,
    orderId: from + i,
    client: who,
    instrument: 1,
    side: random.below(2),
    orderType: OrderType.limit,
    timeInForce: TimeInForce.gtc,
    priceTicks: 3_000 + random.below(40),
    lots: 1 + random.below(20),
  }))
}

test.serial(
  'client - an order is answered, trades reach who subscribes, and both clients are told',
  async (t) => {
    const trades: EngineEvent[] = []
    const own: [EngineEvent, string][] = []
    const stream = await client.trades('AAPL', (event) => trades.push(event))
    const events = await client.events({ client: 2 }, (event, subject) => own.push([event, subject]))
    const sell = await client.place({
      client: 1,
      id: 1,
      symbol: 'AAPL',
      side: 'sell',
      price: '585.40',
      quantity: '10',
    })
    t.like(sell, { kind: EventKind.accepted, lots: 10, isDuplicate: false })
    t.like(
      await client.place({ client: 2, id: 1, symbol: 'AAPL', side: 'buy', price: '585.40', quantity: '4' }),
      { kind: EventKind.accepted },
    )
    await until(() => trades.length === 1 && own.length === 2, 'a trade and two events')
    t.like(trades[0], { lots: 4, priceTicks: 58_540, client: 2, makerClient: 1 })
    t.deepEqual(
      own.map(([, subject]) => subject),
      ['events.AAPL.2.accepted', 'events.AAPL.2.trade'],
    )
    t.like(await client.cancel(1, 1), { kind: EventKind.cancelled, openLots: 0, lots: 6 })
    t.like(await client.cancel(1, 1), { kind: EventKind.rejected, code: 41 })
    const again = await client.place({
      client: 1,
      id: 1,
      symbol: 'AAPL',
      side: 'sell',
      price: '585.40',
      quantity: '10',
    })
    t.deepEqual(again, { ...sell, isDuplicate: true })
    await t.throwsAsync(
      client.place({ client: 1, id: 9, symbol: 'AAPL', side: 'sell', price: '585.405', quantity: '1' }),
      { message: /price/ },
    )
    stream.close()
    events.close()
  },
)

test.serial('client - a book that is joined late is right, and stays so through changes', async (t) => {
  for (let from = 1; from <= 1_000; from += 100) await client.send(flow(from, 100, 5, from))
  const book = client.book('MSFT')
  await until(() => book.status.isSynced, 'a snapshot')
  for (let from = 1_001; from <= 2_000; from += 100) await client.send(flow(from, 100, 5, from))
  const last = await client.send([{ kind: CommandKind.cancel, orderId: 99_999, client: 5 }])
  const other = client.book('MSFT')
  await until(() => other.status.isSynced, 'another snapshot')
  await until(() => book.status.sequence === other.status.sequence, 'both at the same command')
  for (const side of [Side.buy, Side.sell]) {
    t.deepEqual(book.levels(side), other.levels(side))
    t.true(book.levels(side).length > 0)
  }
  t.like(book.status, { snapshots: 1, gaps: 0, mismatches: 0 })
  t.true(book.status.changes > 500)
  t.is(last[0]!.kind, EventKind.rejected)
  book.close()
  other.close()
})

test.serial(
  'client - after the server was killed and is back, orders are answered and books are right',
  async (t) => {
    const book = client.book('MSFT')
    await until(() => book.status.isSynced, 'a snapshot')
    const placing = (async () => {
      for (let from = 1; from <= 1_000; from += 50) await client.send(flow(from, 50, 6, from), 20_000)
    })()
    await until(() => book.status.changes > 100, 'some changes')
    await server.kill()
    await server.start()
    await placing
    const other = client.book('MSFT')
    await until(
      () => other.status.isSynced && book.status.isSynced && book.status.sequence === other.status.sequence,
      'both right',
    )
    for (const side of [Side.buy, Side.sell]) t.deepEqual(book.levels(side), other.levels(side))
    t.true(book.status.snapshots >= 2)
    // Every one of the orders is there once: each is known, and none was let in twice.
    const again = await client.send(flow(1, 50, 6, 1), 20_000)
    t.true(again.every(({ isDuplicate }) => isDuplicate))
    book.close()
    other.close()
  },
)

test.serial('client - it speaks over a WebSocket as well', async (t) => {
  const other = await connect({ servers: server.websocketUrl })
  const trades: EngineEvent[] = []
  const stream = await other.trades(undefined, (event) => trades.push(event))
  await other.place({ client: 11, id: 1, symbol: 'AAPL', side: 'sell', price: '500.00', quantity: '1' })
  await other.place({ client: 12, id: 1, symbol: 'AAPL', side: 'buy', quantity: '1' })
  await until(() => trades.length === 1, 'a trade')
  t.like(trades[0], { priceTicks: 50_000, client: 12, makerClient: 11 })
  stream.close()
  await other.close()
})
