import test from 'ava'
import { amendOrder, cancelOrder, replaceOrder, setTime } from '../../src/book/command.ts'
import { OrderType, TradingState } from '../../src/book/record.ts'
import { setState } from '../../src/book/command.ts'
import { readClient, readPosition } from '../../src/risk/index.ts'
import { buy, IOC, MARKET, sell } from '../support/both-engines.ts'
import { RiskDesk } from '../support/risk-outcomes.ts'

const SECOND = 1_000_000_000
const as = (client: number, timestampNs = 0): { client: number; timestampNs: number } => ({
  client,
  timestampNs,
})

test('risk checks - the narrowest limit wins, limit by limit', (t) => {
  const desk = new RiskDesk({
    limits: { maxOrderLots: 10, collarTicks: 3 },
    instruments: { AAPL: { maxOrderLots: 20 } },
    clients: {
      two: { maxOrderLots: 30, instruments: { AAPL: { maxOrderLots: 40 } } },
      three: { collarTicks: 50 },
    },
  })
  const at = (client: number, instrument: number, lots: number): string[] =>
    desk.play([buy(client * 1_000 + instrument * 100 + lots, lots, 100, { client, instrument })])
  t.deepEqual(at(1, 1, 11), ['RISK_ORDER_SIZE'])
  t.deepEqual(at(1, 1, 10), ['good'])
  t.deepEqual(at(1, 0, 20), ['good'])
  t.deepEqual(at(1, 0, 21), ['RISK_ORDER_SIZE'])
  t.deepEqual(at(2, 1, 30), ['good'])
  t.deepEqual(at(2, 1, 31), ['RISK_ORDER_SIZE'])
  t.deepEqual(at(2, 0, 40), ['good'])
  t.deepEqual(at(2, 0, 41), ['RISK_ORDER_SIZE'])
  t.deepEqual(desk.play([buy(1, 20, 60, as(3)), buy(2, 21, 60, as(3)), buy(3, 1, 60, as(1))]), [
    'good',
    'RISK_ORDER_SIZE',
    'RISK_PRICE_COLLAR',
  ])
})

test('risk checks - a kill switch, a halt and an instrument that is not allowed stop orders, and let cancels pass', (t) => {
  for (const [limits, code] of [
    [{ killSwitch: true }, 'RISK_KILL_SWITCH'],
    [{ tradingState: 'halted' }, 'RISK_HALTED'],
    [{ allowed: false }, 'RISK_INSTRUMENT'],
  ] as const) {
    const desk = new RiskDesk({ clients: { two: limits } })
    t.deepEqual(desk.play([buy(1, 1, 100, as(2)), buy(2, 1, 100, as(1))]), [code, 'good'])
    const later = new RiskDesk()
    later.play([buy(1, 1, 100, as(2))])
    later.stage.setLimit({ client: 'two' }, limits)
    t.deepEqual(later.play([amendOrder(1, { lots: 2 }, 2), replaceOrder(1, 2, {}, 2), cancelOrder(1, 2)]), [
      code,
      code,
      'good',
    ])
  }
})

test('risk checks - a position counts what is open, and follows trades and cancels', (t) => {
  const desk = new RiskDesk({ limits: { maxPositionLots: 10 } })
  const told = desk.play([
    buy(1, 6, 99, as(1)),
    buy(2, 4, 99, as(1)),
    buy(3, 1, 99, as(1)),
    cancelOrder(2, 1),
    buy(4, 4, 99, as(1)),
    sell(5, 10, 99, as(2)),
    buy(6, 1, 99, as(1)),
    sell(7, 20, 101, as(1)),
    sell(8, 1, 101, as(1)),
    amendOrder(7, { lots: 21 }, 1),
    amendOrder(7, { lots: 5 }, 1),
    sell(9, 15, 101, as(1)),
  ])
  t.deepEqual(told, [
    'good',
    'good',
    'RISK_POSITION',
    'good',
    'good',
    'good',
    'RISK_POSITION',
    'good',
    'RISK_POSITION',
    'RISK_POSITION',
    'good',
    'good',
  ])
  const { lots, openBuyLots, openSellLots, cost } = readPosition(desk.stage.engine.book, 1, 0)
  t.deepEqual([lots, openBuyLots, openSellLots, cost], [10, 0, 20, 990n])
})

