import { amendOrder, cancelOrder } from '../../../src/book/command.ts'
import {
  CancelReason,
  EventKind,
  MAX_PRICE_TICKS,
  OrderType,
  Side,
  TimeInForce,
} from '../../../src/book/record.ts'
import { after, buy, fact, sell } from '../../support/both-engines.ts'

const level = (priceTicks: number, lots: number, orders = 1) => ({ priceTicks, lots, orders })
const RESTING = { orderType: OrderType.limit, timeInForce: TimeInForce.gtc }

/** Two offers at 100, the older one first in the queue. */
const QUEUE = [sell(1, 5, 100), sell(2, 5, 100)]

fact('cancel - a resting order leaves with what it has open', (t, engine) => {
  const commands = [sell(1, 5, 100), buy(2, 2, 100), cancelOrder(1, 1)]
  t.deepEqual(after(engine, ...commands), ['cancelled #1 3 user'])
  t.is(engine.liveOrders, 0)
  t.deepEqual(engine.depth(0, Side.sell, 9), [])
})

fact('cancel - the event describes the order, under the sequence of the cancel', (t, engine) => {
  engine.apply(sell(2 ** 52, 5, 100, { client: 7, instrument: 1, sequence: 4 }))
  const order = { orderId: 2 ** 52, client: 7, instrument: 1, side: Side.sell, priceTicks: 100, ...RESTING }
  const left = { kind: EventKind.cancelled, sequence: 9, lots: 5, openLots: 0, reason: CancelReason.user }
  const events: unknown[] = engine.apply({ ...cancelOrder(2 ** 52), sequence: 9 })
  t.deepEqual(events, [{ ...order, ...left }])
})

fact('cancel - the best level goes and the next one is best', (t, engine) => {
  after(engine, buy(1, 1, 100), buy(2, 1, 98), buy(3, 1, 90), cancelOrder(1))
  t.deepEqual(engine.depth(0, Side.buy, 1), [level(98, 1)])
})

fact('cancel - a level in the middle goes and its neighbours stay', (t, engine) => {
  after(engine, buy(1, 1, 100), buy(2, 1, 98), buy(3, 1, 90), cancelOrder(2))
  t.deepEqual(engine.depth(0, Side.buy, 9), [level(100, 1), level(90, 1)])
})

fact('cancel - one of several orders leaves its level with the rest', (t, engine) => {
  after(engine, ...QUEUE, cancelOrder(1))
  t.deepEqual(engine.depth(0, Side.sell, 9), [level(100, 5)])
})

fact('cancel - client 0 speaks for the venue', (t, engine) => {
  t.deepEqual(after(engine, buy(1, 1, 100, { client: 5 }), cancelOrder(1, 0)), ['cancelled #1 1 user'])
})

fact('cancel - naming the right instrument finds the order', (t, engine) => {
  const order = buy(1, 1, 100, { instrument: 1 })
  t.deepEqual(after(engine, order, { ...cancelOrder(1), instrument: 1 }), ['cancelled #1 1 user'])
})

fact('cancel - a second cancel finds nothing', (t, engine) => {
  t.deepEqual(after(engine, buy(1, 1, 100), cancelOrder(1), cancelOrder(1)), ['rejected #1 UNKNOWN_ORDER'])
})

fact('cancel - a cancelled id may be used again', (t, engine) => {
  t.deepEqual(after(engine, buy(1, 1, 100), cancelOrder(1), buy(1, 1, 100)), ['accepted #1'])
})

fact('cancel - ids with one low half are different orders', (t, engine) => {
  const ids = [7, 2 ** 32 + 7, 2 ** 33 + 7, 2 ** 52 + 7]
  after(engine, ...ids.map((id, i) => buy(id, 1, 90 + i)))
  t.deepEqual(after(engine, cancelOrder(2 ** 33 + 7)), [`cancelled #${2 ** 33 + 7} 1 user`])
  t.deepEqual(engine.depth(0, Side.buy, 9), [level(93, 1), level(91, 1), level(90, 1)])
  t.deepEqual(after(engine, cancelOrder(2 ** 33 + 7)), [`rejected #${2 ** 33 + 7} UNKNOWN_ORDER`])
  t.deepEqual(after(engine, cancelOrder(7)), ['cancelled #7 1 user'])
})

