/** How much each part weighs. */
const SIZE = 0.4
const VOLATILITY = 0.2
const AGAINST = 0.4

/**
 * A risk score from 0 to 1 for an order, where no other is given: 0.4 size + 0.2 volatility + 0.4 against, so that it
 * never falls when one of its parts rises.
 *
 * size        lots / (lots + lots at both best prices)
 * volatility  v / (v + half the spread), v the deviation of the mid in an event, in ticks
 * against     chance of a move against the order less 1/2, doubled; 0 if it is below
 *
 * @param chanceAgainst 0 where nothing is predicted
 */
export function plainRiskScore(
  lots: number,
  depthLots: number,
  volatilityTicks: number,
  spreadTicks: number,
  chanceAgainst: number,
): number {
  const size = lots <= 0 ? 0 : lots / (lots + depthLots)
  const volatility = volatilityTicks <= 0 ? 0 : volatilityTicks / (volatilityTicks + spreadTicks / 2)
  const against = chanceAgainst <= 0.5 ? 0 : 2 * chanceAgainst - 1
  return SIZE * size + VOLATILITY * volatility + AGAINST * against
}
