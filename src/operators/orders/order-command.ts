import type { Batch, ConversionFault } from '../../book/index.ts'
import { ANY_INSTRUMENT } from '../../book/instruments.ts'
import * as record from '../../book/record.ts'
import { ACCEPTED, RejectCode } from '../../book/reject-code.ts'
import type { Market } from '../../pipeline/market.ts'
import { DecimalSteps } from './decimal-steps.ts'
import { KINDS, SIDES, TIMES, TYPES, type Vocabulary } from './keywords.ts'
import { Field, type OrderFields, quote } from './order-fields.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { CLIENT, CODE, CommandKind, HEAD, INSTRUMENT, LOTS, MAX_LOTS, MAX_PRICE_TICKS, ORDER_ID } = record
const { OrderType, packHead, PRICE_TICKS, RECORD_WORDS, Side, TimeInForce, TIMESTAMP_NS, writeU64 } = record

/** Characters that an order id or the name of a client may have, and those of a symbol. */
export const MAX_NAME = 128
export const MAX_SYMBOL = 64

/** Who sent a new order that does not say. */
export const ANONYMOUS = 'anonymous'

const NO_KEYWORD = 0xff

/**
 * Makes command records of fields: every line becomes exactly one. One that cannot be a command becomes a record
 * with a reject code, which later steps pass by and the engine reports, and the market's details say why.
 */
export class OrderCommands {
  /** Whether the last command waits until those before it have been matched: see `resume`. */
  isHeld: boolean
  private heldLine: number
  /** Whether other commands stand before the one that is read, in its batch. */
  private hasBefore: boolean
  private readonly market: Market
  private readonly fields: OrderFields
  private readonly ticks: DecimalSteps
  private readonly lots: DecimalSteps

  constructor(market: Market, fields: OrderFields) {
    const { instruments } = market
    this.isHeld = false
    this.heldLine = 0
    this.hasBefore = false
    this.market = market
    this.fields = fields
    this.ticks = new DecimalSteps((instrument, text) => instruments.toTicks(instrument, text))
    this.lots = new DecimalSteps((instrument, text) => instruments.toLots(instrument, text))
  }

  /**
   * Appends the command that the fields say to a batch that has room; or holds it back, if what it means hangs on
   * commands that stand in the same batch. The fields are then left as they are until it is taken up again.
   */
  append(batch: Batch, line: number): void {
    const { fields } = this
    this.isHeld = false
    this.hasBefore = batch.count > 0
    const { words } = batch
    const at = batch.count * RECORD_WORDS
    for (let word = at; word < at + RECORD_WORDS; word++) words[word] = 0
    words[at + HEAD] = packHead(CommandKind.new, Side.buy, 0, 0)
    words[at + INSTRUMENT] = ANY_INSTRUMENT
    if (fields.code === ACCEPTED) this.write(words, at)
    if (this.isHeld) {
      this.heldLine = line
      return
    }
    if (fields.code !== ACCEPTED) {
      words[at + CODE] = fields.code
      // The record's number is given when the batch is full: one more than the last, for the first in the batch.
      const id = nameOf(fields, Field.id, MAX_NAME) ?? ''
      const { column, detail: text } = fields
      this.market.details.set(this.market.sequence + batch.count + 1, { line, column, text, id: owned(id) })
    }
    batch.count++
  }

  /** Takes up a command that was held back, now that the batch before it has been matched. */
  resume(batch: Batch): void {
    if (this.isHeld) this.append(batch, this.heldLine)
  }

  private write(words: Int32Array, at: number): void {
    const { fields } = this
    const kind = this.keyword(
      Field.op,
      KINDS,
      CommandKind.new,
      RejectCode.INVALID_COMMAND,
      'new, cancel or amend',
    )
    if (kind === NO_KEYWORD) return
    words[at + HEAD] = packHead(kind, Side.buy, 0, 0)
    const id = nameOf(fields, Field.id, MAX_NAME)
    if (id === undefined) return this.refuseName(Field.id, RejectCode.INVALID_ORDER_ID, 'id', MAX_NAME)
    if (!this.writeClient(words, at, kind)) return
    if (fields.values[Field.timestamp] !== undefined && !this.writeTimestamp(words, at)) return
    if (kind === CommandKind.new) this.writeNew(words, at, id)
    else this.writeChange(words, at, kind, id)
  }

