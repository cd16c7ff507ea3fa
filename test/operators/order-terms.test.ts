import test from 'ava'
import { Readable } from 'node:stream'
import {
  Batch,
  CommandKind,
  MatchingEngine,
  OrderType,
  RECORD_WORDS,
  rejectName,
  Side,
  TimeInForce,
} from '../../src/book/index.ts'
import { flagsOf } from '../../src/book/command.ts'
import * as record from '../../src/book/record.ts'
import { SelfTrade, TradingState } from '../../src/book/record.ts'
import { openOrders } from '../../src/operators/orders/order-text.ts'
import { Market } from '../../src/pipeline/market.ts'
import { orderLine as line, smallMarket } from '../support/text-input.ts'

/** A command with all of its terms; ids and clients by name. */
function readTerms(words: Int32Array, at: number, market: Market) {
  const head = words[at + record.HEAD]!
  const detail = market.details.find(record.readU64(words, at + record.SEQUENCE))
  const code = words[at + record.CODE]! & 0xffff
  return {
    kind: record.headKind(head),
    side: record.headSide(head),
    type: record.headOrderType(head),
    timeInForce: record.headTimeInForce(head),
    flags: record.orderFlags(words[at + record.CODE]!),
    id: market.orders.text(record.readU64(words, at + record.ORDER_ID)),
    client: market.clients.text(words[at + record.CLIENT]!),
    symbol: market.instruments.symbol(words[at + record.INSTRUMENT]!),
    ticks: words[at + record.PRICE_TICKS]!,
    lots: words[at + record.LOTS]!,
    stop: words[at + record.STOP_TICKS]!,
    display: words[at + record.DISPLAY_LOTS]!,
    min: words[at + record.MIN_LOTS]!,
    expiry: words[at + record.EXPIRY_SECONDS]!,
    linked: market.orders.text(record.readU64(words, at + record.LINKED_ORDER_ID)),
    time: words.slice(at + record.TIMESTAMP_NS, at + record.TIMESTAMP_NS + 2),
    code: code === 0 ? undefined : rejectName(code),
    detail: detail?.text,
    column: detail?.column,
    about: detail?.id,
  }
}

/** All commands of a text, matched batch by batch so that what hangs on earlier ones is known. */
async function read(lines: readonly string[] | string, market = smallMarket()) {
  const text = typeof lines === 'string' ? lines : lines.join('\n')
  const stdin = Readable.from([Buffer.from(text)], { objectMode: false })
  const opened = await openOrders(market, { file: '-', stdin })()
  if (opened._tag === 'Left') throw new Error(opened.left)
  const engine = (market.engine = new MatchingEngine(market.instruments))
  const commands: ReturnType<typeof readTerms>[] = []
  const batch = new Batch(16)
  for (let more = true; more;) {
    batch.count = 0
    more = opened.right.pull(batch, 16)
    for (let at = 0; at < batch.count * RECORD_WORDS; at += RECORD_WORDS) {
      record.writeU64(batch.words, at + record.SEQUENCE, ++market.sequence)
      commands.push(readTerms(batch.words, at, market))
      engine.apply(batch.words, at)
    }
    if (more && batch.count === 0) await opened.right.ready()
  }
  return commands
}

async function last(...lines: string[]) {
  return (await read(lines)).at(-1)!
}

const STOP = { price: undefined, stopPrice: '10.10' }

test('types - a stop has a stop price, and a limit if it says one', async (t) => {
  t.like(await last(line({ ...STOP, type: 'stop' })), {
    type: OrderType.stop,
    stop: 1010,
    ticks: 0,
    timeInForce: TimeInForce.gtc,
  })
  t.like(await last(line({ stopPrice: 10.1, type: 'STOP-LIMIT' })), {
    type: OrderType.stopLimit,
    stop: 1010,
    ticks: 1005,
  })
  t.like(await last(line({ price: undefined, trail: '0.25', type: 'trailing-stop' })), {
    type: OrderType.trailingStop,
    stop: 25,
  })
})

test('types - without a type, what is there says which it is', async (t) => {
  t.like(await last(line(STOP)), { type: OrderType.stop })
  t.like(await last(line({ stopPrice: '10.10' })), { type: OrderType.stopLimit })
  t.like(await last(line({ price: undefined, trail: 1 })), {
    type: OrderType.trailingStop,
    stop: 100,
    code: undefined,
  })
})

