import test from 'ava'
import * as fc from 'fast-check'
import { decimalToUnits, parseDecimal, unitsToDecimal, type Decimal } from '../../src/book/decimal.ts'

/** A decimal as sign, digits without a point, and how many of them stand behind it. */
interface Parts {
  readonly sign: '' | '+' | '-'
  readonly whole: string
  readonly fraction: string
  readonly exponent: number | undefined
}

const digits = (maxLength: number) =>
  fc.array(fc.constantFrom(...'00123456789'.split('')), { maxLength }).map((digits) => digits.join(''))

const parts: fc.Arbitrary<Parts> = fc
  .record({
    sign: fc.constantFrom('' as const, '+' as const, '-' as const),
    whole: digits(18),
    fraction: digits(18),
    exponent: fc.option(fc.integer({ min: -20, max: 20 }), { nil: undefined }),
  })
  .filter(({ whole, fraction }) => whole + fraction !== '')

function textOf({ sign, whole, fraction, exponent }: Parts): string {
  const point = fraction === '' ? '' : '.'
  return `${sign}${whole}${point}${fraction}${exponent === undefined ? '' : `e${exponent}`}`
}

/** The value times 10^60, exactly: far more decimals than any of the texts have. */
function scaled({ sign, whole, fraction, exponent = 0 }: Parts): bigint {
  const value = BigInt(whole + fraction) * 10n ** BigInt(60 - fraction.length + exponent)
  return sign === '-' ? -value : value
}

function scaledDecimal({ units, scale }: Decimal): bigint {
  return BigInt(units) * 10n ** BigInt(60 - scale)
}

test('decimal - what is read is exactly what is written, or a fault that is true', (t) => {
  const property = fc.property(parts, (parts) => {
    const exact = scaled(parts)
    const decimal = parseDecimal(textOf(parts))
    if (typeof decimal !== 'string') {
      t.is(scaledDecimal(decimal), exact)
      t.true(decimal.scale >= 0 && (decimal.units % 10 !== 0 || decimal.scale === 0), 'the least scale')
      return
    }
    // The smallest scale that holds the value, and the units it would need there.
    let scale = 60
    let units = exact < 0n ? -exact : exact
    while (scale > 0 && units % 10n === 0n) {
      units /= 10n
      scale--
    }
    if (decimal === 'precision') t.true(scale > 30)
    else t.true(decimal === 'range' && units > BigInt(Number.MAX_SAFE_INTEGER))
  })
  fc.assert(property, { numRuns: 3_000 })
})

test('decimal - units at a scale are exact, or the fault says why there are none', (t) => {
  const property = fc.property(parts, fc.nat(20), (parts, scale) => {
    const exact = scaled(parts)
    const units = decimalToUnits(textOf(parts), scale)
    const step = 10n ** BigInt(60 - scale)
    if (typeof units === 'number') return BigInt(units) * step === exact
    if (units === 'precision') return exact % step !== 0n
    const size = exact < 0n ? -exact : exact
    return units === 'range' && (size / step > BigInt(Number.MAX_SAFE_INTEGER) || exact % step !== 0n)
  })
  fc.assert(property, { numRuns: 3_000 })
  t.pass()
})

test('decimal - text made of units is read back as the same units', (t) => {
  const units = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -2_000, max: 2_000 }))
  const property = fc.property(units, fc.nat(20), (units, scale) => {
    const text = unitsToDecimal(units, scale)
    return decimalToUnits(text, scale) === units && (scale === 0 || text.split('.')[1]?.length === scale)
  })
  fc.assert(property, { numRuns: 2_000 })
  t.pass()
})

const READ: readonly [string, Decimal][] = [
  ['10.50', { units: 105, scale: 1 }],
  ['0.01', { units: 1, scale: 2 }],
  ['100', { units: 100, scale: 0 }],
  ['.5', { units: 5, scale: 1 }],
  ['5.', { units: 5, scale: 0 }],
  ['+7', { units: 7, scale: 0 }],
  ['-0.25', { units: -25, scale: 2 }],
  ['0', { units: 0, scale: 0 }],
  ['-0.000', { units: 0, scale: 0 }],
  ['0e999', { units: 0, scale: 0 }],
  ['000120.00', { units: 120, scale: 0 }],
  ['1e3', { units: 1_000, scale: 0 }],
  ['1.25E1', { units: 125, scale: 1 }],
  ['125e-3', { units: 125, scale: 3 }],
  ['1e-30', { units: 1, scale: 30 }],
  ['9007199254740991', { units: 2 ** 53 - 1, scale: 0 }],
  ['0.9007199254740991', { units: 2 ** 53 - 1, scale: 16 }],
]

for (const [text, decimal] of READ)
  test(`decimal - ${text} is ${decimal.units} at scale ${decimal.scale}`, (t) => {
    t.deepEqual(parseDecimal(text), decimal)
  })

const FAULTS = {
  syntax: [
    '',
    '.',
    '-',
    'e5',
    '.e5',
    '1.2.3',
    '1,000',
    ' 1',
    '1 ',
    '1e',
    '1e1000',
    '0x10',
    'NaN',
    'Infinity',
    '१',
    '--1',
  ],
  precision: ['1e-31', '0.0000000000000000000000000000001', '1e-999'],
  range: [
    '9007199254740992',
    '9007199254740993',
    '-9007199254740992',
    '1e16',
    '1e999',
    '1'.repeat(65),
    '0'.repeat(65),
  ],
} as const

for (const [fault, texts] of Object.entries(FAULTS))
  test(`decimal - a fault of ${fault} is told from the others`, (t) => {
    for (const text of texts) t.is<unknown, unknown>(parseDecimal(text), fault, text)
  })

test('decimal - a unit finer than the scale is a fault of precision', (t) => {
  t.is(decimalToUnits('0.015', 2), 'precision')
  t.is(decimalToUnits('0.0150', 3), 15)
})

test('decimal - units beyond 2^53 are a fault of range', (t) => {
  t.is(decimalToUnits('9007199254740991', 1), 'range')
  t.is(decimalToUnits('1', 15), 10 ** 15)
  t.is(decimalToUnits('1', 16), 'range')
  t.is(decimalToUnits('1', 30), 'range')
})

test('decimal - negative units and units below one are written with all their zeros', (t) => {
  t.is(unitsToDecimal(1_050, 2), '10.50')
  t.is(unitsToDecimal(-5, 2), '-0.05')
  t.is(unitsToDecimal(0, 3), '0.000')
  t.is(unitsToDecimal(-7, 0), '-7')
})
