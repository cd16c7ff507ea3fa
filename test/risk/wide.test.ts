import test from 'ava'
import * as fc from 'fast-check'
import {
  addProduct,
  addScaled,
  addScaledProduct,
  addWide,
  isWideAbove,
  isWideBelowMinus,
  quotient,
  readWide,
  sharePart,
  writeWide,
} from '../../src/risk/wide.ts'

const large = fc.bigInt(-(2n ** 90n), 2n ** 90n)
const lots = fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 })
const ticks = fc.integer({ min: 0, max: 2 ** 32 })
const scale = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 2 ** 31 }))
const RUNS = { numRuns: 10_000 }

test('wide - sums and products of any size are exact', (t) => {
  const cells = new Float64Array(4)
  fc.assert(
    fc.property(large, lots, ticks, (start, quantity, price) => {
      writeWide(cells, 0, start)
      addWide(cells, 0, quantity)
      addProduct(cells, 0, quantity, price)
      const isCanonical = cells[1]! >= 0 && cells[1]! < 2 ** 42
      return isCanonical && readWide(cells, 0) === start + BigInt(quantity) * (1n + BigInt(price))
    }),
    RUNS,
  )
  fc.assert(
    fc.property(
      large,
      large,
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 }),
      scale,
      (start, other, quantity, by) => {
        writeWide(cells, 0, start)
        writeWide(cells, 2, other / 2n ** 31n)
        addScaled(cells, 0, cells, 2, -1, by)
        addScaledProduct(cells, 0, quantity, 2 ** 31 - 1, by)
        const added = BigInt(quantity) * (2n ** 31n - 1n) - other / 2n ** 31n
        return readWide(cells, 0) === start + BigInt(by) * added
      },
    ),
    RUNS,
  )
  t.pass()
})

test('wide - is held against limits that a float holds', (t) => {
  const cells = new Float64Array(2)
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 90n), fc.integer({ min: -2, max: 2 }), (value, off) => {
      const limit = Math.max(0, Number(value) + off)
      writeWide(cells, 0, value)
      const isAbove = isWideAbove(cells, 0, limit) === value > BigInt(limit)
      writeWide(cells, 0, -value)
      return isAbove && isWideBelowMinus(cells, 0, limit) === value > BigInt(limit)
    }),
    RUNS,
  )
  writeWide(cells, 0, 2n ** 90n)
  t.false(isWideAbove(cells, 0, Infinity))
})

test('wide - a share of a sum is rounded down, whatever the sizes', (t) => {
  const cells = new Float64Array(4)
  const sizes = fc.oneof(fc.integer({ min: 2, max: 1_000 }), fc.integer({ min: 2, max: 2 ** 52 }))
  fc.assert(
    fc.property(
      fc.bigInt(0n, 2n ** 80n),
      sizes,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (sum, whole, share) => {
        const part = Math.min(whole - 1, Math.max(1, Math.floor(whole * share)))
        writeWide(cells, 0, sum)
        sharePart(cells, 0, part, whole, cells, 2)
        return readWide(cells, 2) === (sum * BigInt(part)) / BigInt(whole)
      },
    ),
    RUNS,
  )
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 53 - 1 }), fc.integer({ min: 1, max: 2 ** 32 }), (a, b) => {
      return BigInt(quotient(a, b)) === BigInt(a) / BigInt(b)
    }),
    RUNS,
  )
  t.pass()
})