test('times in force - day and good-till-date, until UTC time or seconds', async (t) => {
  t.like(await last(line({ timeInForce: 'DAY' })), { timeInForce: TimeInForce.day })
  const gtd = { timeInForce: TimeInForce.gtd, expiry: 1_795_627_800, code: undefined }
  t.like(await last(line({ timeInForce: 'GTD', expires: '2026-11-25T17:30:00Z' })), gtd)
  t.like(await last(line({ expires: 1_795_627_800 })), gtd, 'says it alone')
})

test('terms - each has its place in the record', async (t) => {
  t.like(await last(line({ display: 10 })), { display: 10, code: undefined })
  t.like(await last(line({ hidden: true, selfTrade: 'cancel-both' })), {
    flags: flagsOf({ hidden: true, selfTrade: SelfTrade.cancelBoth }),
    code: undefined,
  })
  t.like(await last(line({ allOrNone: 'true' })), { flags: flagsOf({ allOrNone: true }) })
  t.like(await last(line({ postOnly: true })), { flags: flagsOf({ postOnly: 'reject' }) })
  t.like(await last(line({ postOnly: 'reject' })), { flags: flagsOf({ postOnly: 'reject' }) })
  t.like(await last(line({ postOnly: 'slide' })), { flags: flagsOf({ postOnly: 'slide' }) })
  t.like(await last(line({ minQuantity: '50' })), { min: 50 })
  t.like(await last(line({ side: 'buy', reduceOnly: true, position: -70 })), {
    flags: flagsOf({ reduceOnly: true }),
    display: -70,
    code: undefined,
  })
})

test('terms - false is as if it were not there', async (t) => {
  const order = line({ hidden: false, allOrNone: false, postOnly: false, reduceOnly: 'false' })
  t.like(await last(order), { flags: 0, code: undefined })
})

test('terms - a linked order names the other by its id', async (t) => {
  t.like(await last(line(), line({ id: 'b', linkedTo: 'a1' })), {
    flags: flagsOf({ linked: true }),
    linked: 'a1',
    code: undefined,
  })
})

test('terms - do not stay for the next line', async (t) => {
  t.like(await last(line({ display: 10, stopPrice: '10.10' }), line({ id: 'b' })), {
    type: OrderType.limit,
    stop: 0,
    display: 0,
    code: undefined,
  })
})

test('terms - as columns of CSV', async (t) => {
  const [stop, iceberg] = await read(
    'id,symbol,side,price,quantity,stopPrice,display,hidden\na,AAPL,buy,,5,10.10,,\nb,AAPL,buy,10.05,5,,2,false\n',
  )
  t.like(stop, { type: OrderType.stop, stop: 1010, code: undefined })
  t.like(iceberg, { type: OrderType.limit, display: 2, code: undefined })
})

