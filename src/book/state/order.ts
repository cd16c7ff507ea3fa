/**
 * A live order: 64 bytes, one cache line. It rests in the queue of a price level, or waits in that of a stop price.
 *
 *  word
 *   0  next          the order behind it in its level, of the last one the level (in a free slot: the next free one)
 *   1  previous      the order ahead of it, of the first one the level
 *   2  level         its level
 *   3  openLots      what is left to trade; 0 in a free slot
 *   4  idLow         the order id, low and high half
 *   5  idHigh
 *   6  client
 *   7  head          kind (none), side, order type, time in force, as in the record
 *   8  totalLots     what it asked for in all: totalLots - openLots is what has traded
 *   9  priceTicks
 *  10  instrument
 *  11  sequenceLow   of the command that put it at the end of its queue: its time priority
 *  12  sequenceHigh
 *  13  terms         see terms.ts; NONE for an order with nothing special about it
 *  14  flags         OrderFlag bits, as it came with
 *  15  chain         the next order of the same bucket of the id index, as a link: see ../kernel/index.ts
 */
export const ORDER_WORDS = 16

export const ORDER_NEXT = 0
export const ORDER_PREVIOUS = 1
export const ORDER_LEVEL = 2
export const ORDER_OPEN_LOTS = 3
export const ORDER_ID_LOW = 4
export const ORDER_ID_HIGH = 5
export const ORDER_CLIENT = 6
export const ORDER_HEAD = 7
export const ORDER_TOTAL_LOTS = 8
export const ORDER_PRICE_TICKS = 9
export const ORDER_INSTRUMENT = 10
export const ORDER_SEQUENCE = 11
export const ORDER_TERMS = 13
export const ORDER_FLAGS = 14
export const ORDER_CHAIN = 15
