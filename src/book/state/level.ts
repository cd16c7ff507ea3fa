/**
 * A price level, or that of a stop price: 64 bytes.
 *
 *  word
 *   0  head          first order to trade (in a free level: the next free one)
 *   1  tail          last one. With head and tail where an order has next and previous, the queue is a ring that the
 *                    level closes, and no order of it is a special case
 *   2  count         orders, hidden ones too
 *   3  leaf          ladder node it hangs on
 *   4  priceTicks
 *   5  side          the ladder side
 *   6  shownLots     64-bit float holding a whole number: exact to 2^53
 *   8  concealedLots the same: hidden orders and what icebergs hold back
 *  10  hiddenHead    first hidden order: from there on, all of the queue is hidden
 *  11  hiddenCount
 *  12  touched       where market-data.ts noted it, plus 1
 */
export const LEVEL_WORDS = 16

export const LEVEL_HEAD = 0
export const LEVEL_TAIL = 1
export const LEVEL_COUNT = 2
export const LEVEL_LEAF = 3
export const LEVEL_PRICE_TICKS = 4
export const LEVEL_SIDE = 5
export const LEVEL_HIDDEN_HEAD = 10
export const LEVEL_HIDDEN_COUNT = 11
export const LEVEL_TOUCHED = 12

/** In 64-bit words, from half the level's address. */
export const LEVEL_SHOWN = 3
export const LEVEL_CONCEALED = 4
