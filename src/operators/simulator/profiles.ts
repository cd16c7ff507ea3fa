/**
 * The terms of a simulated order flow. Rates are those of Cont, Stoikov, Talreja (2010), 'A stochastic model for
 * order book dynamics': events in one unit of the model's time, by distance from the opposite best price. A distance
 * is a band of `bandTicks` ticks, counted from 1: a limit order at distance 1 with bands of one tick makes the
 * spread one tick.
 */
export interface FlowProfile {
  /** Limit orders on each side, at distances 1, 2 and so on; then a power law as far as `limitDistances`. */
  readonly limitRates: readonly number[]
  readonly limitDistances: number
  /** Exponent of the power law that limit orders thin out with beyond the last of `limitRates`. */
  readonly limitExponent: number
  /** Market orders on each side. */
  readonly marketRate: number
  /** Cancels of each live order at distances 1, 2 and so on; the last holds for all beyond. */
  readonly cancelRates: readonly number[]
  /** How much longer than by `cancelRates` an order lives: what makes queues at the best price long. */
  readonly patience: number
  readonly bandTicks: number
  /** Units of the model's time in a second, for the busiest instrument. */
  readonly timeScale: number
  /** Arrivals that one arrival leads to on average (Hawkes 1971), below 1: the busiest seconds follow busy ones. */
  readonly branching: number
  /** How fast an arrival's influence fades: it is 1/e of what it was after 1 / `decayPerSecond` seconds. */
  readonly decayPerSecond: number
  /** Of all commands. Half lower the quantity, half change the price. */
  readonly amendShare: number
  /** Of limit orders: immediate-or-cancel and fill-or-kill, at the opposite best price. */
  readonly iocShare: number
  readonly fokShare: number
  /** Of all quantities: 1 to 99 lots. The others are whole hundreds, each hundred more half as likely. */
  readonly oddLotShare: number
  /** How far the mid price strays from where it began before the flow leans against it with full strength. */
  readonly wanderTicks: number
}

/**
 * Cont, Stoikov, Talreja (2010), section 2.2: rates for five distances and the exponent of the power law fitted to
 * them. Hawkes branching near 0.8 is what gives counts as uneven as those of real order flow.
 */
const CONT_STOIKOV_TALREJA = {
  limitRates: [1.85, 1.51, 1.09, 0.88, 0.77],
  limitExponent: 0.52,
  marketRate: 0.94,
  cancelRates: [0.71, 0.81, 0.68, 0.56, 0.47],
  branching: 0.8,
  amendShare: 0.03,
  iocShare: 0.02,
  fokShare: 0.01,
}

/** What a profile may be called. */
export type ProfileName = 'nasdaq-large-tick' | 'nasdaq-small-tick'

/** The first is the default. */
export const FLOW_PROFILES: Readonly<Record<ProfileName, FlowProfile>> = {
  /** The tick is large beside the price, as in Intel or Microsoft: the spread is one tick and queues are long. */
  'nasdaq-large-tick': {
    ...CONT_STOIKOV_TALREJA,
    limitDistances: 15,
    patience: 5,
    bandTicks: 1,
    timeScale: 0.5,
    decayPerSecond: 50,
    oddLotShare: 0.25,
    wanderTicks: 2_000,
  },
  /** The tick is small beside the price, as in Amazon: the spread is several ticks and orders are small and odd. */
  'nasdaq-small-tick': {
    ...CONT_STOIKOV_TALREJA,
    limitDistances: 15,
    patience: 2,
    bandTicks: 4,
    timeScale: 0.3,
    decayPerSecond: 100,
    oddLotShare: 0.6,
    wanderTicks: 5_000,
  },
}
