import test from 'ava'
import { PassThrough } from 'node:stream'
import {
  cancelOrder,
  type Command,
  EventKind,
  OrderType,
  RECORD_WORDS,
  Side,
  TimeInForce,
} from '../../src/book/index.ts'
import { flagsOf, kill, massCancel, replaceOrder, setState, setTime } from '../../src/book/command.ts'
import * as record from '../../src/book/record.ts'
import { SelfTrade, TradingState } from '../../src/book/record.ts'
import { smallMarket } from '../support/text-input.ts'
import { collect, opened, parsed } from '../support/text-output.ts'
import { buy, linesOf, sell } from './fixtures/lines-of.ts'

/** Every event of some commands, with market data, about one instrument of a price band. */
async function linesWithMarketData(commands: readonly Command[]): Promise<Record<string, unknown>[]> {
  return (await linesOf(commands, { marketData: true })) as Record<string, unknown>[]
}

test('terms - an accepted order says those that it has', async (t) => {
  const trade = [buy(18, 1, 1000), sell(19, 1, 1000)]
  const stop = { orderType: OrderType.stop, priceTicks: 0, stopTicks: 1010 }
  const accepted = (
    await linesOf([
      ...trade,
      { ...buy(1, 9, 990), ...stop },
      { ...buy(2, 9, 990), displayLots: 4, timeInForce: TimeInForce.gtd, expirySeconds: 1_795_627_800 },
      {
        ...buy(3, 9, 990),
        flags: flagsOf({ postOnly: 'slide', hidden: true, selfTrade: SelfTrade.cancelBoth }),
      },
      { ...buy(4, 9, 990), flags: flagsOf({ reduceOnly: true }), positionLots: -20 },
      { ...buy(5, 9, 990), flags: flagsOf({ allOrNone: true }), timeInForce: TimeInForce.day },
      { ...buy(6, 9, 990), flags: flagsOf({ linked: true }), linkedOrderId: 5 },
    ])
  ).slice(3) as Record<string, unknown>[]
  const plain = [
    'event',
    'sequence',
    'id',
    'client',
    'symbol',
    'side',
    'type',
    'timeInForce',
    'price',
    'quantity',
  ]
  const terms = accepted.map((line) =>
    Object.fromEntries(Object.entries(line).filter(([key]) => !plain.includes(key))),
  )
  t.deepEqual(terms, [
    { stopPrice: '10.10' },
    { display: '4', expires: '2026-11-25T17:30:00Z' },
    { postOnly: 'slide', hidden: true, selfTrade: 'cancel-both' },
    { reduceOnly: true },
    { allOrNone: true },
    { linked: true },
  ])
  t.like(accepted[0], { type: 'stop', timeInForce: 'GTC' })
  t.like(accepted[1], { type: 'limit', timeInForce: 'GTD' })
  t.like(accepted[4], { timeInForce: 'DAY' })
})

test('shapes - replaced, triggered and applied', async (t) => {
  const events = (await linesOf([
    buy(1, 100, 1000),
    replaceOrder(1, 2, { lots: 40, priceTicks: 990 }, 1),
    { ...sell(3, 5, 980), orderType: OrderType.stopLimit, stopTicks: 985 },
    sell(4, 1, 980),
    sell(5, 1, 980),
    massCancel({ client: 1, side: Side.buy }),
    setTime(1_795_627_800_000_000_000n),
    kill(),
  ])) as Record<string, unknown>[]
  const of = (event: string): unknown[] => events.filter((line) => line['event'] === event)
  t.deepEqual(of('replaced'), [
    {
      event: 'replaced',
      sequence: 2,
      id: 'a2',
      client: 'alice',
      symbol: 'AAPL',
      replaces: 'a1',
      side: 'buy',
      price: '9.90',
      quantity: '40',
    },
  ])
  t.deepEqual(of('applied'), [
    { event: 'applied', sequence: 6, client: 'alice', command: 'mass-cancel', side: 'buy' },
    { event: 'applied', sequence: 7, command: 'time', at: '2026-11-25T17:30:00Z' },
    { event: 'applied', sequence: 8, command: 'kill' },
  ])
})

