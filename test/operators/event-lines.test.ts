import test from 'ava'
import fc from 'fast-check'
import { PassThrough, Readable } from 'node:stream'
import {
  amendOrder,
  Batch,
  CancelReason,
  cancelOrder,
  MatchingEngine,
  OrderType,
  pushCommand,
  RECORD_WORDS,
  RejectCode,
  TimeInForce,
} from '../../src/book/index.ts'
import * as record from '../../src/book/record.ts'
import { openOrders } from '../../src/operators/orders/order-text.ts'
import { smallMarket } from '../support/text-input.ts'
import { collect, opened, parsed, writeAll } from '../support/text-output.ts'
import { buy, linesOf, sell } from './fixtures/lines-of.ts'

test('shapes - accepted and trade', async (t) => {
  t.deepEqual(await linesOf([buy(1, 100, 1005), sell(2, 40, 1000)]), [
    {
      event: 'accepted',
      sequence: 1,
      id: 'a1',
      client: 'alice',
      symbol: 'AAPL',
      side: 'buy',
      type: 'limit',
      timeInForce: 'GTC',
      price: '10.05',
      quantity: '100',
    },
    {
      event: 'accepted',
      sequence: 2,
      id: 'a2',
      client: 'bob',
      symbol: 'AAPL',
      side: 'sell',
      type: 'limit',
      timeInForce: 'GTC',
      price: '10.00',
      quantity: '40',
    },
    {
      event: 'trade',
      sequence: 2,
      match: 1,
      symbol: 'AAPL',
      price: '10.05',
      quantity: '40',
      side: 'sell',
      taker: 'a2',
      takerClient: 'bob',
      takerOpen: '0',
      maker: 'a1',
      makerClient: 'alice',
      makerOpen: '60',
    },
  ])
})

test('shapes - amended says the new total and what is open, cancelled what left the book', async (t) => {
  const events = await linesOf([
    buy(1, 100, 1005),
    sell(2, 40, 1005),
    amendOrder(1, { lots: 70, priceTicks: 1006 }, 1),
    cancelOrder(1, 1),
  ])
  t.deepEqual(events.slice(3), [
    {
      event: 'amended',
      sequence: 3,
      id: 'a1',
      client: 'alice',
      symbol: 'AAPL',
      side: 'buy',
      price: '10.06',
      quantity: '70',
      open: '30',
    },
    {
      event: 'cancelled',
      sequence: 4,
      id: 'a1',
      client: 'alice',
      symbol: 'AAPL',
      side: 'buy',
      reason: 'user',
      price: '10.06',
      quantity: '30',
    },
  ])
})

test('shapes - each reason for a cancel has its name', async (t) => {
  const [, fok, , ioc, , market] = await linesOf([
    { ...buy(1, 100, 1005), timeInForce: TimeInForce.fok },
    { ...buy(2, 100, 1005), timeInForce: TimeInForce.ioc },
    { ...buy(3, 5, 0), orderType: OrderType.market, timeInForce: TimeInForce.ioc },
  ])
  t.like(fok, { event: 'cancelled', reason: 'fok', price: '10.05', quantity: '100' })
  t.like(ioc, { event: 'cancelled', reason: 'ioc' })
  t.like(market, { event: 'cancelled', reason: 'no-liquidity', quantity: '5' })
  t.is(Object.keys(CancelReason).length, 13, 'a new reason needs a name in docs/stdio.md')
})

test('shapes - a market order without a price has none', async (t) => {
  const [accepted] = await linesOf([
    { ...buy(3, 5, 0), orderType: OrderType.market, timeInForce: TimeInForce.ioc },
  ])
  t.like(accepted, { event: 'accepted', type: 'market', timeInForce: 'IOC' })
  t.false('price' in (accepted as object))
})

test('shapes - what is not known of a rejected command is left out', async (t) => {
  const events = await linesOf([
    { ...cancelOrder(9), rejectCode: RejectCode.UNKNOWN_ORDER },
    { kind: 1, orderId: 0, instrument: -1, rejectCode: RejectCode.MALFORMED },
    buy(4, 0, 1005),
  ])
  t.deepEqual(events, [
    { event: 'rejected', sequence: 1, id: 'a9', code: 'UNKNOWN_ORDER' },
    { event: 'rejected', sequence: 2, code: 'MALFORMED' },
    { event: 'rejected', sequence: 3, id: 'a4', client: 'alice', symbol: 'AAPL', code: 'INVALID_QUANTITY' },
  ])
})

