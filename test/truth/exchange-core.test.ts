import test from 'ava'
import {
  amendOrder,
  Batch,
  type Command,
  EventKind,
  Instruments,
  MatchingEngine,
  newOrder,
  pushCommand,
  readEvents,
  Side,
  TimeInForce,
} from '../../src/book/index.ts'

const ALICE = 1
const BOB = 2

// exchange_core's basic.feature, "basic full cycle test" (Apache-2.0), without its balances.
test('exchange_core truth - the basic full cycle trades and rests as written', (t) => {
  const engine = new MatchingEngine(new Instruments([{ symbol: 'EUR_USD', tick: '1', lot: '1' }]))
  const trades = (...commands: Command[]): object[] => {
    const batch = new Batch()
    engine.events.count = 0
    for (const command of commands) engine.apply(batch.words, pushCommand(batch, command))
    return readEvents(engine.events)
      .filter(({ kind }) => kind !== EventKind.accepted && kind !== EventKind.amended)
      .map((event) =>
        event.kind === EventKind.trade
          ? [event.orderId, event.makerOrderId, event.lots, event.priceTicks]
          : event,
      )
  }
  const book = (side: number): number[][] =>
    engine.depth(0, side, 9).map(({ priceTicks, lots }) => [priceTicks, lots])

  const ask = newOrder({ orderId: 101, client: ALICE, side: Side.sell, priceTicks: 1_600, lots: 7 })
  const bid = newOrder({ orderId: 102, client: ALICE, side: Side.buy, priceTicks: 1_550, lots: 4 })
  t.deepEqual(trades(ask, bid), [])
  t.deepEqual([book(Side.sell), book(Side.buy)], [[[1_600, 7]], [[1_550, 4]]])

  const taker = newOrder({ orderId: 201, client: BOB, side: Side.buy, priceTicks: 1_700, lots: 2 })
  t.deepEqual(trades({ ...taker, timeInForce: TimeInForce.ioc }), [[201, 101, 2, 1_600]])
  t.deepEqual([book(Side.sell), book(Side.buy)], [[[1_600, 5]], [[1_550, 4]]])

  const better = newOrder({ orderId: 202, client: BOB, side: Side.buy, priceTicks: 1_583, lots: 4 })
  t.deepEqual(trades(better), [])
  t.deepEqual(book(Side.buy), [
    [1_583, 4],
    [1_550, 4],
  ])

  t.deepEqual(trades(amendOrder(101, { priceTicks: 1_580 }, ALICE)), [[101, 202, 4, 1_583]])
  t.deepEqual([book(Side.sell), book(Side.buy)], [[[1_580, 1]], [[1_550, 4]]])
})
