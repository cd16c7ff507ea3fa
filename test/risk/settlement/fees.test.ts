import test from 'ava'
import * as fc from 'fast-check'
import { FeeSchedule } from '../../../src/risk/index.ts'
import { writeFee } from '../../../src/risk/settlement/fees.ts'
import { readWide, writeWide } from '../../../src/risk/wide.ts'

test('fees - a fraction of any amount is rounded up if charged and down if given back', (t) => {
  const cells = new Float64Array(4)
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 80n), fc.integer({ min: -1_000_000, max: 1_000_000 }), (amount, ppm) => {
      writeWide(cells, 0, amount)
      writeFee(cells, 0, ppm, cells, 2)
      const product = amount * BigInt(ppm)
      const expected = product > 0n ? (product + 999_999n) / 1_000_000n : product / 1_000_000n
      return readWide(cells, 2) === expected
    }),
    { numRuns: 20_000 },
  )
  t.pass()
})

test('fees - a tier begins at its volume', (t) => {
  const schedule = new FeeSchedule(
    {
      maker: '0.0001',
      taker: '0.0003',
      tiers: [
        { volume: '1000', maker: '0', taker: '0.0002' },
        { volume: '5000.5', maker: '-0.00005', taker: '0.0001' },
      ],
    },
    2,
  )
  t.deepEqual(
    [0, 99_999, 100_000, 500_049, 500_050, 1e12].map((volume) => schedule.tier(volume)),
    [0, 0, 1, 1, 2, 2],
  )
  t.deepEqual(
    [0, 1, 2].map((tier) => [schedule.rate(tier, 0), schedule.rate(tier, 1), schedule.rate(tier, 2)]),
    [
      [100, 300, 100],
      [0, 200, 0],
      [-50, 100, -50],
    ],
  )
})

test('fees - what is no rate or no order of tiers is refused', (t) => {
  t.throws(() => new FeeSchedule({ maker: '0.0000001' }, 8), { message: /maker/ })
  t.throws(() => new FeeSchedule({ taker: '1.1' }, 8), { message: /taker/ })
  t.throws(() => new FeeSchedule({ tiers: [{ volume: '0', maker: '0', taker: '0' }] }, 8), {
    message: /volume 0 is not above/,
  })
  t.throws(() => new FeeSchedule({ tiers: [{ volume: '0.001', maker: '0', taker: '0' }] }, 2), {
    message: /volume/,
  })
})
