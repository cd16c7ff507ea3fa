import test from 'ava'
import * as fc from 'fast-check'
import {
  LEVEL_CONCEALED,
  LEVEL_COUNT,
  LEVEL_HIDDEN_COUNT,
  LEVEL_HIDDEN_HEAD,
  LEVEL_PRICE_TICKS,
  LEVEL_SHOWN,
  LEVEL_SIDE,
  LEVEL_TOUCHED,
  LEVEL_WORDS,
} from '../../../src/book/state/level.ts'
import { BookHeap } from '../../../src/book/state/book-heap.ts'
import * as ladder from '../../../src/book/state/price-ladder.ts'
import { MAX_PRICE_TICKS } from '../../../src/book/record.ts'
import { NONE } from '../../../src/memory/heap.ts'
import { POOL_END, POOL_TOP } from '../../../src/memory/pool-words.ts'

const { isBetter, SIDE_BEST, SIDE_LEVELS, SIDE_RISING, SIDE_ROOT, SIDE_SHIFT, SIDE_WORDS } = ladder
const [FALLING, RISING] = [0, 1]

/** Ladder sides in a heap of their own: even ones fall from their best price (bids), odd ones rise (offers). */
class Sides {
  readonly heap = new BookHeap(16)
  private readonly at: number

  constructor(count: number) {
    this.at = this.heap.allocate(count * SIDE_WORDS)
    for (let side = 0; side < count; side++) this.heap.words[this.side(side) + SIDE_RISING] = side % 2
  }

  side(side: number): number {
    return this.at + side * SIDE_WORDS
  }

  find(side: number, priceTicks: number): number {
    return ladder.findLevel(this.heap.words, this.side(side), priceTicks)
  }

  ensure(side: number, priceTicks: number): number {
    return ladder.ensureLevel(this.heap, this.side(side), priceTicks)
  }

  remove(level: number): void {
    ladder.removeLevel(this.heap, level)
  }

  best(side: number): number {
    return this.heap.words[this.side(side) + SIDE_BEST]!
  }

  price(level: number): number {
    return this.heap.words[level + LEVEL_PRICE_TICKS]!
  }

  /** The prices of a side, best first. */
  prices(side: number): number[] {
    const prices: number[] = []
    for (let level = this.best(side); level !== NONE; level = ladder.nextLevel(this.heap.words, level))
      prices.push(this.price(level))
    return prices
  }

  count(side: number): number {
    return this.heap.words[this.side(side) + SIDE_LEVELS]!
  }

  /** How many bits below the root's split: 0 is a single node, 30 the whole range. */
  height(side: number): number {
    return this.heap.words[this.side(side) + SIDE_SHIFT]!
  }

  get nodes(): number {
    return this.heap.nodes.used
  }
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
    const sides = new Sides(4)
    const expected: number[][] = [[], [], [], []]
    for (const [side, price] of changes) {
      const prices = expected[side]!
      const known = sides.find(side, price)
      t.is(known !== NONE, prices.includes(price))
      if (known === NONE) {
        const level = sides.ensure(side, price)
        t.is(sides.find(side, price), level)
        t.is(sides.ensure(side, price), level, 'a level is made once')
        prices.push(price)
      } else {
        sides.remove(known)
        prices.splice(prices.indexOf(price), 1)
      }
      prices.sort((a, b) => (side % 2 === FALLING ? b - a : a - b))
      t.is(sides.count(side), prices.length)
      t.deepEqual(sides.prices(side), prices)
    }
    for (const [side, prices] of expected.entries())
      for (const price of prices) sides.remove(sides.find(side, price))
    t.is(sides.nodes, 0)
    t.is(sides.heap.levels.used, 0)
  })
  fc.assert(property, { numRuns: 150 })
})

test('price ladder - prices within 32 ticks take one node', (t) => {
  const sides = new Sides(2)
  for (let price = 64; price < 96; price++) sides.ensure(FALLING, price)
  t.is(sides.nodes, 1)
  t.is(sides.height(FALLING), 0)
})

test('price ladder - one tick and the largest price raise the root to the top', (t) => {
  const sides = new Sides(2)
  sides.ensure(RISING, 1)
  sides.ensure(RISING, MAX_PRICE_TICKS)
  t.is(sides.height(RISING), 30)
  t.is(sides.nodes, 13, 'a root and two ways of six nodes')
  t.deepEqual(sides.prices(RISING), [1, MAX_PRICE_TICKS])
})

test('price ladder - the root comes down again when the far price goes', (t) => {
  for (const [kept, gone] of [
    [1, MAX_PRICE_TICKS],
    [MAX_PRICE_TICKS, 1],
    [2 ** 30, 2 ** 30 - 1],
  ] as const) {
    const sides = new Sides(2)
    sides.ensure(FALLING, kept)
    sides.remove(sides.ensure(FALLING, gone))
    t.is(sides.height(FALLING), 0)
    t.is(sides.nodes, 1)
    t.deepEqual(sides.prices(FALLING), [kept])
  }
})

