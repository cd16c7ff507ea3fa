import type { Command } from '../../../src/book/command.ts'
import {
  CommandKind,
  OrderFlag,
  OrderType,
  SELF_TRADE_SHIFT,
  Side,
  TimeInForce,
} from '../../../src/book/record.ts'

export const ANY_INSTRUMENT = -1

/** A live order: one that rests in the book, or a stop that waits. */
export interface Order {
  orderId: number
  readonly client: number
  readonly instrument: number
  readonly side: number
  orderType: number
  readonly timeInForce: number
  readonly flags: number
  /** Limit or protection price; 0 is none. */
  priceTicks: number
  /** Trigger price of a stop that waits; 0 of other orders. */
  stopTicks: number
  /** Distance of a trailing stop that waits; 0 of other orders. */
  distanceTicks: number
  totalLots: number
  openLots: number
  /** How much of an iceberg shows at a time, and shows now; both 0 of other orders. */
  readonly displayLots: number
  shownLots: number
  readonly minLots: number
  readonly expirySeconds: number
  /** The order that it is linked with: one cancels the other. */
  partner: Order | undefined
}

/** A command with what a record has where nothing is said, and where one field takes the place of another. */
export type Asked = Required<Command> & { readonly timestampNs: bigint }

export function withDefaults(command: Command): Asked {
  const instrument = command.kind === CommandKind.new ? 0 : ANY_INSTRUMENT
  const flags = command.flags ?? 0
  const isReduceOnly = (flags & OrderFlag.reduceOnly) !== 0
  const isLinked = command.kind === CommandKind.replace || (flags & OrderFlag.linked) !== 0
  return {
    instrument,
    client: 0,
    side: Side.buy,
    orderType: 0,
    timeInForce: 0,
    priceTicks: 0,
    lots: 0,
    stopTicks: 0,
    rejectCode: 0,
    sequence: 0,
    ...command,
    flags,
    displayLots: isReduceOnly ? 0 : (command.displayLots ?? 0),
    positionLots: isReduceOnly ? (command.positionLots ?? 0) : 0,
    minLots: isLinked ? 0 : (command.minLots ?? 0),
    expirySeconds: isLinked ? 0 : (command.expirySeconds ?? 0),
    linkedOrderId: isLinked ? (command.linkedOrderId ?? 0) : 0,
    timestampNs: BigInt(command.timestampNs ?? 0),
  }
}

type Terms = Pick<Order, 'orderType' | 'timeInForce' | 'flags'>

export function hasFlag(order: Pick<Order, 'flags'>, flag: number): boolean {
  return (order.flags & flag) !== 0
}

export function isPostOnly(order: Pick<Order, 'flags'>): boolean {
  return hasFlag(order, OrderFlag.postOnlyReject) || hasFlag(order, OrderFlag.postOnlySlide)
}

/** A SelfTrade. */
export function selfTradeOf(order: Pick<Order, 'flags'>): number {
  return (order.flags >>> SELF_TRADE_SHIFT) & 7
}

export function isStopType(orderType: number): boolean {
  return orderType >= OrderType.stop && orderType <= OrderType.trailingStop
}

/** Of a live order only: a stop that has been triggered is a stop no longer. */
export function isWaitingStop(order: Order): boolean {
  return isStopType(order.orderType)
}

/** Gone, or traded, by the end of its execution. */
export function isImmediate({ timeInForce }: Pick<Order, 'timeInForce'>): boolean {
  return timeInForce === TimeInForce.ioc || timeInForce === TimeInForce.fok
}

/** Whether what does not trade waits in the book. */
export function canRest(order: Terms): boolean {
  const isLimit = order.orderType === OrderType.limit || order.orderType === OrderType.stopLimit
  return isLimit && !isImmediate(order)
}

/** Whether an order with this limit may trade at a price; a limit of 0 is none. */
export function isWithinLimit(side: number, limitTicks: number, priceTicks: number): boolean {
  if (limitTicks === 0) return true
  return side === Side.buy ? priceTicks <= limitTicks : priceTicks >= limitTicks
}

/** Lots that others see: none of a hidden order, of an iceberg those that show. */
export function displayedLots(order: Order): number {
  if (hasFlag(order, OrderFlag.hidden)) return 0
  return order.displayLots === 0 ? order.openLots : order.shownLots
}

/** Lots that one trade can take from a resting order at most. */
export function tradableLots(order: Order): number {
  return order.displayLots === 0 ? order.openLots : order.shownLots
}
