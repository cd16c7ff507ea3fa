import test from 'ava'
import * as fc from 'fast-check'
import { MAX_LOTS, MAX_PRICE_TICKS, unitsToDecimal } from '../../src/book/index.ts'
import { risk } from '../../src/operators/index.ts'
import { Market } from '../../src/pipeline/market.ts'
import { buy } from '../support/both-engines.ts'
import { codesOf } from '../support/codes.ts'

/** What risk makes of one order when the limit is so many units of 10^-scale. */
async function codeOf(
  order: { lots: number; ticks: number },
  limit: { units: number; scale: number },
  step: { tick: string; lot: string },
): Promise<string> {
  const market = new Market([{ symbol: 'X', ...step }])
  const maxNotional = unitsToDecimal(limit.units, limit.scale)
  const codes = await codesOf(risk(market, { maxNotional }), [buy(1, order.lots, order.ticks)])
  return codes[0]!
}

const order = fc.record({
  lots: fc.integer({ min: 1, max: MAX_LOTS }),
  ticks: fc.integer({ min: 1, max: MAX_PRICE_TICKS }),
})

test('risk notional - decides as whole numbers of any size do, with steps of any size', async (t) => {
  const step = fc.record({
    units: fc.constantFrom(1, 2, 5, 25, 125, 2_097_151),
    scale: fc.integer({ min: 0, max: 8 }),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.record({ lots: fc.integer({ min: 1, max: 2e5 }), ticks: fc.integer({ min: 1, max: 2e5 }) }),
      step,
      step,
      fc.integer({ min: -3, max: 3 }),
      fc.integer({ min: 0, max: 8 }),
      async (order, tick, lot, off, scale) => {
        // A limit as near to what the order is worth as decimals of this scale can be, and a little off.
        const worth = BigInt(order.lots) * BigInt(order.ticks) * BigInt(tick.units) * BigInt(lot.units)
        const [one, ten] = [10n ** BigInt(tick.scale + lot.scale), 10n ** BigInt(scale)]
        const units = (worth * ten) / one + BigInt(off)
        fc.pre(units >= 0n && units < 10n ** 15n)
        // In units of one tick times one lot the limit must have at most 53 bits: beyond them it is rounded down.
        fc.pre((units * one) / (ten * BigInt(tick.units) * BigInt(lot.units)) < 2n ** 53n)
        const isAbove = worth * ten > units * one
        const code = await codeOf(
          order,
          { units: Number(units), scale },
          {
            tick: unitsToDecimal(tick.units, tick.scale),
            lot: unitsToDecimal(lot.units, lot.scale),
          },
        )
        return code === (isAbove ? 'RISK_NOTIONAL' : 'good')
      },
    ),
    { numRuns: 400 },
  )
  t.pass()
})

test('risk notional - past 2^53 units no order above the limit passes, and none within 53 bits of it is refused', async (t) => {
  const small = { tick: '0.0000000001', lot: '0.0000000001' }
  await fc.assert(
    fc.asyncProperty(order, fc.integer({ min: -300, max: 300 }), async ({ lots, ticks }, off) => {
      // Limits of whole 10^-15: 10^5 units of one tick times one lot, up to some 10^19.
      const worth = BigInt(lots) * BigInt(ticks)
      const limit = worth / 100_000n + BigInt(off)
      fc.pre(limit >= 0n && limit < 10n ** 15n)
      const code = await codeOf({ lots, ticks }, { units: Number(limit), scale: 15 }, small)
      const roundedDown = limit * 100_000n - (limit * 100_000n) / 2n ** 52n
      if (worth > limit * 100_000n) return code === 'RISK_NOTIONAL'
      return worth > roundedDown || code === 'good'
    }),
    { numRuns: 400 },
  )
  t.pass()
})

test('risk notional - a product that rounds on to the limit is still above it', async (t) => {
  // 2^54 + 2^24 + 2^30 + 1 units: one more than the limit, and as a double the same.
  const [lots, ticks] = [2 ** 30 + 1, 2 ** 24 + 1]
  const worth = BigInt(lots) * BigInt(ticks)
  const market = new Market([{ symbol: 'X', tick: '1', lot: '1', maxQuantity: String(MAX_LOTS) }])
  const limitUnits = Number(worth - 1n)
  t.is(BigInt(limitUnits), worth - 1n)
  market.instruments.notionalUnits = () => limitUnits
  const limit = { maxNotional: '1' }
  t.deepEqual(await codesOf(risk(market, limit), [buy(1, lots, ticks), buy(2, lots - 1, ticks)]), [
    'RISK_NOTIONAL',
    'good',
  ])
})
