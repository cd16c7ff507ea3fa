import test from 'ava'
import { apiDoor } from '../../src/operators/api/door.ts'
import { bookOf } from '../../src/server/routes/market.ts'
import { limit, Listener, ServedPipeline, type Message } from '../support/served.ts'

/** A book put together from a snapshot and what followed, as docs/api.md says. */
class Rebuilt {
  readonly bids = new Map<string, readonly [string, string, number]>()
  readonly offers = new Map<string, readonly [string, string, number]>()
  sequence = 0

  apply(message: Message): void {
    if (message.snapshot === true) for (const side of [this.bids, this.offers]) side.clear()
    else if (message.seq !== this.sequence + 1) throw new Error('a gap')
    this.sequence = message.seq
    for (const side of ['bids', 'offers'] as const)
      for (const level of message[side])
        if (level[1] === '0') this[side].delete(level[0])
        else this[side].set(level[0], level)
  }

  list(side: 'bids' | 'offers'): unknown[] {
    const sign = side === 'bids' ? -1 : 1
    return [...this[side].values()].sort((a, b) => sign * (Number(a[0]) - Number(b[0])))
  }
}

/** Sends commands in by the door and resolves when the last is answered. */
function play(served: ServedPipeline, commands: readonly object[]): Promise<void> {
  const door = apiDoor(served.pipeline.market)
  let open = commands.length
  return new Promise((resolve) => {
    for (const command of commands)
      door.submit(JSON.stringify(command), () => {
        if (--open === 0) resolve()
      })
  })
}

let served: ServedPipeline
test.before(async () => {
  served = await ServedPipeline.start({ requestsPerSecond: 1_000_000 })
})
test.after.always(() => served.close())

test.serial(
  'websocket - a snapshot and the changes after it make the book that the engine has',
  async (t) => {
    const client = await Listener.connect(served.wsUrl)
    client.send({ op: 'subscribe', id: 1, channel: 'book', symbol: 'AAPL', levels: 10 })
    const snapshot = await client.until(({ channel, snapshot: is }) => channel === 'book' && is === true)
    t.is(snapshot.seq, 1)
    const { market } = served.pipeline
    for (let round = 0; round < 30; round++) {
      const commands = Array.from({ length: 20 }, (_, at) => {
        const isBuy = (round * 7 + at * 3) % 5 < 2
        const price =
          100 + (isBuy ? -1 : 1) * ((round * at) % 9) * 0.01 + (at % 7 === 0 ? (isBuy ? 0.03 : -0.03) : 0)
        return {
          op: 'new',
          ...limit(isBuy ? 'buy' : 'sell', price, 1 + (at % 4), { client: isBuy ? 'a' : 'b' }),
        }
      })
      await play(served, commands)
      const engine = bookOf(market, 0, 10)
      const sequence = market.sequence
      await client.until(
        ({ channel, engineSequence, seq }) => channel === 'book' && engineSequence >= sequence && seq > 1,
      )
      const book = new Rebuilt()
      for (const message of client.messages) if (message.channel === 'book') book.apply(message)
      t.deepEqual(book.list('bids'), [...engine.bids])
      t.deepEqual(book.list('offers'), [...engine.offers])
    }
    client.close()
  },
)

test.serial('websocket - trades go on where a client left off', async (t) => {
  const first = await Listener.connect(served.wsUrl)
  first.send({ op: 'subscribe', channel: 'trades', symbol: 'MSFT' })
  await first.until(({ op }) => op === 'subscribed')
  const cross = (quantity: number): object[] => [
    { op: 'new', ...limit('sell', 50, quantity, { symbol: 'MSFT', client: 'm' }) },
    { op: 'new', ...limit('buy', 50, quantity, { symbol: 'MSFT', client: 'n' }) },
  ]
  await play(served, cross(3))
  const heard = await first.until(({ channel }) => channel === 'trades')
  t.is(heard.trades.at(-1).quantity, '3')
  first.close()
  await play(served, [...cross(4), ...cross(5)])
  const again = await Listener.connect(served.wsUrl)
  again.send({ op: 'subscribe', channel: 'trades', symbol: 'MSFT', since: heard.next })
  const missed = await again.until(({ channel }) => channel === 'trades')
  t.deepEqual(
    missed.trades.map(({ quantity }: { quantity: string }) => quantity),
    ['4', '5'],
  )
  t.is(missed.gone, 0)
  again.close()
})

