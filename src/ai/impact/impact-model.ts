import type { BookFeed } from '../features/book-feed.ts'
import type { ModelFile } from '../models/model-file.ts'

/** Seconds over which moves are squared to get the deviation of the stream so far, as the law was fitted. */
const BIN_NS = 10e9

/** What an order is expected to do to the price, by three ways of reckoning; ticks, above 0 against the order. */
export interface ImpactEstimate {
  /** Mean price paid beyond the best if it took the book as it stands; what the book cannot fill costs its last price. */
  readonly walkTicks: number
  /** Lots over the depth of one side, times what order flow goes with (Cont, Kukanov, Stoikov 2014). */
  readonly flowTicks: number
  /** Y x deviation x sqrt(lots / volume), both of the stream so far (Almgren and others 2005). */
  readonly rootTicks: number
}

/** A price level to take from. */
export interface Level {
  readonly priceTicks: number
  readonly lots: number
}

/** Volume and deviation of one instrument so far. */
interface Activity {
  volumeLots: number
  squares: number
  binEndsNs: number
  binMid: number
  mid: number
}

/** Estimates the market impact of orders, with coefficients that training fitted and what the stream has shown so far. */
export class ImpactModel implements BookFeed {
  private readonly coefficients: ModelFile['impact']
  private readonly activities: (Activity | undefined)[]

  constructor(coefficients: ModelFile['impact']) {
    this.coefficients = coefficients
    this.activities = []
  }

  observe(
    instrument: number,
    bidTicks: number,
    _bidLots: number,
    offerTicks: number,
    _offerLots: number,
    signedLots: number,
    timeNs: number,
  ): void {
    const mid = (bidTicks + offerTicks) / 2
    const activity = (this.activities[instrument] ??= {
      volumeLots: 0,
      squares: 0,
      binEndsNs: timeNs + BIN_NS,
      binMid: mid,
      mid,
    })
    activity.volumeLots += Math.abs(signedLots)
    if (timeNs >= activity.binEndsNs) {
      activity.squares += (activity.mid - activity.binMid) ** 2
      activity.binMid = activity.mid
      activity.binEndsNs = timeNs + BIN_NS
    }
    activity.mid = mid
  }

  /** Lots traded so far. */
  volumeLots(instrument: number): number {
    return this.activities[instrument]?.volumeLots ?? 0
  }

  /**
   * @param levels of the side that the order takes from, best first
   * @param depthLots lots at the best price of one side, on average
   */
  estimate(instrument: number, lots: number, levels: readonly Level[], depthLots: number): ImpactEstimate {
    const { perOrderFlow, squareRoot } = this.coefficients
    const activity = this.activities[instrument]
    const deviation = activity === undefined ? 0 : Math.sqrt(activity.squares)
    const volume = Math.max(activity?.volumeLots ?? 0, lots)
    return {
      walkTicks: walk(lots, levels),
      flowTicks: depthLots > 0 ? (perOrderFlow * lots) / depthLots : 0,
      rootTicks: squareRoot * deviation * Math.sqrt(lots / volume),
    }
  }
}

/** The estimate that decides: the worst of the three. */
export function worstTicks({ walkTicks, flowTicks, rootTicks }: ImpactEstimate): number {
  return Math.max(walkTicks, flowTicks, rootTicks)
}

function walk(lots: number, levels: readonly Level[]): number {
  const best = levels[0]?.priceTicks ?? 0
  let left = lots
  let cost = 0
  let last = best
  for (const { priceTicks, lots: there } of levels) {
    const taken = Math.min(left, there)
    cost += taken * Math.abs(priceTicks - best)
    left -= taken
    last = priceTicks
    if (left === 0) break
  }
  cost += left * Math.abs(last - best)
  return cost / lots
}

/**
 * The most lots whose impact stays within a bound: at least 1. The impact must not fall as lots rise.
 * @param impactOf ticks that so many lots move the price by
 */
export function lotsWithin(boundTicks: number, lots: number, impactOf: (lots: number) => number): number {
  if (impactOf(lots) <= boundTicks) return lots
  let within = 1
  let beyond = lots
  while (beyond - within > 1) {
    const middle = Math.floor((within + beyond) / 2)
    if (impactOf(middle) <= boundTicks) within = middle
    else beyond = middle
  }
  return within
}
