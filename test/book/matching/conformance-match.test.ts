import { cancelOrder, newOrder } from '../../../src/book/command.ts'
import {
  CancelReason,
  EventKind,
  MAX_LOTS,
  MAX_PRICE_TICKS,
  OrderType,
  Side,
  TimeInForce,
} from '../../../src/book/record.ts'
import { after, buy, fact, FOK, IOC, MARKET, sell } from '../../support/both-engines.ts'

const level = (priceTicks: number, lots: number, orders = 1) => ({ priceTicks, lots, orders })

const LIMIT_GTC = { orderType: OrderType.limit, timeInForce: TimeInForce.gtc }
const OFFERS = [sell(1, 5, 100), sell(2, 5, 101), sell(3, 5, 103)]

fact('limit - an order that meets nothing rests at its price', (t, engine) => {
  t.deepEqual(after(engine, buy(1, 7, 99)), ['accepted #1'])
  t.deepEqual(engine.depth(0, Side.buy, 9), [level(99, 7)])
  t.deepEqual(engine.depth(0, Side.sell, 9), [])
})

fact('limit - a bid below the best offer rests beside it', (t, engine) => {
  t.deepEqual(after(engine, sell(1, 5, 100), buy(2, 5, 99)), ['accepted #2'])
  t.is(engine.liveOrders, 2)
})

fact('limit - a bid at the best offer trades', (t, engine) => {
  t.deepEqual(after(engine, sell(1, 5, 100), buy(2, 5, 100)), ['accepted #2', 'trade #2 #1 5@100'])
  t.is(engine.liveOrders, 0)
})

fact('limit - an offer at the best bid trades', (t, engine) => {
  t.deepEqual(after(engine, buy(1, 5, 100), sell(2, 5, 100)), ['accepted #2', 'trade #2 #1 5@100'])
  t.is(engine.liveOrders, 0)
})

fact("limit - a bid above the offer trades at the maker's price", (t, engine) => {
  t.deepEqual(after(engine, sell(1, 5, 100), buy(2, 5, 120)), ['accepted #2', 'trade #2 #1 5@100'])
})

fact("limit - an offer below the bid trades at the maker's price", (t, engine) => {
  t.deepEqual(after(engine, buy(1, 5, 100), sell(2, 5, 80)), ['accepted #2', 'trade #2 #1 5@100'])
})

fact('limit - what a smaller taker leaves of the maker stays', (t, engine) => {
  after(engine, sell(1, 5, 100), buy(2, 2, 100))
  t.deepEqual(engine.depth(0, Side.sell, 9), [level(100, 3)])
})

fact('limit - what a larger taker has left rests at its own price', (t, engine) => {
  after(engine, sell(1, 5, 100), buy(2, 8, 102))
  t.deepEqual(engine.depth(0, Side.buy, 9), [level(102, 3)])
  t.deepEqual(engine.depth(0, Side.sell, 9), [])
})

fact('limit - a sweep takes the levels best first and stops at its price', (t, engine) => {
  const trades = ['trade #9 #1 5@100', 'trade #9 #2 5@101']
  t.deepEqual(after(engine, ...OFFERS, buy(9, 20, 102)), ['accepted #9', ...trades])
  t.deepEqual(engine.depth(0, Side.buy, 9), [level(102, 10)])
  t.deepEqual(engine.depth(0, Side.sell, 9), [level(103, 5)])
})

fact('limit - a selling sweep takes the highest bids first', (t, engine) => {
  const bids = [buy(1, 5, 100), buy(2, 5, 102), buy(3, 5, 101)]
  const trades = ['trade #9 #2 5@102', 'trade #9 #3 5@101', 'trade #9 #1 1@100']
  t.deepEqual(after(engine, ...bids, sell(9, 11, 100)), ['accepted #9', ...trades])
})

fact('limit - a sweep that ends within a level leaves the rest of it', (t, engine) => {
  after(engine, ...OFFERS, buy(9, 7, 101))
  t.deepEqual(engine.depth(0, Side.sell, 9), [level(101, 3), level(103, 5)])
})