const refused: readonly (readonly [string, string, string])[] = [
  ['a stop price off the tick', line({ ...STOP, stopPrice: '10.105' }), 'OFF_TICK'],
  ['a stop price of zero', line({ ...STOP, stopPrice: 0 }), 'INVALID_STOP_PRICE'],
  ['a stop price that is no number', line({ ...STOP, stopPrice: 'x' }), 'INVALID_STOP_PRICE'],
  ['a stop without a stop price', line({ type: 'stop' }), 'INVALID_STOP_PRICE'],
  ['a stop limit without a limit', line({ ...STOP, type: 'stop-limit' }), 'INVALID_PRICE'],
  ['a limit order with a stop price', line({ stopPrice: '10.10', type: 'limit' }), 'INVALID_STOP_PRICE'],
  ['a trailing stop with a stop price', line({ ...STOP, trail: 1 }), 'INVALID_STOP_PRICE'],
  ['a stop with a trail', line({ ...STOP, type: 'stop', trail: 1 }), 'INVALID_STOP_PRICE'],
  ['half a lot shown', line({ display: '1.5' }), 'OFF_LOT'],
  ['nothing shown', line({ display: 0 }), 'INVALID_DISPLAY'],
  ['half a lot at least', line({ minQuantity: '1.5' }), 'OFF_LOT'],
  ['a negative minimum', line({ minQuantity: -1 }), 'INVALID_MIN_QUANTITY'],
  ['good-till-date without a time', line({ timeInForce: 'GTD' }), 'INVALID_EXPIRY'],
  ['a time without good-till-date', line({ timeInForce: 'DAY', expires: 5 }), 'INVALID_EXPIRY'],
  ['a day that there is not', line({ expires: '2026-02-30T00:00:00Z' }), 'INVALID_EXPIRY'],
  ['an expiry in local time', line({ expires: '2026-02-20T00:00:00' }), 'INVALID_EXPIRY'],
  ['an expiry within a second', line({ expires: '2026-02-20T00:00:00.5Z' }), 'INVALID_EXPIRY'],
  ['an expiry past what a record holds', line({ expires: 2 ** 31 }), 'INVALID_EXPIRY'],
  ['a flag that is none', line({ hidden: 1 }), 'MALFORMED'],
  ['a flag that is null', line({ allOrNone: null }), 'MALFORMED'],
  ['post-only of an unknown kind', line({ postOnly: 'maybe' }), 'MALFORMED'],
  ['self-trade prevention of an unknown kind', line({ selfTrade: 'never' }), 'INVALID_SELF_TRADE'],
  ['reduce-only without a position', line({ reduceOnly: true }), 'INVALID_COMBINATION'],
  ['a position without reduce-only', line({ position: 5 }), 'INVALID_COMBINATION'],
  ['half a lot of position', line({ reduceOnly: true, position: '-1.5' }), 'INVALID_QUANTITY'],
  [
    'an iceberg that is reduce-only',
    line({ reduceOnly: true, position: 5, display: 1 }),
    'INVALID_COMBINATION',
  ],
  ['a link to an id that never came', line({ linkedTo: 'zz' }), 'UNKNOWN_LINK'],
  ['a link that is empty', line({ linkedTo: '' }), 'INVALID_ORDER_ID'],
  ['a link with a minimum', line({ linkedTo: 'a1', minQuantity: 1 }), 'INVALID_COMBINATION'],
  ['a new order with a new id', line({ newId: 'b' }), 'INVALID_COMBINATION'],
  ['a cancel with terms', '{"op":"cancel","id":"a1","hidden":true}', 'INVALID_COMBINATION'],
  ['a replace without a new id', '{"op":"replace","id":"a1"}', 'INVALID_ORDER_ID'],
  ['a replace of an id that never came', '{"op":"replace","id":"zz","newId":"b"}', 'UNKNOWN_ORDER'],
  ['a kill with a symbol', '{"op":"kill","symbol":"AAPL"}', 'INVALID_COMBINATION'],
  ['a mass cancel with an id', '{"op":"mass-cancel","id":"a1"}', 'INVALID_COMBINATION'],
  ['a mass cancel of an unknown symbol', '{"op":"mass-cancel","symbol":"XYZ"}', 'INVALID_SYMBOL'],
  ['a mass cancel of an unknown side', '{"op":"mass-cancel","side":"x"}', 'INVALID_SIDE'],
  ['a time without one', '{"op":"time"}', 'INVALID_TIME'],
  ['a time that is none', '{"op":"time","at":"noon"}', 'INVALID_TIME'],
  ['a time said twice', '{"op":"time","at":"2026-11-25T17:30:00Z","timestamp":1}', 'INVALID_COMBINATION'],
  ['an unknown state', '{"op":"state","state":"open"}', 'INVALID_STATE'],
  ['a state without one', '{"op":"state"}', 'INVALID_STATE'],
  ['a state of an unknown symbol', '{"op":"state","state":"halted","symbol":"XYZ"}', 'INVALID_SYMBOL'],
  ['a group of nobody', '{"op":"group","group":1}', 'INVALID_COMMAND'],
  ['a group without one', '{"op":"group","client":"alice"}', 'INVALID_COMMAND'],
]
for (const [what, text, code] of refused)
  test(`refused - ${what}: ${code}`, async (t) => {
    const { detail, ...command } = await last(text)
    t.is(command.code, code)
    t.truthy(detail, 'and says why')
  })

test('refused - says where', async (t) => {
  t.like(await last('{"id":"a","symbol":"AAPL","side":"buy","quantity":5,"stopPrice":"10.105"}'), {
    about: 'a',
    column: 65,
    detail: 'stopPrice "10.105" is not a multiple of the tick, 0.01',
  })
})

