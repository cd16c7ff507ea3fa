import test from 'ava'
import { amendOrder, cancelOrder, flagsOf, setTime, type Command } from '../../src/book/command.ts'
import { checkInvariants } from '../../src/book/recovery/invariants.ts'
import { OrderType, Side, TimeInForce, TradingState } from '../../src/book/record.ts'
import { buy, FastEngine, sell, suiteInstruments } from '../support/both-engines.ts'
import { flowInstruments, randomFlow } from '../support/random-flow.ts'

const HIDDEN = { flags: flagsOf({ hidden: true }) }

function after(...commands: Command[]): FastEngine {
  const fast = new FastEngine(suiteInstruments())
  commands.forEach((command, i) => fast.apply({ ...command, sequence: i + 1 }))
  return fast
}

/** Bids: 100 has an order of 5 and an iceberg of 9 that shows 2, then a hidden 7; 99 only a hidden one; 98 an 8. */
const BIDS = [
  buy(1, 7, 100, HIDDEN),
  buy(2, 5, 100, { client: 2 }),
  buy(3, 9, 100, { displayLots: 2 }),
  buy(4, 6, 99, HIDDEN),
  buy(5, 8, 98, { client: 2 }),
]

test('queries - depth shows displayed lots and orders, neither hidden nor held back ones', (t) => {
  const { engine } = after(...BIDS)
  t.deepEqual(engine.depth(0, Side.buy, Infinity), [
    { priceTicks: 100, lots: 7, orders: 2 },
    { priceTicks: 98, lots: 8, orders: 1 },
  ])
  t.deepEqual(engine.depth(0, Side.sell, 5), [])
})

test('queries - depth gives as many levels as it is asked for, not counting those that show nothing', (t) => {
  const { engine } = after(...BIDS)
  t.deepEqual(
    [0, 1, 2, 3].map((levels) => engine.depth(0, Side.buy, levels).map(({ priceTicks }) => priceTicks)),
    [[], [100], [100, 98], [100, 98]],
  )
})

test('queries - the best price is the best displayed one, 0 where nothing shows', (t) => {
  const { engine } = after(...BIDS, sell(6, 3, 110), sell(7, 3, 105, HIDDEN), sell(8, 3, 109))
  t.is(engine.bestPrice(0, Side.buy), 100)
  t.is(engine.bestPrice(0, Side.sell), 109)
  t.is(engine.bestPrice(1, Side.buy), 0)
  t.is(after(buy(1, 5, 90, HIDDEN)).engine.bestPrice(0, Side.buy), 0)
})

test('queries - the orders of a side come in the order of trading, hidden ones last at their price', (t) => {
  const { engine } = after(...BIDS)
  t.deepEqual(
    [...engine.orders(0, Side.buy)].map(({ orderId, shownLots, openLots }) => [orderId, shownLots, openLots]),
    [
      [2, 5, 5],
      [3, 2, 9],
      [1, 0, 7],
      [4, 0, 6],
      [5, 8, 8],
    ],
  )
})

test('queries - an order is told with all its terms', (t) => {
  const { engine } = after(
    buy(1, 9, 100, { displayLots: 2, client: 7, timeInForce: TimeInForce.gtd, expirySeconds: 99 }),
    sell(2, 4, 100),
    buy(3, 6, 90, { client: 7, flags: flagsOf({ linked: true }), linkedOrderId: 1 }),
  )
  t.deepEqual(engine.order(1), {
    orderId: 1,
    client: 7,
    instrument: 0,
    side: Side.buy,
    orderType: OrderType.limit,
    timeInForce: TimeInForce.gtd,
    flags: 0,
    priceTicks: 100,
    openLots: 5,
    totalLots: 9,
    shownLots: 2,
    displayLots: 2,
    isHidden: false,
    isWaiting: false,
    stopTicks: 0,
    trailTicks: 0,
    expirySeconds: 99,
    linkedOrderId: 3,
    sequence: 2,
  })
  t.like(engine.order(3), {
    linkedOrderId: 1,
    flags: flagsOf({ linked: true }),
    sequence: 3,
    expirySeconds: 0,
  })
  t.is(engine.order(2), undefined, 'it has traded')
  t.is(engine.order(2 ** 32 + 1), undefined, 'the low half of an id is not the id')
})

