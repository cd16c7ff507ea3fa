import {
  MAX_LOTS,
  MAX_PRICE_TICKS,
  RejectCode,
  type Command,
  type ConversionFault,
  type Instruments,
} from '../book/index.ts'
import type { Line, Token } from './line.ts'

/** Price and quantity of a command as text, where it has them, and the reject code that it has anyway. */
interface Amounts {
  readonly price: Token | undefined
  readonly quantity: Token | undefined
  readonly rejectCode: number
}

interface Limits {
  readonly what: string
  readonly max: number
  /** Reject codes for text that gives no steps a record could hold. */
  readonly offStep: number
  readonly invalid: number
  readonly tooLarge: number
}

const PRICE: Limits = {
  what: 'a price',
  max: MAX_PRICE_TICKS,
  offStep: RejectCode.OFF_TICK,
  invalid: RejectCode.INVALID_PRICE,
  tooLarge: RejectCode.INVALID_PRICE,
}

const QUANTITY: Limits = {
  what: 'a quantity',
  max: MAX_LOTS,
  offStep: RejectCode.OFF_LOT,
  invalid: RejectCode.INVALID_QUANTITY,
  tooLarge: RejectCode.EXCEEDS_MAX_SIZE,
}

/** Ticks, lots and reject code. What no record can hold is refused here, with the code that any input gives it. */
export function readAmounts(
  line: Line,
  { price, quantity, rejectCode }: Amounts,
  instruments: Instruments,
  instrument: number,
): Pick<Command, 'priceTicks' | 'lots' | 'rejectCode'> {
  const lots = quantity && instruments.toLots(instrument, quantity.text)
  const ticks = price && instruments.toTicks(instrument, price.text)
  const code = rejectCode || fault(line, quantity, lots, QUANTITY) || fault(line, price, ticks, PRICE)
  return { priceTicks: held(ticks, PRICE), lots: held(lots, QUANTITY), rejectCode: code }
}

/** The reject code for a number that does not fit, or 0. Text that is no number is a fault of the line. */
function fault(
  line: Line,
  token: Token | undefined,
  steps: number | ConversionFault | undefined,
  { what, max, offStep, invalid, tooLarge }: Limits,
): number {
  if (token === undefined) return 0
  if (steps === 'syntax') line.fail(`expected ${what}, got "${token.text}"`, token)
  if (typeof steps === 'number' && Math.abs(steps) <= max) return 0
  if (token.text.startsWith('-')) return invalid
  return typeof steps === 'number' || steps === 'range' ? tooLarge : offStep
}

function held(steps: number | ConversionFault | undefined, { max }: Limits): number {
  return typeof steps === 'number' && Math.abs(steps) <= max ? steps : 0
}