test('amends - a stop gets a new stop price, a trailing stop a new distance, neither the other', async (t) => {
  const stop = line({ ...STOP, id: 's' })
  t.like(await last(stop, '{"op":"amend","id":"s","stopPrice":"10.20"}'), { stop: 1020, code: undefined })
  const trade = [line({ id: 'm', quantity: 1 }), line({ id: 't', side: 'sell', quantity: 1 })]
  const trailing = line({ id: 's', side: 'sell', price: undefined, trail: '0.25' })
  t.like(await last(...trade, trailing, '{"op":"amend","id":"s","trail":"0.5"}'), {
    stop: 50,
    code: undefined,
  })
  t.like(await last(...trade, trailing, '{"op":"amend","id":"s","stopPrice":"9"}'), {
    code: 'INVALID_STOP_PRICE',
  })
  t.like(await last(stop, '{"op":"amend","id":"s","trail":"1"}'), { code: 'INVALID_STOP_PRICE' })
  t.like(await last(stop, '{"op":"amend","id":"s","trail":"1","stopPrice":1}'), {
    code: 'INVALID_STOP_PRICE',
  })
})

test('replaces - carry both ids, and the new one is known from then on', async (t) => {
  const [, replace, cancel] = await read([
    line({ client: 'alice' }),
    '{"op":"replace","id":"a1","newId":"a2","client":"alice","price":"10.06","quantity":40}',
    '{"op":"amend","id":"a2","client":"alice","quantity":30}',
  ])
  t.like(replace, {
    kind: CommandKind.replace,
    id: 'a2',
    linked: 'a1',
    client: 'alice',
    symbol: 'AAPL',
    ticks: 1006,
    lots: 40,
  })
  t.like(cancel, { id: 'a2', symbol: 'AAPL', lots: 30, code: undefined })
})

test('replaces - one that is refused leaves its new id free, and is about that', async (t) => {
  const market = smallMarket()
  const [, replace] = await read([line(), '{"op":"replace","id":"a1","newId":"a2","price":"10.065"}'], market)
  t.like(replace, { code: 'OFF_TICK', about: 'a2' })
  t.is(market.orders.find('a2'), 0)
})

test('control - mass cancel, kill, release, state and group', async (t) => {
  const [all, some, kill, release, halt, open, group, named, none] = await read([
    '{"op":"mass-cancel"}',
    '{"op":"MASS-CANCEL","client":"alice","symbol":"BTC","side":"sell"}',
    '{"op":"kill"}',
    '{"op":"release","client":"alice"}',
    '{"op":"state","state":"halted"}',
    '{"op":"state","state":"Pre-Open","symbol":"BTC"}',
    '{"op":"group","client":"alice","group":7}',
    '{"op":"group","client":"bob","group":"7"}',
    '{"op":"group","client":"bob","group":0}',
  ])
  t.like(all, {
    kind: CommandKind.massCancel,
    client: '',
    symbol: '',
    side: record.BOTH_SIDES,
    code: undefined,
  })
  t.like(some, { client: 'alice', symbol: 'BTC', side: Side.sell, code: undefined })
  t.like(kill, { kind: CommandKind.kill, client: '', code: undefined })
  t.like(release, { kind: CommandKind.release, client: 'alice', code: undefined })
  t.like(halt, { kind: CommandKind.state, lots: TradingState.halted, symbol: '', code: undefined })
  t.like(open, { lots: TradingState.preOpen, symbol: 'BTC', code: undefined })
  t.like(group, { kind: CommandKind.group, client: 'alice', code: undefined })
  t.is(named!.lots, group!.lots, '7 and "7" are one group')
  t.is(none!.lots, 0)
})

test('control - a state may be set of a symbol before its first order', async (t) => {
  const market = new Market([], { defaultInstrument: { tick: '0.01', lot: '1' } })
  t.like((await read('{"op":"state","state":"pre-open","symbol":"NEW"}', market))[0], {
    symbol: 'NEW',
    code: undefined,
  })
})

test('control - time is exact to the nanosecond, however it is written', async (t) => {
  const ns = 1_795_627_800_123_456_789n
  const halves = Int32Array.of(Number(BigInt.asIntN(32, ns)), Number(ns >> 32n))
  t.deepEqual((await last('{"op":"time","at":"2026-11-25T17:30:00.123456789Z"}')).time, halves)
  t.deepEqual((await last(`{"op":"time","timestamp":${ns}}`)).time, halves)
  t.deepEqual((await last('{"op":"time","timestamp":"5"}')).time, Int32Array.of(5, 0))
})
