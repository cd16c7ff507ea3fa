import test from 'ava'
import * as fc from 'fast-check'
import { Batch, EventKind, RECORD_WORDS, Side, type Command } from '../../src/book/index.ts'
import {
  amendOrder,
  cancelOrder,
  flagsOf,
  massCancel,
  replaceOrder,
  setState,
  setTime,
} from '../../src/book/command.ts'
import {
  HEAD,
  headKind,
  LOTS,
  MAKER_OPEN_LOTS,
  OPEN_LOTS,
  OrderType,
  SelfTrade,
  TradingState,
} from '../../src/book/record.ts'
import { match, publish, risk, Summary, validate, type Totals } from '../../src/operators/index.ts'
import { Simulator } from '../../src/operators/simulator/simulator.ts'
import { Market } from '../../src/pipeline/market.ts'
import type { Source } from '../../src/pipeline/operator.ts'
import { observeSource } from '../../src/pipeline/pump.ts'
import { buy, FOK, IOC, MARKET, sell } from '../support/both-engines.ts'
import { streams } from '../support/commands.ts'
import { ONE, THREE } from '../support/simulated.ts'
import { bytesOf, ended, ListSource, recordsOf } from '../support/streams.ts'
import { Tally } from '../support/tally.ts'

/** Runs commands through the whole pipeline, summed up and followed order by order. */
async function summedUp(market: Market, source: Source, limits = {}) {
  const summary = new Summary(market)
  const tally = new Tally()
  await ended(
    observeSource(source, market, { batchRecords: 100 }).pipe(
      validate(market),
      risk(market, limits),
      match(market),
      publish(market, summary),
      publish(market, tally.add),
    ),
  )
  return { summary, tally }
}

function simulated(market: Market, options: { seed: number; orders: number; badShare: number }): Simulator {
  return new Simulator(market, { ...options, profile: 'nasdaq-small-tick' })
}

async function totalsOf(commands: readonly Command[]): Promise<Totals> {
  const market = new Market([ONE])
  const { summary } = await summedUp(market, new ListSource(recordsOf(commands)))
  return summary.totals()
}

test('summary - a simulated day adds up, and agrees with a count order by order', async (t) => {
  const seen = { amended: 0, trades: 0, rejected: 0, cancelled: 0 }
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.constantFrom(0, 0.02, 0.3), async (seed, badShare) => {
      const market = new Market(THREE)
      const source = simulated(market, { seed, orders: 1_500, badShare })
      const { summary, tally } = await summedUp(market, source, { maxOrderLots: 900, collarTicks: 60 })
      const { rejectedBy, ...totals } = summary.totals()
      t.deepEqual<unknown, unknown>(totals, tally.totals(1_500))
      t.is(
        Object.values(rejectedBy).reduce((sum, count) => sum + count, 0),
        totals.rejected,
      )
      seen.amended += totals.amended
      seen.trades += totals.trades
      seen.rejected += totals.rejected
      seen.cancelled += totals.orders.cancelled - totals.cancels
    }),
    { numRuns: 15 },
  )
  t.true(Object.values(seen).every((count) => count > 0))
})

test('summary - so does any stream of commands, good and bad', async (t) => {
  await fc.assert(
    fc.asyncProperty(streams('narrow', 150), async (commands) => {
      const market = new Market([
        { symbol: 'A', tick: '1', lot: '1' },
        { symbol: 'B', tick: '1', lot: '1' },
      ])
      const { summary, tally } = await summedUp(market, new ListSource(recordsOf(commands)))
      const { rejectedBy: _, ...totals } = summary.totals()
      t.deepEqual<unknown, unknown>(totals, tally.totals(commands.length))
    }),
    { numRuns: 60 },
  )
})

test('summary - what is cut short is cancelled, but no command cancelled it', async (t) => {
  const totals = await totalsOf([
    sell(1, 10, 5_000),
    buy(2, 4, 5_000, IOC),
    buy(3, 9, 5_000, IOC),
    buy(4, 1, 5_000, FOK),
    buy(5, 1, 0, MARKET),
  ])
  t.is(totals.cancels, 0)
  t.is(totals.trades, 2)
  t.deepEqual(totals.orders, { filled: 2, cancelled: 3, resting: 0 })
  t.deepEqual(totals.lots, { entered: 25, filled: 20, cancelled: 5, resting: 0 })
  t.true(totals.addsUp)
})

