/**
 * A view of order books in a file, for whoever wants to look and never to touch. Words are 32 bits.
 *
 *  word  byte  header
 *     0     0  magic         "MRbk"
 *     1     4  version       of this layout
 *     2     8  pages         instruments that there is room for
 *     3    12  levels        of each side
 *     4    16  page words    a multiple of 32
 *     5    20  instruments   with a page
 *     6    24  left out      instruments that there was no room for
 *    12    48  who writes: the first six words that a ring has for its peers
 *    32   128  pages, one behind the other
 *
 *  word  byte  page of an instrument
 *     0     0  version       odd while the page is written; 0 before the first time
 *     1     4  checksum      of all words behind it
 *     2     8  state         a TradingState
 *     3    12  bids          levels in use
 *     4    16  offers
 *     5    20  lastTicks     of the latest trade; the reference price, or 0, before it
 *     6    24  lastLots      0 before the first trade since the view was opened
 *     8    32  sequence      f64, of the latest command that changed something here
 *    10    40  bidLots       f64, sum of the levels
 *    12    48  offerLots     f64
 *    14    56  bidOrders     sum of the levels
 *    15    60  offerOrders
 *    16    64  tick          8 words of text, UTF-8, filled up with zeros
 *    24    96  lot           8 words
 *    32   128  symbol        16 words
 *    48   192  bids, best first, each { i32 priceTicks; i32 orders; f64 lots }, then offers
 */
export const VIEW_MAGIC = 0x6b62_524d
export const VIEW_VERSION = 1

export const MAGIC = 0
export const VERSION = 1
export const PAGES = 2
export const LEVELS = 3
export const PAGE_WORDS = 4
export const INSTRUMENTS = 5
export const LEFT_OUT = 6
export const HEADER_WORDS = 32

export const PAGE_VERSION = 0
export const CHECKSUM = 1
export const STATE = 2
export const BIDS = 3
export const OFFERS = 4
export const LAST_TICKS = 5
export const LAST_LOTS = 6
export const SEQUENCE = 8
export const BID_LOTS = 10
export const OFFER_LOTS = 12
export const BID_ORDERS = 14
export const OFFER_ORDERS = 15
export const TICK = 16
export const LOT = 24
export const SYMBOL = 32
export const FIRST_LEVEL = 48
export const TEXT_WORDS = 8
export const SYMBOL_WORDS = 16
export const LEVEL_WORDS = 4

const LINE_WORDS = 32

export function pageWords(levels: number): number {
  return Math.ceil((FIRST_LEVEL + 2 * levels * LEVEL_WORDS) / LINE_WORDS) * LINE_WORDS
}

export function viewBytes(pages: number, levels: number): number {
  return (HEADER_WORDS + pages * pageWords(levels)) * 4
}

/** FNV-1a over the words of a page behind its checksum. */
export function pageChecksum(words: Int32Array, page: number, count: number): number {
  let hash = 0x811c_9dc5
  for (let at = page + STATE; at < page + count; at++) hash = Math.imul(hash ^ words[at]!, 0x0100_0193)
  return hash | 0
}
