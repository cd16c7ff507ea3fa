import type { SizingOptions } from './router-options.ts'

/**
 * The most lots that position sizing allows an order.
 *
 * Kelly (1956, 'A new interpretation of information rate'): the growth of log wealth of n lots of an edge m with
 * deviation s over a bankroll B is about n m / B - n^2 s^2 / (2 B^2), largest at n = B m / s^2. A fraction of that is
 * taken because m and s are estimates; without an edge the order keeps one lot.
 * @param edgeTicks expected move in the order's direction less what it costs to trade
 * @param deviationTicks of a move, above 0
 */
export function sizedLots(
  lots: number,
  { kelly, volatility }: SizingOptions,
  edgeTicks: number,
  deviationTicks: number,
): number {
  let most = lots
  if (kelly !== undefined) {
    const edge = edgeTicks > 0 ? edgeTicks : 0
    const optimal = (kelly.fraction * kelly.bankrollUnits * edge) / (deviationTicks * deviationTicks)
    most = Math.min(most, kelly.maxLots, Math.floor(optimal))
  }
  if (volatility !== undefined) most = Math.min(most, Math.floor(volatility.targetUnits / deviationTicks))
  return most < 1 ? 1 : most
}
