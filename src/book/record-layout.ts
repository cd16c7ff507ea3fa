/**
 * The two records everything is made of: a command that goes into the engine and an event that comes out.
 * Both are 64 bytes, little-endian, and the same in a batch, a ring, a journal and a message.
 *
 * Command                                  Event
 *
 *  word byte                                word byte
 *   0   0  kind         u8                   0   0  kind         u8
 *       1  side         u8                       1  side         u8   of orderId; in a trade, the taker's
 *       2  orderType    u8                       2  orderType    u8   (applied: kind of the command)
 *       3  timeInForce  u8                       3  timeInForce  u8
 *   1   4  rejectCode   u16  0 = not refused  1   4  code         u16  reject code, cancel reason, or state
 *       6  flags        u16                      6  flags        u16  of a new order; in a trade: bits
 *                                                                     32-47 of the match number
 *   2   8  instrument   u32                  2   8  instrument   u32
 *   3  12  client       u32                  3  12  client       u32  owner of orderId
 *   4  16  sequence     u64                  4  16  sequence     u64  of the command that caused it
 *   6  24  orderId      u64                  6  24  orderId      u64  in a trade, the taker's order
 *   8  32  priceTicks   i32                  8  32  priceTicks   i32  in a trade, the maker's price
 *   9  36  lots         u31  (or argument)   9  36  lots         u31  accepted, traded, or taken off the book
 *  10  40  stopTicks    i32                 10  40  openLots     u31  of orderId after this event
 *  11  44  displayLots  u31                 11  44  makerOpenLots u31 (see below)
 *          or position  i32, if reduce-only
 *  12  48  minLots      u31                 12  48  makerOrderId u64
 *  13  52  expirySeconds u31
 *  12  48  linkedOrderId u64, if linked
 *  14  56  timestampNs  u64                 14  56  makerClient  u32
 *                                           15  60  matchLow     u32  bits 0-31 of the match number
 *
 * `stopTicks` is the trigger price of a stop, the distance of a trailing stop. `linkedOrderId` takes the place of
 * `minLots` and `expirySeconds` in a new order with the `linked` flag and in a replace, where it names the order that
 * is replaced. `argument` is the trading state of a state command and the group of a group command.
 *
 * Words 11 to 15 of events other than trades:
 *
 *  accepted    11 displayLots                              14 stopTicks   15 expirySeconds
 *  amended     11 open lots before                         14 stopTicks
 *  replaced    11 open lots before   12 the order replaced 14 stopTicks
 *  triggered                                               14 stopTicks
 *  applied                                                 14 timestampNs of the command
 *  state       9 lots: the state before, 10 openLots: why (StateCause); the new state is the code
 *  level       10 openLots: displayed orders   12 their lots, u64
 *  bestPrices  8 bid, 9 offer in ticks         12 bid lots, u64      14 offer lots, u64
 *  indication  8 auction price, side: of the surplus  12 volume, u64  14 surplus, u64
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
export const ARGUMENT = 9
export const STOP_TICKS = 10
export const DISPLAY_LOTS = 11
export const POSITION_LOTS = 11
export const MIN_LOTS = 12
export const EXPIRY_SECONDS = 13
export const LINKED_ORDER_ID = 12
export const TIMESTAMP_NS = 14

/** Word offsets of an event alone. */
export const OPEN_LOTS = 10
export const MAKER_OPEN_LOTS = 11
export const PREVIOUS_OPEN_LOTS = 11
export const MAKER_ORDER_ID = 12
export const MAKER_CLIENT = 14
export const MATCH_LOW = 15
export const EVENT_STOP_TICKS = 14
export const EVENT_EXPIRY_SECONDS = 15
/** Two 64-bit totals, in level, bestPrices and indication events. */
export const FIRST_TOTAL = 12
export const SECOND_TOTAL = 14

/** Largest price, in ticks, and largest quantity, in lots, that a record can hold. */
export const MAX_PRICE_TICKS = 2_147_483_647
export const MAX_LOTS = 2_147_483_647
/** Latest time, in seconds since 1970, that a record's expiry and the engine's clock can hold: in January 2038. */
export const MAX_SECONDS = 2_147_483_647
