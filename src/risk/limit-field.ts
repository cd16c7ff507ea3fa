/** What a limit is about. Stable numbers, as they stand in command records and snapshots. */
export const LimitField = {
  killSwitch: 1,
  tradingState: 2,
  allowed: 3,
  maxOrderLots: 4,
  maxNotional: 5,
  collarTicks: 6,
  collarBestTicks: 7,
  collarReferenceTicks: 8,
  staleAfterSeconds: 9,
  staleAfterCommands: 10,
  rejectStale: 11,
  maxPositionLots: 12,
  maxGrossExposure: 13,
  maxNetExposure: 14,
  maxDailyLoss: 15,
  messagesPerSecond: 16,
  messageBurst: 17,
  maxOrderToTrade: 18,
  orderToTradeAllowance: 19,
  duplicateSeconds: 20,
  duplicateCommands: 21,
  rejectSelfTrade: 22,
  requireProtection: 23,
} as const
export type LimitName = keyof typeof LimitField

/** Cells of a row of limits: one for each field, and the one at 0 that none uses. */
export const LIMIT_CELLS = 24

export const LIMIT_NAMES = Object.keys(LimitField) as readonly LimitName[]

/** Those that are amounts of money, and written as decimals. */
export const MONEY_FIELDS: ReadonlySet<number> = new Set([
  LimitField.maxNotional,
  LimitField.maxGrossExposure,
  LimitField.maxNetExposure,
  LimitField.maxDailyLoss,
])

/** Those that are yes or no: 1 or 0. */
export const FLAG_FIELDS: ReadonlySet<number> = new Set([
  LimitField.killSwitch,
  LimitField.allowed,
  LimitField.rejectStale,
  LimitField.rejectSelfTrade,
  LimitField.requireProtection,
])

/** Trading states of risk, by how much they forbid. */
export const RiskState = { active: 0, reduceOnly: 1, halted: 2 } as const
export const RISK_STATES = { active: 0, 'reduce-only': 1, halted: 2 } as const
export type RiskStateName = keyof typeof RISK_STATES

/** Limits as people write them; those left out are not checked. docs/risk.md says what each means. */
export interface RiskLimits {
  /** Refuses every new order, amend and replace. */
  readonly killSwitch?: boolean | undefined
  readonly tradingState?: RiskStateName | undefined
  /** Whether the instrument may be traded. */
  readonly allowed?: boolean | undefined
  /** Largest quantity, in lots. */
  readonly maxOrderLots?: number | undefined
  /** Largest price times quantity, as a decimal amount in the currency of the price. */
  readonly maxNotional?: string | undefined
  /** How far a price may be from the last trade, either way, in ticks. */
  readonly collarTicks?: number | undefined
  /** How far beyond the best price of the other side a price may be, in ticks. */
  readonly collarBestTicks?: number | undefined
  /** How far a price may be from the reference price, either way, in ticks. */
  readonly collarReferenceTicks?: number | undefined
  /** When the last trade is too old for the collar: in seconds of the log, in commands. */
  readonly staleAfterSeconds?: number | undefined
  readonly staleAfterCommands?: number | undefined
  /** Refuses orders that the collar has no fresh price for. */
  readonly rejectStale?: boolean | undefined
  /** Largest position, long or short, if all open orders of a side trade. */
  readonly maxPositionLots?: number | undefined
  /** Largest sum of the values of positions, whichever their side, at worst. */
  readonly maxGrossExposure?: string | undefined
  /** Largest value of long less short positions, or short less long, at worst. */
  readonly maxNetExposure?: string | undefined
  /** Largest loss since the day began, realised and unrealised. */
  readonly maxDailyLoss?: string | undefined
  /** Token bucket of new orders, amends, replaces and cancels: how many a second, and how many at once. */
  readonly messagesPerSecond?: number | undefined
  readonly messageBurst?: number | undefined
  /** Messages for each trade of the day, beyond the allowance (100 unless told otherwise). */
  readonly maxOrderToTrade?: number | undefined
  readonly orderToTradeAllowance?: number | undefined
  /** For how long an order must not come again just as the client's order before: in seconds, in commands. */
  readonly duplicateSeconds?: number | undefined
  readonly duplicateCommands?: number | undefined
  /** Refuses an order that would trade with one of its own client. */
  readonly rejectSelfTrade?: boolean | undefined
  /** Refuses market orders, and stops that become one, without a protection price. */
  readonly requireProtection?: boolean | undefined
}
