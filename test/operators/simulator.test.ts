import { createHash } from 'node:crypto'
import test from 'ava'
import * as fc from 'fast-check'
import { Batch } from '../../src/book/index.ts'
import * as record from '../../src/book/record.ts'
import { CommandKind, RECORD_WORDS, Side } from '../../src/book/record.ts'
import { ACCEPTED } from '../../src/book/reject-code.ts'
import { Simulator, type SimulatorOptions } from '../../src/operators/simulator/simulator.ts'
import { Market } from '../../src/pipeline/market.ts'
import { EXPECTED_CODE, ONE, replies, simulate, THREE, timeOf } from '../support/simulated.ts'

test('simulator - the same seed gives the same bytes', (t) => {
  const options = { orders: 20_000, seed: 3, badShare: 0.05 }
  t.deepEqual(simulate(options, THREE).words, simulate(options, THREE).words)
})

test('simulator - another seed, profile or share of bad commands gives other bytes', (t) => {
  const digests = [
    digest({ seed: 0 }),
    digest({ seed: 1 }),
    digest({ seed: 2 ** 32 + 1 }),
    digest({ profile: 'nasdaq-small-tick' }),
    digest({ badShare: 0 }),
  ]
  t.is(new Set(digests).size, digests.length)
})

test('simulator - how the stream is cut into batches does not change it', (t) => {
  const options = { orders: 2_500, seed: 11, badShare: 0.1 }
  const whole = simulate(options, THREE).words
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 700 })), { minLength: 1 }),
      (sizes) => {
        const simulator = new Simulator(new Market(THREE), options)
        const batch = new Batch(1_000)
        const parts = new Int32Array(whole.length)
        let words = 0
        for (let pull = 0, more = true; more; pull++) {
          // Dirt from earlier records must not show through.
          batch.words.fill(-1)
          batch.count = pull % 3
          const begun = batch.count * RECORD_WORDS
          more = simulator.pull(batch, batch.count + sizes[pull % sizes.length]!)
          parts.set(batch.words.subarray(begun, batch.count * RECORD_WORDS), words)
          words += batch.count * RECORD_WORDS - begun
        }
        return (
          words === whole.length && Buffer.compare(Buffer.from(parts.buffer), Buffer.from(whole.buffer)) === 0
        )
      },
    ),
    { numRuns: 25 },
  )
  t.pass()
})

test('simulator - seed 7 gives the stream it always gave', (t) => {
  const digest = hash(simulate({ orders: 100_000, seed: 7 }, THREE))
  t.is(digest, '8669736338258919a80cb92780da5465a43b3aeff6d8b96645a75286d190c218')
})

test('simulator - ends after exactly as many commands as were asked for', (t) => {
  for (const orders of [0, 1, 19, 20, 21, 1_024, 1_025, 5_000]) {
    const simulator = new Simulator(new Market([ONE]), { orders })
    const batch = new Batch()
    let given = 0
    for (let more = true; more; given += batch.count) {
      batch.count = 0
      more = simulator.pull(batch, batch.capacity)
    }
    t.is(given, orders)
    batch.count = 0
    t.false(simulator.pull(batch, batch.capacity))
    t.is(batch.count, 0)
  }
})

test('simulator - gives a million commands unless told otherwise, and is endless if told so', (t) => {
  const batch = new Batch(50_000)
  const count = (simulator: Simulator, pulls: number): number => {
    let given = 0
    for (let pull = 0, more = true; more && pull < pulls; pull++, given += batch.count) {
      batch.count = 0
      more = simulator.pull(batch, batch.capacity)
    }
    return given
  }
  t.is(count(new Simulator(new Market([ONE])), 30), 1_000_000)
  t.is(count(new Simulator(new Market([ONE]), { orders: Infinity }), 25), 1_250_000)
})

test('simulator - stop ends the stream', (t) => {
  const simulator = new Simulator(new Market([ONE]), { orders: Infinity })
  const batch = new Batch()
  t.true(simulator.pull(batch, 100))
  simulator.stop()
  t.false(simulator.pull(batch, 200))
  t.is(batch.count, 100)
})

test('simulator - without bad commands an engine behind it rejects nothing', (t) => {
  for (const profile of ['nasdaq-large-tick', 'nasdaq-small-tick'] as const)
    for (const { code } of replies({ orders: 150_000, badShare: 0, profile }, THREE))
      if (code !== ACCEPTED) {
        t.fail(`code ${code}`)
        return
      }
  t.pass()
})

test('simulator - every kind of bad command comes, as often as the others, and gets its reject code', (t) => {
  const orders = 100_000
  const counts = new Map<string, number>()
  for (const { fault, code } of replies({ orders, badShare: 0.1, seed: 5 }, THREE)) {
    if (fault !== undefined) counts.set(fault, (counts.get(fault) ?? 0) + 1)
    const expected = fault === undefined ? ACCEPTED : EXPECTED_CODE[fault]
    if (code !== expected) t.is(code, expected!, fault)
  }
  t.deepEqual([...counts.keys()].sort(), Object.keys(EXPECTED_CODE).sort())
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  t.true(Math.abs(total / orders - 0.1) < 0.005, `share of bad commands ${total / orders}`)
  for (const [fault, count] of counts)
    t.true(Math.abs((count * counts.size) / total - 1) < 0.25, `${fault} came ${count} times`)
})

