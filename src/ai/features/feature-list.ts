/**
 * The features of a prediction, in the order of a feature vector. Events are observations that changed the best prices
 * or their lots, or traded. Lots are of the instrument, prices in its ticks.
 *
 *  queueImbalance      (bid lots - offer lots) / (bid lots + offer lots)   Gould and Bonart 2016
 *  micropriceTicks     microprice minus mid: half the spread times the queue imbalance   Stoikov 2018
 *  spreadTicks
 *  orderFlow10/50/200  order flow imbalance of so many events, over their mean depth   Cont, Kukanov, Stoikov 2014
 *  midMove10/50        how far the mid went in so many events, in ticks
 *  volatility50        root of the sum of squared mid moves of 50 events, in ticks
 *  logDepth            log(1 + bid lots + offer lots)
 *  lastTradeSign       1 where the last trade's aggressor bought, -1 where it sold, 0 before the first
 *  signedVolume10/50   signed lots traded in so many events, over their mean depth
 *  logDuration10       log(1 + microseconds that 10 events took)
 *  logEventsSinceMove  log(1 + events since the mid moved)
 *  lastMove            1 where the mid's last move was up, -1 where it was down, 0 before the first
 */
export const FEATURES = [
  'queueImbalance',
  'micropriceTicks',
  'spreadTicks',
  'orderFlow10',
  'orderFlow50',
  'orderFlow200',
  'midMove10',
  'midMove50',
  'volatility50',
  'logDepth',
  'lastTradeSign',
  'signedVolume10',
  'signedVolume50',
  'logDuration10',
  'logEventsSinceMove',
  'lastMove',
] as const

export type FeatureName = (typeof FEATURES)[number]

/** Numbers in a feature vector. */
export const FEATURE_COUNT = FEATURES.length

/** Where a feature stands in a feature vector. */
export function featureIndex(name: FeatureName): number {
  return FEATURES.indexOf(name)
}

/** Events that an instrument must have seen before its features are worth anything: the longest window. */
export const WARM_EVENTS = 200
