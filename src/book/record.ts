export * from './record-layout.ts'

/** What a command asks for. Stable numbers, as all below: they stand in journals and on the wire. */
export const CommandKind = {
  new: 1,
  cancel: 2,
  amend: 3,
  /** Cancel-replace: the order gets a new id and goes to the end of its queue. */
  replace: 4,
  massCancel: 5,
  /** Cancels all orders of a client, or of all, and refuses new ones until `release`. */
  kill: 6,
  release: 7,
  /** The time is `timestampNs`: what expires by then does. The engine knows no other clock. */
  time: 8,
  /** Sets the trading state of an instrument, or of all. */
  state: 9,
  /** Puts a client into a self-trade prevention group. */
  group: 10,
  /** Changes a limit of the risk stage (src/risk/risk-command.ts draws it); the engine only says that it came. */
  risk: 200,
} as const
export const Side = { buy: 0, sell: 1 } as const
/** In a mass cancel: orders of both sides. In an auction's trade: nobody is the aggressor. */
export const BOTH_SIDES = 2
export const OrderType = { limit: 1, market: 2, stop: 3, stopLimit: 4, trailingStop: 5 } as const
export const TimeInForce = { gtc: 1, ioc: 2, fok: 3, day: 4, gtd: 5 } as const

/** Bits of a new order's flags. */
export const OrderFlag = {
  /** Two bits: 1 refuses a post-only order that would trade, 2 slides its price to one tick from the other side. */
  postOnlyReject: 1,
  postOnlySlide: 2,
  hidden: 4,
  allOrNone: 8,
  reduceOnly: 16,
  linked: 32,
  /** Three bits from here on: a SelfTrade. */
  selfTrade: 64,
} as const
export const POST_ONLY_MASK = 3
export const SELF_TRADE_SHIFT = 6
export const SELF_TRADE_MASK = 7
/** Bits that mean nothing yet: an order that sets one is refused. */
export const UNKNOWN_FLAGS = 0xfe00

/** What happens when an order meets one of its own client or group. */
export const SelfTrade = {
  /** As the instrument says. */
  default: 0,
  allow: 1,
  /** The incoming order is cancelled. */
  cancelNewest: 2,
  /** The resting order is cancelled, and the incoming one goes on. */
  cancelOldest: 3,
  cancelBoth: 4,
  /** Both lose the smaller of their open quantities without a trade. */
  decrement: 5,
} as const

/** What an instrument lets orders do. */
export const TradingState = {
  /** Orders are taken and do not trade. */
  preOpen: 1,
  /** As before, and an indicative price is published. Also where a price band pauses an instrument. */
  openingAuction: 2,
  continuous: 3,
  /** Only cancels are taken. */
  halted: 4,
  closingAuction: 5,
  /** As halted; day orders have expired. */
  closed: 6,
} as const

/** Why a trading state changed. */
export const StateCause = { command: 0, priceBand: 1, pauseOver: 2 } as const

/** What became of a command, and of orders and books by it. */
export const EventKind = {
  accepted: 1,
  rejected: 2,
  trade: 3,
  /** Lots left an order other than by trading; with open lots left, it was only made smaller. */
  cancelled: 4,
  amended: 5,
  replaced: 6,
  /** A stop's price was reached: it is a market or limit order from here on. */
  triggered: 7,
  /** A command that names no order (mass cancel, kill, release, time, state, group) has been carried out. */
  applied: 8,
  state: 9,
  /** Market data, where the engine is asked for it: what a price level shows now. */
  level: 10,
  bestPrices: 11,
  /** Where an auction would trade now. */
  indication: 12,
  /** What a router made of a new order, and why (src/ai/routing/decision.ts draws it): before the order's own events. */
  decision: 13,
} as const

/** Why lots left an order other than by trading. */
export const CancelReason = {
  /** Its owner asked. */
  user: 1,
  /** Immediate-or-cancel: what did not trade at once. */
  ioc: 2,
  /** Fill-or-kill: the book could not fill it whole, so nothing traded. */
  fok: 3,
  /** A market order met an empty side, or its protection price. */
  noLiquidity: 4,
  /** The engine has no memory left for a resting order. */
  bookFull: 5,
  /** Good-till-date or day order whose time is over. */
  expiry: 6,
  selfTrade: 7,
  mass: 8,
  /** Its instrument was paused by a price band while it traded. */
  halt: 9,
  /** The order that it is linked with has traded or was triggered. */
  linked: 10,
  /** Its minimum quantity could not trade at once. */
  minQuantity: 11,
  /** All-or-none: it could have traded in part only. */
  allOrNone: 12,
  kill: 13,
} as const

/** Packs the four bytes of a record's first word. */
export function packHead(kind: number, side: number, orderType: number, timeInForce: number): number {
  return (kind & 0xff) | ((side & 0xff) << 8) | ((orderType & 0xff) << 16) | (timeInForce << 24)
}

export function headKind(head: number): number {
  return head & 0xff
}

export function headSide(head: number): number {
  return (head >>> 8) & 0xff
}

export function headOrderType(head: number): number {
  return (head >>> 16) & 0xff
}

export function headTimeInForce(head: number): number {
  return head >>> 24
}

const HIGH_WORD = 4_294_967_296

/** Post-only, self-trade and other terms of a new order: the upper half of its word 1. */
export function orderFlags(code: number): number {
  return code >>> 16
}

/** Reads an unsigned 64-bit field as a number: exact up to 2^53, which writers never pass. */
export function readU64(words: Int32Array, at: number): number {
  return (words[at + 1]! >>> 0) * HIGH_WORD + (words[at]! >>> 0)
}

/** Writes a whole number from 0 to 2^53 - 1 as an unsigned 64-bit field. */
export function writeU64(words: Int32Array, at: number, value: number): void {
  words[at] = value % HIGH_WORD
  words[at + 1] = Math.floor(value / HIGH_WORD)
}