test('shapes - triggered', async (t) => {
  const events = await linesOf([
    { ...sell(3, 5, 980), orderType: OrderType.stopLimit, stopTicks: 985 },
    buy(1, 2, 985),
    sell(2, 2, 985),
  ])
  t.deepEqual(events.at(-1), {
    event: 'triggered',
    sequence: 3,
    id: 'a3',
    client: 'bob',
    symbol: 'AAPL',
    side: 'sell',
    type: 'stop-limit',
    price: '9.80',
    stopPrice: '9.85',
    open: '5',
  })
})

test('shapes - what is left of an order that lost lots to self-trade prevention', async (t) => {
  const events = await linesOf([
    buy(1, 10, 1000),
    { ...sell(2, 4, 1000), client: 1, flags: flagsOf({ selfTrade: SelfTrade.decrement }) },
  ])
  const cancelled = (events as { event: string }[]).filter(({ event }) => event === 'cancelled')
  t.is(cancelled.length, 2)
  t.like(cancelled[0], { id: 'a1', reason: 'self-trade', quantity: '4', open: '6' })
  t.like(cancelled[1], { id: 'a2', reason: 'self-trade', quantity: '4' })
  t.false('open' in cancelled[1]!)
})

test('shapes - trading states and where an auction would trade', async (t) => {
  const events = await linesWithMarketData([
    setState(TradingState.openingAuction, 0),
    buy(1, 10, 1000),
    sell(2, 4, 1000),
    setState(TradingState.continuous, 0),
  ])
  const of = (event: string): unknown[] => events.filter((line) => line['event'] === event)
  t.deepEqual(of('state'), [
    {
      event: 'state',
      sequence: 1,
      symbol: 'AAPL',
      state: 'opening-auction',
      previous: 'continuous',
      cause: 'command',
    },
    {
      event: 'state',
      sequence: 4,
      symbol: 'AAPL',
      state: 'continuous',
      previous: 'opening-auction',
      cause: 'command',
    },
  ])
  t.deepEqual(of('indication'), [
    { event: 'indication', sequence: 1, symbol: 'AAPL', quantity: '0', surplus: '0' },
    {
      event: 'indication',
      sequence: 3,
      symbol: 'AAPL',
      price: '10.00',
      quantity: '4',
      surplus: '6',
      side: 'buy',
    },
  ])
  t.like(of('trade')[0], { taker: 'a1', maker: 'a2', side: 'none', price: '10.00', quantity: '4' })
})

test('shapes - levels and best prices', async (t) => {
  const events = await linesWithMarketData([buy(1, 10, 1000), sell(2, 4, 1001), cancelOrder(1)])
  const of = (event: string): unknown[] => events.filter((line) => line['event'] === event)
  const level = { event: 'level', symbol: 'AAPL' }
  t.deepEqual(of('level'), [
    { ...level, sequence: 1, side: 'buy', price: '10.00', quantity: '10', orders: 1 },
    { ...level, sequence: 2, side: 'sell', price: '10.01', quantity: '4', orders: 1 },
    { ...level, sequence: 3, side: 'buy', price: '10.00', quantity: '0', orders: 0 },
  ])
  t.deepEqual(of('best'), [
    { event: 'best', sequence: 1, symbol: 'AAPL', bid: '10.00', bidQuantity: '10' },
    {
      event: 'best',
      sequence: 2,
      symbol: 'AAPL',
      bid: '10.00',
      bidQuantity: '10',
      offer: '10.01',
      offerQuantity: '4',
    },
    { event: 'best', sequence: 3, symbol: 'AAPL', offer: '10.01', offerQuantity: '4' },
  ])
})

test('event kinds - each has a line of its own', async (t) => {
  const seen = new Set<string>()
  const stdout = new PassThrough()
  const text = collect(stdout)
  const sink = await opened(smallMarket(), '-', stdout)
  const words = new Int32Array(RECORD_WORDS)
  for (const kind of Object.values(EventKind)) {
    words[record.HEAD] = record.packHead(kind, 0, 1, 1)
    sink.process(words, 0)
  }
  await sink.close()
  for (const { event } of parsed(text()) as { event: string }[]) seen.add(event)
  t.is(seen.size, Object.keys(EventKind).length)
})