test('risk checks - realised and unrealised profit are exact, whatever is closed in parts', (t) => {
  const desk = new RiskDesk()
  desk.play([
    sell(1, 3, 100, as(2)),
    buy(2, 3, 100, as(1)),
    sell(3, 4, 101, as(2)),
    buy(4, 4, 101, as(1)),
    buy(5, 2, 103, as(2)),
    sell(6, 2, 103, as(1)),
  ])
  // 3 at 100 and 4 at 101 cost 704; 2 of 7 take floor(704 * 2 / 7) = 201 with them.
  const position = readPosition(desk.stage.engine.book, 1, 0)
  t.deepEqual([position.lots, position.cost, position.realised, position.unrealised], [5, 503n, 5n, 12n])
  const other = readPosition(desk.stage.engine.book, 2, 0)
  t.is(other.realised + other.unrealised, -17n)
  desk.play([buy(7, 9, 99, as(2)), sell(8, 9, 99, as(1))])
  const turned = readPosition(desk.stage.engine.book, 1, 0)
  t.deepEqual([turned.lots, turned.cost, turned.realised], [-4, -396n, 5n + 5n * 99n - 503n])
})

test('risk checks - gross and net exposure take all instruments together, in one unit of money', (t) => {
  // One tick times one lot of INTC is 5, of AAPL 1: 4 lots of it at 100 ticks are worth 2,000.
  const gross = new RiskDesk({ limits: { maxGrossExposure: '3000' } })
  t.deepEqual(
    gross.play([
      buy(1, 4, 100, { client: 1, instrument: 1 }),
      sell(2, 10, 100, as(1)),
      sell(3, 1, 100, as(1)),
      buy(4, 10, 99, as(1)),
      buy(5, 1, 99, as(1)),
      buy(6, 1, 99, as(2)),
    ]),
    ['good', 'good', 'RISK_GROSS_EXPOSURE', 'good', 'RISK_GROSS_EXPOSURE', 'good'],
  )
  t.is(readClient(gross.stage.engine.book, 1).gross, 3_000n)
  const net = new RiskDesk({ limits: { maxNetExposure: '1000' } })
  t.deepEqual(
    net.play([
      sell(1, 2, 100, { client: 1, instrument: 1 }),
      buy(2, 2, 100, { client: 2, instrument: 1 }),
      sell(3, 1, 100, as(1)),
      buy(4, 20, 100, as(1)),
      buy(5, 1, 100, as(1)),
      sell(6, 1, 100, as(1)),
    ]),
    ['good', 'good', 'RISK_NET_EXPOSURE', 'good', 'RISK_NET_EXPOSURE', 'RISK_NET_EXPOSURE'],
  )
})

test('risk checks - a daily loss counts every instrument and the latest price, and ends with the day', (t) => {
  const desk = new RiskDesk({ limits: { maxDailyLoss: '50' } })
  const day = 86_400 * SECOND
  const told = desk.play([
    setTime(day),
    buy(1, 10, 100, as(1)),
    sell(2, 10, 100, as(2)),
    buy(3, 1, 95, as(3)),
    sell(4, 1, 95, as(4)),
    buy(5, 1, 95, { client: 1, instrument: 1 }),
    buy(6, 1, 94, as(3)),
    sell(7, 1, 94, as(4)),
    buy(8, 1, 94, { client: 1, instrument: 1 }),
    sell(9, 10, 200, as(1)),
    sell(10, 1, 200, as(1)),
    setTime(2 * day),
    buy(11, 1, 94, { client: 1, instrument: 1 }),
  ])
  t.is(told[5], 'good', 'a loss of 50 is not above 50')
  t.deepEqual(told.slice(8), ['RISK_DAILY_LOSS', 'good', 'RISK_DAILY_LOSS', 'good', 'good'])
})

