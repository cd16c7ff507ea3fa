import test from 'ava'
import { tap } from 'rxjs'
import {
  amendOrder,
  cancelOrder,
  MAX_LOTS,
  MAX_PRICE_TICKS,
  RejectCode,
  type Command,
  type InstrumentSpec,
} from '../../src/book/index.ts'
import {
  kill,
  massCancel,
  release,
  replaceOrder,
  setGroup,
  setState,
  setTime,
} from '../../src/book/command.ts'
import { OrderType, TradingState } from '../../src/book/record.ts'
import { match, risk, type RiskLimits } from '../../src/operators/index.ts'
import { Market } from '../../src/pipeline/market.ts'
import { buy, FOK, IOC, MARKET, sell } from '../support/both-engines.ts'
import { codeName, codesOf } from '../support/codes.ts'
import { bytesOf, inBatches, recordsOf } from '../support/streams.ts'

const SPEC: InstrumentSpec = { symbol: 'AAPL', tick: '1', lot: '1', maxQuantity: '2147483647' }
const AT_100: InstrumentSpec = { ...SPEC, referencePrice: '100' }

/** What becomes of each command behind risk and match: `good`, or the name of its reject code. */
async function outcomes(
  limits: RiskLimits,
  commands: readonly Command[],
  { specs = [AT_100], sizes = [commands.length] } = {},
): Promise<string[]> {
  const market = new Market(specs)
  const stream = inBatches(recordsOf(commands), ...sizes)
  const events = await bytesOf(stream.pipe(risk(market, limits), match(market)))
  const told = commands.map(() => 'good')
  for (let at = 0; at < events.length; at += 64)
    if (events[at] === 2)
      told[Number(events.readBigUInt64LE(at + 16)) - 1] = codeName(events.readUInt16LE(at + 4))
  return told
}

test('risk - without limits everything is open', async (t) => {
  const commands = [
    buy(1, MAX_LOTS, MAX_PRICE_TICKS),
    sell(2, MAX_LOTS, 1, IOC),
    buy(3, MAX_LOTS, 0, MARKET),
    sell(4, MAX_LOTS, MAX_PRICE_TICKS),
    amendOrder(4, { priceTicks: 1 }),
  ]
  t.deepEqual(
    await outcomes({}, commands),
    commands.map(() => 'good'),
  )
})

test('risk - an order of as many lots as the limit passes, one of a lot more does not', async (t) => {
  const told = await outcomes({ maxOrderLots: 10 }, [
    buy(1, 10, 100),
    sell(2, 11, 200),
    buy(3, 11, 0, MARKET),
  ])
  t.deepEqual(told, ['good', 'RISK_ORDER_SIZE', 'RISK_ORDER_SIZE'])
})

test('risk - a notional at the limit passes, one above it does not', async (t) => {
  const told = await outcomes({ maxNotional: '1000' }, [buy(1, 10, 100), buy(2, 11, 91), buy(3, 10, 101)])
  t.deepEqual(told, ['good', 'RISK_NOTIONAL', 'RISK_NOTIONAL'])
})

test('risk - the collar holds prices as near to the reference as it says, either way', async (t) => {
  const commands = [buy(1, 1, 95), buy(2, 1, 94), sell(3, 1, 105), sell(4, 1, 106)]
  t.deepEqual(await outcomes({ collarTicks: 5 }, commands), [
    'good',
    'RISK_PRICE_COLLAR',
    'good',
    'RISK_PRICE_COLLAR',
  ])
})

test('risk - a collar of 0 lets only the reference itself pass', async (t) => {
  const told = await outcomes({ collarTicks: 0 }, [buy(1, 1, 100), buy(2, 1, 99), buy(3, 1, 101)])
  t.deepEqual(told, ['good', 'RISK_PRICE_COLLAR', 'RISK_PRICE_COLLAR'])
})

test('risk - the collar is open while there is neither a trade nor a reference price', async (t) => {
  const commands = [buy(1, 1, 5), sell(2, 1, 2_000_000), sell(3, 1, 5), buy(4, 1, 9), buy(5, 1, 6)]
  t.deepEqual(await outcomes({ collarTicks: 3 }, commands, { specs: [SPEC] }), [
    'good',
    'good',
    'good',
    'RISK_PRICE_COLLAR',
    'good',
  ])
})

test('risk - the collar follows the trade just before, within one batch', async (t) => {
  const commands = [
    sell(1, 1, 105),
    buy(2, 1, 105),
    sell(3, 1, 110),
    sell(4, 1, 111),
    buy(5, 1, 99),
    buy(6, 1, 100),
  ]
  const expected = ['good', 'good', 'good', 'RISK_PRICE_COLLAR', 'RISK_PRICE_COLLAR', 'good']
  t.deepEqual(await outcomes({ collarTicks: 5 }, commands), expected)
  t.deepEqual(await outcomes({ collarTicks: 5 }, commands, { sizes: [1, 2, 3] }), expected)
})

