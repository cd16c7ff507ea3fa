import test from 'ava'
import fc from 'fast-check'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CommandKind, OrderType, Side, TimeInForce } from '../../src/book/index.ts'
import { FIELD_NAMES } from '../../src/operators/orders/order-fields.ts'
import { openOrders } from '../../src/operators/orders/order-text.ts'
import { cut, type ReadCommand, readCommands, smallMarket } from '../support/text-input.ts'

const HEADER = 'op,id,client,symbol,side,type,price,quantity,timeInForce,timestamp'

function brief(commands: readonly ReadCommand[]): unknown[] {
  return commands.map(({ id, code, line, detail }) => (code === undefined ? id : [id, code, line, detail]))
}

test('columns - all of them', async (t) => {
  const [order] = await readCommands(`${HEADER}\nnew,a1,alice,AAPL,buy,limit,10.05,100,IOC,12\n`)
  t.deepEqual(order, {
    kind: CommandKind.new,
    id: 'a1',
    client: 'alice',
    symbol: 'AAPL',
    side: Side.buy,
    type: OrderType.limit,
    timeInForce: TimeInForce.ioc,
    ticks: 1005,
    lots: 100,
    timestamp: [12, 0],
  })
})

test('columns - in any order, and only those that are needed', async (t) => {
  const [order, market] = await readCommands(
    'quantity, side ,symbol,price,id\r\n100,sell,AAPL,10.05,a1\r\n7,buy,AAPL,,a2',
  )
  t.like(order, {
    id: 'a1',
    client: 'anonymous',
    type: OrderType.limit,
    side: Side.sell,
    ticks: 1005,
    lots: 100,
  })
  t.like(market, { id: 'a2', type: OrderType.market, ticks: 0, lots: 7 })
})

test('columns - a value that is empty is one that is left out', async (t) => {
  const commands = await readCommands(
    `${HEADER}\n,a1,,AAPL,buy,,10.05,100,,\ncancel,a1,,,,,,,,\namend,a1,"",,,,10.06,"",,\n`,
  )
  t.deepEqual(brief(commands), ['a1', 'a1', 'a1'])
  t.like(commands[2], { kind: CommandKind.amend, symbol: 'AAPL', ticks: 1006, lots: 0, client: '' })
})

test('rows - quotes hold commas, quotes and line ends', async (t) => {
  const commands = await readCommands(
    'id,client,symbol,side,quantity\n"a,1","x ""y""",AAPL,buy,1\n"a\n\n2",z,AAPL,"sell","2"\na3,z,AAPL,buy,x\n',
  )
  t.deepEqual(
    commands.map(({ id, client, lots }) => [id, client, lots]),
    [
      ['a,1', 'x "y"', 1],
      ['a\n\n2', 'z', 2],
      ['a3', 'z', 0],
    ],
  )
  t.is(commands[2]!.line, 6)
})

test('rows - one with more or fewer values than columns is refused', async (t) => {
  const commands = await readCommands(
    'id,symbol,side,quantity\na1,AAPL,buy\n"a2",AAPL,buy,1,2\n\na3,AAPL,buy,1,\na4,AAPL,buy,1\n',
  )
  t.deepEqual(brief(commands), [
    ['', 'MALFORMED', 2, 'expected 4 values, got 3'],
    ['', 'MALFORMED', 3, 'expected 4 values, got 5'],
    ['', 'MALFORMED', 5, 'expected 4 values, got 5'],
    'a4',
  ])
})

test('rows - a value that is wrong is pointed at', async (t) => {
  const [order] = await readCommands('id,symbol,side,price,quantity\na1,AAPL,buy,10.055,1')
  t.like(order, { code: 'OFF_TICK', line: 2, column: 13 })
})

test('rows - a quote that is amiss costs its own line and no other', async (t) => {
  const text = [
    'id,symbol,side,quantity',
    'a1,AAPL,buy,1',
    '"b"2,AAPL,buy,1',
    '"a3",AAPL,buy,1',
    'b4",AAPL,buy,1',
    'a5,"AAPL",buy,1',
    '"b6,AAPL,buy,1',
    'a7,AAPL,buy,1',
    '',
    'a8,AAPL,buy,1',
  ].join('\n')
  const expected = [
    'a1',
    ['', 'MALFORMED', 3, 'quote is closed in the middle of a value'],
    'a3',
    ['', 'MALFORMED', 5, 'quote in the middle of a value'],
    'a5',
    ['', 'MALFORMED', 7, 'quote is not closed'],
    'a7',
    'a8',
  ]
  for (const length of [1_000, 1, 13])
    t.deepEqual(brief(await readCommands(cut(Buffer.from(text), [length]))), expected)
})

test('rows - one with quotes is given as soon as it is whole, and one that is not waits', async (t) => {
  const rows = [
    'id,symbol,side,quantity\n',
    '"a1",AAPL,buy,1\n',
    '"a',
    '\n2",AAPL,',
    'buy,1\n"a3",AAPL,buy,1',
  ]
  t.deepEqual(brief(await readCommands(rows.map((row) => Buffer.from(row)))), ['a1', 'a\n2', 'a3'])
})