fact('limit - orders at one price trade first in, first out', (t, engine) => {
  const makers = [sell(3, 2, 100), sell(1, 2, 100), sell(2, 2, 100)]
  const trades = ['trade #9 #3 2@100', 'trade #9 #1 2@100', 'trade #9 #2 1@100']
  t.deepEqual(after(engine, ...makers, buy(9, 5, 100)), ['accepted #9', ...trades])
})

fact('limit - a partly filled maker keeps its place', (t, engine) => {
  const makers = [sell(1, 4, 100), sell(2, 4, 100)]
  t.deepEqual(after(engine, ...makers, buy(8, 1, 100), buy(9, 4, 100)).slice(1), [
    'trade #9 #1 3@100',
    'trade #9 #2 1@100',
  ])
})

fact('limit - a better price trades before an older order', (t, engine) => {
  t.deepEqual(after(engine, sell(1, 1, 101), sell(2, 1, 100), buy(9, 1, 101)), [
    'accepted #9',
    'trade #9 #2 1@100',
  ])
})

fact('limit - a middle order that is cancelled is passed over', (t, engine) => {
  const makers = [sell(1, 1, 100), sell(2, 1, 100), sell(3, 1, 100), cancelOrder(2)]
  t.deepEqual(after(engine, ...makers, buy(9, 3, 100)).slice(1), ['trade #9 #1 1@100', 'trade #9 #3 1@100'])
})

fact('limit - a client may trade with itself', (t, engine) => {
  const own = { client: 7 }
  t.deepEqual(after(engine, sell(1, 1, 100, own), buy(2, 1, 100, own)), ['accepted #2', 'trade #2 #1 1@100'])
})

fact('limit - a price of one tick and the largest price stand on the same side', (t, engine) => {
  after(engine, buy(1, 1, 1), buy(2, 2, MAX_PRICE_TICKS))
  t.deepEqual(engine.depth(0, Side.buy, 9), [level(MAX_PRICE_TICKS, 2), level(1, 1)])
})

fact('limit - a sweep reaches from the lowest price to the highest', (t, engine) => {
  const offers = [sell(1, 1, MAX_PRICE_TICKS), sell(2, 1, 1), sell(3, 1, 2 ** 30)]
  const trades = ['trade #9 #2 1@1', `trade #9 #3 1@${2 ** 30}`, `trade #9 #1 1@${MAX_PRICE_TICKS}`]
  t.deepEqual(after(engine, ...offers, buy(9, 3, MAX_PRICE_TICKS)).slice(1), trades)
})

fact('limit - the largest quantities add up beyond 32 bits', (t, engine) => {
  const large = { instrument: 2 }
  for (let id = 1; id <= 4; id++) engine.apply(sell(id, MAX_LOTS, 100, large))
  t.deepEqual(engine.depth(2, Side.sell, 9), [level(100, 4 * MAX_LOTS, 4)])
  t.deepEqual(after(engine, buy(9, MAX_LOTS, 100, large)), ['accepted #9', `trade #9 #1 ${MAX_LOTS}@100`])
  t.deepEqual(engine.depth(2, Side.sell, 9), [level(100, 3 * MAX_LOTS, 3)])
})

fact('limit - the id of an order that has traded whole may be used again', (t, engine) => {
  t.deepEqual(after(engine, sell(1, 1, 100), buy(2, 1, 100), buy(1, 1, 100)), ['accepted #1'])
})

fact('market - an order takes every level it needs, whatever the price', (t, engine) => {
  const trades = ['trade #9 #1 5@100', 'trade #9 #2 5@101', 'trade #9 #3 1@103']
  t.deepEqual(after(engine, ...OFFERS, buy(9, 11, 0, MARKET)), ['accepted #9', ...trades])
})