fact('cancel - the largest id and ids around the 32nd bit are found', (t, engine) => {
  for (const id of [1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1])
    t.deepEqual(after(engine, buy(id, 1, 100), cancelOrder(id)), [`cancelled #${id} 1 user`])
})

fact('amend - fewer lots keep the place in the queue', (t, engine) => {
  t.deepEqual(after(engine, ...QUEUE, amendOrder(1, { lots: 3 }, 1)), ['amended #1 3@100'])
  t.deepEqual(engine.depth(0, Side.sell, 9), [level(100, 8, 2)])
  t.deepEqual(after(engine, buy(9, 4, 100)).slice(1), ['trade #9 #1 3@100', 'trade #9 #2 1@100'])
})

fact('amend - more lots lose the place in the queue', (t, engine) => {
  t.deepEqual(after(engine, ...QUEUE, amendOrder(1, { lots: 6 })), ['amended #1 6@100'])
  t.deepEqual(engine.depth(0, Side.sell, 9), [level(100, 11, 2)])
  t.deepEqual(after(engine, buy(9, 6, 100)).slice(1), ['trade #9 #2 5@100', 'trade #9 #1 1@100'])
})

fact('amend - the same price and lots keep the place in the queue', (t, engine) => {
  t.deepEqual(after(engine, ...QUEUE, amendOrder(1, { priceTicks: 100, lots: 5 })), ['amended #1 5@100'])
  t.deepEqual(after(engine, buy(9, 1, 100)).slice(1), ['trade #9 #1 1@100'])
})

fact('amend - nothing asked for changes nothing', (t, engine) => {
  after(engine, ...QUEUE)
  const before = engine.stateHash()
  t.deepEqual(after(engine, amendOrder(1, {})), ['amended #1 5@100'])
  t.is(engine.stateHash(), before)
})

fact('amend - another price goes to the end of its queue', (t, engine) => {
  const commands = [sell(1, 5, 100), sell(2, 5, 101), amendOrder(1, { priceTicks: 101 })]
  t.deepEqual(after(engine, ...commands), ['amended #1 5@101'])
  t.deepEqual(engine.depth(0, Side.sell, 9), [level(101, 10, 2)])
  t.deepEqual(after(engine, buy(9, 6, 101)).slice(1), ['trade #9 #2 5@101', 'trade #9 #1 1@101'])
})

fact('amend - there and back again is the end of the queue', (t, engine) => {
  const thereAndBack = [amendOrder(1, { priceTicks: 105 }), amendOrder(1, { priceTicks: 100 })]
  t.deepEqual(after(engine, ...QUEUE, ...thereAndBack, buy(9, 1, 100)).slice(1), ['trade #9 #2 1@100'])
})

fact('amend - an order alone on its level may grow', (t, engine) => {
  t.deepEqual(after(engine, sell(1, 5, 100), amendOrder(1, { lots: 9 })), ['amended #1 9@100'])
  t.deepEqual(engine.depth(0, Side.sell, 9), [level(100, 9)])
  t.deepEqual(after(engine, sell(2, 1, 100), buy(9, 10, 100)).slice(1), [
    'trade #9 #1 9@100',
    'trade #9 #2 1@100',
  ])
})

fact('amend - an order may go from one end of the price range to the other', (t, engine) => {
  after(engine, buy(1, 5, 1), amendOrder(1, { priceTicks: MAX_PRICE_TICKS }))
  t.deepEqual(engine.depth(0, Side.buy, 9), [level(MAX_PRICE_TICKS, 5)])
  after(engine, amendOrder(1, { priceTicks: 1 }))
  t.deepEqual(engine.depth(0, Side.buy, 9), [level(1, 5)])
})

fact('amend - a price that crosses trades before it rests', (t, engine) => {
  const commands = [sell(1, 2, 100), buy(2, 5, 98), amendOrder(2, { priceTicks: 100 })]
  t.deepEqual(after(engine, ...commands), ['amended #2 5@100', 'trade #2 #1 2@100'])
  t.deepEqual(engine.depth(0, Side.buy, 9), [level(100, 3)])
  t.deepEqual(engine.depth(0, Side.sell, 9), [])
})