test('queries - a waiting stop shows nothing and tells what it waits for, and after its trigger it does not', (t) => {
  const stop = { orderType: OrderType.stopLimit, stopTicks: 120, displayLots: 2 }
  const fast = after(
    buy(1, 9, 115, stop),
    sell(2, 3, 130, { orderType: OrderType.trailingStop, stopTicks: 4, instrument: 2 }),
  )
  const { engine } = fast
  t.like(engine.order(1), { isWaiting: true, stopTicks: 120, trailTicks: 0, shownLots: 0, displayLots: 2 })
  t.like(engine.order(2), { isWaiting: true, stopTicks: 96, trailTicks: 4 })
  t.deepEqual([...engine.orders(0, Side.buy)], [])
  t.deepEqual(
    [...engine.stops(0, Side.buy)].map(({ orderId }) => orderId),
    [1],
  )
  fast.apply(sell(8, 1, 120))
  fast.apply(buy(9, 1, 120))
  t.like(engine.order(1), { isWaiting: false, stopTicks: 0, shownLots: 2, openLots: 9 })
  t.deepEqual([...engine.stops(0, Side.buy)], [])
})

test('queries - stops come in the order of their trigger: buys from the lowest price, sells from the highest', (t) => {
  const stop = (stopTicks: number): Partial<Command> => ({ orderType: OrderType.stop, stopTicks })
  const { engine } = after(
    ...[130, 120, 130].map((ticks, i) => buy(i + 1, 1, 0, stop(ticks))),
    ...[70, 80, 80].map((ticks, i) => sell(i + 4, 1, 0, stop(ticks))),
  )
  const ids = (side: number): number[] => [...engine.stops(0, side)].map(({ orderId }) => orderId)
  t.deepEqual(ids(Side.buy), [2, 1, 3])
  t.deepEqual(ids(Side.sell), [5, 6, 4])
})

test('queries - a queue position counts who trades before at the price, and hidden lots whole', (t) => {
  const { engine } = after(...BIDS, buy(6, 1, 100, HIDDEN))
  const position = (orderId: number): unknown => engine.queuePosition(orderId)
  t.deepEqual(position(2), { position: 1, ordersAhead: 0, lotsAhead: 0 })
  t.deepEqual(position(3), { position: 2, ordersAhead: 1, lotsAhead: 5 })
  t.deepEqual(position(1), { position: 3, ordersAhead: 2, lotsAhead: 7 })
  t.deepEqual(position(6), { position: 4, ordersAhead: 3, lotsAhead: 14 })
  t.deepEqual(position(5), { position: 1, ordersAhead: 0, lotsAhead: 0 }, 'other prices do not count')
  t.is(position(77), undefined)
})

test('queries - an iceberg that shows its next lots is behind the others', (t) => {
  const { engine } = after(buy(1, 9, 100, { displayLots: 2 }), buy(2, 5, 100), sell(3, 2, 100))
  t.deepEqual(engine.queuePosition(1), { position: 2, ordersAhead: 1, lotsAhead: 5 })
  t.deepEqual(engine.queuePosition(2), { position: 1, ordersAhead: 0, lotsAhead: 0 })
})

test("queries - open orders are one client's in all instruments, by id, resting or waiting", (t) => {
  const { engine } = after(
    ...BIDS,
    buy(20, 1, 100, { instrument: 2, client: 2 }),
    sell(10, 1, 0, { orderType: OrderType.stop, stopTicks: 5, client: 2 }),
    buy(30, 1, 50, { client: 2 ** 32 - 1 }),
  )
  const ids = (client: number): number[] => engine.openOrders(client).map(({ orderId }) => orderId)
  t.deepEqual(ids(2), [2, 5, 10, 20])
  t.deepEqual(ids(1), [1, 3, 4])
  t.deepEqual(ids(2 ** 32 - 1), [30])
  t.deepEqual(ids(9), [])
})

test('queries - open lots are all of them: shown, held back, hidden and waiting', (t) => {
  const fast = after(...BIDS, sell(10, 4, 0, { orderType: OrderType.stop, stopTicks: 5 }))
  t.is(fast.engine.openLots(), 7 + 5 + 9 + 6 + 8 + 4)
  fast.apply(cancelOrder(4))
  t.is(fast.engine.openLots(), 33)
})