test('summary - rejections are counted by their names', async (t) => {
  const totals = await totalsOf([buy(1, 1, 5_000), buy(1, 1, 5_000), buy(2, 0, 5_000), buy(3, -1, 5_000)])
  t.deepEqual(totals.rejectedBy, { INVALID_QUANTITY: 2, DUPLICATE_ORDER_ID: 1 })
})

test('summary - every kind of command and every way to leave adds up', async (t) => {
  const market = new Market([ONE])
  const stop = { orderType: OrderType.stop, stopTicks: 5_100 }
  const commands = [
    sell(1, 10, 5_000),
    replaceOrder(1, 2, { lots: 15 }),
    buy(3, 8, 0, stop),
    buy(4, 20, 4_900, { displayLots: 5 }),
    buy(5, 3, 4_800, { flags: flagsOf({ hidden: true }) }),
    { ...sell(6, 4, 4_900), flags: flagsOf({ selfTrade: SelfTrade.decrement }), client: 1 },
    amendOrder(3, { lots: 9 }),
    sell(7, 2, 4_900, { client: 2 }),
    massCancel({ client: 1, side: Side.sell }),
    setTime(1),
    setTime(0),
    setState(TradingState.halted),
    buy(8, 1, 5_000),
    cancelOrder(5),
  ]
  const { summary, tally } = await summedUp(market, new ListSource(recordsOf(commands)))
  const { rejectedBy, ...totals } = summary.totals()
  t.deepEqual<unknown, unknown>(totals, tally.totals(commands.length))
  t.like(totals, { accepted: 6, replaced: 1, amended: 1, applied: 3, cancels: 1, rejected: 2, addsUp: true })
  t.deepEqual(rejectedBy, { INVALID_TIME: 1, TRADING_HALTED: 1 })
  t.is(totals.orders.resting, 2, 'the stop and the iceberg')
  t.is(totals.lots.resting, 9 + 20 - 4 - 2)
  const { lines, figures } = summary.report()
  t.true(lines[0]!.includes('6 accepted + 1 amended + 1 replaced + 1 cancelled + 3 applied + 2 rejected'))
  t.true(lines.some((line) => line.startsWith('AAPL ') && line.endsWith('  halted')))
  t.is((figures['instruments'] as { state: string }[])[0]!.state, 'halted')
})

test('summary - with nothing in it, it adds up', async (t) => {
  const totals = await totalsOf([])
  t.is(totals.commands, 0)
  t.true(totals.addsUp)
  t.true(new Summary(new Market()).totals().addsUp, 'also without an engine')
})

test('summary - depth is that of the book, five levels at most, best first, in decimals', async (t) => {
  const market = new Market(THREE)
  const source = simulated(market, { seed: 3, orders: 4_000, badShare: 0 })
  const { summary } = await summedUp(market, source)
  const { instruments } = summary.report().figures as {
    instruments: { symbol: string; last: string; bids: object[]; offers: object[] }[]
  }
  t.is(instruments.length, 3)
  const engine = market.engine!
  for (const [instrument, shown] of instruments.entries()) {
    const quotes = (side: number): object[] =>
      engine.depth(instrument, side, 5).map(({ priceTicks, lots, orders }) => ({
        price: market.instruments.formatPrice(instrument, priceTicks),
        quantity: market.instruments.formatQuantity(instrument, lots),
        orders,
      }))
    t.is(shown.bids.length, 5)
    t.deepEqual(shown.bids, quotes(Side.buy))
    t.deepEqual(shown.offers, quotes(Side.sell))
    t.is(shown.symbol, THREE[instrument]!.symbol)
    t.is(shown.last, market.instruments.formatPrice(instrument, engine.lastTrade(instrument)))
    t.true(
      Number((shown.bids[0] as { price: string }).price) > Number((shown.bids[1] as { price: string }).price),
    )
  }
})

