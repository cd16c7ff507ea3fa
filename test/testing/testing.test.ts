import test from 'ava'
import { delay } from 'rxjs'
import { Market, match, risk, validate } from '../../src/operators/index.ts'
import {
  commandObjects,
  commands,
  differences,
  formatDifferences,
  marbles,
  matches,
  through,
} from '../../src/testing/index.ts'

const AAPL = { symbol: 'AAPL', tick: '0.01', lot: '1' }
const BUY = { id: 'b', client: 'ann', symbol: 'AAPL', side: 'buy', price: '10.00', quantity: 3 } as const
const SELL = { ...BUY, id: 's', client: 'bob', side: 'sell' } as const

test('records - orders become commands, and commands objects that say the same', (t) => {
  const market = new Market([AAPL])
  const batch = commands(market, [
    BUY,
    { ...SELL, price: '10.001' },
    { op: 'cancel', id: 'b', client: 'ann' },
  ])
  t.deepEqual(commandObjects(market, batch), [
    {
      op: 'new',
      sequence: 1,
      id: 'b',
      client: 'ann',
      symbol: 'AAPL',
      side: 'buy',
      type: 'limit',
      timeInForce: 'GTC',
      price: '10.00',
      quantity: '3',
    },
    {
      op: 'new',
      sequence: 2,
      id: 's',
      client: 'bob',
      symbol: 'AAPL',
      side: 'sell',
      type: 'limit',
      timeInForce: 'GTC',
      quantity: '3',
      code: 'OFF_TICK',
      detail: commandObjects(market, batch)[1]!['detail'],
    },
    { op: 'cancel', sequence: 3, id: 'b', client: 'ann' },
  ])
})

test('records - more orders than a batch holds are refused, not dropped', (t) => {
  const market = new Market([AAPL])
  const orders = Array.from({ length: 1025 }, (_, id) => ({ ...BUY, id }))
  t.throws(() => commands(market, orders), { instanceOf: RangeError, message: /more than the 1024 orders/ })
  t.is(commands(market, orders.slice(1)).count, 1024)
})

test('through - orders go through operators, and events come out', async (t) => {
  const market = new Market([AAPL])
  const events = await through(market, [[BUY], [SELL]], validate(market), risk(market, {}), match(market))
  t.true(
    matches(events, [
      { event: 'accepted', id: 'b' },
      { event: 'accepted' },
      { event: 'trade', maker: 'b', quantity: 3 },
    ]),
  )
})

const wrong = (diagram: string, expected: Record<string, object[]>) => () => {
  const market = new Market([AAPL])
  marbles(({ batches, expectRecords }) => {
    const events = batches(market, 'a-b|', { a: [BUY], b: [SELL] }).pipe(delay(2), match(market))
    expectRecords(market, events).toBe(diagram, expected as never)
  })
}
const A = [{ event: 'accepted', id: 'b' }]
const B = [{ id: 's' }, { event: 'trade', price: 10 }]

test('marbles - virtual time passes for operators of RxJS', (t) => {
  t.notThrows(wrong('--a-(b|)', { a: A, b: B }))
})

test('marbles - what comes otherwise fails, and is said', (t) => {
  t.throws(wrong('-a-(b|)', { a: A, b: B }), { message: /expected .* at 1 ms, got .* at 2 ms/ })
  t.throws(wrong('--a-(b|)', { a: A, b: [{ id: 's' }] }), {
    message: /at 4 ms:\n\[1\]: expected nothing, got \{"event":"trade"/,
  })
  t.throws(wrong('--a-(b|)', { a: A, b: [...B, { event: 'trade' }] }), {
    message: /\[2\]: expected \{"event":"trade"\}, got nothing/,
  })
  t.throws(wrong('--a-(b|)', { a: [{ id: 'x' }], b: B }), {
    message: /at 2 ms:\n\[0\]\.id: expected "x", got "b"/,
  })
  t.throws(wrong('--a-b', { a: A, b: B }), { message: /expected nothing, got the end at 4 ms/ })
})

test('marbles - a letter without orders is told', (t) => {
  const market = new Market([AAPL])
  t.throws(
    () =>
      marbles(({ batches, expectRecords }) => {
        expectRecords(market, batches(market, 'c|', {})).toBe('c|', { c: [] })
      }),
    { message: /no orders are given for c in c\|/ },
  )
})

test('differences - decimals are one however they are written, and nothing else is', (t) => {
  t.deepEqual(differences({ a: '10.50', b: 3 }, { a: 10.5, b: '3' }), [])
  for (const [actual, expected] of [
    ['10.5', '10.51'],
    ['x', 'X'],
    [true, 'true'],
    [0, undefined],
    ['', 0],
    ['100', '1'],
  ])
    t.is(differences({ a: actual }, { a: expected }).length, 1, `${actual} ${expected}`)
  t.is(differences({ a: '' }, { a: undefined }).length, 1, 'what should not be there')
})

test('differences - only keys that are expected count, unless all are to', (t) => {
  t.deepEqual(differences([{ a: 1, b: { c: 2, d: 3 } }], [{ b: { c: 2 } }]), [])
  t.is(
    formatDifferences(differences([{ a: 1, b: { c: 2, d: 3 } }], [{ b: { c: 4 } }], true)),
    '[0].b.c: expected 4, got 2\n[0].b.d: expected nothing, got 3\n[0].a: expected nothing, got 1',
  )
})
