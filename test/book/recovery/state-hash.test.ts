import test from 'ava'
import * as command from '../../../src/book/command.ts'
import type { Command } from '../../../src/book/command.ts'
import { OrderType, Side, TimeInForce, TradingState } from '../../../src/book/record.ts'
import { StateHasher } from '../../../src/book/recovery/state-hash.ts'
import { seededInts } from '../../support/commands.ts'
import { buy, FastEngine, sell, suiteInstruments } from '../../support/both-engines.ts'

const { amendOrder, cancelOrder, flagsOf, kill, setGroup, setState, setTime } = command

function hashAfter(...commands: Command[]): string {
  const engine = new FastEngine(suiteInstruments())
  for (const command of commands) engine.apply(command)
  return engine.stateHash()
}

function digest(...values: number[]): string {
  const hasher = new StateHasher()
  for (const value of values) hasher.add(value)
  return hasher.digest()
}

const BOOK = [
  sell(1, 5, 100),
  sell(2, 6, 100, { client: 2 }),
  buy(3, 7, 90),
  buy(4, 8, 90, { instrument: 1 }),
]

test('state hash - it is sixteen hexadecimal digits', (t) => {
  t.regex(hashAfter(), /^[0-9a-f]{16}$/)
  t.is(hashAfter(), hashAfter())
})

test('state hash - anything that changes later answers changes it', (t) => {
  const [first, second, third, fourth] = BOOK as [Command, Command, Command, Command]
  const differing: Record<string, Command[]> = {
    'one order fewer': [first, second, third],
    'another id': [{ ...first, orderId: 11 }, second, third, fourth],
    'another high half of an id': [{ ...first, orderId: 2 ** 32 + 1 }, second, third, fourth],
    'another client': [{ ...first, client: 3 }, second, third, fourth],
    'other lots': [{ ...first, lots: 4 }, second, third, fourth],
    'another price': [{ ...first, priceTicks: 101 }, second, third, fourth],
    'another instrument': [first, second, { ...third, instrument: 2 }, fourth],
    'another side': [first, second, { ...third, side: Side.sell, priceTicks: 190 }, fourth],
    'another place in the queue': [second, first, third, fourth],
    'another total for the same open lots': [{ ...first, lots: 6 }, buy(9, 1, 100), second, third, fourth],
    'a trade that left no order behind': [...BOOK, sell(8, 1, 95), buy(9, 1, 95)],
  }
  const hashes = Object.values(differing).map((commands) => hashAfter(...commands))
  t.is(new Set([hashAfter(...BOOK), ...hashes]).size, hashes.length + 1)
})

test('state hash - each term of an order changes it', (t) => {
  const stop = { orderType: OrderType.stopLimit, stopTicks: 150 }
  const trailing = { orderType: OrderType.trailingStop, stopTicks: 10, priceTicks: 0, instrument: 2 }
  const gtd = { timeInForce: TimeInForce.gtd, expirySeconds: 50 }
  const differing: Record<string, Command[]> = {
    plain: [buy(1, 9, 100)],
    day: [buy(1, 9, 100, { timeInForce: TimeInForce.day })],
    'good till a date': [buy(1, 9, 100, gtd)],
    'good till another date': [buy(1, 9, 100, { ...gtd, expirySeconds: 51 })],
    hidden: [buy(1, 9, 100, { flags: flagsOf({ hidden: true }) })],
    'post-only': [buy(1, 9, 100, { flags: flagsOf({ postOnly: 'slide' }) })],
    iceberg: [buy(1, 9, 100, { displayLots: 3 })],
    'another iceberg': [buy(1, 9, 100, { displayLots: 4 })],
    'an iceberg that shows less': [buy(1, 10, 100, { displayLots: 3 }), sell(2, 1, 100)],
    'a stop': [buy(1, 9, 100, stop)],
    'a stop at another price': [buy(1, 9, 100, { ...stop, stopTicks: 151 })],
    'a trailing stop': [buy(1, 9, 0, trailing)],
    'a trailing stop at the same price by another distance': [
      buy(1, 9, 0, { ...trailing, stopTicks: 11 }),
      sell(2, 1, 99, { instrument: 2 }),
      buy(3, 1, 99, { instrument: 2 }),
    ],
    'two orders': [buy(1, 9, 100), buy(2, 9, 90)],
    'two linked orders': [
      buy(1, 9, 100),
      buy(2, 9, 90, { flags: flagsOf({ linked: true }), linkedOrderId: 1 }),
    ],
    'two orders, unlinked again': [
      buy(1, 9, 100),
      buy(2, 9, 90, { flags: flagsOf({ linked: true }), linkedOrderId: 1 }),
      cancelOrder(1),
      buy(1, 9, 100),
    ],
  }
  const hashes = Object.values(differing).map((commands) => hashAfter(...commands))
  t.is(new Set(hashes).size, hashes.length)
})