test('risk checks - a token bucket fills with the time of the log, and cancels always pass', (t) => {
  const desk = new RiskDesk({ limits: { messagesPerSecond: 2, messageBurst: 3 } })
  const told = desk.play([
    ...[1, 2, 3, 4].map((orderId) => buy(orderId, 1, 100, as(1, SECOND))),
    cancelOrder(1, 1),
    buy(5, 1, 100, as(2, SECOND)),
    buy(6, 1, 100, as(1, 1.4 * SECOND)),
    buy(7, 1, 100, as(1, 1.5 * SECOND)),
    buy(8, 1, 100, as(1, 1.5 * SECOND)),
    buy(9, 1, 100, as(1, 1.2 * SECOND)),
    ...[10, 11, 12, 13].map((orderId) => buy(orderId, 1, 100, as(1, 90 * SECOND))),
  ])
  const late = 'RISK_MESSAGE_RATE'
  t.is(
    told.map((code) => (code === late ? 'late' : code)).join(' '),
    'good good good late good good late good late late good good good late',
  )
})

test('risk checks - messages for each trade are bounded beyond the allowance', (t) => {
  const desk = new RiskDesk({ limits: { maxOrderToTrade: 3, orderToTradeAllowance: 2 } })
  const told = desk.play([
    buy(1, 2, 100, as(1)),
    cancelOrder(99, 1),
    buy(2, 1, 100, as(1)),
    sell(3, 1, 100, as(2)),
    buy(4, 1, 100, as(1)),
    buy(5, 1, 100, as(1)),
    buy(6, 1, 100, as(1)),
  ])
  t.deepEqual(told.slice(2), ['RISK_ORDER_TO_TRADE', 'good', 'good', 'good', 'RISK_ORDER_TO_TRADE'])
})

test("risk checks - an order that is the client's order before once more is refused while it is recent", (t) => {
  const desk = new RiskDesk({ limits: { duplicateSeconds: 2 } })
  const told = desk.play([
    buy(1, 5, 100, as(1, SECOND)),
    buy(2, 5, 100, as(1, 3 * SECOND)),
    buy(3, 5, 100, as(2, 3 * SECOND)),
    sell(4, 5, 101, as(1, 3 * SECOND)),
    buy(5, 5, 100, as(1, 3 * SECOND)),
    buy(6, 5, 100, as(1, 5.1 * SECOND)),
  ])
  t.deepEqual(told, ['good', 'RISK_DUPLICATE', 'good', 'good', 'good', 'good'])
  const among = new RiskDesk({ limits: { duplicateCommands: 1 } })
  t.deepEqual(among.play([buy(1, 5, 100), buy(2, 5, 100), buy(3, 5, 100)]), [
    'good',
    'RISK_DUPLICATE',
    'good',
  ])
})

test('risk checks - an order that would trade with one of its own is refused, and only then', (t) => {
  const desk = new RiskDesk({ limits: { rejectSelfTrade: true } })
  const told = desk.play([
    sell(1, 5, 101, as(2)),
    sell(2, 5, 101, as(1)),
    buy(3, 5, 101, { ...as(1), ...IOC }),
    buy(4, 1, 101, as(1)),
    buy(5, 1, 100, as(1)),
    buy(6, 5, 0, { ...as(1), ...MARKET }),
    setState(TradingState.openingAuction),
    buy(7, 5, 102, as(1)),
  ])
  t.deepEqual(told, ['good', 'good', 'good', 'RISK_SELF_TRADE', 'good', 'RISK_SELF_TRADE', 'good', 'good'])
})

