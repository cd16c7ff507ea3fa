/**
 * Rows of the ledger, in one heap. Words count from the row, cells (64-bit floats that hold whole numbers) from half of it.
 *
 *  account, 32 words                  holding, 32 words                  order, 32 words
 *  word                               word                               word
 *   0  chain                           0  chain                           0  chain
 *   1  client                          1  client                          1  idLow
 *   2  -1                              2  instrument                      2  idHigh
 *   3  period   of the volume          3  trades    of the day            3  client
 *                                                                         4  instrument
 *                                                                         5  side
 *                                                                         6  priceTicks that cash is held at; 0: none
 *                                                                         7  openLots
 *                                                                         8  feePpm     that cash is held for
 *                                                                         9  tradedLots
 *  cell                               cell                               cell
 *   4  cash                            4  lots                            6  held       cash, wide
 *   6  held     of the cash, for buys  5  heldLots  for sells             8  traded     value, wide
 *   8  volume   of the period          6  bought    of the day
 *  10  fees     paid in all            7  sold      of the day
 *                                      8  paid      cash of the day, wide: below 0 if owed by the client
 *                                     10  fees      of the day, wide
 *
 * Cash, held, volume, fees, traded and paid are wide numbers (wide.ts) of money units. Day: since the latest settlement.
 */
export const LEDGER_ROW_WORDS = 32

export const ACCOUNT_PERIOD = 3
export const ACCOUNT_CASH = 4
export const ACCOUNT_HELD = 6
export const ACCOUNT_VOLUME = 8
export const ACCOUNT_FEES = 10

export const HOLDING_TRADES = 3
export const HOLDING_LOTS = 4
export const HOLDING_HELD = 5
export const HOLDING_BOUGHT = 6
export const HOLDING_SOLD = 7
export const HOLDING_PAID = 8
export const HOLDING_FEES = 10

export const ENTRY_ID_LOW = 1
export const ENTRY_ID_HIGH = 2
export const ENTRY_CLIENT = 3
export const ENTRY_INSTRUMENT = 4
export const ENTRY_SIDE = 5
export const ENTRY_PRICE = 6
export const ENTRY_OPEN = 7
export const ENTRY_PPM = 8
export const ENTRY_TRADED_LOTS = 9
export const ENTRY_HELD = 6
export const ENTRY_TRADED = 8
