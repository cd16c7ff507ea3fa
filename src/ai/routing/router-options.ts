/** What a router may do. A part that is left out is not done. */
export interface RouterOptions {
  /** Makes a resting order immediate-or-cancel at the collar where the model is that sure of its direction. */
  readonly urgency?: UrgencyOptions | undefined
  /** Only where the expected move pays for it. */
  readonly guard?: GuardOptions | undefined
  /** Halves orders that are riskier than that. */
  readonly halving?: { readonly riskScore: number } | undefined
  readonly sizing?: SizingOptions | undefined
}

export interface UrgencyOptions {
  /** The confidence must be above it. */
  readonly confidence: number
  /** How far from the last trade an urgent order may trade. */
  readonly collarTicks: number
}

export interface GuardOptions {
  /** What the expected move must exceed beyond half the spread: fees, and a margin for error. */
  readonly feeTicks: number
  readonly marginTicks: number
}

/** Orders are made smaller, never larger; with both, the smaller size holds. */
export interface SizingOptions {
  /**
   * Fractional Kelly: fraction x bankroll x expected edge / variance of a move, in lots. The bankroll is in units of
   * one tick of one lot, the edge what the guard calls it.
   */
  readonly kelly?:
    { readonly fraction: number; readonly bankrollUnits: number; readonly maxLots: number } | undefined
  /** As many lots as move by so many units (ticks x lots) in one deviation of a move. */
  readonly volatility?: { readonly targetUnits: number } | undefined
}

/** The rule asked for, with the guard beside it. */
export const DEFAULT_ROUTER = {
  urgency: { confidence: 0.8, collarTicks: 50 },
  guard: { feeTicks: 0, marginTicks: 0 },
  halving: { riskScore: 0.7 },
} satisfies RouterOptions
