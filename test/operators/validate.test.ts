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
  ['a kind that there is not', { ...good, kind: 4 }, 'INVALID_COMMAND'],
  ['no order id', { ...good, orderId: 0 }, 'INVALID_ORDER_ID'],
  ['an order id of 2^53', { ...good, orderId: 2 ** 53 }, 'INVALID_ORDER_ID'],
  ['an instrument that there is not', { ...good, instrument: 1 }, 'INVALID_SYMBOL'],
  ['no instrument', { ...good, instrument: -1 }, 'INVALID_SYMBOL'],
  ['a side that there is not', { ...good, side: 2 }, 'INVALID_SIDE'],
  ['no order type', { ...good, orderType: 0 }, 'INVALID_ORDER_TYPE'],
  ['an order type that there is not', { ...good, orderType: 3 }, 'INVALID_ORDER_TYPE'],
  ['no time in force', { ...good, timeInForce: 0 }, 'INVALID_TIME_IN_FORCE'],
  ['a time in force that there is not', { ...good, timeInForce: 4 }, 'INVALID_TIME_IN_FORCE'],
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
]

for (const [what, command, code] of WRONG)
  test(`validate - ${what} is ${code}`, async (t) => {
    t.deepEqual(await codes([command]), [code])
  })

test('validate - every code that a record alone can earn is among these', (t) => {
  const fromText = ['OFF_TICK', 'OFF_LOT', 'MALFORMED']
  const own = Object.entries(RejectCode).filter(([name, code]) => code < 40 && !fromText.includes(name))
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

test('validate - an id that is live is a duplicate', async (t) => {
  t.deepEqual(await codes([buy(1, 1, 100), sell(1, 1, 101)]), ['good', 'DUPLICATE_ORDER_ID'])
})

test('validate - so is one whose order is gone, as long as it is among those remembered', async (t) => {
  const shared = market()
  const stream = inBatches(recordsOf([buy(1, 1, 100), cancelOrder(1), buy(1, 1, 100)]), 3)
  const events = await bytesOf(stream.pipe(validate(shared), match(shared)))
  t.is(events.length, 3 * 64)
  t.is(codeName(events.readUInt16LE(2 * 64 + 4)), 'DUPLICATE_ORDER_ID')
  t.is(shared.engine!.book.liveOrders, 0)
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
