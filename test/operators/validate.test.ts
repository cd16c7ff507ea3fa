import test from 'ava'
import {
  amendOrder,
  cancelOrder,
  newOrder,
  OrderType,
  RejectCode,
  Side,
  type Command,
} from '../../src/book/index.ts'
import {
  flagsOf,
  kill,
  massCancel,
  release,
  replaceOrder,
  setGroup,
  setState,
  setTime,
} from '../../src/book/command.ts'
import { TimeInForce, TradingState } from '../../src/book/record.ts'
import { match, validate } from '../../src/operators/index.ts'
import { Market } from '../../src/pipeline/market.ts'
import { buy, MARKET, sell } from '../support/both-engines.ts'
import { codeName, codesOf } from '../support/codes.ts'
import { bytesOf, inBatches, recordsOf } from '../support/streams.ts'

/** One instrument of 90 to 110 ticks and up to 50 lots. */
function market(): Market {
  return new Market([
    { symbol: 'NARROW', tick: '0.5', lot: '10', minPrice: '45', maxPrice: '55', maxQuantity: '500' },
  ])
}

function codes(commands: readonly Command[], rememberIds?: number): Promise<string[]> {
  return codesOf(validate(market(), { rememberIds }), commands)
}

const good = buy(1, 50, 100)

const WRONG: readonly [what: string, command: Command, code: keyof typeof RejectCode][] = [
  ['a kind of 0', { ...good, kind: 0 }, 'INVALID_COMMAND'],
  ['a kind that there is not', { ...good, kind: 11 }, 'INVALID_COMMAND'],
  ['no order id', { ...good, orderId: 0 }, 'INVALID_ORDER_ID'],
  ['an order id of 2^53', { ...good, orderId: 2 ** 53 }, 'INVALID_ORDER_ID'],
  ['an instrument that there is not', { ...good, instrument: 1 }, 'INVALID_SYMBOL'],
  ['no instrument', { ...good, instrument: -1 }, 'INVALID_SYMBOL'],
  ['a side that there is not', { ...good, side: 2 }, 'INVALID_SIDE'],
  ['no order type', { ...good, orderType: 0 }, 'INVALID_ORDER_TYPE'],
  ['an order type that there is not', { ...good, orderType: 6 }, 'INVALID_ORDER_TYPE'],
  ['no time in force', { ...good, timeInForce: 0 }, 'INVALID_TIME_IN_FORCE'],
  ['a time in force that there is not', { ...good, timeInForce: 6 }, 'INVALID_TIME_IN_FORCE'],
  ['no lots', { ...good, lots: 0 }, 'INVALID_QUANTITY'],
  ['lots below 0', { ...good, lots: -1 }, 'INVALID_QUANTITY'],
  ['a lot too many', { ...good, lots: 51 }, 'EXCEEDS_MAX_SIZE'],
  ['no price', { ...good, priceTicks: 0 }, 'INVALID_PRICE'],
  ['a price below 0', { ...good, priceTicks: -1 }, 'INVALID_PRICE'],
  ['a tick too low', { ...good, priceTicks: 89 }, 'INVALID_PRICE'],
  ['a tick too high', { ...good, priceTicks: 111 }, 'INVALID_PRICE'],
  ['a protection price a tick too high', buy(1, 1, 111, MARKET), 'INVALID_PRICE'],
  ['an amend to lots below 0', amendOrder(1, { lots: -1 }), 'INVALID_QUANTITY'],
  ['an amend to a price below 0', amendOrder(1, { priceTicks: -1 }), 'INVALID_PRICE'],
  ['an amend to a lot too many', { ...amendOrder(1, { lots: 51 }), instrument: 0 }, 'EXCEEDS_MAX_SIZE'],
  ['an amend to a tick too low', { ...amendOrder(1, { priceTicks: 89 }), instrument: 0 }, 'INVALID_PRICE'],
  ['an amend in no instrument', { ...amendOrder(1, { lots: 1 }), instrument: 1 }, 'INVALID_SYMBOL'],
  ['a cancel of no order', cancelOrder(0), 'INVALID_ORDER_ID'],
  ['a cancel in no instrument', { ...cancelOrder(1), instrument: 7 }, 'INVALID_SYMBOL'],
  ['a stop without a stop price', { ...good, orderType: OrderType.stop }, 'INVALID_STOP_PRICE'],
  ['a limit order with a stop price', { ...good, stopTicks: 100 }, 'INVALID_STOP_PRICE'],
  ['more shown than there is', { ...good, displayLots: 51 }, 'INVALID_DISPLAY'],
  ['a minimum above the quantity', { ...good, minLots: 51 }, 'INVALID_MIN_QUANTITY'],
  ['an expiry without good-till-date', { ...good, expirySeconds: 5 }, 'INVALID_EXPIRY'],
  ['good-till-date without an expiry', { ...good, timeInForce: TimeInForce.gtd }, 'INVALID_EXPIRY'],
  [
    'post-only that is immediate-or-cancel',
    { ...good, timeInForce: TimeInForce.ioc, flags: flagsOf({ postOnly: 'reject' }) },
    'INVALID_COMBINATION',
  ],
  ['a flag that means nothing', { ...good, flags: 0x8000 }, 'INVALID_COMBINATION'],
  [
    'self-trade prevention that there is not',
    { ...good, flags: flagsOf({ selfTrade: 6 }) },
    'INVALID_SELF_TRADE',
  ],
  ['a link to no order', { ...good, flags: flagsOf({ linked: true }) }, 'INVALID_ORDER_ID'],
  ['a replace of no order', replaceOrder(0, 2), 'INVALID_ORDER_ID'],
  ['a replace by no order', replaceOrder(1, 0), 'INVALID_ORDER_ID'],
  ['a mass cancel in no instrument', massCancel({ instrument: 1 }), 'INVALID_SYMBOL'],
  ['a mass cancel of a side that there is not', massCancel({ side: 3 }), 'INVALID_SIDE'],
  ['a state that there is not', setState(7), 'INVALID_STATE'],
  ['a state of no instrument', setState(TradingState.halted, 1), 'INVALID_SYMBOL'],
  ['a group of nobody', setGroup(0, 1), 'INVALID_COMMAND'],
]