test.serial(
  "websocket - an order is answered, and its client hears every event of its own and none of another's",
  async (t) => {
    const client = await Listener.connect(served.wsUrl)
    client.send({ op: 'subscribe', id: 's', channel: 'orders', client: 'fay' })
    await client.until(({ op }) => op === 'subscribed')
    client.send({
      op: 'order',
      id: 7,
      order: limit('buy', 20, 2, { client: 'fay', id: 'fay-1', symbol: 'MSFT' }),
    })
    const answer = await client.until(({ id }) => id === 7)
    t.true(answer.isAccepted)
    t.true(answer.tookNs > 0)
    await play(served, [
      { op: 'new', ...limit('buy', 20, 1, { client: 'gil', symbol: 'MSFT' }) },
      { op: 'new', ...limit('sell', 20, 2, { client: 'gil', symbol: 'MSFT' }) },
    ])
    const trade = await client.until(
      ({ channel, events }) => channel === 'orders' && events.some((one: Message) => one.event === 'trade'),
    )
    t.truthy(trade)
    const events = client.messages.flatMap((one) => (one.channel === 'orders' ? one.events : []))
    t.true(events.every((one: Message) => one.client === 'fay' || JSON.stringify(one).includes('fay-1')))
    client.close()
  },
)

test.serial(
  'websocket - what a client may not ask is told where it is wrong, and the connection lives',
  async (t) => {
    const client = await Listener.connect(served.wsUrl)
    client.send('{')
    t.is((await client.until(({ op }) => op === 'error')).problem.status, 400)
    client.send({ op: 'subscribe', id: 1, channel: 'weather' })
    const bad = await client.until(({ op, problem }) => op === 'error' && problem.errors !== undefined)
    t.is(bad.problem.errors[0].path, 'channel')
    client.send({ op: 'subscribe', id: 2, channel: 'book', symbol: 'NONE' })
    t.is((await client.until(({ id }) => id === 2)).problem.status, 404)
    client.send({ op: 'ping', id: 3 })
    t.is((await client.until(({ id }) => id === 3)).op, 'pong')
    client.send('x'.repeat(70_000))
    t.is(await client.closed, 1009, 'too large')
  },
)

test.serial('websocket - a quiet connection hears a heartbeat', async (t) => {
  const client = await Listener.connect(served.wsUrl)
  t.truthy((await client.until(({ channel }) => channel === 'heartbeat')).at)
  client.close()
})

test.serial('websocket - a slow client gets fewer books and all of its own events', async (t) => {
  const COUNT = 40_000
  const client = await Listener.connect(served.wsUrl)
  const fast = await Listener.connect(served.wsUrl)
  for (const one of [client, fast]) {
    one.send({ op: 'subscribe', channel: 'book', symbol: 'MSFT', levels: 1_000 })
    one.send({ op: 'subscribe', channel: 'orders', client: 'slow' })
    await one.until(({ key }) => key === 'orders:slow')
  }
  client.socket.pause()
  for (let begin = 0; begin < COUNT; begin += 1_000)
    await play(
      served,
      Array.from({ length: 1_000 }, (_, at) => ({
        op: 'new',
        ...limit('buy', 1 + ((begin + at) % 700) * 0.01, 1, { symbol: 'MSFT', client: 'slow' }),
      })),
    )
  const { market } = served.pipeline
  const sequence = market.sequence
  await fast.until(({ channel, engineSequence }) => channel === 'book' && engineSequence >= sequence)
  client.socket.resume()
  const ids = (one: Listener): string[] =>
    one.messages.flatMap((message) =>
      message.channel === 'orders' ? message.events.map(({ id }: { id: string }) => id) : [],
    )
  await client.until(() => ids(client).length >= COUNT)
  t.deepEqual(ids(client), ids(fast))
  t.is(new Set(ids(client)).size, COUNT)
  const books = (one: Listener): number => one.messages.filter(({ channel }) => channel === 'book').length
  t.true(books(client) < books(fast), `${books(client)} of ${books(fast)}`)
  await client.until(({ channel, engineSequence }) => channel === 'book' && engineSequence >= sequence)
  client.close()
  fast.close()
})

test.serial(
  'websocket - a client that is too slow for its own events is cut off, with a code that says so',
  async (t) => {
    const small = await ServedPipeline.start({ clientBytes: 100_000 })
    t.teardown(() => small.close())
    const client = await Listener.connect(small.wsUrl)
    client.send({ op: 'subscribe', channel: 'orders', client: 'slow' })
    await client.until(({ op }) => op === 'subscribed')
    client.socket.pause()
    let isHeld = true
    for (let round = 0; isHeld && round < 300; round++) {
      await play(
        small,
        Array.from({ length: 1_000 }, () => ({ op: 'new', ...limit('buy', 1, 1, { client: 'slow' }) })),
      )
      isHeld = small.server.hub.figures.dropped === 0
    }
    client.socket.resume()
    t.is(await client.closed, 1013)
  },
)
