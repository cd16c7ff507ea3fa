import { BOTH_SIDES, CancelReason, EventKind, Side, TradingState } from '../../../src/book/record.ts'
import { cancelWhole, describeMarket } from './events.ts'
import type { Indication, Market } from './market.ts'
import { settle } from './match.ts'
import type { Order } from './order.ts'

const NOTHING: Indication = { priceTicks: 0, volumeLots: 0, surplusLots: 0, side: 0 }

export function isAuction(state: number): boolean {
  return state === TradingState.openingAuction || state === TradingState.closingAuction
}

/**
 * Trades the orders that cross at the auction price. Linked orders that were cancelled meanwhile may leave others
 * that still cross: those are traded in the same way, at a price of their own.
 */
export function auction(market: Market): void {
  for (;;) {
    const { priceTicks } = indicate(market)
    if (priceTicks === 0) return
    tradeAt(market, priceTicks)
  }
}

function tradeAt(market: Market, priceTicks: number): void {
  for (;;) {
    const [buy] = market.bids
    const [sell] = market.offers
    if (buy === undefined || sell === undefined) return
    if (buy.priceTicks < priceTicks || sell.priceTicks > priceTicks) return
    if (buy.partner === sell) cancelWhole(market, sell, CancelReason.linked)
    else {
      if (market.rules.bandTicks !== 0) market.bandCentreTicks = priceTicks
      settle(market, { taker: buy, maker: sell, priceTicks, side: BOTH_SIDES })
    }
  }
}

/** Publishes where an auction would trade now, when it begins and when that changes. */
export function publishIndication(market: Market): void {
  if (!isAuction(market.state)) return
  const [before, now] = [market.indication, indicate(market)]
  market.indication = now
  if (before !== undefined && JSON.stringify(before) === JSON.stringify(now)) return
  market.venue.events.push({ kind: EventKind.indication, ...describeMarket(market), ...now })
}

/** The price that trades the most, with the least surplus, nearest to the last price. */
function indicate({ bids, offers, lastTicks }: Market): Indication {
  if (bids.length === 0 || offers.length === 0 || bids[0]!.priceTicks < offers[0]!.priceTicks) return NOTHING
  // What would trade changes behind each bid and at each offer only: of all prices in between, those at the edges do.
  const behindBids = bids.flatMap(({ priceTicks }) => [priceTicks, priceTicks + 1])
  const beforeOffers = offers.flatMap(({ priceTicks }) => [priceTicks - 1, priceTicks])
  const edges = new Set([...behindBids, ...beforeOffers])
  const lowest = offers[0]!.priceTicks
  const highest = bids[0]!.priceTicks
  const prices = [...edges].filter((ticks) => ticks >= lowest && ticks <= highest)
  const outcomes = prices.map((priceTicks) => {
    const bought = sumOpen(bids.filter((order) => order.priceTicks >= priceTicks))
    const sold = sumOpen(offers.filter((order) => order.priceTicks <= priceTicks))
    return { priceTicks, volume: Math.min(bought, sold), surplus: bought - sold }
  })
  const volumeLots = Math.max(...outcomes.map(({ volume }) => volume))
  const most = outcomes.filter(({ volume }) => volume === volumeLots)
  const surplusLots = Math.min(...most.map(({ surplus }) => Math.abs(surplus)))
  const best = most
    .filter(({ surplus }) => Math.abs(surplus) === surplusLots)
    .map(({ priceTicks }) => priceTicks)
  // These are neighbours, as the surplus of buys only falls with the price: every price between them is as good.
  const [from, to] = [Math.min(...best), Math.max(...best)]
  const priceTicks = lastTicks === 0 ? Math.floor((from + to) / 2) : Math.min(Math.max(lastTicks, from), to)
  const surplus =
    sumOpen(bids.filter((order) => order.priceTicks >= priceTicks)) -
    sumOpen(offers.filter((order) => order.priceTicks <= priceTicks))
  return { priceTicks, volumeLots, surplusLots, side: surplus < 0 ? Side.sell : Side.buy }
}

function sumOpen(orders: readonly Order[]): number {
  return orders.reduce((sum, { openLots }) => sum + openLots, 0)
}