  private writeNew(words: Int32Array, at: number, id: string): void {
    const { fields, market } = this
    const symbol = nameOf(fields, Field.symbol, MAX_SYMBOL)
    if (symbol === undefined)
      return this.refuseName(Field.symbol, RejectCode.INVALID_SYMBOL, 'symbol', MAX_SYMBOL)
    let instrument = market.instruments.find(symbol)
    words[at + INSTRUMENT] = instrument ?? ANY_INSTRUMENT
    const side = this.keyword(Field.side, SIDES, NO_KEYWORD, RejectCode.INVALID_SIDE, 'buy or sell')
    if (side === NO_KEYWORD) return
    const hasPrice = fields.values[Field.price] !== undefined
    const usual = hasPrice ? OrderType.limit : OrderType.market
    const type = this.keyword(Field.type, TYPES, usual, RejectCode.INVALID_ORDER_TYPE, 'limit or market')
    if (type === NO_KEYWORD) return
    const patience = type === OrderType.limit ? TimeInForce.gtc : TimeInForce.ioc
    const code = RejectCode.INVALID_TIME_IN_FORCE
    const time = this.keyword(Field.timeInForce, TIMES, patience, code, 'GTC, IOC or FOK')
    if (time === NO_KEYWORD) return
    words[at + HEAD] = packHead(CommandKind.new, side, type, time)
    instrument ??= market.instrument(owned(symbol))
    if (instrument === undefined)
      return this.refuse(Field.symbol, RejectCode.INVALID_SYMBOL, `unknown symbol ${quote(symbol)}`)
    words[at + INSTRUMENT] = instrument
    if (fields.values[Field.quantity] === undefined)
      return this.refuse(Field.quantity, RejectCode.INVALID_QUANTITY, 'quantity is missing')
    if (!hasPrice && type === OrderType.limit)
      return this.refuse(Field.price, RejectCode.INVALID_PRICE, 'price is missing: a limit order needs one')
    if (!this.writeLots(words, at, instrument)) return
    if (hasPrice && !this.writeTicks(words, at, instrument)) return
    writeU64(words, at + ORDER_ID, market.orders.number(owned(id), instrument))
  }

  private writeChange(words: Int32Array, at: number, kind: number, id: string): void {
    const { fields, market } = this
    const { values } = fields
    const hasPrice = values[Field.price] !== undefined
    const hasQuantity = values[Field.quantity] !== undefined
    if (kind === CommandKind.amend && !hasPrice && !hasQuantity)
      return fields.malformed('an amend needs a price, a quantity or both', 0)
    const order = market.orders.find(id)
    let instrument: number = ANY_INSTRUMENT
    if (values[Field.symbol] !== undefined) {
      const symbol = nameOf(fields, Field.symbol, MAX_SYMBOL)
      if (symbol === undefined)
        return this.refuseName(Field.symbol, RejectCode.INVALID_SYMBOL, 'symbol', MAX_SYMBOL)
      instrument = market.instruments.find(symbol) ?? ANY_INSTRUMENT
      if (instrument === ANY_INSTRUMENT)
        return this.refuse(Field.symbol, RejectCode.INVALID_SYMBOL, `unknown symbol ${quote(symbol)}`)
    } else if (kind === CommandKind.amend) {
      this.isHeld = this.hasBefore && market.orders.isShared(order)
      if (this.isHeld) return
      instrument = market.orders.instrument(order)
    }
    words[at + INSTRUMENT] = instrument
    writeU64(words, at + ORDER_ID, order)
    if (order === 0)
      return this.refuse(Field.id, RejectCode.UNKNOWN_ORDER, `no order with the id ${quote(id)} is known`)
    if (kind === CommandKind.cancel) return
    if (instrument === ANY_INSTRUMENT)
      return this.refuse(
        Field.symbol,
        RejectCode.INVALID_SYMBOL,
        'symbol is missing, and not known of this order',
      )
    if (hasQuantity && !this.writeLots(words, at, instrument)) return
    if (hasPrice) this.writeTicks(words, at, instrument)
  }

  /** A new order that does not say is everyone's; a cancel or amend that does not say speaks for the venue. */
  private writeClient(words: Int32Array, at: number, kind: number): boolean {
    const { fields, market } = this
    const given = fields.values[Field.client]
    if (given === undefined || (given === '' && fields.bare[Field.client] === 0)) {
      if (kind === CommandKind.new) words[at + CLIENT] = market.clients.number(ANONYMOUS)
      return true
    }
    const client = nameOf(fields, Field.client, MAX_NAME)
    if (client === undefined) {
      this.refuseName(Field.client, RejectCode.MALFORMED, 'client', MAX_NAME)
      return false
    }
    words[at + CLIENT] = market.clients.number(owned(client))
    return true
  }