test('risk - an order that is cut short, or does not trade, does not move the collar', async (t) => {
  const commands = [
    sell(1, 1, 105),
    buy(2, 2, 105, FOK),
    buy(3, 1, 104, IOC),
    sell(4, 1, 106),
    buy(5, 3, 105, IOC),
    sell(6, 1, 106),
  ]
  t.deepEqual(await outcomes({ collarTicks: 5 }, commands), [
    'good',
    'good',
    'good',
    'RISK_PRICE_COLLAR',
    'good',
    'good',
  ])
})

test('risk - a market order is valued at the last trade, or at its protection price', async (t) => {
  const told = await outcomes({ maxNotional: '1000', collarTicks: 5 }, [
    buy(1, 10, 0, MARKET),
    buy(2, 11, 0, MARKET),
    buy(3, 10, 101, MARKET),
    buy(4, 9, 105, MARKET),
    buy(5, 1, 106, MARKET),
  ])
  t.deepEqual(told, ['good', 'RISK_NOTIONAL', 'RISK_NOTIONAL', 'good', 'RISK_PRICE_COLLAR'])
})

test('risk - a market order has no value where there is nothing to value it by', async (t) => {
  t.deepEqual(await outcomes({ maxNotional: '1' }, [buy(1, 50, 0, MARKET)], { specs: [SPEC] }), ['good'])
})

test('risk - an amend is checked as the order it would make', async (t) => {
  const limits = { maxOrderLots: 20, maxNotional: '1000', collarTicks: 5 }
  const told = await outcomes(limits, [
    buy(1, 10, 100),
    amendOrder(1, { priceTicks: 101 }),
    amendOrder(1, { lots: 11 }),
    amendOrder(1, { lots: 21 }),
    amendOrder(1, { priceTicks: 94 }),
    amendOrder(1, { lots: 10, priceTicks: 95 }),
    amendOrder(1, { lots: 11, priceTicks: 95 }),
    amendOrder(1, { lots: 10 }),
    amendOrder(1, { priceTicks: 100 }),
  ])
  t.deepEqual(told, [
    'good',
    'RISK_NOTIONAL',
    'RISK_NOTIONAL',
    'RISK_ORDER_SIZE',
    'RISK_PRICE_COLLAR',
    'good',
    'RISK_NOTIONAL',
    'good',
    'good',
  ])
})

test('risk - an amend counts the lots that have traded', async (t) => {
  const told = await outcomes({ maxNotional: '1000' }, [
    buy(1, 9, 100),
    sell(2, 8, 100),
    amendOrder(1, { lots: 11 }),
    amendOrder(1, { lots: 10 }),
  ])
  t.deepEqual(told, ['good', 'good', 'RISK_NOTIONAL', 'good'])
})

test('risk - an amend that was refused leaves the order as it was', async (t) => {
  const market = new Market([AT_100])
  const commands = [buy(1, 10, 100), amendOrder(1, { lots: 99 })]
  await bytesOf(inBatches(recordsOf(commands), 2).pipe(risk(market, { maxOrderLots: 20 }), match(market)))
  t.deepEqual(market.engine!.depth(0, 0, 5), [{ priceTicks: 100, lots: 10, orders: 1 }])
})

test('risk - an amend of no live order is for the engine to refuse', async (t) => {
  const limits = { maxOrderLots: 1, collarTicks: 0 }
  t.deepEqual(await outcomes(limits, [amendOrder(9, { lots: 99, priceTicks: 7 })]), ['UNKNOWN_ORDER'])
  const alone = risk(new Market([AT_100]), limits)
  t.deepEqual(await codesOf(alone, [amendOrder(9, { lots: 99 })]), ['good'])
})

test('risk - a stop is valued at its limit, else at its stop price, a trailing one at the last trade', async (t) => {
  const stop = (orderId: number, lots: number, priceTicks: number, stopTicks: number): Command =>
    buy(orderId, lots, priceTicks, {
      orderType: priceTicks === 0 ? OrderType.stop : OrderType.stopLimit,
      stopTicks,
    })
  const trailing = (orderId: number, lots: number): Command =>
    sell(orderId, lots, 0, { orderType: OrderType.trailingStop, stopTicks: 40 })
  const told = await outcomes({ maxNotional: '1000' }, [
    stop(1, 8, 0, 125),
    stop(2, 9, 0, 125),
    stop(3, 9, 110, 125),
    stop(4, 10, 110, 90),
    trailing(5, 10),
    trailing(6, 11),
  ])
  t.deepEqual(told, ['good', 'RISK_NOTIONAL', 'good', 'RISK_NOTIONAL', 'good', 'RISK_NOTIONAL'])
})

