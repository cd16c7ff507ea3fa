import type { Instruments } from '../../../src/book/instruments.ts'
import {
  BOTH_SIDES,
  CommandKind,
  OrderFlag,
  OrderType,
  Side,
  TimeInForce,
  TradingState,
} from '../../../src/book/record.ts'
import { RejectCode } from '../../../src/book/reject-code.ts'
import { ANY_INSTRUMENT, canRest, hasFlag, isPostOnly, isStopType, selfTradeOf, type Asked } from './order.ts'

const GOOD = 0
const KNOWN_FLAGS = 0x1ff

function isOneOf(values: Record<string, number>, value: number): boolean {
  return Object.values(values).includes(value)
}

function isId(id: number): boolean {
  return id >= 1 && id <= Number.MAX_SAFE_INTEGER
}

/** What is wrong with a command whatever the book holds. */
export function faultOf(asked: Asked, instruments: Instruments): number {
  if (!isOneOf(CommandKind, asked.kind)) return RejectCode.INVALID_COMMAND
  const isNamed = asked.instrument >= 0 && asked.instrument < instruments.count
  const isAny = asked.instrument === ANY_INSTRUMENT
  switch (asked.kind) {
    case CommandKind.new:
      return newFault(asked, instruments)
    case CommandKind.cancel:
    case CommandKind.amend:
    case CommandKind.replace:
      return changeFault(asked, instruments)
    case CommandKind.massCancel:
      if (!isNamed && !isAny) return RejectCode.INVALID_SYMBOL
      return [Side.buy, Side.sell, BOTH_SIDES].some((side) => side === asked.side)
        ? GOOD
        : RejectCode.INVALID_SIDE
    case CommandKind.state:
      if (!isNamed && !isAny) return RejectCode.INVALID_SYMBOL
      return isOneOf(TradingState, asked.lots) ? GOOD : RejectCode.INVALID_STATE
    case CommandKind.group:
      return asked.client === 0 || asked.lots < 0 ? RejectCode.INVALID_COMMAND : GOOD
    default:
      return GOOD
  }
}

/** What an instrument's limits say; a price of 0 is none. */
export function limitFault(
  instruments: Instruments,
  instrument: number,
  priceTicks: number,
  lots: number,
): number {
  if (lots > instruments.maxOrderLots[instrument]!) return RejectCode.EXCEEDS_MAX_SIZE
  if (priceTicks === 0 || isInRange(instruments, instrument, priceTicks)) return GOOD
  return RejectCode.INVALID_PRICE
}

export function isInRange(instruments: Instruments, instrument: number, priceTicks: number): boolean {
  return (
    priceTicks >= instruments.minPriceTicks[instrument]! &&
    priceTicks <= instruments.maxPriceTicks[instrument]!
  )
}

function changeFault(asked: Asked, instruments: Instruments): number {
  const { kind, orderId, linkedOrderId, instrument, lots, priceTicks, stopTicks } = asked
  if (!isId(orderId)) return RejectCode.INVALID_ORDER_ID
  if (kind === CommandKind.replace && !isId(linkedOrderId)) return RejectCode.INVALID_ORDER_ID
  const isNamed = instrument >= 0 && instrument < instruments.count
  if (!isNamed && instrument !== ANY_INSTRUMENT) return RejectCode.INVALID_SYMBOL
  if (kind === CommandKind.cancel) return GOOD
  if (lots < 0) return RejectCode.INVALID_QUANTITY
  if (stopTicks < 0) return RejectCode.INVALID_STOP_PRICE
  if (isNamed) return limitFault(instruments, instrument, priceTicks, lots)
  return priceTicks < 0 ? RejectCode.INVALID_PRICE : GOOD
}

function newFault(asked: Asked, instruments: Instruments): number {
  const { orderType, instrument, lots, priceTicks } = asked
  if (!isId(asked.orderId)) return RejectCode.INVALID_ORDER_ID
  if (instrument < 0 || instrument >= instruments.count) return RejectCode.INVALID_SYMBOL
  if (!isOneOf(Side, asked.side)) return RejectCode.INVALID_SIDE
  if (!isOneOf(OrderType, orderType)) return RejectCode.INVALID_ORDER_TYPE
  if (!isOneOf(TimeInForce, asked.timeInForce)) return RejectCode.INVALID_TIME_IN_FORCE
  if (lots < 1) return RejectCode.INVALID_QUANTITY
  const needsPrice = orderType === OrderType.limit || orderType === OrderType.stopLimit
  if (needsPrice && priceTicks === 0) return RejectCode.INVALID_PRICE
  const fault = limitFault(instruments, instrument, priceTicks, lots)
  return fault === GOOD ? termsFault(asked, instruments) : fault
}

/** What is wrong with the terms of a new order, alone or together. */
function termsFault(asked: Asked, instruments: Instruments): number {
  const { orderType, timeInForce, flags, stopTicks, minLots, expirySeconds, lots } = asked
  const isStop = isStopType(orderType)
  const isAllOrNone = hasFlag(asked, OrderFlag.allOrNone)
  const isGtd = timeInForce === TimeInForce.gtd
  if (!isGoodStop(stopTicks, orderType, instruments, asked.instrument)) return RejectCode.INVALID_STOP_PRICE
  const isBothPostOnly = hasFlag(asked, OrderFlag.postOnlyReject) && hasFlag(asked, OrderFlag.postOnlySlide)
  if (flags > KNOWN_FLAGS || isBothPostOnly) return RejectCode.INVALID_COMBINATION
  if (selfTradeOf(asked) > 5) return RejectCode.INVALID_SELF_TRADE
  if (isPostOnly(asked)) {
    if (orderType !== OrderType.limit || !canRest(asked) || isAllOrNone) return RejectCode.INVALID_COMBINATION
  }
  if (isAllOrNone && isStop) return RejectCode.INVALID_COMBINATION
  const isHidden = hasFlag(asked, OrderFlag.hidden)
  if (asked.displayLots < 0 || asked.displayLots > lots) return RejectCode.INVALID_DISPLAY
  if ((asked.displayLots > 0 || isHidden) && !canRest(asked)) return RejectCode.INVALID_DISPLAY
  if (asked.displayLots > 0 && isHidden) return RejectCode.INVALID_DISPLAY
  if (hasFlag(asked, OrderFlag.linked)) {
    if (!isId(asked.linkedOrderId)) return RejectCode.INVALID_ORDER_ID
    return (canRest(asked) || isStop) && !isGtd ? GOOD : RejectCode.INVALID_COMBINATION
  }
  if (minLots < 0 || minLots > lots) return RejectCode.INVALID_MIN_QUANTITY
  if (minLots > 0 && (isStop || isPostOnly(asked) || isAllOrNone)) return RejectCode.INVALID_COMBINATION
  const isGoodExpiry = isGtd ? expirySeconds > 0 : expirySeconds === 0
  return isGoodExpiry ? GOOD : RejectCode.INVALID_EXPIRY
}

/** A trigger price within the instrument's range, a distance above 0, or nothing. */
function isGoodStop(
  stopTicks: number,
  orderType: number,
  instruments: Instruments,
  instrument: number,
): boolean {
  if (orderType === OrderType.trailingStop) return stopTicks > 0
  return isStopType(orderType) ? isInRange(instruments, instrument, stopTicks) : stopTicks === 0
}