test('simulator - one command in a hundred is bad unless told otherwise', (t) => {
  let bad = 0
  for (const { fault } of replies({ orders: 100_000 })) if (fault !== undefined) bad++
  t.true(bad > 850 && bad < 1_150, String(bad))
})

test('simulator - bad commands stay bad where prices and quantities have no room to be too large', (t) => {
  const widest = { symbol: 'A', tick: '1', lot: '1', maxQuantity: '2147483647' }
  let bad = 0
  for (const { fault, code } of replies({ orders: 50_000, badShare: 0.2 }, [widest])) {
    if (fault !== undefined) bad++
    if (code !== (fault === undefined ? ACCEPTED : EXPECTED_CODE[fault])) {
      t.fail(fault)
      return
    }
  }
  t.true(Math.abs(bad / 50_000 - 0.2) < 0.01)
})

test('simulator - a price range of a few ticks, or one, is kept to', (t) => {
  for (const range of [
    { maxPrice: '3', maxQuantity: '1' },
    { minPrice: '5', maxPrice: '5' },
    { referencePrice: '1' },
  ]) {
    let trades = 0
    for (const { code, engine } of replies({ orders: 50_000, badShare: 0 }, [
      { symbol: 'A', tick: '1', lot: '1', ...range },
    ])) {
      if (code !== ACCEPTED) {
        t.fail(`code ${code}`)
        return
      }
      trades = engine.trades
    }
    t.true(trades > 1_000)
  }
  t.pass()
})

test('simulator - order ids count up from 1, times never go back, and all else in a record is zero', (t) => {
  let orderId = 0
  let time = 0
  for (const { words, at } of replies({ orders: 50_000, badShare: 0 }, THREE)) {
    if (
      record.headKind(words[at]!) === CommandKind.new &&
      record.readU64(words, at + record.ORDER_ID) !== ++orderId
    ) {
      t.fail(`order id ${record.readU64(words, at + record.ORDER_ID)}, not ${orderId}`)
      return
    }
    if (timeOf(words, at) < time) {
      t.fail(`time goes back from ${time}`)
      return
    }
    time = timeOf(words, at)
    for (const word of [record.CODE, record.SEQUENCE, record.SEQUENCE + 1, 10, 11, 12, 13])
      if (words[at + word] !== 0) {
        t.fail(`word ${word} is ${words[at + word]}`)
        return
      }
  }
  t.true(orderId > 20_000)
})

test('simulator - begins with a few levels of resting orders on both sides of the reference price', (t) => {
  const all = [...replies({ orders: 60, badShare: 1 }, THREE)]
  const { engine } = all[0]!
  for (const [instrument, reference] of [5_000, 5_000, 10_000].entries())
    for (const side of [Side.buy, Side.sell]) {
      const depth = engine.depth(instrument, side, 99)
      const best = side === Side.buy ? reference : reference + 1
      t.deepEqual(
        depth.map(({ priceTicks }) => Math.abs(priceTicks - best)),
        [0, 1, 2, 3, 4],
      )
      t.true(depth.every(({ orders }) => orders === 2))
    }
})

test('simulator - numbers of clients named before it stay theirs', (t) => {
  const market = new Market([ONE])
  const other = market.clients.number('desk')
  const batch = new Batch(1_000)
  new Simulator(market, { clients: 2, badShare: 0 }).pull(batch, batch.capacity)
  const seen = new Set(
    Array.from({ length: 1_000 }, (_, i) => batch.words[i * RECORD_WORDS + record.CLIENT]!),
  )
  t.false(seen.has(other))
  t.deepEqual([...seen].map((client) => market.clients.text(client)).sort(), ['C001', 'C002'])
})

test('simulator - options out of range are refused by name', (t) => {
  const refused: [SimulatorOptions, RegExp][] = [
    [{ profile: 'nyse' as never }, /profile: expected one of nasdaq-large-tick, nasdaq-small-tick, got nyse/],
    [{ seed: 1.5 }, /seed/],
    [{ seed: -1 }, /seed/],
    [{ orders: -1 }, /orders/],
    [{ clients: 0 }, /clients/],
    [{ badShare: 1.1 }, /badShare/],
    [{ badShare: NaN }, /badShare/],
  ]
  for (const [options, message] of refused)
    t.throws(() => new Simulator(new Market([ONE]), options), { instanceOf: RangeError, message })
  t.throws(() => new Simulator(new Market([])), { message: /instruments: expected at least one/ })
})

function hash({ words }: Batch): string {
  return createHash('sha256').update(Buffer.from(words.buffer)).digest('hex')
}

function digest(options: SimulatorOptions): string {
  return hash(simulate({ orders: 2_000, ...options }))
}
