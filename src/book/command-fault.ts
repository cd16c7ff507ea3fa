import type { Instruments } from './instruments.ts'
import * as instrumentTable from './instruments.ts'
import * as record from './record.ts'
import * as rejectCode from './reject-code.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const {
  ARGUMENT,
  BOTH_SIDES,
  CLIENT,
  CODE,
  CommandKind,
  DISPLAY_LOTS,
  EXPIRY_SECONDS,
  HEAD,
  headKind,
  headOrderType,
  headSide,
  headTimeInForce,
  INSTRUMENT,
  LINKED_ORDER_ID,
  LOTS,
  MIN_LOTS,
  ORDER_ID,
  OrderFlag,
  OrderType,
  POST_ONLY_MASK,
  PRICE_TICKS,
  SELF_TRADE_MASK,
  SELF_TRADE_SHIFT,
  SelfTrade,
  Side,
  STOP_TICKS,
  TimeInForce,
  TradingState,
  UNKNOWN_FLAGS,
} = record
const { LIMIT_MAX_LOTS, LIMIT_MAX_PRICE, LIMIT_MIN_PRICE, LIMITS_WORDS } = instrumentTable
const { ACCEPTED, RejectCode } = rejectCode

/**
 * What is wrong with a command in itself: its reject code, or ACCEPTED. The engine asks this of every command, so
 * that no sequence of bytes can harm the book; the validate operator asks it first.
 *
 * A new order needs a side, a known type and time in force, lots from 1 to the instrument's largest order and,
 * unless it is a market order, a price within the instrument's range. A market order's price is its protection:
 * the worst it may trade at; 0 is none. In an amend or a replace, a price or lots of 0 leaves that one as it is.
 */
export function commandFault(words: Int32Array, at: number, instruments: Instruments): number {
  if (headKind(words[at + HEAD]!) !== CommandKind.new) return changeFault(words, at, instruments)
  const fault = orderFault(words, at, instruments)
  return fault === ACCEPTED && hasTerms(words, at) ? termsFault(words, at, instruments) : fault
}

/** What is wrong with a new order, its terms aside: see `hasTerms` and `termsFault`. */
export function orderFault(words: Int32Array, at: number, instruments: Instruments): number {
  const head = words[at + HEAD]!
  if (!isOrderId(words[at + ORDER_ID]!, words[at + ORDER_ID + 1]!)) return RejectCode.INVALID_ORDER_ID
  const instrument = words[at + INSTRUMENT]!
  if (instrument >>> 0 >= instruments.count) return RejectCode.INVALID_SYMBOL
  const lots = words[at + LOTS]!
  const price = words[at + PRICE_TICKS]!
  const type = headOrderType(head)
  const timeInForce = headTimeInForce(head)
  if (headSide(head) > Side.sell) return RejectCode.INVALID_SIDE
  if (type < OrderType.limit || type > OrderType.trailingStop) return RejectCode.INVALID_ORDER_TYPE
  if (timeInForce < TimeInForce.gtc || timeInForce > TimeInForce.gtd) return RejectCode.INVALID_TIME_IN_FORCE
  if (lots <= 0) return RejectCode.INVALID_QUANTITY
  if (price === 0 && (type === OrderType.limit || type === OrderType.stopLimit))
    return RejectCode.INVALID_PRICE
  return limitsFault(instruments, instrument, price, lots)
}

/** What an instrument's limits say against a price and a quantity; a price of 0 is none. */
export function limitsFault(
  instruments: Instruments,
  instrument: number,
  price: number,
  lots: number,
): number {
  const { limits } = instruments
  const of = instrument * LIMITS_WORDS
  if (lots > limits[of + LIMIT_MAX_LOTS]!) return RejectCode.EXCEEDS_MAX_SIZE
  if (price !== 0 && (price < limits[of + LIMIT_MIN_PRICE]! || price > limits[of + LIMIT_MAX_PRICE]!))
    return RejectCode.INVALID_PRICE
  return ACCEPTED
}

/** Whether a new order says more than side, price, quantity, market or limit, and gtc, ioc, fok or day. */
export function hasTerms(words: Int32Array, at: number): boolean {
  const head = words[at + HEAD]!
  return (
    ((words[at + CODE]! >>> 16) |
      words[at + STOP_TICKS]! |
      words[at + DISPLAY_LOTS]! |
      words[at + MIN_LOTS]! |
      words[at + EXPIRY_SECONDS]!) !==
      0 ||
    headOrderType(head) > OrderType.market ||
    headTimeInForce(head) > TimeInForce.day
  )
}

/** Cancels, amends, replaces, and commands that name no order. */
export function changeFault(words: Int32Array, at: number, instruments: Instruments): number {
  const kind = headKind(words[at + HEAD]!)
  if (kind < CommandKind.cancel || kind > CommandKind.replace) return controlFault(words, at, instruments)
  if (!isOrderId(words[at + ORDER_ID]!, words[at + ORDER_ID + 1]!)) return RejectCode.INVALID_ORDER_ID
  if (
    kind === CommandKind.replace &&
    !isOrderId(words[at + LINKED_ORDER_ID]!, words[at + LINKED_ORDER_ID + 1]!)
  )
    return RejectCode.INVALID_ORDER_ID
  const instrument = words[at + INSTRUMENT]!
  const isAny = instrument === -1
  if (!isAny && instrument >>> 0 >= instruments.count) return RejectCode.INVALID_SYMBOL
  if (kind === CommandKind.cancel) return ACCEPTED
  const lots = words[at + LOTS]!
  const price = words[at + PRICE_TICKS]!
  if (lots < 0) return RejectCode.INVALID_QUANTITY
  if (words[at + STOP_TICKS]! < 0) return RejectCode.INVALID_STOP_PRICE
  if (isAny) return price < 0 ? RejectCode.INVALID_PRICE : ACCEPTED
  return limitsFault(instruments, instrument, price, lots)
}

