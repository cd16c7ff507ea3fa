import test from 'ava'
import * as fc from 'fast-check'
import { LevelBook, Side } from '../../src/book/index.ts'

test('level book - best is the highest bid and the lowest offer, and worst the other end', (t) => {
  const book = new LevelBook()
  for (const price of [100, 5, 1_000_000]) {
    book.set(Side.buy, price, 1)
    book.set(Side.sell, price, 1)
  }
  t.deepEqual([book.best(Side.buy), book.worst(Side.buy)], [1_000_000, 5])
  t.deepEqual([book.best(Side.sell), book.worst(Side.sell)], [5, 1_000_000])
})

test('level book - an empty side has no best and no worst', (t) => {
  const book = new LevelBook()
  book.set(Side.buy, 7, 3)
  book.clear(Side.buy)
  t.deepEqual([book.best(Side.buy), book.worst(Side.buy), book.levelCount(Side.buy)], [0, 0, 0])
  t.deepEqual(book.depth(Side.buy, 5), [])
})

test('level book - the last lot taken away takes the level away, and one too many does no harm', (t) => {
  const book = new LevelBook()
  t.is(book.add(Side.sell, 10, 5), 5)
  t.is(book.add(Side.sell, 10, -2), 3)
  t.is(book.add(Side.sell, 10, -4), 0)
  t.is(book.levelCount(Side.sell), 0)
  t.is(book.add(Side.sell, 10, -1), 0)
  t.is(book.levelCount(Side.sell), 0)
  t.is(book.add(Side.sell, 10, 2), 2, 'nothing is left of what was there before')
})

test('level book - totals are exact to 2^53 lots', (t) => {
  const book = new LevelBook()
  book.set(Side.buy, 2 ** 31 - 1, 2 ** 53 - 2)
  t.is(book.add(Side.buy, 2 ** 31 - 1, 1), 2 ** 53 - 1)
  t.is(book.set(Side.buy, 2 ** 31 - 1, 1), 1)
  t.deepEqual(book.depth(Side.buy, 1), [{ priceTicks: 2 ** 31 - 1, lots: 1 }])
})

test('level book - without memory for a new level there are no lots, and those that are there stay', (t) => {
  const book = new LevelBook()
  book['heap']['arena'].reserve = () => false
  let price = 1
  while (book.set(Side.buy, price, 5) === 5) price += 1_000
  t.true(price > 100_000)
  t.is(book.add(Side.buy, price, 5), 0)
  t.is(book.lots(Side.buy, price), 0)
  t.is(book.add(Side.buy, 1, 5), 10, 'a level that is there needs no memory')
  t.is(book.best(Side.buy), price - 1_000)
  book.set(Side.buy, 1_001, 0)
  t.is(book.set(Side.buy, 1_002, 5), 5, 'what goes makes room')
})

test('level book - a price that nothing stands at has no lots, on either side', (t) => {
  const book = new LevelBook()
  book.set(Side.buy, 10, 5)
  t.deepEqual([book.lots(Side.buy, 10), book.lots(Side.sell, 10), book.lots(Side.buy, 11)], [5, 0, 0])
})

test('level book - trim keeps the best levels and says how many it forgot', (t) => {
  const book = new LevelBook()
  for (const price of [1, 2, 3, 4, 5]) book.set(Side.sell, price, price)
  t.is(book.trim(Side.sell, 9), 0)
  t.is(book.trim(Side.sell, 2), 3)
  t.deepEqual(book.depth(Side.sell, 9), [
    { priceTicks: 1, lots: 1 },
    { priceTicks: 2, lots: 2 },
  ])
  t.is(book.worst(Side.sell), 2)
})

const price = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 2 ** 31 - 1 }))
const side = fc.constantFrom(Side.buy, Side.sell)
const change = fc.oneof(
  { weight: 3, arbitrary: fc.record({ what: fc.constant('set' as const), side, price, lots: fc.nat(9) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant('add' as const),
      side,
      price,
      lots: fc.integer({ min: -9, max: 9 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('trim' as const), side, price, lots: fc.nat(12) }) },
)

test('level book - any changes leave the same book as a sorted map', (t) => {
  const property = fc.property(fc.array(change, { maxLength: 300, size: 'max' }), (changes) => {
    const book = new LevelBook()
    const maps = [new Map<number, number>(), new Map<number, number>()]
    for (const { what, side, price, lots } of changes) {
      const map = maps[side]!
      const sorted = (): [number, number][] =>
        [...map].sort(([a], [b]) => (side === Side.buy ? b - a : a - b))
      if (what === 'trim') {
        book.trim(side, lots)
        for (const [beyond] of sorted().slice(lots)) map.delete(beyond)
      } else {
        const now = Math.max(0, what === 'set' ? lots : (map.get(price) ?? 0) + lots)
        if (now === 0) map.delete(price)
        else map.set(price, now)
        if (book[what](side, price, lots) !== now || book.lots(side, price) !== now) return false
      }
      const levels = sorted()
      const depth = book.depth(side, 999).map(({ priceTicks, lots }) => [priceTicks, lots])
      if (JSON.stringify(depth) !== JSON.stringify(levels)) return false
      if (book.best(side) !== (levels[0]?.[0] ?? 0) || book.worst(side) !== (levels.at(-1)?.[0] ?? 0))
        return false
    }
    return true
  })
  t.notThrows(() => fc.assert(property))
})
