/**
 * The two records everything is made of: a command that goes into the engine and an event that comes out.
 * Both are 64 bytes, little-endian, and the same in a batch, a ring, a journal and a message.
 *
 * Command                                  Event
 *
 *  word byte                                word byte
 *   0   0  kind         u8                   0   0  kind         u8
 *       1  side         u8                       1  side         u8   of orderId; in a trade, the taker's
 *       2  orderType    u8                       2  orderType    u8
 *       3  timeInForce  u8                       3  timeInForce  u8
 *   1   4  rejectCode   u16  0 = not refused  1   4  code         u16  reject code or cancel reason
 *       6  commandFlags u16                       6  matchHigh    u16  in a trade: bits 32-47 of the match number
 *   2   8  instrument   u32                  2   8  instrument   u32
 *   3  12  client       u32                  3  12  client       u32  owner of orderId
 *   4  16  sequence     u64                  4  16  sequence     u64  of the command that caused it
 *   6  24  orderId      u64                  6  24  orderId      u64  in a trade, the taker's order
 *   8  32  priceTicks   i32                  8  32  priceTicks   i32  in a trade, the maker's price
 *   9  36  lots         u31                  9  36  lots         u31  accepted, traded, or taken off the book
 *  10  40  -            (zero)              10  40  openLots     u31  of orderId after this event
 *  11  44  -            (zero)              11  44  makerOpenLots u31
 *  12  48  -            (zero)              12  48  makerOrderId u64
 *  14  56  timestampNs  u64                 14  56  makerClient  u32
 *                                           15  60  matchLow     u32  bits 0-31 of the match number
 */
export const RECORD_BYTES = 64
export const RECORD_WORDS = 16

/** Word offsets that commands and events share. */
export const HEAD = 0
export const CODE = 1
export const INSTRUMENT = 2
export const CLIENT = 3
export const SEQUENCE = 4
export const ORDER_ID = 6
export const PRICE_TICKS = 8
export const LOTS = 9

/** Word offsets of a command alone. */
export const TIMESTAMP_NS = 14

/** Word offsets of an event alone. */
export const OPEN_LOTS = 10
export const MAKER_OPEN_LOTS = 11
export const MAKER_ORDER_ID = 12
export const MAKER_CLIENT = 14
export const MATCH_LOW = 15

/** Largest price, in ticks, and largest quantity, in lots, that a record can hold. */
export const MAX_PRICE_TICKS = 2_147_483_647
export const MAX_LOTS = 2_147_483_647

export const CommandKind = { new: 1, cancel: 2, amend: 3 } as const
export const Side = { buy: 0, sell: 1 } as const
export const OrderType = { limit: 1, market: 2 } as const
export const TimeInForce = { gtc: 1, ioc: 2, fok: 3 } as const

/** What became of a command. The numbers are stable: they stand in journals and on the wire. */
export const EventKind = { accepted: 1, rejected: 2, trade: 3, cancelled: 4, amended: 5 } as const

/** Why an order left the book, or was cut short, other than by trading. Stable numbers. */
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

/** Reads an unsigned 64-bit field as a number: exact up to 2^53, which writers never pass. */
export function readU64(words: Int32Array, at: number): number {
  return (words[at + 1]! >>> 0) * HIGH_WORD + (words[at]! >>> 0)
}

/** Writes a whole number from 0 to 2^53 - 1 as an unsigned 64-bit field. */
export function writeU64(words: Int32Array, at: number, value: number): void {
  words[at] = value % HIGH_WORD
  words[at + 1] = Math.floor(value / HIGH_WORD)
}
