import { NONE } from '../../memory/heap.ts'
import type { EngineState } from '../state/engine-state.ts'
import { writeAuctionTrade } from './event-writer.ts'
import {
  BLOCK_BAND_TICKS,
  BLOCK_BIDS,
  BLOCK_CENTRE_TICKS,
  BLOCK_LAST_TICKS,
  BLOCK_OFFERS,
} from '../state/instrument-block.ts'
import { LEVEL_CONCEALED, LEVEL_HEAD, LEVEL_PRICE_TICKS, LEVEL_SHOWN } from '../state/level.ts'
import { tradedAt } from './last-price.ts'
import { cancelOrder, fill, fillableLots } from './match-with-care.ts'
import { ORDER_TERMS } from '../state/order.ts'
import { nextLevel, SIDE_BEST } from '../state/price-ladder.ts'
import { CancelReason } from '../record.ts'
import { TERMS_PARTNER } from '../state/terms.ts'

/** Where an auction would trade: a price of 0 if nothing would. A surplus above 0 is of buy orders. */
export interface AuctionResult {
  readonly priceTicks: number
  readonly volumeLots: number
  readonly surplusLots: number
}

interface Step {
  readonly priceTicks: number
  readonly lots: number
}

/**
 * The auction price: the most volume, then the least surplus, then nearest to the last price. Demand falls and supply
 * rises with the price, so the prices that are equally good are all those between two.
 */
export function auctionResult(state: EngineState, block: number): AuctionResult {
  const { words } = state
  const bestBid = words[block + BLOCK_BIDS + SIDE_BEST]!
  const bestOffer = words[block + BLOCK_OFFERS + SIDE_BEST]!
  if (bestBid === NONE || bestOffer === NONE) return { priceTicks: 0, volumeLots: 0, surplusLots: 0 }
  const high = words[bestBid + LEVEL_PRICE_TICKS]!
  const low = words[bestOffer + LEVEL_PRICE_TICKS]!
  if (high < low) return { priceTicks: 0, volumeLots: 0, surplusLots: 0 }
  const bids = crossing(state, bestBid, (price) => price >= low)
  const offers = crossing(state, bestOffer, (price) => price <= high)
  const best = bestPrices(bids, offers)
  const last = words[block + BLOCK_LAST_TICKS]!
  const wanted = last === 0 ? Math.floor((best.from + best.to) / 2) : last
  const priceTicks = Math.max(best.from, Math.min(best.to, wanted))
  const surplusLots = lotsAtOrAbove(bids, priceTicks) - lotsAtOrBelow(offers, priceTicks)
  return { priceTicks, volumeLots: best.volume, surplusLots }
}

/** All prices from `from` to `to` trade the same, with the same surplus one way or the other. */
interface Candidates {
  readonly from: number
  readonly to: number
  readonly volume: number
  readonly surplus: number
}

/**
 * The best prices among those of the crossing levels and those between two of them. Demand is taken from above and supply
 * from below, level by level, so that each level is looked at once.
 * @param bids highest first
 * @param offers lowest first
 */
function bestPrices(bids: readonly Step[], offers: readonly Step[]): Candidates {
  let best: Candidates = { from: 0, to: 0, volume: -1, surplus: 0 }
  const consider = (from: number, to: number, demand: number, supply: number): void => {
    const volume = Math.min(demand, supply)
    const surplus = Math.abs(demand - supply)
    if (volume > best.volume || (volume === best.volume && surplus < best.surplus))
      best = { from, to, volume, surplus }
    else if (volume === best.volume && surplus === best.surplus) best = { ...best, to }
  }
  let [demand, supply] = [bids.reduce((sum, { lots }) => sum + lots, 0), 0]
  let [nextBid, nextOffer] = [bids.length - 1, 0]
  const prices = [...new Set([...bids, ...offers].map(({ priceTicks }) => priceTicks))].sort((a, b) => a - b)
  prices.forEach((price, i) => {
    while (offers[nextOffer]?.priceTicks === price) supply += offers[nextOffer++]!.lots
    consider(price, price, demand, supply)
    while (bids[nextBid]?.priceTicks === price) demand -= bids[nextBid--]!.lots
    const above = prices[i + 1]
    if (above !== undefined && above - price > 1) consider(price + 1, above - 1, demand, supply)
  })
  return best
}

function crossing(
  { words, totals }: EngineState,
  best: number,
  isWithin: (priceTicks: number) => boolean,
): Step[] {
  const steps: Step[] = []
  for (let level = best; level !== NONE; level = nextLevel(words, level)) {
    const priceTicks = words[level + LEVEL_PRICE_TICKS]!
    if (!isWithin(priceTicks)) break
    const lots = totals[(level >> 1) + LEVEL_SHOWN]! + totals[(level >> 1) + LEVEL_CONCEALED]!
    steps.push({ priceTicks, lots })
  }
  return steps
}

function lotsAtOrAbove(steps: readonly Step[], price: number): number {
  return steps.reduce((sum, { priceTicks, lots }) => (priceTicks >= price ? sum + lots : sum), 0)
}

function lotsAtOrBelow(steps: readonly Step[], price: number): number {
  return steps.reduce((sum, { priceTicks, lots }) => (priceTicks <= price ? sum + lots : sum), 0)
}

/**
 * Trades all that crosses, at the auction price, first buy with first sell. Once is enough but where a linked order was
 * cancelled on the way and with it what would have traded.
 */
export function uncross(state: EngineState, words: Int32Array, at: number, block: number): void {
  for (;;) {
    const { priceTicks } = auctionResult(state, block)
    if (priceTicks === 0) return
    tradeAt(state, words, at, block, priceTicks)
  }
}

function tradeAt(state: EngineState, words: Int32Array, at: number, block: number, priceTicks: number): void {
  for (;;) {
    const orders = state.words
    const bid = orders[block + BLOCK_BIDS + SIDE_BEST]!
    const offer = orders[block + BLOCK_OFFERS + SIDE_BEST]!
    if (bid === NONE || offer === NONE) return
    if (orders[bid + LEVEL_PRICE_TICKS]! < priceTicks || orders[offer + LEVEL_PRICE_TICKS]! > priceTicks)
      return
    pair(state, words, at, block, priceTicks, orders[bid + LEVEL_HEAD]!, orders[offer + LEVEL_HEAD]!)
  }
}

function pair(
  state: EngineState,
  words: Int32Array,
  at: number,
  block: number,
  priceTicks: number,
  buy: number,
  sell: number,
): void {
  const orders = state.words
  const terms = orders[buy + ORDER_TERMS]!
  const partner = terms === NONE ? NONE : orders[terms + TERMS_PARTNER]!
  if (partner === sell) return cancelOrder(state, words, at, sell, CancelReason.linked)
  const lots = Math.min(fillableLots(orders, buy), fillableLots(orders, sell))
  writeAuctionTrade(state, words, at, buy, sell, priceTicks, lots)
  if (orders[block + BLOCK_BAND_TICKS] !== 0) orders[block + BLOCK_CENTRE_TICKS] = priceTicks
  tradedAt(state, block, priceTicks)
  // The sell order is the maker: what it is linked with goes first. That may be a buy order, but never this one.
  fill(state, words, at, sell, lots)
  fill(state, words, at, buy, lots)
}
