import test from 'ava'
import fc from 'fast-check'
import { CommandKind, OrderType, Side, TimeInForce } from '../../src/book/index.ts'
import { Market } from '../../src/pipeline/market.ts'
import { cut, orderLine as line, type ReadCommand, readCommands, smallMarket } from '../support/text-input.ts'

const ORDER =
  '{"op":"new","id":"a1","client":"alice","symbol":"AAPL","side":"buy","type":"limit","price":"10.05","quantity":100,"timeInForce":"GTC"}'

async function readOne(text: string): Promise<ReadCommand> {
  const commands = await readCommands(text, { format: 'ndjson' })
  if (commands.length !== 1) throw new Error(`expected one command, got ${commands.length}`)
  return commands[0]!
}

async function codeOf(text: string): Promise<string | undefined> {
  return (await readOne(text)).code
}

test('shapes - a new order in full', async (t) => {
  t.deepEqual(await readOne(ORDER), {
    kind: CommandKind.new,
    id: 'a1',
    client: 'alice',
    symbol: 'AAPL',
    side: Side.buy,
    type: OrderType.limit,
    timeInForce: TimeInForce.gtc,
    ticks: 1005,
    lots: 100,
    timestamp: [0, 0],
  })
})

test('shapes - what is left out has its default', async (t) => {
  const limit = await readOne(line())
  t.like(limit, { client: 'anonymous', type: OrderType.limit, timeInForce: TimeInForce.gtc })
  const market = await readOne(line({ price: undefined }))
  t.like(market, { type: OrderType.market, timeInForce: TimeInForce.ioc, ticks: 0 })
  t.like(await readOne(line({ client: '' })), { client: 'anonymous' })
})

test('shapes - words are read in any case', async (t) => {
  const order = await readOne(line({ op: 'NEW', side: 'Sell', type: 'LIMIT', timeInForce: 'fok' }))
  t.like(order, {
    kind: CommandKind.new,
    side: Side.sell,
    type: OrderType.limit,
    timeInForce: TimeInForce.fok,
  })
})

test('shapes - the price of a market order is its protection', async (t) => {
  t.like(await readOne(line({ type: 'market' })), { type: OrderType.market, ticks: 1005 })
})

test('shapes - cancels and amends find the instrument of the order by its id', async (t) => {
  const [, cancel, amend, price, total] = await readCommands(
    [
      line({ symbol: 'BTC', price: 10.5, quantity: '0.25' }),
      '{"op":"cancel","id":"a1","client":"alice"}',
      '{"op":"amend","id":"a1","quantity":0.5,"price":"11"}',
      '{"op":"amend","id":"a1","price":"11.5","symbol":"BTC"}',
      '{"op":"amend","id":"a1","quantity":"1"}',
    ].join('\n'),
  )
  t.like(cancel, { kind: CommandKind.cancel, id: 'a1', client: 'alice', symbol: '' })
  t.like(amend, { kind: CommandKind.amend, id: 'a1', client: '', symbol: 'BTC', ticks: 22, lots: 500 })
  t.like(price, { ticks: 23, lots: 0 })
  t.like(total, { ticks: 0, lots: 1000 })
})

test('shapes - a cancel or amend passes over what it cannot change', async (t) => {
  const [, cancel, amend] = await readCommands(
    [
      line(),
      line({ op: 'cancel', side: 'x', quantity: 'x', price: '0', type: 'stop' }),
      line({ op: 'amend', side: 'x', timeInForce: 'x' }),
    ].join('\n'),
  )
  t.like(cancel, { code: undefined, kind: CommandKind.cancel, ticks: 0, lots: 0, symbol: 'AAPL' })
  t.like(amend, { code: undefined, kind: CommandKind.amend, ticks: 1005, lots: 100 })
})

test('shapes - a symbol is taken as it comes where the market has terms for it, but only for an order', async (t) => {
  const market = new Market([], { defaultInstrument: { tick: '0.01', lot: '1' } })
  const lines = [line({ op: 'cancel', symbol: 'B' }), line({ symbol: 'C', side: 'x' }), line({ symbol: 'A' })]
  const commands = await readCommands(lines.join('\n'), { market })
  t.deepEqual(
    commands.map(({ code, symbol }) => [code, symbol]),
    [
      ['INVALID_SYMBOL', ''],
      ['INVALID_SIDE', ''],
      [undefined, 'A'],
    ],
  )
  t.is(market.instruments.count, 1)
})

test('shapes - 7 and "7" are the same id', async (t) => {
  const [order, cancel] = await readCommands(`${line({ id: 7 })}\n{"op":"cancel","id":"7"}`)
  t.like(order, { id: '7' })
  t.like(cancel, { id: '7', code: undefined })
})

test('shapes - of a key that comes twice the last is read', async (t) => {
  t.like(await readOne('{"id":"a","symbol":"AAPL","side":null,"quantity":1,"side":"sell"}'), {
    side: Side.sell,
    code: undefined,
  })
})