function controlFault(words: Int32Array, at: number, instruments: Instruments): number {
  const kind = headKind(words[at + HEAD]!)
  if (kind === CommandKind.risk) return ACCEPTED
  if (kind === 0 || kind > CommandKind.group) return RejectCode.INVALID_COMMAND
  const argument = words[at + ARGUMENT]!
  if (kind === CommandKind.group)
    return words[at + CLIENT] === 0 || argument < 0 ? RejectCode.INVALID_COMMAND : ACCEPTED
  if (kind !== CommandKind.massCancel && kind !== CommandKind.state) return ACCEPTED
  const instrument = words[at + INSTRUMENT]!
  if (instrument !== -1 && instrument >>> 0 >= instruments.count) return RejectCode.INVALID_SYMBOL
  if (kind === CommandKind.massCancel)
    return headSide(words[at + HEAD]!) > BOTH_SIDES ? RejectCode.INVALID_SIDE : ACCEPTED
  return argument < TradingState.preOpen || argument > TradingState.closed
    ? RejectCode.INVALID_STATE
    : ACCEPTED
}

/** What is wrong with the terms of a new order that has some. */
export function termsFault(words: Int32Array, at: number, instruments: Instruments): number {
  const head = words[at + HEAD]!
  const flags = words[at + CODE]! >>> 16
  const type = headOrderType(head)
  const timeInForce = headTimeInForce(head)
  const isPlain = type === OrderType.limit || type === OrderType.market
  const canRest =
    (type === OrderType.limit || type === OrderType.stopLimit) &&
    timeInForce !== TimeInForce.ioc &&
    timeInForce !== TimeInForce.fok
  const canWait = canRest || !isPlain
  if (!isStopPrice(words[at + STOP_TICKS]!, type, instruments, words[at + INSTRUMENT]!))
    return RejectCode.INVALID_STOP_PRICE
  const postOnly = flags & POST_ONLY_MASK
  if ((flags & UNKNOWN_FLAGS) !== 0 || postOnly === POST_ONLY_MASK) return RejectCode.INVALID_COMBINATION
  if (((flags >>> SELF_TRADE_SHIFT) & SELF_TRADE_MASK) > SelfTrade.decrement)
    return RejectCode.INVALID_SELF_TRADE
  if (postOnly !== 0 && (type !== OrderType.limit || !canRest || (flags & OrderFlag.allOrNone) !== 0))
    return RejectCode.INVALID_COMBINATION
  if ((flags & OrderFlag.allOrNone) !== 0 && !isPlain) return RejectCode.INVALID_COMBINATION
  const fault = displayFault(words, at, canRest)
  if (fault !== ACCEPTED) return fault
  if ((flags & OrderFlag.linked) === 0) return quantityFault(words, at, isPlain)
  if (!isOrderId(words[at + LINKED_ORDER_ID]!, words[at + LINKED_ORDER_ID + 1]!))
    return RejectCode.INVALID_ORDER_ID
  return !canWait || timeInForce === TimeInForce.gtd ? RejectCode.INVALID_COMBINATION : ACCEPTED
}

/** Minimum quantity and expiry, of an order that is not linked. */
function quantityFault(words: Int32Array, at: number, isPlain: boolean): number {
  const minLots = words[at + MIN_LOTS]!
  const flags = words[at + CODE]! >>> 16
  if (minLots < 0 || minLots > words[at + LOTS]!) return RejectCode.INVALID_MIN_QUANTITY
  if (minLots !== 0 && (!isPlain || (flags & (POST_ONLY_MASK | OrderFlag.allOrNone)) !== 0))
    return RejectCode.INVALID_COMBINATION
  const expiry = words[at + EXPIRY_SECONDS]!
  const isGtd = headTimeInForce(words[at + HEAD]!) === TimeInForce.gtd
  return (isGtd ? expiry > 0 : expiry === 0) ? ACCEPTED : RejectCode.INVALID_EXPIRY
}

function displayFault(words: Int32Array, at: number, canRest: boolean): number {
  const flags = words[at + CODE]! >>> 16
  const isHidden = (flags & OrderFlag.hidden) !== 0
  // In a reduce-only order the word is its client's position.
  const displayLots = (flags & OrderFlag.reduceOnly) === 0 ? words[at + DISPLAY_LOTS]! : 0
  if (displayLots < 0 || displayLots > words[at + LOTS]!) return RejectCode.INVALID_DISPLAY
  if (displayLots === 0 && !isHidden) return ACCEPTED
  return canRest && (displayLots === 0 || !isHidden) ? ACCEPTED : RejectCode.INVALID_DISPLAY
}

/** Whether a trigger price, or the distance of a trailing stop, is what the type of the order asks for. */
export function isStopPrice(
  stopTicks: number,
  type: number,
  instruments: Instruments,
  instrument: number,
): boolean {
  if (type === OrderType.limit || type === OrderType.market) return stopTicks === 0
  if (type === OrderType.trailingStop) return stopTicks > 0
  return (
    stopTicks >= instruments.minPriceTicks[instrument]! && stopTicks <= instruments.maxPriceTicks[instrument]!
  )
}

/** From 1 to 2^53 - 1. */
function isOrderId(low: number, high: number): boolean {
  return (low | high) !== 0 && high >>> 21 === 0
}