fact('market - a selling order takes every bid it needs down to one tick', (t, engine) => {
  t.deepEqual(after(engine, buy(1, 1, 1), buy(2, 1, 9), sell(9, 2, 0, MARKET)).slice(1), [
    'trade #9 #2 1@9',
    'trade #9 #1 1@1',
  ])
})

fact('market - what meets no liquidity is cancelled and never rests', (t, engine) => {
  t.deepEqual(after(engine, sell(1, 2, 100), buy(9, 5, 0, MARKET)).slice(1), [
    'trade #9 #1 2@100',
    'cancelled #9 3 noLiquidity',
  ])
  t.is(engine.liveOrders, 0)
})

fact('market - an empty side cancels the whole order', (t, engine) => {
  t.deepEqual(after(engine, sell(9, 5, 0, MARKET)), ['accepted #9', 'cancelled #9 5 noLiquidity'])
})

fact('market - a protection price is the worst it trades at', (t, engine) => {
  const trades = ['trade #9 #1 5@100', 'trade #9 #2 5@101', 'cancelled #9 2 noLiquidity']
  t.deepEqual(after(engine, ...OFFERS, buy(9, 12, 102, MARKET)).slice(1), trades)
})

fact('market - a protection price holds for a seller too', (t, engine) => {
  t.deepEqual(after(engine, buy(1, 1, 100), buy(2, 1, 98), sell(9, 2, 99, MARKET)).slice(1), [
    'trade #9 #1 1@100',
    'cancelled #9 1 noLiquidity',
  ])
})

fact('market - with fill-or-kill it trades whole or not at all', (t, engine) => {
  const whole = { ...MARKET, ...FOK }
  t.deepEqual(after(engine, ...OFFERS, buy(8, 16, 0, whole)), ['accepted #8', 'cancelled #8 16 fok'])
  t.is(after(engine, buy(9, 15, 0, whole)).length, 4)
})

fact('ioc - what trades at once trades, and the rest is cancelled', (t, engine) => {
  t.deepEqual(after(engine, sell(1, 2, 100), buy(9, 5, 100, IOC)).slice(1), [
    'trade #9 #1 2@100',
    'cancelled #9 3 ioc',
  ])
  t.is(engine.liveOrders, 0)
})

fact('ioc - an order that meets nothing is cancelled whole', (t, engine) => {
  t.deepEqual(after(engine, sell(1, 2, 100), buy(9, 5, 99, IOC)), ['accepted #9', 'cancelled #9 5 ioc'])
  t.deepEqual(engine.depth(0, Side.sell, 9), [level(100, 2)])
})

fact('ioc - an order that fills has nothing to cancel', (t, engine) => {
  t.deepEqual(after(engine, sell(1, 2, 100), buy(9, 2, 100, IOC)), ['accepted #9', 'trade #9 #1 2@100'])
})

fact('fok - an order as large as the depth fills', (t, engine) => {
  t.is(after(engine, ...OFFERS, buy(9, 15, 103, FOK)).length, 4)
  t.is(engine.liveOrders, 0)
})

fact('fok - an order larger than the depth leaves the book untouched', (t, engine) => {
  after(engine, ...OFFERS)
  const before = engine.stateHash()
  t.deepEqual(after(engine, buy(9, 16, 103, FOK)), ['accepted #9', 'cancelled #9 16 fok'])
  t.is(engine.stateHash(), before)
})

fact('fok - depth beyond its price does not count', (t, engine) => {
  t.deepEqual(after(engine, ...OFFERS, buy(9, 11, 102, FOK)), ['accepted #9', 'cancelled #9 11 fok'])
  t.deepEqual(after(engine, buy(9, 10, 102, FOK)).slice(1), ['trade #9 #1 5@100', 'trade #9 #2 5@101'])
})

fact('fok - a seller is held to the same rule', (t, engine) => {
  const bids = [buy(1, 5, 100), buy(2, 5, 99)]
  t.deepEqual(after(engine, ...bids, sell(9, 6, 100, FOK)), ['accepted #9', 'cancelled #9 6 fok'])
  t.deepEqual(after(engine, sell(9, 6, 99, FOK)).slice(1), ['trade #9 #1 5@100', 'trade #9 #2 1@99'])
})

