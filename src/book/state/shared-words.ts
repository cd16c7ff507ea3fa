/**
 * What the compiled part of the engine (../kernel) and the rest both read and write, besides orders, levels and
 * instruments: one place near the beginning of the heap.
 *
 *  word
 *  16  orders       the pool of live orders, see memory/pool-words.ts
 *  20  levels       of price levels
 *  24  nodes        of the nodes that levels hang on
 *  28  buckets      of the id index, and their number less 1
 *  29  mask
 *  30  oldBuckets   the ones that are being carried over, 0 if none are; their number less 1; how many have been
 *  31  oldMask
 *  32  carried
 *  33  ids          in the index
 *  34  matchLow     match number of the latest trade: bits 0-31, and 32-47
 *  35  matchHigh
 *  36  known        instruments met so far
 *  37  blocks       table of their blocks
 *  38  isAnyKilled  1 if the kill switch is on for anyone
 *  39  auctions     instruments that are in one
 *  40  marketData   1 if level and best price events are wanted
 *  41  links        pairs of linked live orders
 *  42  openLots     where the kernel leaves off in the middle of an order: what of it is still open
 *  43  eventsTop    where the next event record goes, and where the room for them begins and ends
 *  44  eventsFrom
 *  45  eventsEnd
 *  46  firstEvent   of the command at work, counted from eventsFrom in words; kept if marketData is 1
 *  48  command      a single record, for the kernel to apply
 *  64  lookAhead    the kernel's own: orders that the next commands name
 */
export const SHARED_FROM = 16
export const SHARED_END = 96

export const ORDERS_POOL = 16
export const LEVELS_POOL = 20
export const NODES_POOL = 24
export const INDEX_BUCKETS = 28
export const INDEX_MASK = 29
export const INDEX_OLD = 30
export const INDEX_OLD_MASK = 31
export const INDEX_CARRIED = 32
export const INDEX_IDS = 33
export const MATCH_LOW_WORD = 34
export const MATCH_HIGH_WORD = 35
export const KNOWN_WORD = 36
export const BLOCKS_WORD = 37
export const IS_ANY_KILLED_WORD = 38
export const AUCTIONS_WORD = 39
export const MARKET_DATA_WORD = 40
export const LINKS_WORD = 41
export const OPEN_LOTS_LEFT = 42
export const EVENTS_TOP = 43
export const EVENTS_FROM = 44
export const EVENTS_END = 45
export const FIRST_EVENT = 46
export const COMMAND_AT = 48
export const LOOK_AHEAD_AT = 64
