import {
  MAX_LOTS,
  MAX_PRICE_TICKS,
  RejectCode,
  type Command,
  type ConversionFault,
  type Instruments,
} from '../book/index.ts'
import type { Line, Token } from './line.ts'

/** How one amount of a command is converted, and the reject codes for text that gives no steps a record could hold. */
interface Form {
  readonly field: keyof Command
  readonly what: string
  readonly unit: 'ticks' | 'lots'
  readonly offStep: number
  readonly invalid: number
  readonly tooLarge: number
}

const { OFF_TICK, OFF_LOT, INVALID_PRICE, INVALID_QUANTITY, EXCEEDS_MAX_SIZE } = RejectCode
const { INVALID_STOP_PRICE, INVALID_DISPLAY, INVALID_MIN_QUANTITY } = RejectCode

function ticks(field: keyof Command, what: string, invalid: number): Form {
  return { field, what, unit: 'ticks', offStep: OFF_TICK, invalid, tooLarge: invalid }
}

function lots(field: keyof Command, what: string, invalid: number, tooLarge = invalid): Form {
  return { field, what, unit: 'lots', offStep: OFF_LOT, invalid, tooLarge }
}

/** Every decimal that a command may have. The first one that is refused gives the reject code. */
const FORMS = {
  quantity: lots('lots', 'a quantity', INVALID_QUANTITY, EXCEEDS_MAX_SIZE),
  price: ticks('priceTicks', 'a price', INVALID_PRICE),
  stop: ticks('stopTicks', 'a stop price', INVALID_STOP_PRICE),
  display: lots('displayLots', 'a quantity', INVALID_DISPLAY),
  min: lots('minLots', 'a quantity', INVALID_MIN_QUANTITY),
  position: lots('positionLots', 'a position', EXCEEDS_MAX_SIZE),
} as const satisfies Readonly<Record<string, Form>>

export type AmountName = keyof typeof FORMS

/** The amounts of a command as text, where it has them. */
export type Amounts = { -readonly [name in AmountName]?: Token }

/** Ticks, lots and reject code. What no record can hold is refused here, with the code that any input gives it. */
export function readAmounts(
  line: Line,
  amounts: Amounts,
  rejectCode: number,
  instruments: Instruments,
  instrument: number,
): Partial<Command> {
  const fields: { [field: string]: number } = { priceTicks: 0, lots: 0 }
  let code = rejectCode
  for (const [name, form] of Object.entries(FORMS)) {
    const token = amounts[name as AmountName]
    if (token === undefined) continue
    const steps =
      form.unit === 'ticks'
        ? instruments.toTicks(instrument, token.text)
        : instruments.toLots(instrument, token.text)
    fields[form.field] = isHeld(steps, form) ? steps : 0
    code ||= fault(line, token, steps, form)
  }
  return { ...fields, rejectCode: code }
}

/** The reject code for a number that does not fit, or 0. Text that is no number is a fault of the line. */
function fault(line: Line, token: Token, steps: number | ConversionFault, form: Form): number {
  if (steps === 'syntax') line.fail(`expected ${form.what}, got "${token.text}"`, token)
  if (isHeld(steps, form)) return 0
  if (token.text.startsWith('-') && form !== FORMS.position) return form.invalid
  return typeof steps === 'number' || steps === 'range' ? form.tooLarge : form.offStep
}

function isHeld(steps: number | ConversionFault, { unit }: Form): steps is number {
  return typeof steps === 'number' && Math.abs(steps) <= (unit === 'ticks' ? MAX_PRICE_TICKS : MAX_LOTS)
}