test('state hash - clock, kill switch, groups, trading states and last prices change it', (t) => {
  const differing: Command[][] = [
    [],
    [setTime(1)],
    [setTime(1_000_000_000)],
    [kill()],
    [kill(1)],
    [kill(2)],
    [kill(1), kill(2)],
    [setGroup(1, 1)],
    [setGroup(1, 2)],
    [setGroup(2, 1)],
    [setState(TradingState.halted, 0)],
    [setState(TradingState.halted, 1)],
    [setState(TradingState.closed, 0)],
    [sell(1, 1, 100), buy(2, 1, 100)],
    [sell(1, 1, 101), buy(2, 1, 101)],
  ]
  const hashes = differing.map((commands) => hashAfter(...commands))
  t.is(new Set(hashes).size, hashes.length)
})

test('state hash - in which order clients were killed or grouped does not show, nor what was undone', (t) => {
  t.is(hashAfter(kill(2), kill(1)), hashAfter(kill(1), kill(2)))
  t.is(hashAfter(setGroup(2, 1), setGroup(1, 3)), hashAfter(setGroup(1, 3), setGroup(2, 1)))
  t.is(hashAfter(kill(2), command.release(2), setGroup(1, 1), setGroup(1, 0)), hashAfter())
  t.is(hashAfter(setState(TradingState.closed), setState(TradingState.continuous)), hashAfter())
})

test('state hash - market data is no part of it', (t) => {
  const engine = new FastEngine(suiteInstruments(), { marketData: true })
  for (const each of BOOK) engine.apply(each)
  t.is(engine.stateHash(), hashAfter(...BOOK))
})

test('state hash - orders that came and went leave it as it was', (t) => {
  const comings = Array.from({ length: 6_000 }, (_, i) => buy(100 + i, 1 + (i % 9), 1 + i * 50))
  const goings = comings.map(({ orderId }) => cancelOrder(orderId))
  t.is(hashAfter(...comings, ...goings, ...BOOK), hashAfter(...BOOK))
})

test('state hash - the same book by another history has the same hash', (t) => {
  const straight = hashAfter(...BOOK)
  const byAmends = [sell(1, 9, 120), buy(3, 7, 80), amendOrder(1, { lots: 5, priceTicks: 100 })]
  t.is(hashAfter(...byAmends, BOOK[1]!, BOOK[3]!, amendOrder(3, { priceTicks: 90 })), straight)
  const otherOrder = [BOOK[3]!, BOOK[2]!, buy(50, 1, 50), BOOK[0]!, sell(51, 5, 100), BOOK[1]!]
  t.is(hashAfter(...otherOrder, cancelOrder(51), cancelOrder(50)), straight)
})

test('state hash - slots that are dealt out in another order do not show', (t) => {
  const below = seededInts(7)
  const orders = Array.from({ length: 500 }, (_, i) => buy(i + 1, 1 + below(50), 1 + below(2 ** 30)))
  // Every order on a level of its own, so any order of arrival makes the same book.
  const levels = new Set(orders.map(({ priceTicks }) => priceTicks))
  t.is(levels.size, orders.length)
  const shuffled = orders.map((order) => ({ order, at: below(2 ** 30) })).sort((a, b) => a.at - b.at)
  t.is(hashAfter(...shuffled.map(({ order }) => order)), hashAfter(...orders))
})

test('state hash - a number, its high half and its place all count', (t) => {
  const digests = [[], [0], [1], [2 ** 32], [2 ** 52], [0, 1], [1, 0], [-1], [2 ** 53 - 1]].map((v) =>
    digest(...v),
  )
  t.is(new Set(digests).size, digests.length)
})
