import test from 'ava'
import * as fc from 'fast-check'
import { bitsAbove, bitsBelow, highestBit, lowestBit, powerOfTwoAtLeast } from '../../src/memory/bits.ts'

const word = fc.oneof(
  fc.integer(),
  fc.nat(31).map((at) => 1 << at),
  fc.constantFrom(-1, 1, -(2 ** 31), 2 ** 31 - 1),
)
const position = fc.nat(31)

/** Positions of the set bits, by looking at each of them. */
function positions(word: number): number[] {
  return Array.from({ length: 32 }, (_, at) => at).filter((at) => ((word >>> at) & 1) === 1)
}

test('bits - the lowest and highest set bit are the first and last of all set bits', (t) => {
  const property = fc.property(word, (word) => {
    fc.pre(word !== 0)
    const set = positions(word)
    return lowestBit(word) === set[0] && highestBit(word) === set.at(-1)
  })
  fc.assert(property, { numRuns: 2_000 })
  t.pass()
})

test('bits - above and below leave out the position itself', (t) => {
  const property = fc.property(word, position, (word, at) => {
    const set = positions(word)
    t.deepEqual(
      positions(bitsAbove(word, at)),
      set.filter((other) => other > at),
    )
    t.deepEqual(
      positions(bitsBelow(word, at)),
      set.filter((other) => other < at),
    )
  })
  fc.assert(property, { numRuns: 1_000 })
})

test('bits - there is nothing above bit 31 and nothing below bit 0', (t) => {
  t.is(bitsAbove(-1, 31), 0)
  t.is(bitsBelow(-1, 0), 0)
  t.is(bitsAbove(-1, 30), -(2 ** 31))
  t.is(bitsBelow(-1, 31), 2 ** 31 - 1)
})

test('bits - a power of two is its own, and the next number takes the next power', (t) => {
  for (let exponent = 0; exponent <= 30; exponent++) t.is(powerOfTwoAtLeast(2 ** exponent), 2 ** exponent)
  for (let exponent = 1; exponent < 30; exponent++)
    t.is(powerOfTwoAtLeast(2 ** exponent + 1), 2 ** (exponent + 1))
})