for (const [what, command, code] of WRONG)
  test(`validate - ${what} is ${code}`, async (t) => {
    t.deepEqual(await codes([command]), [codeName(RejectCode[code] | ((command.flags ?? 0) << 16))])
  })

test('validate - every code that a record alone can earn is among these', (t) => {
  const elsewhere = ['OFF_TICK', 'OFF_LOT', 'MALFORMED', 'INVALID_TIME'] // of text, and of the engine's clock
  const own = Object.entries(RejectCode).filter(([name, code]) => code < 40 && !elsewhere.includes(name))
  const seen = new Set(WRONG.map(([, , code]) => code))
  t.deepEqual([...seen].sort(), own.map(([name]) => name).sort() as (keyof typeof RejectCode)[])
})

test('validate - what is good passes', async (t) => {
  const commands = [
    buy(1, 1, 90),
    sell(2, 50, 110),
    newOrder({ orderId: 2 ** 53 - 1, side: Side.buy, lots: 1, orderType: OrderType.market }),
    amendOrder(1, { lots: 2 }),
    amendOrder(1, { priceTicks: 2 ** 31 - 1 }),
    cancelOrder(99),
  ]
  t.deepEqual(
    await codes(commands),
    commands.map(() => 'good'),
  )
})

test('validate - commands that name no order pass', async (t) => {
  const commands = [
    massCancel(),
    massCancel({ client: 7, instrument: 0, side: Side.sell }),
    kill(),
    kill(3),
    release(),
    setTime(5),
    setState(TradingState.halted),
    setState(TradingState.closed, 0),
    setGroup(1, 2),
    setGroup(1, 0),
  ]
  t.deepEqual(
    await codes([...commands, ...commands]),
    [...commands, ...commands].map(() => 'good'),
  )
})

