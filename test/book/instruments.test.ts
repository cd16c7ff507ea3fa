import test from 'ava'
import * as fc from 'fast-check'
import {
  Instruments,
  SELF_TRADES,
  type InstrumentSpec,
  type SelfTradeName,
} from '../../src/book/instruments.ts'
import { MAX_LOTS, MAX_PRICE_TICKS, SelfTrade } from '../../src/book/record.ts'

const BTC: InstrumentSpec = { symbol: 'BTC', tick: '0.05', lot: '0.001' }

function text({ units, scale }: { units: number; scale: number }): string {
  return `${units}e-${scale}`
}

test('instruments - numbers are given out in order and stay', (t) => {
  const instruments = new Instruments()
  for (let i = 0; i < 100; i++) t.is(instruments.add({ ...BTC, symbol: `S${i}`, minPrice: `${i + 1}` }), i)
  t.is(instruments.count, 100)
  for (let i = 0; i < 100; i++) {
    t.is(instruments.find(`S${i}`), i)
    t.is(instruments.symbol(i), `S${i}`)
    t.is(instruments.minPriceTicks[i], (i + 1) * 20)
    t.is(instruments.maxPriceTicks[i], MAX_PRICE_TICKS)
  }
  t.is(instruments.find('S100'), undefined)
  t.is(instruments.symbol(100), '')
  t.is(instruments.symbol(-1), '')
})

test('instruments - what is left out is one tick, the largest price and a million lots', (t) => {
  const instruments = new Instruments([BTC])
  t.is(instruments.minPriceTicks[0], 1)
  t.is(instruments.maxPriceTicks[0], MAX_PRICE_TICKS)
  t.is(instruments.maxOrderLots[0], 1_000_000)
  t.is(instruments.referenceTicks[0], 0)
  t.is(instruments.bandTicks[0], 0, 'no price band')
  t.is(instruments.pauseSeconds[0], 0, 'a pause lasts until a state command')
  t.is(instruments.selfTrade[0], SelfTrade.allow)
})

test('instruments - price band, pause and self-trade prevention are kept for each, however many there are', (t) => {
  const instruments = new Instruments()
  const names = Object.keys(SELF_TRADES) as SelfTradeName[]
  for (let i = 0; i < 100; i++) {
    const selfTrade = names[i % names.length]!
    instruments.add({ ...BTC, symbol: `S${i}`, priceBand: `${i + 1}`, pauseSeconds: i * 3, selfTrade })
  }
  for (let i = 0; i < 100; i++) {
    t.is(instruments.bandTicks[i], (i + 1) * 20)
    t.is(instruments.pauseSeconds[i], i * 3)
    t.is(instruments.selfTrade[i], SELF_TRADES[names[i % names.length]!])
  }
})

test('instruments - each self-trade prevention has its own number, none that of an order that does not say', (t) => {
  t.deepEqual(SELF_TRADES, {
    allow: 1,
    'cancel-newest': 2,
    'cancel-oldest': 3,
    'cancel-both': 4,
    decrement: 5,
  })
})

test('instruments - a pause may be up to a day', (t) => {
  t.is(new Instruments([{ ...BTC, pauseSeconds: 86_400 }]).pauseSeconds[0], 86_400)
})

test('instruments - what is given is converted to ticks and lots', (t) => {
  const limits = { minPrice: '1', maxPrice: '100000.05', referencePrice: '42000', maxQuantity: '1.5' }
  const instruments = new Instruments([{ ...BTC, ...limits }])
  t.is(instruments.minPriceTicks[0], 20)
  t.is(instruments.maxPriceTicks[0], 2_000_001)
  t.is(instruments.referenceTicks[0], 840_000)
  t.is(instruments.maxOrderLots[0], 1_500)
})

test('instruments - the largest price and quantity that a record holds are allowed', (t) => {
  const largest = { maxPrice: '107374182.35', maxQuantity: '2147483.647' }
  const instruments = new Instruments([{ ...BTC, ...largest }])
  t.is(instruments.maxPriceTicks[0], MAX_PRICE_TICKS)
  t.is(instruments.maxOrderLots[0], MAX_LOTS)
  t.is(instruments.formatPrice(0, MAX_PRICE_TICKS), largest.maxPrice)
  t.is(instruments.formatQuantity(0, MAX_LOTS), largest.maxQuantity)
})

test('instruments - ticks and lots come back as the text they stand for', (t) => {
  const steps = fc.record({ units: fc.integer({ min: 1, max: 2 ** 21 - 1 }), scale: fc.nat(12) })
  const size = fc.oneof(fc.integer({ min: 0, max: MAX_LOTS }), fc.constantFrom(1, MAX_LOTS))
  const property = fc.property(steps, steps, size, size, (tick, lot, ticks, lots) => {
    const instruments = new Instruments([{ symbol: 'X', tick: text(tick), lot: text(lot) }])
    t.is(instruments.toTicks(0, instruments.formatPrice(0, ticks)), ticks)
    t.is(instruments.toLots(0, instruments.formatQuantity(0, lots)), lots)
    t.is(
      instruments.toTicks(0, `${BigInt(ticks) * BigInt(tick.units)}e-${tick.scale}`),
      ticks,
      'against BigInt',
    )
  })
  fc.assert(property, { numRuns: 500 })
})

test('instruments - a price off the tick says how it is off', (t) => {
  const instruments = new Instruments([BTC])
  t.is(instruments.toTicks(0, '10.05'), 201)
  t.is(instruments.toTicks(0, '10.01'), 'step')
  t.is(instruments.toTicks(0, '10.051'), 'precision')
  t.is(instruments.toTicks(0, 'ten'), 'syntax')
  t.is(instruments.toTicks(0, '1e300'), 'range')
  t.is(instruments.toTicks(0, '-10.05'), -201)
  t.is(instruments.toTicks(0, '0'), 0)
  t.is(instruments.toLots(0, '0.0015'), 'precision')
})

