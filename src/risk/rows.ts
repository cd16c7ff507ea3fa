/**
 * Rows of the risk state, in one heap: 128 bytes each. Words count from the row, cells (64-bit floats that only hold whole
 * numbers) from half of it.
 *
 *  position: of a client in an instrument        client
 *  word                                          word
 *   0  chain        of its index                  0  chain
 *   1  client                                     1  client
 *   2  instrument                                 2  -1
 *   3  next         the client's next position    3  first       its first position
 *   4  limits       row of its own limits, or 0   4  limits
 *   5  lastSequence of its latest order, low half 5  tripped     a RiskState set by a breach or breaker
 *   6  day          that dayBase is of            6  tripCode    the reject code that led to it
 *   7  lastHead     of its latest order           7  day         that messages and trades are of
 *   8  lastPrice
 *   9  lastLots
 *  10  lastStop
 *  cell                                          cell
 *   6  lastTime     of its latest order           5  trippedUntil   time of the log; Infinity: until a reset
 *   7  lots         above 0 if long               6  tokens         of its bucket, UNITS_PER_SECOND each
 *   8  openBuyLots                                7  tokensAt       time of the log; -1: the bucket is full
 *   9  openSellLots                               8  messages       of the day
 *  10  cost         of the lots, signed as they   9  trades         of the day
 *  12  realised                                  10  rejects        in the breaker's window
 *  14  dayBase      profit when the day began    11  rejectWindow
 *
 * Cost, realised and dayBase are wide numbers (wide.ts) of ticks times lots.
 */
export const ROW_WORDS = 32

export const POSITION_NEXT = 3
export const POSITION_LIMITS = 4
export const POSITION_LAST_SEQUENCE = 5
export const POSITION_DAY = 6
export const POSITION_LAST_HEAD = 7
export const POSITION_LAST_PRICE = 8
export const POSITION_LAST_LOTS = 9
export const POSITION_LAST_STOP = 10

export const POSITION_LAST_TIME = 6
export const POSITION_LOTS = 7
export const POSITION_OPEN_BUY = 8
export const POSITION_OPEN_SELL = 9
export const POSITION_COST = 10
export const POSITION_REALISED = 12
export const POSITION_DAY_BASE = 14

export const CLIENT_FIRST = 3
export const CLIENT_LIMITS = 4
export const CLIENT_TRIPPED = 5
export const CLIENT_TRIP_CODE = 6
export const CLIENT_DAY = 7

export const CLIENT_TRIPPED_UNTIL = 5
export const CLIENT_TOKENS = 6
export const CLIENT_TOKENS_AT = 7
export const CLIENT_MESSAGES = 8
export const CLIENT_TRADES = 9
export const CLIENT_REJECTS = 10
export const CLIENT_REJECT_WINDOW = 11