  /** Nanoseconds since 1970 have 61 bits, more than a number holds exactly: they go into the record by halves. */
  private writeTimestamp(words: Int32Array, at: number): boolean {
    const text = this.fields.values[Field.timestamp]!
    if (!WHOLE.test(text) || text.length > 19) {
      this.refuse(
        Field.timestamp,
        RejectCode.MALFORMED,
        `timestamp ${quote(text)} is not a whole number of nanoseconds`,
      )
      return false
    }
    if (text.length < 16) writeU64(words, at + TIMESTAMP_NS, Number(text))
    else {
      const ns = BigInt(text)
      words[at + TIMESTAMP_NS] = Number(BigInt.asIntN(32, ns))
      words[at + TIMESTAMP_NS + 1] = Number(BigInt.asIntN(32, ns >> 32n))
    }
    return true
  }

  private writeTicks(words: Int32Array, at: number, instrument: number): boolean {
    const { instruments } = this.market
    const text = this.fields.values[Field.price]!
    const ticks = this.ticks.of(instrument, text)
    if (typeof ticks === 'number' && ticks > 0 && ticks <= MAX_PRICE_TICKS) {
      words[at + PRICE_TICKS] = ticks
      return true
    }
    const { INVALID_PRICE, OFF_TICK } = RejectCode
    const fault = stepFault(ticks, text, INVALID_PRICE, OFF_TICK, INVALID_PRICE)
    const why = fault === OFF_TICK ? `tick, ${instruments.formatPrice(instrument, 1)}` : undefined
    this.refuse(Field.price, fault, `price ${quote(text)} ${explain(ticks, text, why)}`)
    return false
  }

  private writeLots(words: Int32Array, at: number, instrument: number): boolean {
    const { instruments } = this.market
    const text = this.fields.values[Field.quantity]!
    const lots = this.lots.of(instrument, text)
    if (typeof lots === 'number' && lots > 0 && lots <= MAX_LOTS) {
      words[at + LOTS] = lots
      return true
    }
    const { INVALID_QUANTITY, OFF_LOT, EXCEEDS_MAX_SIZE } = RejectCode
    const fault = stepFault(lots, text, INVALID_QUANTITY, OFF_LOT, EXCEEDS_MAX_SIZE)
    const why = fault === OFF_LOT ? `lot, ${instruments.formatQuantity(instrument, 1)}` : undefined
    this.refuse(Field.quantity, fault, `quantity ${quote(text)} ${explain(lots, text, why)}`)
    return false
  }

  /** What a word stands for, in whatever case it is written; NO_KEYWORD, and said, if it stands for nothing. */
  private keyword(
    place: number,
    words: Vocabulary,
    otherwise: number,
    code: number,
    expected: string,
  ): number {
    const text = this.fields.values[place]
    if (text === undefined) {
      if (otherwise === NO_KEYWORD) this.refuse(place, code, `expected ${expected}, got nothing`)
      return otherwise
    }
    const { spellings, numbers } = words
    let at = spellings.indexOf(text)
    if (at === -1) at = spellings.indexOf(text.toLowerCase())
    if (at !== -1) return numbers[at]!
    this.refuse(place, code, `expected ${expected}, got ${quote(text)}`)
    return NO_KEYWORD
  }

  private refuseName(place: number, code: number, what: string, longest: number): void {
    const text = this.fields.values[place]
    if (text === undefined) return this.refuse(place, code, `${what} is missing`)
    const expected = `a whole number or text of 1 to ${longest} characters`
    this.refuse(place, code, `${what} is not ${expected}, got ${quote(text)}`)
  }

  private refuse(place: number, code: number, detail: string): void {
    const { fields } = this
    fields.refuse(code, detail, fields.values[place] === undefined ? 0 : fields.columns[place]!)
  }
}

const WHOLE = /^\d+$/

/** A name: text, or a whole number, which is the same name as its digits in quotes. Undefined if it is none. */
function nameOf(fields: OrderFields, place: number, longest: number): string | undefined {
  const text = fields.values[place]
  if (text === undefined || text === '' || text.length > longest) return undefined
  return fields.bare[place] === 1 && !WHOLE.test(text) ? undefined : text
}

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
function owned(text: string): string {
  if (text.length < SHORTEST_CUT) return text
  const bytes = Buffer.from(text)
  if (bytes.length === text.length) return bytes.toString('latin1')
  return Buffer.from(text, 'utf16le').toString('utf16le') // keeps halves of surrogate pairs, which UTF-8 cannot
}