test('queries - an order alone on its level goes to the end of it and the level stays', (t) => {
  const { engine } = after(buy(16, 1, 97), amendOrder(16, { lots: 2 }), buy(1, 1, 97))
  t.is(checkInvariants(engine), undefined)
  t.deepEqual(engine.depth(0, Side.buy, 9), [{ priceTicks: 97, lots: 3, orders: 2 }])
})

test('queries - an instrument added while running answers before its first command', (t) => {
  const { engine } = after()
  const { instruments } = engine
  for (let i = instruments.count; i < 100; i++)
    instruments.add({ symbol: `NEW-${i}`, tick: '1', lot: '1', referencePrice: '7' })
  t.deepEqual(engine.depth(99, Side.buy, 5), [])
  t.is(engine.bestPrice(98, Side.sell), 0)
  t.deepEqual([...engine.orders(97, Side.buy), ...engine.stops(97, Side.sell)], [])
  t.is(engine.lastTrade(99), 7)
  t.is(engine.tradingState(99), TradingState.continuous)
  t.deepEqual(engine.depth(100, Side.buy, 5), [], 'one that is not there shows nothing')
})

test('queries - an order that came and went is no part of the state of its instrument', (t) => {
  const fast = after()
  fast.engine.instruments.add({ symbol: 'NEW', tick: '1', lot: '1', referencePrice: '7' })
  const before = fast.stateHash()
  fast.apply(sell(1, 1, 5, { instrument: 4 }))
  t.not(fast.stateHash(), before)
  fast.apply(cancelOrder(1))
  t.is(fast.stateHash(), before)
})

test('queries - whatever has happened, depth, orders, positions and totals agree with each other', (t) => {
  for (let seed = 500; seed < 560; seed++) {
    const fast = new FastEngine(flowInstruments())
    const { engine } = fast
    for (const command of randomFlow(seed, 200)) fast.apply(command)
    let [lots, count] = [0, 0]
    for (let instrument = 0; instrument < engine.instruments.count; instrument++)
      for (const side of [Side.buy, Side.sell]) {
        const shown = new Map<number, { priceTicks: number; lots: number; orders: number }>()
        const places = new Map<number, number>()
        for (const order of engine.orders(instrument, side)) {
          const { priceTicks, orderId } = order
          const place = (places.get(priceTicks) ?? 0) + 1
          places.set(priceTicks, place)
          if (engine.queuePosition(orderId)?.position !== place) t.fail(`seed ${seed}: place of ${orderId}`)
          t.deepEqual(engine.order(orderId), order)
          lots += order.openLots
          count++
          if (order.isHidden) continue
          const level = shown.get(priceTicks) ?? { priceTicks, lots: 0, orders: 0 }
          shown.set(priceTicks, { priceTicks, lots: level.lots + order.shownLots, orders: level.orders + 1 })
        }
        t.deepEqual(engine.depth(instrument, side, Infinity), [...shown.values()])
        for (const { openLots } of engine.stops(instrument, side))
          [lots, count] = [lots + openLots, count + 1]
      }
    t.is(engine.openLots(), lots)
    t.is(engine.liveOrders, count)
  }
})

test('queries - a stop that expires is no longer told of', (t) => {
  const gtd = { timeInForce: TimeInForce.gtd, expirySeconds: 50 }
  const fast = after(sell(1, 1, 0, { orderType: OrderType.stop, stopTicks: 5, ...gtd }), buy(2, 1, 5, gtd))
  fast.apply(setTime(50_000_000_000))
  t.deepEqual(fast.engine.openOrders(1), [])
  t.is(fast.engine.openLots(), 0)
})

test('queries - of an instrument or an order that there is not there is nothing to tell', (t) => {
  const { engine } = after(...BIDS)
  t.deepEqual([...engine.orders(9, Side.buy), ...engine.stops(9, Side.sell), ...engine.depth(9, 0, 5)], [])
  t.deepEqual([engine.bestPrice(9, 0), engine.lastTrade(9), engine.tradingState(9)], [0, 0, 0])
  t.is(engine.order(1.5), undefined)
})
