import * as t from 'io-ts'
import { Side } from '../../book/index.ts'
import { headSide, HEAD, LOTS, MATCH_LOW, CODE, PRICE_TICKS, readU64, SEQUENCE } from '../../book/record.ts'
import { options, text } from '../../pipeline/codec.ts'
import type { Market } from '../../pipeline/market.ts'
import { apiFeed } from '../../operators/api/feed.ts'
import { ANSWERS } from '../answers.ts'
import type { Caller } from '../keys.ts'
import { HttpProblem, notFound, unavailable } from '../problem.ts'
import { route, type Route } from '../route.ts'

/** A whole number in a query, which is text. */
function count(most: number, usual: number): t.Type<number, number> {
  return new t.Type<number, number>(
    `a whole number from 1 to ${most}`,
    (value): value is number => typeof value === 'number',
    (value, context) => {
      if (value === undefined) return t.success(usual)
      const number = typeof value === 'string' && /^[0-9]{1,9}$/.test(value) ? Number(value) : NaN
      return number >= 1 && number <= most ? t.success(number) : t.failure(value, context)
    },
    (value) => value,
  )
}

const symbolOnly = options({ symbol: text })
const bookQuery = options({}, { levels: count(1_000, 20) })
const tradesQuery = options({}, { limit: count(1_000, 100) })
const clientQuery = options({}, { client: text })

/** A level as it is shown: price and quantity as text with the instrument's decimals, and how many orders. */
export type ShownLevel = readonly [price: string, quantity: string, orders: number]

export interface ShownBook {
  readonly symbol: string
  readonly state: number
  readonly last: string | undefined
  readonly bids: readonly ShownLevel[]
  readonly offers: readonly ShownLevel[]
}

export interface ShownTrade {
  readonly match: number
  readonly sequence: number
  readonly price: string
  readonly quantity: string
  readonly side: 'buy' | 'sell' | 'none'
}

/** @throws HttpProblem 404 for a symbol that is not traded */
export function instrumentOf(market: Market, symbol: string): number {
  const instrument = market.instruments.find(symbol)
  if (instrument === undefined) throw notFound(`no instrument ${JSON.stringify(symbol)}`)
  return instrument
}

/** @throws HttpProblem 503 where no engine of this process has the instrument */
function engineOf(market: Market): NonNullable<Market['engine']> {
  if (market.engine === undefined) throw unavailable('no stage of this process matches')
  return market.engine
}

export function bookOf(market: Market, instrument: number, levels: number): ShownBook {
  const engine = engineOf(market)
  const { instruments } = market
  const side = (which: number): ShownLevel[] =>
    engine
      .depth(instrument, which, levels)
      .map(({ priceTicks, lots, orders }) => [
        instruments.formatPrice(instrument, priceTicks),
        instruments.formatQuantity(instrument, lots),
        orders,
      ])
  const lastTicks = engine.lastTrade(instrument)
  return {
    symbol: instruments.symbol(instrument),
    state: engine.tradingState(instrument),
    last: lastTicks === 0 ? undefined : instruments.formatPrice(instrument, lastTicks),
    bids: side(Side.buy),
    offers: side(Side.sell),
  }
}

const SIDES = ['buy', 'sell', 'none'] as const

/** Trades of an instrument from a number on, the newest `most` of them. */
export function tradesOf(
  market: Market,
  instrument: number,
  from: number,
  most: number,
): { readonly trades: readonly ShownTrade[]; readonly next: number; readonly gone: number } {
  const feed = apiFeed(market)
  if (feed === undefined) throw unavailable('no stage of the pipeline publishes to the API')
  const { instruments } = market
  const trades: ShownTrade[] = []
  const count = feed.tradeCount(instrument)
  const first = Math.max(from, count - most)
  const { next, gone } = feed.eachTrade(instrument, first, (words, at) => {
    trades.push({
      match: (words[at + CODE]! >>> 16) * 4_294_967_296 + (words[at + MATCH_LOW]! >>> 0),
      sequence: readU64(words, at + SEQUENCE),
      price: instruments.formatPrice(instrument, words[at + PRICE_TICKS]!),
      quantity: instruments.formatQuantity(instrument, words[at + LOTS]!),
      side: SIDES[headSide(words[at + HEAD]!)]!,
    })
  })
  return { trades, next, gone: gone + (first - from) }
}

/** All live orders of a client, as people write them. */
export function openOrdersOf(market: Market, client: string): unknown[] {
  const { instruments, orders } = market
  return engineOf(market)
    .openOrders(market.clients.number(client))
    .map((order) => ({
      id: orders.text(order.orderId),
      client,
      symbol: instruments.symbol(order.instrument),
      side: SIDES[order.side],
      price: order.priceTicks === 0 ? undefined : instruments.formatPrice(order.instrument, order.priceTicks),
      open: instruments.formatQuantity(order.instrument, order.openLots),
      quantity: instruments.formatQuantity(order.instrument, order.totalLots),
      isWaiting: order.isWaiting,
    }))
}

/** The client whose private data a caller may see. */
export function clientFor({ client }: Caller, asked: string | undefined): string {
  if (client !== undefined && asked !== undefined && asked !== client)
    throw new HttpProblem(403, 'Not allowed', `this key may only see client ${JSON.stringify(client)}`)
  const one = client ?? asked
  if (one === undefined)
    throw new HttpProblem(400, 'Not a valid request', 'query.client: missing, expected text')
  return one
}

export function marketRoutes(market: Market): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/instruments',
      summary: 'What is traded, and on which terms',
      tag: 'market',
      role: 'viewer',
      answer: 'Symbols with tick and lot.',
      schema: ANSWERS.instruments,
      handle: () =>
        Array.from({ length: market.instruments.count }, (_, instrument) => ({
          symbol: market.instruments.symbol(instrument),
          tick: market.instruments.formatPrice(instrument, 1),
          lot: market.instruments.formatQuantity(instrument, 1),
        })),
    }),
    route({
      method: 'GET',
      path: '/api/book/{symbol}',
      summary: 'Depth by price level, best first',
      tag: 'market',
      role: 'viewer',
      params: symbolOnly,
      query: bookQuery,
      answer: 'Bids and offers: price, quantity, orders.',
      schema: ANSWERS.book,
      handle: ({ params, query }) => bookOf(market, instrumentOf(market, params.symbol), query.levels ?? 20),
    }),
    route({
      method: 'GET',
      path: '/api/trades/{symbol}',
      summary: 'The latest trades, oldest first',
      tag: 'market',
      role: 'viewer',
      params: symbolOnly,
      query: tradesQuery,
      answer: 'Trades.',
      schema: ANSWERS.trades,
      handle: ({ params, query }) =>
        tradesOf(market, instrumentOf(market, params.symbol), 0, query.limit ?? 100).trades,
    }),
    route({
      method: 'GET',
      path: '/api/orders',
      summary: 'Live orders of a client',
      tag: 'orders',
      role: 'trader',
      query: clientQuery,
      answer: 'Its live orders.',
      schema: ANSWERS.orders,
      handle: ({ query, caller }) => openOrdersOf(market, clientFor(caller, query.client)),
    }),
  ]
}
