/**
 * What is special about a live order: one that waits for a stop price, is hidden or an iceberg, expires, or is linked.
 *
 *  word
 *   0  displayLots    how much of an iceberg shows at a time (in a free slot: the next free one)
 *   1  shownLots      how much of it shows now
 *   2  stopTicks      trigger price while it waits
 *   3  trailTicks     distance of a trailing stop
 *   4  expirySeconds  of a good-till-date order
 *   5  partner        the order it is linked with
 *   6  isWaiting      1 while it waits for its stop price
 *   7  isHidden       1 if it shows nothing
 *   8  expiryNext     the next order with the same expiry, the one before, and their level
 *   9  expiryPrevious
 *  10  expiryLevel
 *  11  trailNext      the next waiting trailing stop of the instrument, and the one before
 *  12  trailPrevious
 */
export const TERMS_WORDS = 16

export const TERMS_DISPLAY_LOTS = 0
export const TERMS_SHOWN_LOTS = 1
export const TERMS_STOP_TICKS = 2
export const TERMS_TRAIL_TICKS = 3
export const TERMS_EXPIRY_SECONDS = 4
export const TERMS_PARTNER = 5
export const TERMS_IS_WAITING = 6
export const TERMS_IS_HIDDEN = 7
export const TERMS_EXPIRY_NEXT = 8
export const TERMS_EXPIRY_PREVIOUS = 9
export const TERMS_EXPIRY_LEVEL = 10
export const TERMS_TRAIL_NEXT = 11
export const TERMS_TRAIL_PREVIOUS = 12
