import type { Batch } from '../../book/index.ts'
import { writeTimestamp } from '../../book/command.ts'
import { ANY_INSTRUMENT } from '../../book/instruments.ts'
import * as record from '../../book/record.ts'
import { ACCEPTED, RejectCode } from '../../book/reject-code.ts'
import type { Market } from '../../pipeline/market.ts'
import { wholeNanoseconds } from '../text/utc-time.ts'
import { ControlCommands } from './control-command.ts'
import { FieldValues, MAX_NAME, MAX_SYMBOL, NO_KEYWORD, NO_STEPS, owned } from './field-values.ts'
import { KINDS, SIDES, TIMES, TYPES } from './keywords.ts'
import { Field, FIELD_NAMES, FIRST_TERM, type OrderFields, quote } from './order-fields.ts'
import { OrderTerms } from './order-terms.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { CLIENT, CODE, CommandKind, HEAD, headKind, INSTRUMENT, LINKED_ORDER_ID, LOTS, ORDER_ID } = record
const { OrderType, packHead, PRICE_TICKS, RECORD_WORDS, Side, STOP_TICKS, TimeInForce, TIMESTAMP_NS } = record
const { writeU64 } = record

/** Who sent a new order that does not say. */
export const ANONYMOUS = 'anonymous'

/** Terms that each command about an order may have; those of a new order are all the others. */
const TERMS: ReadonlyMap<number, readonly number[]> = new Map([
  [CommandKind.cancel, []],
  [CommandKind.amend, [Field.stopPrice, Field.trail]],
  [CommandKind.replace, [Field.stopPrice, Field.trail, Field.newId]],
] as const)
const NOT_OF_NEW: readonly number[] = [Field.newId, Field.state, Field.group, Field.at]

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
  /** Whether one of them sets the trading state of all instruments. */
  private hasStateForAll: boolean
  private readonly market: Market
  private readonly fields: OrderFields
  private readonly values: FieldValues
  private readonly terms: OrderTerms
  private readonly control: ControlCommands

  constructor(market: Market, fields: OrderFields) {
    this.isHeld = false
    this.heldLine = 0
    this.hasBefore = false
    this.hasStateForAll = false
    this.market = market
    this.fields = fields
    this.values = new FieldValues(market, fields)
    this.terms = new OrderTerms(market, this.values)
    this.control = new ControlCommands(market, this.values)
  }

  /**
   * Appends the command that the fields say to a batch that has room; or holds it back, if what it means hangs on
   * commands that stand in the same batch. The fields are then left as they are until it is taken up again.
   */
  append(batch: Batch, line: number): void {
    const { fields } = this
    this.hasBefore = batch.count > 0
    this.hasStateForAll = this.hasStateForAll && this.hasBefore
    // What is for all instruments must not meet one that first comes up behind it, however lines are batched.
    this.isHeld = this.hasStateForAll && this.isNewSymbol()
    if (this.isHeld) {
      this.heldLine = line
      return
    }
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
      // A replace is about the order that it makes, as its events are.
      const id = this.values.name(Field.newId, MAX_NAME) ?? this.values.name(Field.id, MAX_NAME) ?? ''
      const { column, detail: text } = fields
      this.market.details.set(this.market.sequence + batch.count + 1, { line, column, text, id: owned(id) })
    }
    if (headKind(words[at + HEAD]!) === CommandKind.state && words[at + INSTRUMENT] === ANY_INSTRUMENT)
      this.hasStateForAll = true
    batch.count++
  }

  private isNewSymbol(): boolean {
    const symbol = this.fields.values[Field.symbol]
    return symbol !== undefined && this.market.instruments.find(symbol) === undefined
  }

  /** Takes up a command that was held back, now that the batch before it has been matched. */
  resume(batch: Batch): void {
    if (this.isHeld) this.append(batch, this.heldLine)
  }

  private write(words: Int32Array, at: number): void {
    const { fields, values } = this
    const kind = values.keyword(Field.op, KINDS, CommandKind.new, RejectCode.INVALID_COMMAND)
    if (kind === NO_KEYWORD) return
    words[at + HEAD] = packHead(kind, Side.buy, 0, 0)
    if (kind > CommandKind.replace) return this.writeControl(words, at, kind)
    const id = values.name(Field.id, MAX_NAME)
    if (id === undefined) return values.refuseName(Field.id, RejectCode.INVALID_ORDER_ID, MAX_NAME)
    if (!this.writeClient(words, at, kind)) return
    if (fields.values[Field.timestamp] !== undefined && !this.writeTimestamp(words, at)) return
    if (fields.hasTerms && this.hasStrayTerm(kind)) return
    if (kind === CommandKind.new) this.writeNew(words, at, id)
    else this.writeChange(words, at, kind, id)
  }

  private writeControl(words: Int32Array, at: number, kind: number): void {
    if (!this.writeClient(words, at, kind)) return
    const hasTimestamp = this.values.has(Field.timestamp)
    if (kind !== CommandKind.time && hasTimestamp && !this.writeTimestamp(words, at)) return
    this.control.write(words, at, kind)
  }

  /** Terms that a command cannot have are refused: a change that is not made must not be taken for one that is. */
  private hasStrayTerm(kind: number): boolean {
    const { values } = this
    const may = TERMS.get(kind)
    for (let place = FIRST_TERM; place < FIELD_NAMES.length; place++) {
      if (!values.has(place) || (may === undefined ? !NOT_OF_NEW.includes(place) : may.includes(place)))
        continue
      const [name, op] = [FIELD_NAMES[place]!, values.fields.values[Field.op]?.toLowerCase() ?? 'new']
      values.refuse(place, RejectCode.INVALID_COMBINATION, `${name} has no meaning in a ${op} command`)
      return true
    }
    return false
  }

  private writeNew(words: Int32Array, at: number, id: string): void {
    const { fields, market, values } = this
    const symbol = values.name(Field.symbol, MAX_SYMBOL)
    if (symbol === undefined) return values.refuseName(Field.symbol, RejectCode.INVALID_SYMBOL, MAX_SYMBOL)
    let instrument = market.instruments.find(symbol)
    words[at + INSTRUMENT] = instrument ?? ANY_INSTRUMENT
    const side = values.keyword(Field.side, SIDES, NO_KEYWORD, RejectCode.INVALID_SIDE)
    if (side === NO_KEYWORD) return
    const hasPrice = fields.values[Field.price] !== undefined
    const plain = hasPrice ? OrderType.limit : OrderType.market
    const usual = fields.hasTerms ? this.terms.usualType() : plain
    const type = values.keyword(Field.type, TYPES, usual, RejectCode.INVALID_ORDER_TYPE)
    if (type === NO_KEYWORD) return
    const time = values.keyword(
      Field.timeInForce,
      TIMES,
      this.patience(type),
      RejectCode.INVALID_TIME_IN_FORCE,
    )
    if (time === NO_KEYWORD) return
    words[at + HEAD] = packHead(CommandKind.new, side, type, time)
    instrument ??= market.instrument(owned(symbol))
    if (instrument === undefined)
      return values.refuse(Field.symbol, RejectCode.INVALID_SYMBOL, `unknown symbol ${quote(symbol)}`)
    words[at + INSTRUMENT] = instrument
    if (fields.values[Field.quantity] === undefined)
      return values.refuse(Field.quantity, RejectCode.INVALID_QUANTITY, 'quantity is missing')
    if (!hasPrice && (type === OrderType.limit || type === OrderType.stopLimit)) {
      const detail = `price is missing: a ${type === OrderType.limit ? 'limit' : 'stop-limit'} order needs one`
      return values.refuse(Field.price, RejectCode.INVALID_PRICE, detail)
    }
    if (!this.writeLots(words, at, instrument)) return
    if (hasPrice && !this.writeTicks(words, at, instrument)) return
    if (fields.hasTerms || type > OrderType.market || time === TimeInForce.gtd) {
      this.terms.write(words, at, instrument)
      if (fields.code !== ACCEPTED) return
    }
    writeU64(words, at + ORDER_ID, market.orders.number(owned(id), instrument))
  }

  /** The time in force of an order that does not say. */
  private patience(type: number): number {
    if (this.fields.hasTerms && this.values.has(Field.expires)) return TimeInForce.gtd
    return type === OrderType.market ? TimeInForce.ioc : TimeInForce.gtc
  }

  private writeChange(words: Int32Array, at: number, kind: number, id: string): void {
    const { fields, market, values } = this
    const hasStop = fields.hasTerms && (values.has(Field.stopPrice) || values.has(Field.trail))
    if (kind === CommandKind.amend && !hasStop && !values.has(Field.price) && !values.has(Field.quantity))
      return fields.malformed('an amend needs a price, a quantity or both', 0)
    const newId = kind === CommandKind.replace ? values.name(Field.newId, MAX_NAME) : id
    if (newId === undefined) return values.refuseName(Field.newId, RejectCode.INVALID_ORDER_ID, MAX_NAME)
    const order = market.orders.find(id)
    let instrument: number = ANY_INSTRUMENT
    if (values.has(Field.symbol)) {
      const symbol = values.name(Field.symbol, MAX_SYMBOL)
      if (symbol === undefined) return values.refuseName(Field.symbol, RejectCode.INVALID_SYMBOL, MAX_SYMBOL)
      instrument = market.instruments.find(symbol) ?? ANY_INSTRUMENT
      if (instrument === ANY_INSTRUMENT)
        return values.refuse(Field.symbol, RejectCode.INVALID_SYMBOL, `unknown symbol ${quote(symbol)}`)
    } else if (kind !== CommandKind.cancel) {
      this.isHeld = this.hasBefore && market.orders.isShared(order)
      if (this.isHeld) return
      instrument = market.orders.instrument(order)
    }
    words[at + INSTRUMENT] = instrument
    if (kind !== CommandKind.replace) writeU64(words, at + ORDER_ID, order)
    if (order === 0)
      return values.refuse(Field.id, RejectCode.UNKNOWN_ORDER, `no order with the id ${quote(id)} is known`)
    if (kind === CommandKind.cancel) return
    if (instrument === ANY_INSTRUMENT) {
      const detail = 'symbol is missing, and not known of this order'
      return values.refuse(Field.symbol, RejectCode.INVALID_SYMBOL, detail)
    }
    if (values.has(Field.quantity) && !this.writeLots(words, at, instrument)) return
    if (values.has(Field.price) && !this.writeTicks(words, at, instrument)) return
    if (hasStop && !this.writeStop(words, at, instrument, order)) return
    if (kind !== CommandKind.replace) return
    writeU64(words, at + LINKED_ORDER_ID, order)
    writeU64(words, at + ORDER_ID, market.orders.number(owned(newId), instrument))
  }

  /**
   * A new stop price, or a new distance of a trailing stop. A record has one place for both, so that which of them the
   * order has must be known: what stands before in the batch is matched first.
   */
  private writeStop(words: Int32Array, at: number, instrument: number, order: number): boolean {
    const { market, values } = this
    this.isHeld = this.hasBefore
    if (this.isHeld) return false
    const code = RejectCode.INVALID_STOP_PRICE
    const place = values.has(Field.trail) ? Field.trail : Field.stopPrice
    const type = market.engine?.order(order)?.orderType
    if (place === Field.trail && values.has(Field.stopPrice))
      values.refuse(place, code, 'expected either stopPrice or trail, not both')
    else if (type !== undefined && (type === OrderType.trailingStop) !== (place === Field.trail)) {
      const isTrailing = type === OrderType.trailingStop
      values.refuse(
        place,
        code,
        isTrailing ? 'a trailing stop has a trail and no stopPrice' : 'only a trailing stop has a trail',
      )
    } else words[at + STOP_TICKS] = Math.max(0, values.ticks(place, instrument, code))
    return values.fields.code === ACCEPTED
  }

  /** A new order that does not say is everyone's; a change that does not say speaks for the venue. */
  private writeClient(words: Int32Array, at: number, kind: number): boolean {
    const { fields, market, values } = this
    const given = fields.values[Field.client]
    if (given === undefined || (given === '' && fields.bare[Field.client] === 0)) {
      if (kind === CommandKind.new) words[at + CLIENT] = market.clients.number(ANONYMOUS)
      return true
    }
    const client = values.name(Field.client, MAX_NAME)
    if (client === undefined) {
      values.refuseName(Field.client, RejectCode.MALFORMED, MAX_NAME)
      return false
    }
    words[at + CLIENT] = market.clients.number(owned(client))
    return true
  }

  /** Nanoseconds since 1970 have 61 bits, more than a number holds exactly. */
  private writeTimestamp(words: Int32Array, at: number): boolean {
    const text = this.fields.values[Field.timestamp]!
    const ns = wholeNanoseconds(text)
    if (ns === undefined) {
      const detail = `timestamp ${quote(text)} is not a whole number of nanoseconds`
      this.values.refuse(Field.timestamp, RejectCode.MALFORMED, detail)
      return false
    }
    if (typeof ns === 'number') writeU64(words, at + TIMESTAMP_NS, ns)
    else writeTimestamp(words, at, ns)
    return true
  }

  private writeTicks(words: Int32Array, at: number, instrument: number): boolean {
    const ticks = this.values.ticks(Field.price, instrument, RejectCode.INVALID_PRICE)
    if (ticks === NO_STEPS) return false
    words[at + PRICE_TICKS] = ticks
    return true
  }

  private writeLots(words: Int32Array, at: number, instrument: number): boolean {
    const lots = this.values.lots(Field.quantity, instrument, RejectCode.INVALID_QUANTITY)
    if (lots === NO_STEPS) return false
    words[at + LOTS] = lots
    return true
  }
}
