import test from 'ava'
import * as fc from 'fast-check'
import { isBetter, PriceLadder } from '../../src/book/price-ladder.ts'
import { MAX_PRICE_TICKS, Side } from '../../src/book/record.ts'
import { NONE } from '../../src/memory/slab.ts'

/** The prices of a side as best() and next() give them. */
function walk(ladder: PriceLadder, side: number): number[] {
  const prices: number[] = []
  for (let level = ladder.best(side); level !== NONE; level = ladder.next(level))
    prices.push(ladder.price(level))
  return prices
}

function nodes(ladder: PriceLadder): number {
  return ladder['nodeSlab'].used
}

/** How many bits below the root's split: 0 is a single node, 30 the whole range. */
function height(ladder: PriceLadder, side: number): number {
  return ladder['sides'][side * 8 + 2]!
}

const anyPrice = fc.oneof(
  fc.integer({ min: 1, max: MAX_PRICE_TICKS }),
  fc.integer({ min: 1, max: 70 }),
  fc.nat(30).map((k) => 2 ** k),
  fc.nat(30).map((k) => 2 ** k - 1 || 1),
  fc.constantFrom(MAX_PRICE_TICKS, MAX_PRICE_TICKS - 1, 2 ** 30, 2 ** 30 + 1),
)
const changes = fc.array(fc.tuple(fc.nat(3), anyPrice), { maxLength: 200, size: 'max' })

test('price ladder - it does what a sorted array does, over the whole range of prices', (t) => {
  const property = fc.property(changes, (changes) => {
    const ladder = new PriceLadder(4)
    const expected: number[][] = [[], [], [], []]
    for (const [side, price] of changes) {
      const prices = expected[side]!
      const known = ladder.find(side, price)
      t.is(known !== NONE, prices.includes(price))
      if (known === NONE) {
        const level = ladder.ensure(side, price)
        t.is(ladder.find(side, price), level)
        t.is(ladder.ensure(side, price), level, 'a level is made once')
        prices.push(price)
      } else {
        ladder.remove(known)
        prices.splice(prices.indexOf(price), 1)
      }
      prices.sort((a, b) => (side % 2 === Side.buy ? b - a : a - b))
      t.is(ladder.levelCount(side), prices.length)
      t.deepEqual(walk(ladder, side), prices)
    }
    for (const [side, prices] of expected.entries())
      for (const price of prices) ladder.remove(ladder.find(side, price))
    t.is(nodes(ladder), 0)
    t.is(ladder['levelSlab'].used, 0)
  })
  fc.assert(property, { numRuns: 150 })
})

test('price ladder - prices within 32 ticks take one node', (t) => {
  const ladder = new PriceLadder(2)
  for (let price = 64; price < 96; price++) ladder.ensure(Side.buy, price)
  t.is(nodes(ladder), 1)
  t.is(height(ladder, Side.buy), 0)
})

test('price ladder - one tick and the largest price raise the root to the top', (t) => {
  const ladder = new PriceLadder(2)
  ladder.ensure(Side.sell, 1)
  ladder.ensure(Side.sell, MAX_PRICE_TICKS)
  t.is(height(ladder, Side.sell), 30)
  t.is(nodes(ladder), 13, 'a root and two ways of six nodes')
  t.deepEqual(walk(ladder, Side.sell), [1, MAX_PRICE_TICKS])
})

test('price ladder - the root comes down again when the far price goes', (t) => {
  for (const [kept, gone] of [
    [1, MAX_PRICE_TICKS],
    [MAX_PRICE_TICKS, 1],
    [2 ** 30, 2 ** 30 - 1],
  ] as const) {
    const ladder = new PriceLadder(2)
    ladder.ensure(Side.buy, kept)
    ladder.remove(ladder.ensure(Side.buy, gone))
    t.is(height(ladder, Side.buy), 0)
    t.is(nodes(ladder), 1)
    t.deepEqual(walk(ladder, Side.buy), [kept])
  }
})

test('price ladder - each power of 32 is one node higher', (t) => {
  for (let power = 1; power <= 6; power++) {
    const ladder = new PriceLadder(2)
    ladder.ensure(Side.buy, 1)
    ladder.ensure(Side.buy, 32 ** power - 1)
    t.is(height(ladder, Side.buy), 5 * (power - 1), `up to ${32 ** power - 1}`)
    ladder.ensure(Side.buy, 32 ** power)
    t.is(height(ladder, Side.buy), 5 * power, `at ${32 ** power}`)
  }
})

test('price ladder - the best level is kept through every removal of it', (t) => {
  const prices = [5, 6, 37, 1_000, 40_000, 2 ** 30, MAX_PRICE_TICKS]
  for (const side of [Side.buy, Side.sell]) {
    const ladder = new PriceLadder(2)
    for (const price of prices) ladder.ensure(side, price)
    const left = side === Side.buy ? prices.toReversed() : [...prices]
    for (; left.length > 0; left.shift()) {
      t.is(ladder.price(ladder.best(side)), left[0]!)
      ladder.remove(ladder.best(side))
    }
    t.is(ladder.best(side), NONE)
    t.is(nodes(ladder), 0)
  }
})

test('price ladder - sides are apart', (t) => {
  const ladder = new PriceLadder(6)
  for (let side = 0; side < 6; side++) ladder.ensure(side, 100 + side)
  for (let side = 0; side < 6; side++) t.deepEqual(walk(ladder, side), [100 + side])
})

test('price ladder - room for more sides keeps those there are', (t) => {
  const ladder = new PriceLadder(2)
  ladder.ensure(Side.sell, 7)
  t.is(ladder.best(50), NONE, 'a side without room is empty')
  t.is(ladder.levelCount(50), 0)
  ladder.reserveSides(1_000)
  ladder.ensure(999, 8)
  t.deepEqual(walk(ladder, Side.sell), [7])
  t.deepEqual(walk(ladder, 999), [8])
})

test('price ladder - levels keep their price and lots while the slabs grow', (t) => {
  const ladder = new PriceLadder(2)
  const before = ladder.bytes
  const levels = Array.from({ length: 30_000 }, (_, i) => ladder.ensure(Side.buy, 1 + i * 71_000))
  levels.forEach((level, i) => ladder.addLots(level, i * 2 ** 33))
  t.true(ladder.bytes > before * 8)
  t.true(
    levels.every(
      (level, i) => ladder.price(level) === 1 + i * 71_000 && ladder.totalLots(level) === i * 2 ** 33,
    ),
  )
  t.is(walk(ladder, Side.buy).length, levels.length)
})

test('price ladder - better is higher for a bid and lower for an offer', (t) => {
  t.true(isBetter(Side.buy, 101, 100))
  t.true(isBetter(Side.sell, 100, 101))
  t.false(isBetter(Side.buy, 100, 100))
  t.false(isBetter(Side.sell, 100, 100))
})