test('price ladder - each power of 32 is one node higher', (t) => {
  for (let power = 1; power <= 6; power++) {
    const sides = new Sides(2)
    sides.ensure(FALLING, 1)
    sides.ensure(FALLING, 32 ** power - 1)
    t.is(sides.height(FALLING), 5 * (power - 1), `up to ${32 ** power - 1}`)
    sides.ensure(FALLING, 32 ** power)
    t.is(sides.height(FALLING), 5 * power, `at ${32 ** power}`)
  }
})

test('price ladder - the best level is kept through every removal of it', (t) => {
  const prices = [5, 6, 37, 1_000, 40_000, 2 ** 30, MAX_PRICE_TICKS]
  for (const side of [FALLING, RISING]) {
    const sides = new Sides(2)
    for (const price of prices) sides.ensure(side, price)
    const left = side === FALLING ? prices.toReversed() : [...prices]
    for (; left.length > 0; left.shift()) {
      t.is(sides.price(sides.best(side)), left[0]!)
      sides.remove(sides.best(side))
    }
    t.is(sides.best(side), NONE)
    t.is(sides.nodes, 0)
  }
})

test('price ladder - sides are apart', (t) => {
  const sides = new Sides(6)
  for (let side = 0; side < 6; side++) sides.ensure(side, 100 + side)
  for (let side = 0; side < 6; side++) t.deepEqual(sides.prices(side), [100 + side])
})

test('price ladder - zeroed memory is an empty side that falls', (t) => {
  const heap = new BookHeap(16)
  const side = heap.allocate(SIDE_WORDS)
  t.is(ladder.findLevel(heap.words, side, 5), NONE)
  t.is(heap.words[side + SIDE_BEST], NONE)
  ladder.ensureLevel(heap, side, 5)
  t.is(heap.words[ladder.ensureLevel(heap, side, 6) + LEVEL_PRICE_TICKS], 6)
  t.is(heap.words[side + SIDE_BEST], ladder.findLevel(heap.words, side, 6))
})

test('price ladder - levels keep their price and lots while the heap grows', (t) => {
  const sides = new Sides(2)
  const { heap } = sides
  const before = heap.bytes
  const levels = Array.from({ length: 30_000 }, (_, i) => sides.ensure(FALLING, 1 + i * 71_000))
  levels.forEach((level, i) => {
    heap.totals[(level >> 1) + LEVEL_SHOWN] = i * 2 ** 33
  })
  t.true(heap.bytes > before * 8)
  const isKept = (level: number, i: number): boolean =>
    sides.price(level) === 1 + i * 71_000 && heap.totals[(level >> 1) + LEVEL_SHOWN] === i * 2 ** 33
  t.true(levels.every(isKept))
  t.is(sides.prices(FALLING).length, levels.length)
})

test('price ladder - a level whose slot was used before begins with nothing in it', (t) => {
  const sides = new Sides(2)
  const { heap } = sides
  const used = sides.ensure(FALLING, 7)
  heap.words.fill(99, used, used + 3)
  heap.words.fill(99, used + LEVEL_SIDE + 1, used + LEVEL_WORDS)
  sides.remove(used)
  const level = sides.ensure(RISING, 9)
  t.is(level, used)
  for (const word of [LEVEL_COUNT, LEVEL_HIDDEN_HEAD, LEVEL_HIDDEN_COUNT, LEVEL_TOUCHED])
    t.is(heap.words[level + word], 0)
  for (const total of [LEVEL_SHOWN, LEVEL_CONCEALED]) t.is(heap.totals[(level >> 1) + total], 0)
})

test('price ladder - without memory for a level or a node there is no level, and the side is as it was', (t) => {
  for (const pool of ['levels', 'nodes'] as const) {
    const sides = new Sides(2)
    sides.ensure(RISING, 1_000)
    const side = [...sides.heap.words.subarray(sides.side(RISING), sides.side(RISING) + SIDE_WORDS)]
    const { at } = sides.heap[pool]
    sides.heap.words[at + POOL_TOP] = sides.heap.words[at + POOL_END]!
    sides.heap[pool].extend = () => false
    t.is(sides.ensure(RISING, MAX_PRICE_TICKS), NONE)
    t.is(sides.find(RISING, MAX_PRICE_TICKS), NONE)
    t.deepEqual(sides.prices(RISING), [1_000])
    t.is(sides.nodes, 1)
    t.is(sides.heap.words[sides.side(RISING) + SIDE_ROOT], side[SIDE_ROOT])
    t.is(sides.height(RISING), 0)
  }
})

test('price ladder - better is lower on a side that rises and higher on one that falls', (t) => {
  t.true(isBetter(FALLING, 101, 100))
  t.true(isBetter(RISING, 100, 101))
  t.false(isBetter(FALLING, 100, 100))
  t.false(isBetter(RISING, 100, 100))
})