test('shapes - decimals are those of the instrument', async (t) => {
  const [accepted] = await linesOf([{ ...buy(1, 250, 21), instrument: 1 }])
  t.like(accepted, { symbol: 'BTC', price: '10.5', quantity: '0.250' })
})

test('shapes - names come out as they went in, whatever is in them', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.string({ unit: 'grapheme', minLength: 1 }),
      async (id, client) => {
        const market = smallMarket()
        const stdout = new PassThrough()
        const text = collect(stdout)
        const sink = await opened(market, '-', stdout)
        const engine = new MatchingEngine(market.instruments)
        const orderId = market.orders.number(id)
        const batch = new Batch()
        engine.apply(
          batch.words,
          pushCommand(batch, { ...buy(orderId, 1, 1), client: market.clients.number(client) }),
        )
        writeAll(sink, engine.events)
        await sink.close()
        const [event] = parsed(text())
        t.like(event, { id, client })
      },
    ),
  )
})

test('from text to text - every line is answered, and what was wrong is said with its place', async (t) => {
  const market = smallMarket()
  const lines = [
    '{"id":"a1","client":"alice","symbol":"AAPL","side":"sell","price":"10.05","quantity":100}',
    '{"id":7,"client":"bob","symbol":"AAPL","side":"buy","quantity":30}',
    '{"op":"amend","id":"a1","price":"10.055"}',
    'nonsense',
    '{"op":"cancel","id":"zz","client":"bob"}',
    '{"op":"cancel","id":"a1","client":"bob"}',
    '{"op":"cancel","id":"a1","client":"alice"}',
  ]
  const stdout = new PassThrough()
  const text = collect(stdout)
  const sink = await opened(market, '-', stdout)
  const stdin = Readable.from([Buffer.from(lines.join('\n'))], { objectMode: false })
  const source = await openOrders(market, { file: '-', stdin })()
  if (source._tag === 'Left') throw new Error(source.left)
  const engine = (market.engine = new MatchingEngine(market.instruments))
  const batch = new Batch()
  for (let more = true; more;) {
    batch.count = 0
    more = source.right.pull(batch, 3)
    for (let at = 0; at < batch.count * RECORD_WORDS; at += RECORD_WORDS) {
      record.writeU64(batch.words, at + record.SEQUENCE, ++market.sequence)
      engine.apply(batch.words, at)
    }
    writeAll(sink, engine.events)
    engine.events.count = 0
    if (more && batch.count === 0) await source.right.ready()
  }
  await sink.close()
  const events = parsed(text()) as { event: string; sequence: number }[]
  t.deepEqual(
    events.map(({ event, sequence }) => [sequence, event]),
    [
      [1, 'accepted'],
      [2, 'accepted'],
      [2, 'trade'],
      [3, 'rejected'],
      [4, 'rejected'],
      [5, 'rejected'],
      [6, 'rejected'],
      [7, 'cancelled'],
    ],
  )
  t.deepEqual(events.slice(3, 7) as unknown[], [
    {
      event: 'rejected',
      sequence: 3,
      id: 'a1',
      symbol: 'AAPL',
      code: 'OFF_TICK',
      detail: 'price "10.055" is not a multiple of the tick, 0.01',
      line: 3,
      column: 33,
    },
    {
      event: 'rejected',
      sequence: 4,
      code: 'MALFORMED',
      detail: 'not JSON: expected an object, {"op":...}, got "n"',
      line: 4,
      column: 1,
    },
    {
      event: 'rejected',
      sequence: 5,
      id: 'zz',
      client: 'bob',
      code: 'UNKNOWN_ORDER',
      detail: 'no order with the id "zz" is known',
      line: 5,
      column: 21,
    },
    { event: 'rejected', sequence: 6, id: 'a1', client: 'bob', code: 'UNKNOWN_ORDER' },
  ])
})
