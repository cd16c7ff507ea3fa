/**
 * Rows of the risk state, in one heap: 128 bytes each, of which summing up a client's positions reads the first 64. Words
 * count from the row, cells (64-bit floats that only hold whole numbers) from half of it.
 *
 *  position: of a client in an instrument        client
 *  word                                          word
 *   0  chain        of its index                  0  chain
 *   1  client                                     1  client
 *   2  instrument                                 2  -1
 *   3  limits       row of its own limits, or 0   3  limits
 *   4  day          that dayBase is of            4  day         that messages and trades are of
 *   5  lastSequence of its latest order, low half 5  tripped     a RiskState set by a breach or breaker
 *  14  lastHead     of its latest order           6  tripCode    the reject code that led to it
 *  15  lastPrice                                  7  capacity    positions that its block has room for
 *  16  lastLots                                   8  positions   how many it has
 *  17  lastStop
 *  cell                                          cell
 *   3  lots         above 0 if long               5  trippedUntil   time of the log; Infinity: until a reset
 *   4  openBuyLots                                6  tokens         of its bucket, UNITS_PER_SECOND each
 *   5  openSellLots                               7  tokensAt       time of the log; -1: the bucket is full
 *   6  offset       realised - cost - dayBase,    8  messages       of the day
 *                   NaN where 52 bits are not     9  trades         of the day
 *                   enough for it                10  rejects        in the breaker's window
 *   9  lastTime     of its latest order          11  rejectWindow
 *  10  cost         of the lots, signed as they
 *  12  realised
 *  14  dayBase      profit when the day began
 *
 * Cost, realised and dayBase are wide numbers (wide.ts) of ticks times lots.
 *
 * A client's positions stand behind it, one after the other. Those of a client with few of them have no chain.
 */
export const ROW_WORDS = 32

export const POSITION_LIMITS = 3
export const POSITION_DAY = 4
export const POSITION_LAST_SEQUENCE = 5
export const POSITION_LAST_HEAD = 14
export const POSITION_LAST_PRICE = 15
export const POSITION_LAST_LOTS = 16
export const POSITION_LAST_STOP = 17

export const POSITION_LOTS = 3
export const POSITION_OPEN_BUY = 4
export const POSITION_OPEN_SELL = 5
export const POSITION_OFFSET = 6
export const POSITION_LAST_TIME = 9
export const POSITION_COST = 10
export const POSITION_REALISED = 12
export const POSITION_DAY_BASE = 14

export const CLIENT_LIMITS = 3
export const CLIENT_DAY = 4
export const CLIENT_TRIPPED = 5
export const CLIENT_TRIP_CODE = 6
export const CLIENT_CAPACITY = 7
export const CLIENT_POSITIONS = 8

export const CLIENT_TRIPPED_UNTIL = 5
export const CLIENT_TOKENS = 6
export const CLIENT_TOKENS_AT = 7
export const CLIENT_MESSAGES = 8
export const CLIENT_TRADES = 9
export const CLIENT_REJECTS = 10
export const CLIENT_REJECT_WINDOW = 11