test('shapes - a timestamp is exact to the nanosecond', async (t) => {
  const ns = 1_700_000_000_123_456_789n
  const halves = [Number(BigInt.asIntN(32, ns)), Number(ns >> 32n)] as const
  t.deepEqual((await readOne(line({ timestamp: String(ns) }))).timestamp, halves)
  t.deepEqual((await readOne(line().replace('{', `{"timestamp":${ns},`))).timestamp, halves)
  t.deepEqual((await readOne(line({ timestamp: 5 }))).timestamp, [5, 0])
})

const refused: readonly (readonly [string, string, string])[] = [
  ['an unknown op', line({ op: 'modify' }), 'INVALID_COMMAND'],
  ['an op that is not text', line({ op: 1 }), 'INVALID_COMMAND'],
  ['no id', line({ id: undefined }), 'INVALID_ORDER_ID'],
  ['an empty id', line({ id: '' }), 'INVALID_ORDER_ID'],
  ['an id that is too long', line({ id: 'x'.repeat(129) }), 'INVALID_ORDER_ID'],
  ['an id that is not whole', line({ id: 1.5 }), 'INVALID_ORDER_ID'],
  ['an id that is null', line({ id: null }), 'INVALID_ORDER_ID'],
  ['a client that is too long', line({ client: 'x'.repeat(129) }), 'MALFORMED'],
  ['a client that is null', line({ client: null }), 'MALFORMED'],
  ['no symbol', line({ symbol: undefined }), 'INVALID_SYMBOL'],
  ['a symbol that is not traded', line({ symbol: 'XYZ' }), 'INVALID_SYMBOL'],
  ['a cancel in a symbol that is not traded', '{"op":"cancel","id":"a","symbol":"XYZ"}', 'INVALID_SYMBOL'],
  ['no side', line({ side: undefined }), 'INVALID_SIDE'],
  ['an unknown side', line({ side: 'short' }), 'INVALID_SIDE'],
  ['an unknown type', line({ type: 'iceberg' }), 'INVALID_ORDER_TYPE'],
  ['an unknown time in force', line({ timeInForce: 'GFD' }), 'INVALID_TIME_IN_FORCE'],
  ['no quantity', line({ quantity: undefined }), 'INVALID_QUANTITY'],
  ['a quantity of zero', line({ quantity: 0 }), 'INVALID_QUANTITY'],
  ['a negative quantity', line({ quantity: '-5.5' }), 'INVALID_QUANTITY'],
  ['a quantity that is no number', line({ quantity: 'ten' }), 'INVALID_QUANTITY'],
  ['half a lot', line({ quantity: '1.5' }), 'OFF_LOT'],
  ['more lots than a record holds', line({ quantity: '2147483648' }), 'EXCEEDS_MAX_SIZE'],
  ['more digits than a number holds', line({ quantity: '9'.repeat(40) }), 'EXCEEDS_MAX_SIZE'],
  ['a limit order without a price', line({ type: 'limit', price: undefined }), 'INVALID_PRICE'],
  ['a price of zero', line({ price: '0.00' }), 'INVALID_PRICE'],
  ['a negative price', line({ price: -10.005 }), 'INVALID_PRICE'],
  ['a price that is null', line({ price: null }), 'INVALID_PRICE'],
  ['a price that is empty', line({ price: '' }), 'INVALID_PRICE'],
  ['a price that is no number', line({ price: '10,05' }), 'INVALID_PRICE'],
  ['a price above what a record holds', line({ price: '21474836.48' }), 'INVALID_PRICE'],
  ['a price off the tick', line({ price: '10.055' }), 'OFF_TICK'],
  ['a price off a tick of half', line({ symbol: 'BTC', price: '10.25' }), 'OFF_TICK'],
  ['a timestamp that is not whole', line({ timestamp: 1.5 }), 'MALFORMED'],
  ['a negative timestamp', line({ timestamp: '-1' }), 'MALFORMED'],
  ['an amend that changes nothing', '{"op":"amend","id":"a1"}', 'MALFORMED'],
  ['a cancel of an id that never came', '{"op":"cancel","id":"a9"}', 'UNKNOWN_ORDER'],
  ['an amend of an id that never came', '{"op":"amend","id":"a9","price":1}', 'UNKNOWN_ORDER'],
  ['an unknown key', line({ qty: 5 }), 'MALFORMED'],
  ['a value that is an object', line({ price: { value: 1 } }), 'MALFORMED'],
  ['a list', '[1,2]', 'MALFORMED'],
  ['a word', 'hello', 'MALFORMED'],
  ['half a line', '{"id":"a1","sym', 'MALFORMED'],
  ['two objects', '{"id":"a1"} {"id":"a2"}', 'MALFORMED'],
  ['a comma too many', '{"id":"a1",}', 'MALFORMED'],
  ['a leading zero', '{"id":"a1","price":010}', 'MALFORMED'],
]
for (const [what, text, code] of refused)
  test(`refused - ${what}: ${code}`, async (t) => {
    t.is(await codeOf(text), code)
  })