fact('match - instruments do not meet', (t, engine) => {
  t.deepEqual(after(engine, sell(1, 5, 100), buy(2, 5, 100, { instrument: 1 })), ['accepted #2'])
  t.deepEqual(engine.depth(0, Side.sell, 9), [level(100, 5)])
  t.deepEqual(engine.depth(1, Side.buy, 9), [level(100, 5)])
})

fact('match - the last trade price is per instrument, a reference price until there is one', (t, engine) => {
  t.deepEqual(
    [0, 1, 2].map((instrument) => engine.lastTradeTicks(instrument)),
    [0, 0, 100],
  )
  after(engine, sell(1, 1, 90, { instrument: 2 }), buy(2, 1, 99, { instrument: 2 }))
  t.deepEqual(
    [0, 1, 2].map((instrument) => engine.lastTradeTicks(instrument)),
    [0, 0, 90],
  )
})

fact('match - trades are numbered from 1 across instruments', (t, engine) => {
  const numbers: number[] = []
  const makers = [sell(1, 1, 100), sell(2, 1, 101), sell(3, 1, 100, { instrument: 1 })]
  for (const command of [...makers, buy(8, 2, 101), buy(9, 1, 100, { instrument: 1 })])
    for (const event of engine.apply(command))
      if (event.kind === EventKind.trade) numbers.push(event.matchNumber)
  t.deepEqual(numbers, [1, 2, 3])
  t.is(engine.trades, 3)
})

fact('match - depth stops at the number of levels asked for', (t, engine) => {
  after(engine, ...OFFERS)
  t.deepEqual(engine.depth(0, Side.sell, 2), [level(100, 5), level(101, 5)])
  t.deepEqual(engine.depth(0, Side.sell, 0), [])
})

fact('match - an accepted order says what was asked for', (t, engine) => {
  const order = { orderId: 2 ** 53 - 1, client: 2 ** 32 - 1, instrument: 1, side: Side.sell, ...LIMIT_GTC }
  const terms = { lots: 7, priceTicks: 99, sequence: 2 ** 40 + 3 }
  const events: unknown[] = engine.apply(newOrder({ ...order, ...terms }))
  const none = { flags: 0, displayLots: 0, stopTicks: 0, expirySeconds: 0 }
  t.deepEqual(events, [{ kind: EventKind.accepted, ...order, ...terms, ...none, openLots: 7 }])
})

fact('match - a trade names both orders, the price of the maker and what either has left', (t, engine) => {
  engine.apply(sell(2 ** 40, 9, 100, { client: 3, sequence: 5 }))
  const taker = { sequence: 6, instrument: 0, client: 2 ** 31, orderId: 8, side: Side.buy, ...LIMIT_GTC }
  const maker = { makerOrderId: 2 ** 40, makerClient: 3, makerOpenLots: 5 }
  const trade = { kind: EventKind.trade, priceTicks: 100, lots: 4, openLots: 0, matchNumber: 1 }
  const events: unknown[] = engine.apply(buy(8, 4, 105, { client: 2 ** 31, sequence: 6 }))
  t.deepEqual(events[1], { ...trade, ...taker, ...maker })
})

fact('match - a remainder that leaves says how much and at what price', (t, engine) => {
  const order = { sequence: 9, instrument: 0, client: 6, orderId: 8, side: Side.sell, priceTicks: 105 }
  const left = { kind: EventKind.cancelled, lots: 4, openLots: 0, reason: CancelReason.ioc }
  const events: unknown[] = engine.apply(sell(8, 4, 105, { ...IOC, client: 6, sequence: 9 }))
  t.deepEqual(events[1], { ...LIMIT_GTC, ...order, ...left, timeInForce: TimeInForce.ioc })
})
