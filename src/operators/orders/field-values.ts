import type { ConversionFault } from '../../book/index.ts'
import * as record from '../../book/record.ts'
import { RejectCode } from '../../book/reject-code.ts'
import type { Market } from '../../pipeline/market.ts'
import { DecimalSteps } from './decimal-steps.ts'
import type { Vocabulary } from './keywords.ts'
import { FIELD_NAMES, type OrderFields, quote } from './order-fields.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { MAX_LOTS, MAX_PRICE_TICKS } = record

/** Characters that an order id or the name of a client may have, and those of a symbol. */
export const MAX_NAME = 128
export const MAX_SYMBOL = 64

/** Stands for a word that says nothing. */
export const NO_KEYWORD = 0xff

/** Stands for a price or quantity that is none. */
export const NO_STEPS = -1

/**
 * Reads the values of a line's fields: words, names, prices and quantities. What is wrong with one is said in the
 * fields, with its column.
 */
export class FieldValues {
  readonly fields: OrderFields
  private readonly market: Market
  private readonly tickSteps: DecimalSteps
  private readonly lotSteps: DecimalSteps

  constructor(market: Market, fields: OrderFields) {
    const { instruments } = market
    this.fields = fields
    this.market = market
    this.tickSteps = new DecimalSteps((instrument, text) => instruments.toTicks(instrument, text))
    this.lotSteps = new DecimalSteps((instrument, text) => instruments.toLots(instrument, text))
  }

  has(place: number): boolean {
    return this.fields.values[place] !== undefined
  }

  /** A price of an instrument in ticks, from 1; NO_STEPS, and said, if it is none. */
  ticks(place: number, instrument: number, invalid: number): number {
    const text = this.fields.values[place]!
    const ticks = this.tickSteps.of(instrument, text)
    if (typeof ticks === 'number' && ticks > 0 && ticks <= MAX_PRICE_TICKS) return ticks
    const fault = stepFault(ticks, text, invalid, RejectCode.OFF_TICK, invalid)
    const tick = this.market.instruments.formatPrice(instrument, 1)
    const why = fault === RejectCode.OFF_TICK ? `tick, ${tick}` : undefined
    this.refuse(place, fault, `${FIELD_NAMES[place]!} ${quote(text)} ${explain(ticks, text, why)}`)
    return NO_STEPS
  }

  /** A quantity of an instrument in lots, from 1; NO_STEPS, and said, if it is none. */
  lots(place: number, instrument: number, invalid: number): number {
    const text = this.fields.values[place]!
    const lots = this.lotSteps.of(instrument, text)
    if (typeof lots === 'number' && lots > 0 && lots <= MAX_LOTS) return lots
    this.refuseLots(place, instrument, invalid, lots)
    return NO_STEPS
  }

  /** A quantity that may be 0 or below; undefined, and said, if it is none. */
  signedLots(place: number, instrument: number, invalid: number): number | undefined {
    const lots = this.lotSteps.of(instrument, this.fields.values[place]!)
    if (typeof lots === 'number' && Math.abs(lots) <= MAX_LOTS) return lots
    this.refuseLots(place, instrument, invalid, lots)
    return undefined
  }

  /** What a word stands for, in whatever case it is written; NO_KEYWORD, and said, if it stands for nothing. */
  keyword(place: number, words: Vocabulary, otherwise: number, code: number): number {
    const text = this.fields.values[place]
    const { spellings, numbers, expected } = words
    if (text === undefined) {
      if (otherwise === NO_KEYWORD) this.refuse(place, code, `expected ${expected}, got nothing`)
      return otherwise
    }
    let at = spellings.indexOf(text)
    if (at === -1) at = spellings.indexOf(text.toLowerCase())
    if (at !== -1) return numbers[at]!
    this.refuse(place, code, `expected ${expected}, got ${quote(text)}`)
    return NO_KEYWORD
  }

  /** A name: text, or a whole number, which is the same name as its digits in quotes. Undefined if it is none. */
  name(place: number, longest: number): string | undefined {
    const { values, bare } = this.fields
    const text = values[place]
    if (text === undefined || text === '' || text.length > longest) return undefined
    return bare[place] === 1 && !WHOLE.test(text) ? undefined : text
  }

  /** Says what is wrong with a name that is none. */
  refuseName(place: number, code: number, longest: number): void {
    const text = this.fields.values[place]
    const what = FIELD_NAMES[place]!
    if (text === undefined) return this.refuse(place, code, `${what} is missing`)
    const expected = `a whole number or text of 1 to ${longest} characters`
    this.refuse(place, code, `${what} is not ${expected}, got ${quote(text)}`)
  }

  refuse(place: number, code: number, detail: string): void {
    const { fields } = this
    fields.refuse(code, detail, fields.values[place] === undefined ? 0 : fields.columns[place]!)
  }

  private refuseLots(
    place: number,
    instrument: number,
    invalid: number,
    lots: number | ConversionFault,
  ): void {
    const text = this.fields.values[place]!
    const { OFF_LOT, EXCEEDS_MAX_SIZE } = RejectCode
    const fault = stepFault(lots, text, invalid, OFF_LOT, EXCEEDS_MAX_SIZE)
    const lot = this.market.instruments.formatQuantity(instrument, 1)
    const why = fault === OFF_LOT ? `lot, ${lot}` : undefined
    this.refuse(place, fault, `${FIELD_NAMES[place]!} ${quote(text)} ${explain(lots, text, why)}`)
  }
}

export const WHOLE = /^\d+$/

/** The code for text that gave no ticks or lots a record could hold. */
function stepFault(
  steps: number | ConversionFault,
  text: string,
  invalid: number,
  offStep: number,
  tooLarge: number,
): number {
  if (steps === 'syntax' || text.startsWith('-')) return invalid
  if (steps === 'step' || steps === 'precision') return offStep
  return steps === 'range' || steps > 0 ? tooLarge : invalid
}

function explain(steps: number | ConversionFault, text: string, step: string | undefined): string {
  if (step !== undefined) return `is not a multiple of the ${step}`
  if (steps === 'syntax') return 'is not a decimal number'
  if (text.startsWith('-') || (typeof steps === 'number' && steps <= 0)) return 'is not above 0'
  return 'is too large or has too many digits'
}

/** Text this long is cut out of its chunk without being copied (V8), and would keep the whole chunk in memory. */
const SHORTEST_CUT = 13

/** The same text in memory of its own, for what outlives its line. */
export function owned(text: string): string {
  if (text.length < SHORTEST_CUT) return text
  const bytes = Buffer.from(text)
  if (bytes.length === text.length) return bytes.toString('latin1')
  return Buffer.from(text, 'utf16le').toString('utf16le') // keeps halves of surrogate pairs, which UTF-8 cannot
}
