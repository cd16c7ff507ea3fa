/**
 * Why a command was refused. The numbers are stable: they stand in journals and on the wire, so a new code
 * takes a new number and none is used again. 1-39 are found wrong in the command itself, 40-59 by the state of
 * the book, 60-89 by a risk limit, 90-99 by the pipeline.
 */
export const RejectCode = {
  /** Quantity is missing, zero, negative or not a number. */
  INVALID_QUANTITY: 1,
  /** Price is missing where one is needed, zero, negative, outside the instrument's range, or not a number. */
  INVALID_PRICE: 2,
  /** Quantity is above what the instrument allows. */
  EXCEEDS_MAX_SIZE: 3,
  /** No such instrument. */
  INVALID_SYMBOL: 4,
  /** Neither buy nor sell. */
  INVALID_SIDE: 5,
  /** Order type is not one that the engine knows. */
  INVALID_ORDER_TYPE: 6,
  /** Time in force is not one that the engine knows, or does not go with the order type. */
  INVALID_TIME_IN_FORCE: 7,
  /** Command is of no kind that the engine knows, or lacks the client it is about. */
  INVALID_COMMAND: 8,
  /** Order id is missing, zero, or past 2^53 - 1. */
  INVALID_ORDER_ID: 9,
  /** Price is not a whole number of ticks. */
  OFF_TICK: 10,
  /** Quantity is not a whole number of lots. */
  OFF_LOT: 11,
  /** The line or row could not be read as a command at all. */
  MALFORMED: 12,
  /** Trigger price or distance of a stop is missing, outside the instrument's range, or given where there is no stop. */
  INVALID_STOP_PRICE: 13,
  /** Displayed quantity is negative or above the order's, or the order cannot rest, or is hidden anyway. */
  INVALID_DISPLAY: 14,
  /** Minimum quantity is negative or above the order's. */
  INVALID_MIN_QUANTITY: 15,
  /** Expiry is missing, over, or given without good-till-date. */
  INVALID_EXPIRY: 16,
  /** Terms that do not go together, or flags that mean nothing. */
  INVALID_COMBINATION: 17,
  /** Self-trade prevention is not one that the engine knows. */
  INVALID_SELF_TRADE: 18,
  /** Trading state is not one that the engine knows. */
  INVALID_STATE: 19,
  /** Time is before that of an earlier time command, or past what the engine's clock can hold. */
  INVALID_TIME: 20,
  /** An order with this id is live, or was seen not long ago. */
  DUPLICATE_ORDER_ID: 40,
  /** No live order of this client has this id in this instrument. */
  UNKNOWN_ORDER: 41,
  /** A post-only order would trade at once. */
  POST_ONLY_WOULD_TRADE: 42,
  /** A reduce-only order has no position to reduce, or would grow beyond what it was let in with. */
  REDUCE_ONLY: 43,
  /** The order to be linked with is not live, of another client or instrument, or linked already. */
  UNKNOWN_LINK: 44,
  /** The instrument is halted: only cancels are taken. */
  TRADING_HALTED: 45,
  /** The instrument is closed: only cancels are taken. */
  MARKET_CLOSED: 46,
  /** The order would have to trade at once, and the instrument is in pre-open or an auction. */
  NOT_IN_AUCTION: 47,
  /** The kill switch is on for this client, or for all. */
  KILLED: 48,
  /** A trailing stop needs a price to begin from, and there is neither a trade nor a reference price. */
  NO_REFERENCE_PRICE: 49,
  /** Quantity is above the risk limit for one order. */
  RISK_ORDER_SIZE: 60,
  /** Price times quantity is above the risk limit for one order. */
  RISK_NOTIONAL: 61,
  /** Price is further from the last trade than the collar allows. */
  RISK_PRICE_COLLAR: 62,
  /** The kill switch of risk is on for this client or instrument. */
  RISK_KILL_SWITCH: 63,
  /** Risk has the client or the instrument halted. */
  RISK_HALTED: 64,
  /** The client may only reduce its position, and the order does not. */
  RISK_REDUCE_ONLY: 65,
  /** The client may not trade the instrument. */
  RISK_INSTRUMENT: 66,
  /** Price is further beyond the best price of the other side than the collar allows. */
  RISK_COLLAR_BEST: 67,
  /** Price is further from the reference price than the collar allows. */
  RISK_COLLAR_REFERENCE: 68,
  /** The latest trade is too old for the collar, and there is no reference price. */
  RISK_STALE_PRICE: 69,
  /** With all open orders of its side the position would be above its limit. */
  RISK_POSITION: 70,
  /** The sum of the client's positions, whichever their side, would be above its limit. */
  RISK_GROSS_EXPOSURE: 71,
  /** The client's long less its short positions, or the reverse, would be above its limit. */
  RISK_NET_EXPOSURE: 72,
  /** The client has lost more than it may in a day; what reduces a position passes. */
  RISK_DAILY_LOSS: 73,
  /** The client sends more messages than it may. */
  RISK_MESSAGE_RATE: 74,
  /** The client sends more messages for each trade than it may. */
  RISK_ORDER_TO_TRADE: 75,
  /** The order is the client's order before once more. */
  RISK_DUPLICATE: 76,
  /** The order would trade with one of its own client. */
  RISK_SELF_TRADE: 77,
  /** A market order, or a stop that becomes one, without a protection price. */
  RISK_UNPROTECTED: 78,
  /** A circuit breaker has tripped for the client or the instrument. */
  RISK_BREAKER: 79,
  /** An edge with the policy `reject` was full: try again later. */
  EDGE_FULL: 90,
  /** A stage that failed too often refuses what comes until it has recovered. */
  STAGE_FAILED: 91,
} as const

export type RejectName = keyof typeof RejectCode

/** Not refused. */
export const ACCEPTED = 0

const NAMES: readonly (RejectName | undefined)[] = (() => {
  const names: (RejectName | undefined)[] = []
  for (const name of Object.keys(RejectCode) as RejectName[]) names[RejectCode[name]] = name
  return names
})()

/** The name of a code, or `CODE_n` for a number from a newer version. */
export function rejectName(code: number): string {
  return NAMES[code] ?? `CODE_${code}`
}