test('risk checks - an own order behind others is met only by who comes so far', (t) => {
  const desk = new RiskDesk({ limits: { rejectSelfTrade: true } })
  desk.play([sell(1, 5, 101, as(2)), sell(2, 5, 101, as(1))])
  t.deepEqual(desk.play([buy(3, 6, 101, as(1)), buy(4, 5, 101, as(1))]), ['RISK_SELF_TRADE', 'good'])
})

test('risk checks - market orders and stops need protection where it is asked for', (t) => {
  const desk = new RiskDesk({ limits: { requireProtection: true } })
  const stop = (orderId: number, priceTicks: number): ReturnType<typeof buy> =>
    buy(orderId, 1, priceTicks, { orderType: OrderType.stop, stopTicks: 120 })
  t.deepEqual(
    desk.play([buy(1, 1, 0, MARKET), buy(2, 1, 105, MARKET), stop(3, 0), stop(4, 130), buy(5, 1, 100)]),
    ['RISK_UNPROTECTED', 'good', 'RISK_UNPROTECTED', 'good', 'good'],
  )
})

test('risk checks - collars from the best price and from the reference', (t) => {
  const desk = new RiskDesk({ limits: { collarBestTicks: 2, collarReferenceTicks: 10 } })
  const told = desk.play([
    sell(1, 1, 104, as(2)),
    buy(2, 1, 107, as(1)),
    buy(3, 1, 90, as(1)),
    buy(4, 1, 89, as(1)),
    sell(5, 1, 87, as(2)),
    sell(6, 1, 111, as(2)),
  ])
  t.deepEqual(told, [
    'good',
    'RISK_COLLAR_BEST',
    'good',
    'RISK_COLLAR_REFERENCE',
    'RISK_COLLAR_BEST',
    'RISK_COLLAR_REFERENCE',
  ])
})

test('risk checks - a stale trade is no measure for the collar', (t) => {
  const trade = [sell(1, 1, 120, as(2, SECOND)), buy(2, 1, 120, as(1, SECOND))]
  const desk = new RiskDesk({ limits: { collarTicks: 5, staleAfterSeconds: 10 }, instruments: { AAPL: {} } })
  t.deepEqual(desk.play([sell(9, 1, 104, as(2, SECOND)), buy(10, 1, 104, as(1, SECOND))]), ['good', 'good'])
  t.deepEqual(
    desk.play([
      sell(3, 1, 109, as(1, 11 * SECOND)),
      sell(4, 1, 110, as(1, 11 * SECOND)),
      sell(5, 1, 106, as(1, 12 * SECOND)),
      sell(6, 1, 105, as(1, 12 * SECOND)),
    ]),
    ['good', 'RISK_PRICE_COLLAR', 'RISK_PRICE_COLLAR', 'good'],
  )
  const bare = new RiskDesk({ limits: { collarTicks: 5, staleAfterCommands: 2, rejectStale: true } })
  const inBare = trade.map((order) => ({ ...order, instrument: 2 }))
  t.deepEqual(
    bare.play([...inBare, ...[3, 4, 5].map((orderId) => buy(orderId, 1, 120, { ...as(1), instrument: 2 }))]),
    ['good', 'good', 'good', 'good', 'RISK_STALE_PRICE'],
  )
})

test('risk checks - decisions and state do not depend on how the records are batched', (t) => {
  const options = { limits: { maxPositionLots: 6, collarTicks: 4, maxDailyLoss: '9', rejectSelfTrade: true } }
  const flow = Array.from({ length: 400 }, (_, i) => {
    const order = i % 2 === 0 ? buy : sell
    return order(i + 1, 1 + (i % 5), 100 + (((i * 7) % 9) - 4), as(1 + (i % 3)))
  })
  const runs = [1, 7, 400].map((size) => {
    const desk = new RiskDesk(options)
    return [desk.play(flow, size).join(), desk.stage.engine.stateHash()]
  })
  t.true(new Set(runs[0]![0]!.split(',')).size >= 4)
  t.deepEqual(runs[1], runs[0])
  t.deepEqual(runs[2], runs[0])
})
