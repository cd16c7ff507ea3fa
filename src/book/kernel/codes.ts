// Numbers of ../record.ts and ../reject-code.ts, which gathers them in objects that this compiler does not know.
// test/book/kernel/codes.test.ts compares them.

export const COMMAND_NEW = 1
export const COMMAND_CANCEL = 2

export const EVENT_ACCEPTED = 1
export const EVENT_TRADE = 3
export const EVENT_CANCELLED = 4
export const EVENT_LEVEL = 10
export const EVENT_BEST_PRICES = 11

export const TYPE_MARKET = 2

export const TIME_IOC = 2
export const TIME_FOK = 3

export const REASON_USER = 1
export const REASON_IOC = 2
export const REASON_FOK = 3
export const REASON_NO_LIQUIDITY = 4
export const REASON_BOOK_FULL = 5

export const BUY = 0
export const SELL = 1

export const ANY_INSTRUMENT = -1
