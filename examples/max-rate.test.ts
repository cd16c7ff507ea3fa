// How an operator is tested: alone on a record, with marbles in virtual time, and in front of an engine.
//   npm run example examples/max-rate.test.ts
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Market, match } from 'millrace/operators'
import { commandObjects, commands, marbles, through, type OrderText } from 'millrace/testing'
import { maxRate } from './max-rate.ts'

const AAPL = { symbol: 'AAPL', tick: '0.01', lot: '1' }

function order(id: string, client: string, second: number): OrderText {
  const timestamp = `${second}500000000`
  return { id, client, symbol: 'AAPL', side: 'buy', price: '10.00', quantity: 1, timestamp }
}

void test('max-rate - the third order of a second is refused, and another client is not', () => {
  const market = new Market([AAPL])
  marbles(({ batches, expectRecords }) => {
    const orders = batches(market, 'a--b|', {
      a: [order('a1', 'ann', 0), order('a2', 'ann', 0), order('a3', 'ann', 0), order('b1', 'bob', 0)],
      b: [order('a4', 'ann', 1)],
    })
    expectRecords(market, orders.pipe(maxRate(market, { ordersPerSecond: 2 }))).toBe('a--b|', {
      a: [{ id: 'a1' }, { id: 'a2' }, { id: 'a3', code: 'CODE_120' }, { id: 'b1' }],
      b: [{ id: 'a4' }],
    })
  })
})

void test('max-rate - what it refuses leaves the engine as a rejected event', async () => {
  const market = new Market([AAPL])
  const orders = [[order('a1', 'ann', 0), order('a2', 'ann', 0)]]
  const events = await through(market, orders, maxRate(market, { ordersPerSecond: 1 }), match(market))
  assert.deepEqual(
    events.map(({ event, id, code }) => [event, id, code]),
    [
      ['accepted', 'a1', undefined],
      ['rejected', 'a2', 'CODE_120'],
    ],
  )
})

void test('max-rate - goes on from a snapshot', async () => {
  const market = new Market([AAPL])
  const [before, after] = [await step(market), await step(market)]
  const batch = commands(market, [order('a1', 'ann', 0), order('a2', 'ann', 0)])
  before.process(batch.words, 0)
  after.restore!(before.snapshot!())
  after.process(batch.words, 16)
  assert.deepEqual(
    commandObjects(market, batch).map(({ code }) => code),
    [undefined, 'CODE_120'],
  )
})

void test('max-rate - options are checked', () => {
  assert.throws(
    () => maxRate(new Market([AAPL]), { ordersPerSecond: 0 }),
    /max-rate.ordersPerSecond: expected a whole number above 0, got 0/,
  )
})

async function step(market: Market) {
  const made = await maxRate.operator.create({ ordersPerSecond: 1 }, { id: 'pace', market })()
  if (made._tag === 'Left' || !('process' in made.right)) throw new Error('no step')
  return made.right
}
