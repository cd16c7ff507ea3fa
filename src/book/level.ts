/**
 * A price level: one slot of the level slab, 32 bytes.
 *
 *  word
 *   0  head        slot of the oldest order (in a free level: the next free one)
 *   1  tail        slot of the youngest order
 *   2  count       orders
 *   3  leaf        slot of the ladder node it hangs on
 *   4  priceTicks
 *   5  side        number of the ladder side
 *   6  totalLots   64-bit float holding a whole number: exact to 2^53
 */
export const LEVEL_WORDS = 8
export const LEVEL_HEAD = 0
export const LEVEL_TAIL = 1
export const LEVEL_COUNT = 2
export const LEVEL_LEAF = 3
export const LEVEL_PRICE_TICKS = 4
export const LEVEL_SIDE = 5

/** The same in 64-bit words. */
export const LEVEL_DOUBLES = 4
export const LEVEL_TOTAL = 3
