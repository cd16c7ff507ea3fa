import * as record from '../../book/record.ts'
import { ACCEPTED, RejectCode } from '../../book/reject-code.ts'
import type { Market } from '../../pipeline/market.ts'
import { expirySeconds } from '../text/utc-time.ts'
import { type FieldValues, MAX_NAME, NO_KEYWORD, NO_STEPS } from './field-values.ts'
import { FLAGS, POST_ONLY, SELF_TRADE_WORDS } from './keywords.ts'
import { Field, quote } from './order-fields.ts'

const { CODE, DISPLAY_LOTS, EXPIRY_SECONDS, headOrderType, headTimeInForce, HEAD, LINKED_ORDER_ID } = record
const { MIN_LOTS, OrderFlag, OrderType, POSITION_LOTS, SELF_TRADE_SHIFT, STOP_TICKS, TimeInForce } = record

/**
 * Writes the terms of a new order: all that it says beyond side, type, price, quantity and time in force. What is
 * wrong with them in themselves, or does not fit into one record, is said in the fields; the rest is for `validate`
 * and the engine.
 */
export class OrderTerms {
  private readonly market: Market
  private readonly values: FieldValues

  constructor(market: Market, values: FieldValues) {
    this.market = market
    this.values = values
  }

  /** The type of an order that does not say. */
  usualType(): number {
    const { values } = this
    if (values.has(Field.trail)) return OrderType.trailingStop
    if (!values.has(Field.stopPrice)) return values.has(Field.price) ? OrderType.limit : OrderType.market
    return values.has(Field.price) ? OrderType.stopLimit : OrderType.stop
  }

  write(words: Int32Array, at: number, instrument: number): void {
    this.writeStop(words, at, instrument)
    this.writeFlags(words, at)
    this.writeExpiry(words, at)
    this.writeQuantities(words, at, instrument)
    this.writePosition(words, at, instrument)
    this.writeLink(words, at)
  }

  private writeStop(words: Int32Array, at: number, instrument: number): void {
    const { values } = this
    const type = headOrderType(words[at + HEAD]!)
    const isTrailing = type === OrderType.trailingStop
    const isStop = isTrailing || type === OrderType.stop || type === OrderType.stopLimit
    const [needed, other] = isTrailing ? [Field.trail, Field.stopPrice] : [Field.stopPrice, Field.trail]
    const code = RejectCode.INVALID_STOP_PRICE
    if (values.has(other)) {
      const detail = isTrailing
        ? 'a trailing stop has a trail and no stopPrice'
        : 'only a trailing stop has a trail'
      return values.refuse(other, code, detail)
    }
    if (!isStop) {
      if (values.has(needed))
        values.refuse(needed, code, 'only a stop, stop-limit or trailing-stop has a stopPrice')
    } else if (values.has(needed))
      words[at + STOP_TICKS] = Math.max(0, values.ticks(needed, instrument, code))
    else values.refuse(needed, code, `${isTrailing ? 'trail' : 'stopPrice'} is missing: a stop needs one`)
  }

  private writeFlags(words: Int32Array, at: number): void {
    const { values } = this
    const { MALFORMED, INVALID_SELF_TRADE } = RejectCode
    const isSet = (place: number): boolean => values.keyword(place, FLAGS, 0, MALFORMED) === 1
    let flags = values.keyword(Field.postOnly, POST_ONLY, 0, MALFORMED)
    if (flags === NO_KEYWORD) return
    if (isSet(Field.hidden)) flags |= OrderFlag.hidden
    if (isSet(Field.allOrNone)) flags |= OrderFlag.allOrNone
    if (isSet(Field.reduceOnly)) flags |= OrderFlag.reduceOnly
    const selfTrade = values.keyword(Field.selfTrade, SELF_TRADE_WORDS, 0, INVALID_SELF_TRADE)
    if (selfTrade !== NO_KEYWORD) flags |= selfTrade << SELF_TRADE_SHIFT
    words[at + CODE] = flags << 16
  }

  private writeExpiry(words: Int32Array, at: number): void {
    const { values } = this
    const isGtd = headTimeInForce(words[at + HEAD]!) === TimeInForce.gtd
    const text = values.fields.values[Field.expires]
    const code = RejectCode.INVALID_EXPIRY
    if (text === undefined) {
      if (isGtd) values.refuse(Field.expires, code, 'expires is missing: a GTD order needs one')
      return
    }
    const seconds = expirySeconds(text)
    if (!isGtd) values.refuse(Field.expires, code, 'only a GTD order expires at a time')
    else if (seconds !== undefined) words[at + EXPIRY_SECONDS] = seconds
    else {
      const form = 'UTC time such as 2026-11-25T17:30:00Z or whole seconds since 1970'
      const expected = `${form}, from 1 to 2038-01-19T03:14:07Z`
      values.refuse(Field.expires, code, `expires: expected ${expected}, got ${quote(text)}`)
    }
  }

  private writeQuantities(words: Int32Array, at: number, instrument: number): void {
    const { values } = this
    const { INVALID_DISPLAY, INVALID_MIN_QUANTITY } = RejectCode
    if (values.has(Field.display)) {
      const lots = values.lots(Field.display, instrument, INVALID_DISPLAY)
      if (lots !== NO_STEPS) words[at + DISPLAY_LOTS] = lots
    }
    if (values.has(Field.minQuantity)) {
      const lots = values.lots(Field.minQuantity, instrument, INVALID_MIN_QUANTITY)
      if (lots !== NO_STEPS) words[at + MIN_LOTS] = lots
    }
  }

  /** The position takes the place of the displayed quantity. */
  private writePosition(words: Int32Array, at: number, instrument: number): void {
    const { values } = this
    const code = RejectCode.INVALID_COMBINATION
    const isReduceOnly = ((words[at + CODE]! >>> 16) & OrderFlag.reduceOnly) !== 0
    if (!isReduceOnly) {
      if (values.has(Field.position))
        values.refuse(Field.position, code, 'position is for a reduceOnly order')
    } else if (!values.has(Field.position))
      values.refuse(Field.position, code, 'position is missing: a reduceOnly order needs that of its client')
    else if (values.has(Field.display))
      values.refuse(
        Field.display,
        code,
        'a reduceOnly order shows all of its quantity: display does not go with it',
      )
    else {
      const lots = values.signedLots(Field.position, instrument, RejectCode.INVALID_QUANTITY)
      if (lots !== undefined) words[at + POSITION_LOTS] = lots
    }
  }

  /** The other order's id takes the place of minimum quantity and expiry. */
  private writeLink(words: Int32Array, at: number): void {
    const { values, market } = this
    if (!values.has(Field.linkedTo) || values.fields.code !== ACCEPTED) return
    const id = values.name(Field.linkedTo, MAX_NAME)
    if (id === undefined) return values.refuseName(Field.linkedTo, RejectCode.INVALID_ORDER_ID, MAX_NAME)
    for (const place of [Field.minQuantity, Field.expires])
      if (values.has(place))
        return values.refuse(
          place,
          RejectCode.INVALID_COMBINATION,
          'a linked order has neither minQuantity nor expires',
        )
    const order = market.orders.find(id)
    if (order === 0)
      return values.refuse(
        Field.linkedTo,
        RejectCode.UNKNOWN_LINK,
        `no order with the id ${quote(id)} is known`,
      )
    words[at + CODE]! |= OrderFlag.linked << 16
    record.writeU64(words, at + LINKED_ORDER_ID, order)
  }
}