test('summary - says for people what it says for programs', async (t) => {
  const market = new Market([ONE, { symbol: 'EMPTY', tick: '1', lot: '1' }])
  const commands = [
    sell(1, 1_500, 5_001),
    sell(2, 5, 5_002),
    buy(3, 20, 5_001),
    buy(4, 7, 4_999),
    buy(4, 7, 4_999),
  ]
  const { summary } = await summedUp(market, new ListSource(recordsOf(commands)))
  t.deepEqual(summary.report().lines, [
    'commands in        5 = 4 accepted + 0 amended + 0 cancelled + 1 rejected',
    '  rejected DUPLICATE_ORDER_ID                  1',
    'trades             1',
    'orders accepted    4 = 1 filled + 0 cancelled + 3 resting',
    'lots entered       1,532 = 40 filled + 0 cancelled + 1,492 resting',
    'the counts add up',
    '',
    'AAPL  best bid 49.99 x 7  best offer 50.01 x 1480  last 50.01',
    '  orders  quantity    bid  offer  quantity  orders',
    '       1         7  49.99  50.01      1480       1',
    '                           50.02         5       1',
    '',
    'EMPTY  best bid none  best offer none  last none',
  ])
})

test('summary - shows twenty instruments and counts the others', (t) => {
  const specs = Array.from({ length: 23 }, (_, i) => ({ symbol: `S${i}`, tick: '1', lot: '1' }))
  const { lines, figures } = new Summary(new Market(specs)).report()
  t.is(lines.filter((line) => line.includes('best bid')).length, 20)
  t.is(lines.at(-1), 'and 3 more instruments: --format json shows all')
  t.is((figures['instruments'] as unknown[]).length, 23)
})

/** One thing done to a stream of events that leaves it false. Says whether there was anything to do. */
const TAMPER: Readonly<Record<string, (events: Batch, i: number) => boolean>> = {
  'an event that is lost': (events, i) => {
    events.words.copyWithin(i * RECORD_WORDS, (i + 1) * RECORD_WORDS)
    events.count--
    return true
  },
  'an event that comes twice': (events, i) => {
    const event = events.words.slice(i * RECORD_WORDS, (i + 1) * RECORD_WORDS)
    events.grow()
    events.words.set(event, events.count++ * RECORD_WORDS)
    return true
  },
  'a lot too many': (events, i) => {
    const at = i * RECORD_WORDS
    const kind = headKind(events.words[at + HEAD]!)
    events.words[at + (kind === EventKind.amended ? OPEN_LOTS : LOTS)]!++
    return kind !== EventKind.rejected
  },
  'a trade that is said to leave open what it fills': (events, i) => {
    const at = i * RECORD_WORDS
    const fills = [OPEN_LOTS, MAKER_OPEN_LOTS].find((word) => events.words[at + word] === 0)
    if (headKind(events.words[at + HEAD]!) !== EventKind.trade || fills === undefined) return false
    events.words[at + fills] = 1
    return true
  },
}

for (const [what, tamper] of Object.entries(TAMPER))
  test(`summary - ${what} does not add up`, async (t) => {
    const market = new Market(THREE)
    const source = simulated(market, { seed: 9, orders: 2_000, badShare: 0.05 })
    const bytes = await bytesOf(observeSource(source, market).pipe(validate(market), match(market)))
    const events = new Batch(bytes.length / 64)
    events.count = events.capacity
    bytes.copy(Buffer.from(events.words.buffer))
    const sumOf = ({ words, count }: Batch): Summary => {
      const summary = new Summary(market)
      for (let i = 0; i < count; i++) summary.process(words, i * RECORD_WORDS)
      return summary
    }
    t.true(sumOf(events).totals().addsUp)
    const kinds = new Set<number>()
    for (let i = 0; i < events.count; i += 37) {
      const copy = events.slice()
      if (!tamper(copy, i)) continue
      kinds.add(headKind(events.words[i * RECORD_WORDS + HEAD]!))
      const summary = sumOf(copy)
      t.false(summary.totals().addsUp, `event ${i}`)
      t.true(summary.report().lines.includes('THE COUNTS DO NOT ADD UP'))
    }
    t.true(kinds.size >= (what.startsWith('a trade') ? 1 : 4))
  })
