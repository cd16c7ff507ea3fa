import type { ConversionFault } from '../../book/index.ts'

const SLOTS = 8_192
/** Leaves of a 32-bit hash as many upper bits as a slot has. */
const SLOT_SHIFT = 19
const POINT = 46
const ZERO = 48
/** Digits that leave room beside them for the place of the point, in a number that stays exact. */
const MAX_DIGITS = 13

/**
 * Decimal text to ticks or lots, the recent answers kept: an instrument's flow comes back to the same few prices and
 * quantities, and finding them is cheaper than converting again. A table of one slot for each hash, keyed by the
 * digits themselves, so that what is found is what the conversion said.
 */
export class DecimalSteps {
  private readonly convert: (instrument: number, text: string) => number | ConversionFault
  private readonly instruments: Int32Array
  private readonly digits: Float64Array
  private readonly steps: Float64Array

  /** @param convert the exact conversion, asked about everything that is not in the table */
  constructor(convert: (instrument: number, text: string) => number | ConversionFault) {
    this.convert = convert
    this.instruments = new Int32Array(SLOTS).fill(-1)
    this.digits = new Float64Array(SLOTS)
    this.steps = new Float64Array(SLOTS)
  }

  of(instrument: number, text: string): number | ConversionFault {
    const digits = digitsOf(text)
    if (digits === -1) return this.convert(instrument, text)
    const slot = Math.imul((digits | 0) ^ Math.imul(instrument, 0x85eb_ca6b), 0x9e37_79b1) >>> SLOT_SHIFT
    if (this.instruments[slot] === instrument && this.digits[slot] === digits) return this.steps[slot]!
    const steps = this.convert(instrument, text)
    if (typeof steps !== 'number') return steps
    this.instruments[slot] = instrument
    this.digits[slot] = digits
    this.steps[slot] = steps
    return steps
  }
}

/** The digits of plain decimal text and the place of its point as one number; -1 for text of any other form. */
function digitsOf(text: string): number {
  const { length } = text
  if (length > MAX_DIGITS || length === 0) return -1
  let digits = 0
  let decimals = 0
  let hasPoint = false
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at)
    if (code === POINT && !hasPoint) hasPoint = true
    else {
      const digit = code - ZERO
      if (digit < 0 || digit > 9) return -1
      digits = digits * 10 + digit
      if (hasPoint) decimals++
    }
  }
  return hasPoint && length === 1 ? -1 : digits * 16 + decimals
}