test('refused - an amend to zero has the code of what is zero', async (t) => {
  const commands = await readCommands(
    `${line()}\n{"op":"amend","id":"a1","quantity":0}\n{"op":"amend","id":"a1","price":"0"}\n`,
  )
  t.deepEqual(
    commands.map((command) => command.code),
    [undefined, 'INVALID_QUANTITY', 'INVALID_PRICE'],
  )
})

for (const price of [
  '10.00000000000000000001',
  '1234567890.1234567',
  '9007199254740993',
  '1e400',
  '1e-400',
  '10.049999999999999999',
])
  test(`refused - the number ${price} is not taken for one that is near it`, async (t) => {
    t.regex(
      (await codeOf(line({ price: 'HERE' }).replace('"HERE"', price))) ?? '',
      /^(INVALID_PRICE|OFF_TICK)$/,
    )
  })

test('refused - detail, line, column and id say which and why', async (t) => {
  const commands = await readCommands(
    [
      line(),
      '',
      line({ id: 'b', qty: 5 }),
      '{"id": "c", "symbol": "AAPL", "side": "buy", "price": 10.055, "quantity": 1}',
      '{"id":"d" "side":"buy"}',
      '{"id":"e","side":"buy","symbol":"XYZ","quantity":1}',
      '{"id":"f","price":"1',
    ].join('\r\n'),
    { upTo: 2 },
  )
  t.deepEqual(
    commands.map(({ id, line, column, detail }) => ({ id, line, column, detail })),
    [
      { id: 'a1', line: undefined, column: undefined, detail: undefined },
      { id: 'b', line: 3, column: 71, detail: 'unknown key "qty": did you mean quantity?' },
      { id: 'c', line: 4, column: 55, detail: 'price "10.055" is not a multiple of the tick, 0.01' },
      { id: 'd', line: 5, column: 11, detail: `not JSON: expected ',' or '}', got "\\""` },
      { id: 'e', line: 6, column: 33, detail: 'unknown symbol "XYZ"' },
      { id: 'f', line: 7, column: 19, detail: 'string has no closing quote' },
    ],
  )
})

test('refused - what is said of a line stays short, however long the line', async (t) => {
  const { detail } = await readOne(line({ symbol: 'AAPL', side: 'x'.repeat(5_000) }))
  t.true(detail!.length < 120)
})

test('names - a refused order leaves its id free', async (t) => {
  const market = smallMarket()
  await readCommands(line({ price: '10.055' }), { market })
  t.is(market.orders.find('a1'), 0)
})

/** Lines good, bad and mangled. Bytes of any kind but a line end. */
const anyLine: fc.Arbitrary<Buffer> = fc
  .oneof(
    fc
      .record({
        op: fc.constantFrom(
          'new',
          'cancel',
          'amend',
          'NEW',
          'x',
          'replace',
          'mass-cancel',
          'kill',
          'time',
          'state',
          'group',
        ),
        id: fc.oneof(fc.string(), fc.nat(), fc.double()),
        symbol: fc.constantFrom('AAPL', 'BTC', 'XYZ', ''),
        side: fc.constantFrom('buy', 'sell', 1, null),
        price: fc.oneof(fc.double(), fc.constantFrom('10.05', '10.5', '1e2')),
        quantity: fc.oneof(fc.integer(), fc.double(), fc.constantFrom('1', '0.5')),
        timestamp: fc.oneof(fc.nat(), fc.bigInt().map(String)),
        term: fc.constantFrom(
          'stopPrice',
          'trail',
          'display',
          'hidden',
          'expires',
          'at',
          'newId',
          'state',
          'linkedTo',
          'x',
        ),
        value: fc.constantFrom('10.05', '2026-11-25T17:30:00Z', true, 7, 'halted', null),
      })
      .map(({ term, value, ...order }) => ({ ...order, [term]: value }))
      .map((order) => Buffer.from(JSON.stringify(order))),
    fc.json().map((text) => Buffer.from(text)),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    fc
      .tuple(fc.nat(ORDER.length), fc.nat(20), fc.string())
      .map(([at, length, by]) => Buffer.from(ORDER.slice(0, at) + by + ORDER.slice(at + length))),
  )
  .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 10 ? 32 : byte))))

test('any lines - each that is not blank is one command, the same however chunks are cut and batches filled', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyLine, { maxLength: 30 }),
      fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 9 }),
      async (lines, lengths, upTo) => {
        const bytes = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]))
        const whole = await readCommands([bytes], { format: 'ndjson' })
        const expected = lines.filter((line, at) => {
          const text = line.toString('utf8')
          return !/^[ \t\r]*$/.test(at === 0 ? text.replace(/^\ufeff/, '') : text)
        }).length
        t.is(whole.length, expected)
        t.deepEqual(await readCommands(cut(bytes, lengths), { format: 'ndjson', upTo }), whole)
      },
    ),
    { numRuns: 300 },
  )
})