test('validate - the new id of a replace is one like that of a new order', async (t) => {
  t.deepEqual(
    await codes([buy(1, 1, 100), replaceOrder(1, 2), replaceOrder(2, 1), buy(2, 1, 100), buy(3, 1, 100)]),
    ['good', 'good', 'DUPLICATE_ORDER_ID', 'DUPLICATE_ORDER_ID', 'good'],
  )
})

test('validate - an id that is live is a duplicate', async (t) => {
  t.deepEqual(await codes([buy(1, 1, 100), sell(1, 1, 101)]), ['good', 'DUPLICATE_ORDER_ID'])
})

test('validate - so is one whose order is gone, as long as it is among those remembered', async (t) => {
  const shared = market()
  const stream = inBatches(recordsOf([buy(1, 1, 100), cancelOrder(1), buy(1, 1, 100)]), 3)
  const events = await bytesOf(stream.pipe(validate(shared), match(shared)))
  t.is(events.length, 3 * 64)
  t.is(codeName(events.readUInt16LE(2 * 64 + 4)), 'DUPLICATE_ORDER_ID')
  t.is(shared.engine!.liveOrders, 0)
})

test('validate - an id may come again when more than so many others came after it', async (t) => {
  const orders = (...ids: number[]): Command[] => ids.map((id) => buy(id, 1, 100))
  t.deepEqual(await codes(orders(1, 2, 3, 1), 3), ['good', 'good', 'good', 'DUPLICATE_ORDER_ID'])
  t.is((await codes(orders(1, 2, 3, 4, 5, 6, 1), 3)).at(-1), 'good')
})

test('validate - with none to remember, no id is a duplicate here; the engine still refuses live ones', async (t) => {
  t.deepEqual(await codes([buy(1, 1, 100), buy(1, 1, 100)], 0), ['good', 'good'])
  const shared = market()
  const stream = inBatches(recordsOf([buy(1, 1, 100), buy(1, 1, 100)]), 2)
  const events = await bytesOf(stream.pipe(validate(shared, { rememberIds: 0 }), match(shared)))
  t.is(codeName(events.readUInt16LE(64 + 4)), 'DUPLICATE_ORDER_ID')
})

test('validate - an id is not taken by an order that it refuses', async (t) => {
  t.deepEqual(await codes([buy(1, 0, 100), buy(1, 1, 100)]), ['INVALID_QUANTITY', 'good'])
})

test('validate - nor by a cancel or an amend', async (t) => {
  t.deepEqual(await codes([cancelOrder(1), amendOrder(1, { lots: 1 }), buy(1, 1, 100)]), [
    'good',
    'good',
    'good',
  ])
})

test('validate - what was refused before keeps its code and takes no id', async (t) => {
  const refused = { ...buy(1, 0, 100), rejectCode: RejectCode.MALFORMED }
  t.deepEqual(await codes([refused, buy(1, 1, 100)]), ['MALFORMED', 'good'])
})

test('validate - flags beside the code do not let a command pass by', async (t) => {
  const flagged = { ...buy(1, 0, 100), rejectCode: 0x1_0000 }
  const told = await codes([flagged, { ...good, rejectCode: 0x1_0000 }])
  t.is(told[0], codeName(0x1_0000 | RejectCode.INVALID_QUANTITY))
  t.is(told[1], codeName(0x1_0000))
})

test('validate - instruments that join a running market are known', async (t) => {
  const shared = market()
  const operator = validate(shared)
  t.deepEqual(await codesOf(operator, [buy(1, 1, 100, { instrument: 1 })]), ['INVALID_SYMBOL'])
  shared.instruments.add({ symbol: 'LATE', tick: '1', lot: '1' })
  t.deepEqual(await codesOf(operator, [buy(1, 1, 100, { instrument: 1 })]), ['good'])
})