fact('amend - a price that crosses may fill the order', (t, engine) => {
  const commands = [buy(1, 9, 98), sell(2, 5, 100), amendOrder(2, { priceTicks: 97 })]
  t.deepEqual(after(engine, ...commands), ['amended #2 5@97', 'trade #2 #1 5@98'])
  t.is(engine.liveOrders, 1)
  t.deepEqual(after(engine, cancelOrder(2)), ['rejected #2 UNKNOWN_ORDER'])
})

fact('amend - a crossing amend sweeps levels like a new order', (t, engine) => {
  const offers = [sell(1, 2, 100), sell(2, 2, 101), sell(3, 2, 103)]
  const trades = ['trade #9 #1 2@100', 'trade #9 #2 2@101']
  t.deepEqual(after(engine, ...offers, buy(9, 5, 98), amendOrder(9, { priceTicks: 102, lots: 8 })), [
    'amended #9 8@102',
    ...trades,
  ])
  t.deepEqual(engine.depth(0, Side.buy, 9), [level(102, 4)])
})

fact('amend - a trade that it causes carries the order, not the amend, as taker', (t, engine) => {
  engine.apply(sell(1, 2, 100, { client: 3, sequence: 1 }))
  engine.apply(buy(2, 5, 98, { client: 4, sequence: 2 }))
  const events: unknown[] = engine.apply({ ...amendOrder(2, { priceTicks: 101 }), sequence: 3 })
  const taker = { sequence: 3, instrument: 0, client: 4, orderId: 2, side: Side.buy, ...RESTING }
  const maker = { makerOrderId: 1, makerClient: 3, makerOpenLots: 0 }
  const trade = { kind: EventKind.trade, priceTicks: 100, lots: 2, openLots: 3, matchNumber: 1 }
  t.deepEqual(events[1], { ...taker, ...maker, ...trade })
})

fact('amend - the event tells the new terms and the open lots before', (t, engine) => {
  engine.apply(sell(1, 9, 100, { client: 3, sequence: 1 }))
  engine.apply(buy(2, 4, 100, { sequence: 2 }))
  const events: unknown[] = engine.apply({ ...amendOrder(1, { priceTicks: 101, lots: 12 }, 3), sequence: 3 })
  const order = { sequence: 3, instrument: 0, client: 3, orderId: 1, side: Side.sell, ...RESTING }
  const terms = {
    kind: EventKind.amended,
    priceTicks: 101,
    lots: 12,
    openLots: 8,
    previousOpenLots: 5,
    stopTicks: 0,
  }
  t.deepEqual(events, [{ ...order, ...terms }])
})

fact('amend - lots are the total, those already traded included', (t, engine) => {
  t.deepEqual(after(engine, sell(1, 9, 100), buy(2, 4, 100), amendOrder(1, { lots: 6 })), [
    'amended #1 2@100',
  ])
  t.deepEqual(engine.depth(0, Side.sell, 9), [level(100, 2)])
})

fact('amend - a total that has traded already takes the order off', (t, engine) => {
  const commands = [sell(1, 9, 100), buy(2, 4, 100), amendOrder(1, { lots: 4 })]
  t.deepEqual(after(engine, ...commands), ['cancelled #1 5 user'])
  t.is(engine.liveOrders, 0)
})

fact('amend - a total below what has traded takes the order off, whatever its new price', (t, engine) => {
  const commands = [sell(1, 9, 100), buy(2, 4, 100), amendOrder(1, { lots: 3, priceTicks: 90 })]
  t.deepEqual(after(engine, ...commands), ['cancelled #1 5 user'])
})

fact('amend - a new total counts in the next amend', (t, engine) => {
  after(engine, sell(1, 9, 100), buy(2, 4, 100), amendOrder(1, { lots: 6 }), buy(3, 1, 100))
  t.deepEqual(after(engine, amendOrder(1, { lots: 8 })), ['amended #1 3@100'])
})

fact('amend - an order of another instrument is found without naming it', (t, engine) => {
  after(engine, buy(1, 5, 100, { instrument: 1 }))
  t.deepEqual(after(engine, amendOrder(1, { priceTicks: 110 })), ['amended #1 5@110'])
  t.deepEqual(engine.depth(1, Side.buy, 9), [level(110, 5)])
})
