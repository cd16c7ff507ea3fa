/**
 * The state of one instrument: 256 bytes in the heap.
 *
 *  word
 *   0  bids          a ladder side of 8 words each, of which the last two are free, see ladder-layout.ts
 *   6  maxLots       largest order
 *   7  care          0 while new orders need nothing but matching, else Care bits
 *   8  offers
 *  14  minPriceTicks lowest and highest price of an order
 *  15  maxPriceTicks
 *  16  sell stops    highest stop price first
 *  24  buy stops     lowest first
 *  32  lastTicks     price of the latest trade, or the reference price
 *  33  state         TradingState
 *  35  bandTicks     half the width of the price band, and its centre (0: none yet)
 *  36  centreTicks
 *  37  pauseUntil    in seconds; 0 if no pause will end by itself
 *  38  waiting       stops that wait
 *  39  trailHead     first waiting trailing stop
 *  40  number        of the instrument
 *  41  selfTrade     for orders that do not say
 *  42  indication    price last published, and the side of its surplus; -1 before the first
 *  43  surplusSide
 *  44  volumeLots    64-bit floats, as the next
 *  46  surplusLots
 *  48  bidTicks      best prices last published
 *  49  offerTicks
 *  50  bidLots       64-bit floats, as the next
 *  52  offerLots
 */
export const BLOCK_WORDS = 64

export const BLOCK_BIDS = 0
export const BLOCK_MAX_LOTS = 6
export const BLOCK_CARE = 7
export const BLOCK_OFFERS = 8
export const BLOCK_MIN_PRICE_TICKS = 14
export const BLOCK_MAX_PRICE_TICKS = 15
export const BLOCK_SELL_STOPS = 16
export const BLOCK_BUY_STOPS = 24
export const BLOCK_LAST_TICKS = 32
export const BLOCK_STATE = 33
export const BLOCK_BAND_TICKS = 35
export const BLOCK_CENTRE_TICKS = 36
export const BLOCK_PAUSE_UNTIL = 37
export const BLOCK_WAITING = 38
export const BLOCK_TRAIL_HEAD = 39
export const BLOCK_NUMBER = 40
export const BLOCK_SELF_TRADE = 41
export const BLOCK_INDICATION = 42
export const BLOCK_SURPLUS_SIDE = 43
export const BLOCK_BID_TICKS = 48
export const BLOCK_OFFER_TICKS = 49

/** In 64-bit words, from half the block's address. */
export const BLOCK_VOLUME = 22
export const BLOCK_SURPLUS = 23
export const BLOCK_BID_LOTS = 25
export const BLOCK_OFFER_LOTS = 26