test('instruments - a tick above one takes whole multiples of it', (t) => {
  const instruments = new Instruments([{ symbol: 'X', tick: '25', lot: '1e3' }])
  t.is(instruments.toTicks(0, '100'), 4)
  t.is(instruments.toTicks(0, '110'), 'step')
  t.is(instruments.formatPrice(0, 4), '100')
  t.is(instruments.toLots(0, '2000'), 2)
  t.is(instruments.toLots(0, '2500'), 'step')
})

test('instruments - an amount in ticks times lots is rounded down, exactly', (t) => {
  const step = fc.record({ units: fc.integer({ min: 1, max: 2 ** 21 - 1 }), scale: fc.nat(9) })
  const amount = fc.record({ units: fc.maxSafeNat(), scale: fc.nat(12) })
  const property = fc.property(step, step, amount, (tick, lot, amount) => {
    const instruments = new Instruments([{ symbol: 'X', tick: text(tick), lot: text(lot) }])
    const units = instruments.notionalUnits(0, text(amount))
    if (typeof units === 'string') throw new Error(units)
    // The exact quotient amount / (tick * lot), both sides brought to whole numbers.
    const above = BigInt(amount.units) * 10n ** BigInt(tick.scale + lot.scale)
    const below = BigInt(tick.units) * BigInt(lot.units) * 10n ** BigInt(amount.scale)
    const exact = above / below
    if (exact <= BigInt(Number.MAX_SAFE_INTEGER)) t.is(BigInt(units), exact)
    else t.true(BigInt(units) <= exact && units >= Number.MAX_SAFE_INTEGER, `${units} for ${exact}`)
  })
  fc.assert(property, { numRuns: 1_000 })
})

test('instruments - an amount that is no decimal is a fault', (t) => {
  const instruments = new Instruments([BTC])
  t.is(instruments.notionalUnits(0, 'lots'), 'syntax')
  t.is(instruments.notionalUnits(0, '0'), 0)
  t.is(instruments.notionalUnits(0, '1'), 20_000)
})

const REFUSED: readonly [string, Partial<InstrumentSpec>, RegExp][] = [
  ['a symbol that is there already', { symbol: 'BTC' }, /instrument BTC: symbol is already there/],
  ['an empty symbol', { symbol: '' }, /instrument: symbol is empty/],
  ['a tick of zero', { tick: '0' }, /instrument X: tick .*above 0.*"0"/],
  ['a negative tick', { tick: '-0.01' }, /instrument X: tick .*above 0/],
  ['a tick that is no number', { tick: 'cent' }, /instrument X: tick .*decimal.*"cent"/],
  ['a tick with too many digits', { tick: '2.097152' }, /instrument X: tick .*too many digits/],
  ['a lot of zero', { lot: '0' }, /instrument X: lot .*above 0/],
  ['a lot that is no number', { lot: '' }, /instrument X: lot .*decimal/],
  ['a lowest price off the tick', { minPrice: '1.01' }, /instrument X: minPrice .*0\.05.*"1\.01"/],
  ['a lowest price of zero', { minPrice: '0' }, /instrument X: minPrice /],
  ['a highest price that no record holds', { maxPrice: '107374182.40' }, /instrument X: maxPrice /],
  ['a highest price below the lowest', { minPrice: '2', maxPrice: '1' }, /minPrice is above maxPrice/],
  ['a reference price out of range', { referencePrice: '9', maxPrice: '8' }, /referencePrice is outside/],
  ['a reference price that is no number', { referencePrice: 'last' }, /instrument X: referencePrice /],
  ['a largest quantity off the lot', { maxQuantity: '0.0005' }, /instrument X: maxQuantity .*0\.001/],
  ['a largest quantity that no record holds', { maxQuantity: '2147483.648' }, /instrument X: maxQuantity /],
  ['a price band off the tick', { priceBand: '0.01' }, /instrument X: priceBand .*0\.05.*"0\.01"/],
  ['a price band of zero', { priceBand: '0' }, /instrument X: priceBand .*"0"/],
  ['a price band that is no number', { priceBand: 'wide' }, /instrument X: priceBand .*"wide"/],
  ['a negative pause', { pauseSeconds: -1 }, /instrument X: pauseSeconds .*0 to 86400, got -1/],
  ['a pause above a day', { pauseSeconds: 86_401 }, /instrument X: pauseSeconds .*0 to 86400, got 86401/],
  ['a pause in parts of a second', { pauseSeconds: 0.5 }, /instrument X: pauseSeconds .*whole.*got 0\.5/],
  ['a pause that is no number', { pauseSeconds: NaN }, /instrument X: pauseSeconds .*got NaN/],
  [
    'a self-trade prevention there is not',
    { selfTrade: 'cancel' as SelfTradeName },
    /instrument X: selfTrade is none of allow, cancel-newest, .*, got "cancel"/,
  ],
  [
    'a self-trade prevention that only objects have',
    { selfTrade: 'toString' as SelfTradeName },
    /instrument X: selfTrade .*got "toString"/,
  ],
]

for (const [what, change, message] of REFUSED)
  test(`instruments - ${what} is refused by name, and nothing is added`, (t) => {
    const instruments = new Instruments([BTC])
    t.throws(() => instruments.add({ ...BTC, symbol: 'X', ...change }), { instanceOf: RangeError, message })
    t.is(instruments.count, 1)
    t.is(instruments.find('X'), undefined)
    t.is(instruments.add({ ...BTC, symbol: 'X' }), 1)
  })
