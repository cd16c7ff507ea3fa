import { EventKind, Side } from '../../../src/book/record.ts'
import { describeMarket } from './events.ts'
import type { Level, Market } from './market.ts'

export interface Displayed {
  readonly bids: readonly Level[]
  readonly offers: readonly Level[]
}

export function displayedOf(market: Market): Displayed {
  return { bids: market.levels(Side.buy), offers: market.levels(Side.sell) }
}

/** Publishes the levels that a command has changed, and the best prices if it has changed them. */
export function publishChanges(market: Market, before: Displayed): void {
  const after = displayedOf(market)
  publishSide(market, Side.buy, before.bids, after.bids)
  publishSide(market, Side.sell, before.offers, after.offers)
  const best = bestOf(after)
  if (JSON.stringify(best) === JSON.stringify(bestOf(before))) return
  const prices = { priceTicks: best.bidTicks, lots: best.offerTicks }
  market.venue.events.push({ kind: EventKind.bestPrices, ...describeMarket(market), ...prices, ...best })
}

function publishSide(market: Market, side: number, before: readonly Level[], after: readonly Level[]): void {
  const prices = [...new Set([...before, ...after].map(({ priceTicks }) => priceTicks))]
  prices.sort((a, b) => (side === Side.buy ? b - a : a - b))
  for (const priceTicks of prices) {
    const [old, now] = [before, after].map((levels) =>
      levels.find((level) => level.priceTicks === priceTicks),
    )
    if (old?.lots === now?.lots && old?.orders === now?.orders) continue
    const orders = now?.orders ?? 0
    const fields = { ...describeMarket(market), side, priceTicks, openLots: orders }
    market.venue.events.push({ kind: EventKind.level, ...fields, orders, totalLots: now?.lots ?? 0 })
  }
}

function bestOf({ bids, offers }: Displayed) {
  const [bid, offer] = [bids[0], offers[0]]
  return {
    bidTicks: bid?.priceTicks ?? 0,
    offerTicks: offer?.priceTicks ?? 0,
    bidLots: bid?.lots ?? 0,
    offerLots: offer?.lots ?? 0,
  }
}