test('risk - an amend of a stop is checked at its stop price', async (t) => {
  const told = await outcomes({ maxNotional: '1000' }, [
    buy(1, 8, 0, { orderType: OrderType.stop, stopTicks: 120 }),
    amendOrder(1, { lots: 9 }),
    amendOrder(1, { lots: 9, stopTicks: 111 }),
    amendOrder(1, { stopTicks: 112 }),
  ])
  t.deepEqual(told, ['good', 'RISK_NOTIONAL', 'good', 'RISK_NOTIONAL'])
})

test('risk - a replace is checked as the order it would make, by default of the lots that are open', async (t) => {
  const told = await outcomes({ maxOrderLots: 10, maxNotional: '1000' }, [
    buy(1, 10, 100),
    sell(2, 8, 100, IOC),
    replaceOrder(1, 3, { lots: 11 }),
    replaceOrder(1, 3, { lots: 10, priceTicks: 101 }),
    replaceOrder(1, 3, { priceTicks: 500 }),
    replaceOrder(3, 4, { priceTicks: 501 }),
    replaceOrder(9, 5, { lots: 99 }),
  ])
  t.deepEqual(told, [
    'good',
    'good',
    'RISK_ORDER_SIZE',
    'RISK_NOTIONAL',
    'good',
    'RISK_NOTIONAL',
    'UNKNOWN_ORDER',
  ])
})

test('risk - commands that name no order pass', async (t) => {
  const commands = [
    massCancel(),
    kill(),
    release(),
    setTime(9),
    setState(TradingState.halted),
    setGroup(1, 2_000_000),
  ]
  const told = await outcomes({ maxOrderLots: 1, maxNotional: '1', collarTicks: 0 }, commands)
  t.deepEqual(
    told,
    commands.map(() => 'good'),
  )
})

test('risk - cancels pass, whatever has become of the market', async (t) => {
  const commands = [buy(1, 1, 100), sell(2, 1, 103), buy(3, 1, 103), sell(4, 1, 106), buy(5, 1, 106)]
  const told = await outcomes({ maxOrderLots: 1, maxNotional: '106', collarTicks: 3 }, [
    ...commands,
    amendOrder(1, { priceTicks: 101 }),
    cancelOrder(1),
  ])
  t.deepEqual(told.slice(-2), ['RISK_PRICE_COLLAR', 'good'])
})

test('risk - what was refused before keeps its code', async (t) => {
  const refused = { ...buy(1, 99, 100), rejectCode: RejectCode.OFF_TICK }
  t.deepEqual(await codesOf(risk(new Market([AT_100]), { maxOrderLots: 1 }), [refused]), ['OFF_TICK'])
})

test('risk - flags beside the code do not let a command pass by', async (t) => {
  const flagged = { ...buy(1, 99, 100), rejectCode: 0x1_0000 }
  const told = await codesOf(risk(new Market([AT_100]), { maxOrderLots: 1 }), [flagged])
  t.deepEqual(told, [codeName(0x1_0000 | RejectCode.RISK_ORDER_SIZE)])
})

test('risk - instruments that join a running market have their limits and their reference price', async (t) => {
  const market = new Market([AT_100])
  const late = (orderId: number, lots: number, ticks: number): Command =>
    buy(orderId, lots, ticks, { instrument: 1 })
  const commands = [buy(1, 10, 100), late(2, 1, 194), late(3, 11, 200), late(4, 10, 200)]
  const joining = inBatches(recordsOf(commands), 1, 3).pipe(
    tap(() => {
      if (market.engine!.liveOrders === 1) market.instruments.add({ ...AT_100, symbol: 'LATE', tick: '0.5' })
    }),
  )
  const events = await bytesOf(
    joining.pipe(risk(market, { maxNotional: '1000', collarTicks: 5 }), match(market)),
  )
  const codes = Array.from({ length: events.length / 64 }, (_, i) =>
    codeName(events.readUInt16LE(i * 64 + 4)),
  )
  t.deepEqual(codes, ['good', 'RISK_PRICE_COLLAR', 'RISK_NOTIONAL', 'good'])
})

test('risk - limits that are none are refused when the operator is made', (t) => {
  const market = new Market([AT_100])
  for (const maxNotional of ['ten', '', '1e99'])
    t.throws(() => risk(market, { maxNotional }), {
      instanceOf: TypeError,
      message: /^risk\.maxNotional: expected a decimal number/,
    })
  t.throws(() => risk(market, { collarTicks: 'x', maxLots: 1 } as object), {
    message: /^risk\.collarTicks: .*; risk\.maxLots: unknown key/,
  })
})