test('rows - a quote that stays open is given up after 64 KiB, wherever chunks are cut', async (t) => {
  const good = Array.from({ length: 6_000 }, (_, i) => `a${i},AAPL,buy,1`)
  const text = ['id,symbol,side,quantity', '"open,AAPL,buy,1', ...good].join('\n')
  for (const length of [200_000, 1_024]) {
    const commands = await readCommands(cut(Buffer.from(text), [length]))
    t.deepEqual(brief(commands.slice(0, 2)), [['', 'MALFORMED', 2, 'quote is not closed'], 'a0'])
    t.is(commands.length, 6_001)
    t.true(commands.slice(1).every(({ code }) => code === undefined))
  }
})

const headers: readonly (readonly [string, number, string])[] = [
  ['id,qty', 4, 'unknown column "qty": did you mean quantity?'],
  ['id, Price', 5, 'unknown column "Price": did you mean price?'],
  ['id,side,id', 9, 'column id is there twice'],
  ['symbol,side', 1, 'no column id among the names in the first row, "symbol,side"'],
  ['a1,AAPL,buy,1', 1, 'unknown column "a1"'],
]
for (const [header, column, detail] of headers)
  test(`header - ${header}: ${detail}`, async (t) => {
    const commands = await readCommands(`\n${header}\na1,1\n\na2,1\n`, { format: 'csv' })
    t.like(commands[0], { code: 'MALFORMED', line: 2, column, detail })
    const rest = 'not read, for line 2 does not name the columns'
    t.deepEqual(
      commands.slice(1).map(({ code, line, detail }) => [code, line, detail]),
      [3, 5].map((line) => ['MALFORMED', line, rest]),
      'every row that is not read is refused, none is lost',
    )
  })

test('header - of a file it is looked at when it is opened', async (t) => {
  const file = join(mkdtempSync(join(tmpdir(), 'millrace-order-rows-')), 'orders.csv')
  writeFileSync(file, 'id,qty\na1,1\n')
  const opened = await openOrders(smallMarket(), { file })()
  t.is(opened._tag === 'Left' ? opened.left : '', `${file}:1:4 unknown column "qty": did you mean quantity?`)
})

const value: fc.Arbitrary<Record<string, string>> = fc.record(
  {
    op: fc.constantFrom('new', 'Cancel', 'amend', 'what'),
    id: fc.oneof(fc.stringMatching(/^[a-c]\d$/), fc.string({ minLength: 1 })),
    client: fc.string({ minLength: 1, maxLength: 3 }),
    symbol: fc.constantFrom('AAPL', 'BTC', 'XYZ'),
    side: fc.constantFrom('buy', 'SELL', 'x'),
    type: fc.constantFrom('limit', 'market', 'x'),
    price: fc.constantFrom('10.05', '10.5', '1e2', '0', 'x', '10.055'),
    quantity: fc.constantFrom('1', '0.5', '0', '-1', '100'),
    timeInForce: fc.constantFrom('GTC', 'ioc', 'FOK', 'x'),
    timestamp: fc.constantFrom('1', '1700000000000000001', 'x'),
  },
  { requiredKeys: [] },
)

test('any orders - as CSV and as NDJSON they give the same commands', async (t) => {
  const trimmed = value.map((order) =>
    Object.fromEntries(Object.entries(order).filter(([, text]) => text !== '' && text === text.trim())),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(trimmed, { maxLength: 20 }), fc.boolean(), async (orders, quoteAll) => {
      const rows = orders.map((order) =>
        FIELD_NAMES.map((name) => {
          const text = order[name] ?? ''
          return quoteAll || /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
        }).join(','),
      )
      const csv = await readCommands([FIELD_NAMES.join(','), ...rows].join('\n'), { format: 'csv' })
      const json = await readCommands(orders.map((order) => JSON.stringify(order)).join('\n'), {
        format: 'ndjson',
      })
      const comparable = (commands: ReadCommand[]): unknown[] =>
        commands.map(({ line: _line, column: _column, ...rest }) => rest)
      t.deepEqual(comparable(csv), comparable(json))
    }),
    { numRuns: 200 },
  )
})

const anyRow = fc.oneof(
  fc.constantFrom(
    'a1,AAPL,buy,1',
    '"a2",AAPL,buy,1',
    '',
    '"open',
    'x"y,AAPL,buy,1',
    '"a","b"c,d,e',
    '"a\nb",AAPL,buy,1',
  ),
  fc.stringMatching(/^[ab",\r \t\u00e9\ufeff]{0,12}$/),
  fc.string({ unit: 'binary' }),
)

test('any rows - nothing throws, wherever chunks are cut the commands are the same, and no plain row is lost', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyRow, { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 5 }),
      async (rows, lengths, upTo) => {
        const lines = rows.join('\n').split('\n')
        const bytes = Buffer.from(`id,symbol,side,quantity\n${rows.join('\n')}`)
        const whole = await readCommands([bytes], { format: 'csv' })
        t.deepEqual(await readCommands(cut(bytes, lengths), { format: 'csv', upTo }), whole)
        const solid = lines.filter((line) => !/^[ \t\r]*$/.test(line)).length
        t.true(whole.length <= solid)
        if (!lines.some((line) => line.includes('"'))) t.is(whole.length, solid)
      },
    ),
    { numRuns: 5000 },
  )
})
