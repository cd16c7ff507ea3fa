import test from 'ava'
import { apiDoor } from '../../src/operators/api/door.ts'
import { fuzzServer } from '../support/fuzz-server.ts'
import { limit, Listener, ServedPipeline } from '../support/served.ts'

const SEED = Date.now() % 1e9

test.serial(
  'server - hostile requests leave it up, its book untouched and nothing answered by a fault',
  async (t) => {
    const { faults, statuses, errors } = await fuzzServer(3_000, SEED)
    t.deepEqual(faults, [], `seed ${SEED}`)
    t.true((statuses['400'] ?? 0) > 100)
    t.true((statuses['404'] ?? 0) > 10)
    t.true(errors > 100)
  },
)

test.serial(
  'server - 1,000 idle and 100 busy clients are held, and no busy one misses a fill of its own',
  async (t) => {
    const served = await ServedPipeline.start({ requestsPerSecond: 1_000_000 })
    t.teardown(() => served.close())
    const [idle, busy] = await Promise.all([
      Promise.all(Array.from({ length: 1_000 }, () => Listener.connect(served.wsUrl))),
      Promise.all(Array.from({ length: 100 }, () => Listener.connect(served.wsUrl))),
    ])
    for (const one of idle) one.send({ op: 'subscribe', channel: 'trades', symbol: 'AAPL' })
    for (const [at, one] of busy.entries()) {
      one.send({ op: 'subscribe', channel: 'orders', client: `busy${at}` })
      one.send({ op: 'subscribe', channel: 'book', symbol: 'MSFT' })
    }
    await Promise.all([...idle, ...busy].map((one) => one.until(({ op }) => op === 'subscribed')))
    t.is(served.server.hub.figures.clients, 1_100)
    const ORDERS = 30
    for (let order = 0; order < ORDERS; order++)
      for (const [at, one] of busy.entries()) {
        const side = at % 2 === 0 ? 'buy' : 'sell'
        one.send({
          op: 'order',
          id: order,
          order: limit(side, 50, 1, { id: `b${at}-${order}`, client: `busy${at}`, symbol: 'MSFT' }),
        })
      }
    const answered = busy.map((one) =>
      one.until(({ op, id }) => op === 'answer' && id === ORDERS - 1, 60_000),
    )
    await Promise.all(answered)
    t.is(apiDoor(served.pipeline.market).open, 0)
    const trades = served.pipeline.market.engine?.trades ?? 0
    t.is(trades, (busy.length * ORDERS) / 2, 'every order met one of the other side')
    const fillsOf = (one: Listener): number =>
      one.messages
        .flatMap((message) => (message.channel === 'orders' ? message.events : []))
        .filter(({ event }: { event: string }) => event === 'trade').length
    const expected = new Map(busy.map((one) => [one, ORDERS]))
    for (const [one, fills] of expected) await one.until(() => fillsOf(one) >= fills, 60_000)
    t.deepEqual(
      busy.map(fillsOf),
      busy.map(() => ORDERS),
    )
    t.true(idle.every(({ socket }) => socket.readyState === socket.OPEN))
    for (const one of [...idle, ...busy]) one.close()
  },
)
