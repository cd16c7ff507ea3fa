/** What can be wrong with a decimal: not one at all, more decimals than the scale holds, or too large to be exact. */
export type DecimalFault = 'syntax' | 'precision' | 'range'

/** A decimal as a whole number of units of 10^-scale. */
export interface Decimal {
  readonly units: number
  readonly scale: number
}

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/
/** More decimals than any real tick or lot has (ether's wei has 18); a bound so that hostile text costs little. */
const MAX_SCALE = 30
const MAX_TEXT = 64
/** As many as 2^53 has; longer numbers are no safe integers. */
const MAX_DIGITS = 16

/**
 * Reads decimal text exactly, digit by digit: never through a float.
 * @returns units and the least scale that holds them (`'10.50'` is 105 at scale 1), or what is wrong
 */
export function parseDecimal(text: string): Decimal | DecimalFault {
  const written = read(text)
  if (typeof written === 'string') return written
  const { digits, scale, isNegative } = written
  if (digits.length > MAX_DIGITS) return 'range'
  const units = Number(digits)
  if (!Number.isSafeInteger(units)) return 'range'
  return { units: isNegative ? -units : units, scale }
}

/**
 * Decimal text as a whole number of units of 10^-scale.
 * @returns the units, or what is wrong
 */
export function decimalToUnits(text: string, scale: number): number | DecimalFault {
  const written = read(text)
  if (typeof written === 'string') return written
  if (written.scale > scale) return 'precision'
  if (written === ZERO) return 0
  const digits = written.digits + '0'.repeat(scale - written.scale)
  const units = digits.length > MAX_DIGITS ? NaN : Number(digits)
  if (!Number.isSafeInteger(units)) return 'range'
  return written.isNegative ? -units : units
}

/** A decimal's digits, without zeros around them, and how many of them are decimals. */
interface Written {
  readonly digits: string
  readonly scale: number
  readonly isNegative: boolean
}

const ZERO: Written = { digits: '', scale: 0, isNegative: false }

function read(text: string): Written | DecimalFault {
  if (text.length > MAX_TEXT) return 'range'
  const match = DECIMAL.exec(text)
  if (match === null) return 'syntax'
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  if (whole.length + fraction.length === 0) return 'syntax'
  let digits = whole + fraction
  let scale = fraction.length - Number(exponent)
  const trailing = /0+$/.exec(digits)?.[0].length ?? 0
  digits = digits.slice(0, digits.length - trailing).replace(/^0+/, '')
  if (digits === '') return ZERO
  scale -= trailing
  if (scale < 0) {
    digits += '0'.repeat(Math.min(-scale, MAX_TEXT))
    scale = 0
  }
  return scale > MAX_SCALE ? 'precision' : { digits, scale, isNegative: sign === '-' }
}

/** Units of 10^-scale as plain decimal text with all `scale` decimals: 1050 at scale 2 is `'10.50'`. */
export function unitsToDecimal(units: number, scale: number): string {
  if (scale === 0) return String(units)
  const digits = String(Math.abs(units)).padStart(scale + 1, '0')
  const split = digits.length - scale
  return `${units < 0 ? '-' : ''}${digits.slice(0, split)}.${digits.slice(split)}`
}
