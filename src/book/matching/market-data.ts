import { NONE } from '../../memory/heap.ts'
import { auctionResult } from './auction.ts'
import type { EngineState } from '../state/engine-state.ts'
import { writeMarketEvent, writeTotals } from './event-writer.ts'
import {
  BLOCK_BID_LOTS,
  BLOCK_BID_TICKS,
  BLOCK_BIDS,
  BLOCK_INDICATION,
  BLOCK_NUMBER,
  BLOCK_OFFER_LOTS,
  BLOCK_OFFER_TICKS,
  BLOCK_OFFERS,
  BLOCK_STATE,
  BLOCK_SURPLUS,
  BLOCK_SURPLUS_SIDE,
  BLOCK_VOLUME,
} from '../state/instrument-block.ts'
import { LEVEL_COUNT, LEVEL_HIDDEN_COUNT, LEVEL_PRICE_TICKS, LEVEL_SHOWN } from '../state/level.ts'
import type { LevelTouches } from '../state/level-touches.ts'
import { findLevel, nextLevel, SIDE_BEST } from '../state/price-ladder.ts'
import {
  CommandKind,
  EventKind,
  HEAD,
  headKind,
  INSTRUMENT,
  LOTS,
  MAKER_OPEN_LOTS,
  OPEN_LOTS,
  PRICE_TICKS,
  RECORD_WORDS,
  Side,
} from '../record.ts'
import { isAuction } from './state-change.ts'

/**
 * Publishes where auctions would trade now, if that has changed. A command about an order reaches no other instrument
 * than its first event is of; others may reach all.
 */
export function publishIndications(
  state: EngineState,
  words: Int32Array,
  at: number,
  firstEvent: number,
): void {
  if (headKind(words[at + HEAD]!) <= CommandKind.replace)
    publishIndication(state, words, at, state.events.words[firstEvent * RECORD_WORDS + INSTRUMENT]!)
  else
    for (let instrument = 0; instrument < state.known; instrument++)
      publishIndication(state, words, at, instrument)
}

function publishIndication(state: EngineState, words: Int32Array, at: number, instrument: number): void {
  const block = state.blocks[instrument]!
  if (!isAuction(state.words[block + BLOCK_STATE]!)) return
  const { priceTicks, volumeLots, surplusLots } = auctionResult(state, block)
  const side = surplusLots < 0 ? Side.sell : Side.buy
  const surplus = Math.abs(surplusLots)
  const orders = state.words
  const half = block >> 1
  if (
    orders[block + BLOCK_INDICATION] === priceTicks &&
    orders[block + BLOCK_SURPLUS_SIDE] === side &&
    state.totals[half + BLOCK_VOLUME] === volumeLots &&
    state.totals[half + BLOCK_SURPLUS] === surplus
  )
    return
  orders[block + BLOCK_INDICATION] = priceTicks
  orders[block + BLOCK_SURPLUS_SIDE] = side
  state.totals[half + BLOCK_VOLUME] = volumeLots
  state.totals[half + BLOCK_SURPLUS] = surplus
  const to = writeMarketEvent(state, words, at, EventKind.indication, side, instrument)
  state.events.words[to + PRICE_TICKS] = priceTicks
  writeTotals(state.events.words, to, volumeLots, surplus)
}

/** A level that the command at work has changed, and what it showed before. */
interface Touched {
  readonly instrument: number
  readonly side: number
  readonly ladderSide: number
  readonly priceTicks: number
  readonly lots: number
  readonly orders: number
}

/**
 * Notes the levels that the kernel has traded with before it left off: what they showed is what they show and what its
 * trades took, all of it of orders that show all they have.
 * @param firstEvent of the command
 */
export function noteTraded(
  state: EngineState,
  touches: LevelTouches,
  ladderSide: number,
  firstEvent: number,
): void {
  const { words, count } = state.events
  let at = (firstEvent + 1) * RECORD_WORDS
  while (at < count * RECORD_WORDS) {
    const price = words[at + PRICE_TICKS]!
    const level = findLevel(state.words, ladderSide, price)
    let [lots, orders] = [shownOf(state, level), ordersOf(state, level)]
    for (; at < count * RECORD_WORDS && words[at + PRICE_TICKS] === price; at += RECORD_WORDS) {
      lots += words[at + LOTS]!
      if (words[at + MAKER_OPEN_LOTS] === 0) orders++
    }
    touches.note(ladderSide, price, lots, orders)
  }
}

/** Publishes every level that shows something else than before the command, and best prices that have changed. */
export function publishLevels(
  state: EngineState,
  touches: LevelTouches,
  words: Int32Array,
  at: number,
): void {
  if (touches.count === 0) return
  const touched = sorted(state, touches)
  touches.count = 0
  touched.forEach((level, i) => {
    const before = touched[i - 1]
    const isAgain =
      before !== undefined && before.ladderSide === level.ladderSide && before.priceTicks === level.priceTicks
    if (!isAgain) publishLevel(state, words, at, level)
    if (touched[i + 1]?.instrument !== level.instrument) publishBest(state, words, at, level.instrument)
  })
}

/** By instrument, bids before offers, best first; of one level, what was noted first. Stops are nobody's business. */
function sorted(state: EngineState, touches: LevelTouches): Touched[] {
  const touched: Touched[] = []
  for (let i = 0; i < touches.count; i++) {
    const ladderSide = touches.sides[i]!
    const place = placeOf(state, ladderSide)
    if (place === undefined) continue
    touched.push({
      ...place,
      ladderSide,
      priceTicks: touches.prices[i]!,
      lots: touches.lots[i]!,
      orders: touches.orders[i]!,
    })
  }
  return touched.sort(
    (a, b) =>
      a.instrument - b.instrument ||
      a.side - b.side ||
      (a.side === Side.buy ? b.priceTicks - a.priceTicks : a.priceTicks - b.priceTicks),
  )
}

function placeOf(
  { words, blocks }: EngineState,
  ladderSide: number,
): { instrument: number; side: number } | undefined {
  for (const [side, offset] of [
    [Side.buy, BLOCK_BIDS],
    [Side.sell, BLOCK_OFFERS],
  ] as const) {
    const block = ladderSide - offset
    const instrument = words[block + BLOCK_NUMBER]!
    if (blocks[instrument] === block) return { instrument, side }
  }
  return undefined
}

function publishLevel(
  state: EngineState,
  words: Int32Array,
  at: number,
  { instrument, side, ladderSide, priceTicks, lots, orders }: Touched,
): void {
  const level = findLevel(state.words, ladderSide, priceTicks)
  const [lotsNow, ordersNow] = [shownOf(state, level), ordersOf(state, level)]
  if (lotsNow === lots && ordersNow === orders) return
  const to = writeMarketEvent(state, words, at, EventKind.level, side, instrument)
  state.events.words[to + PRICE_TICKS] = priceTicks
  state.events.words[to + OPEN_LOTS] = ordersNow
  writeTotals(state.events.words, to, lotsNow, 0)
}

function shownOf({ totals }: EngineState, level: number): number {
  return level === NONE ? 0 : totals[(level >> 1) + LEVEL_SHOWN]!
}

/** Displayed orders of a level. */
function ordersOf({ words }: EngineState, level: number): number {
  return level === NONE ? 0 : words[level + LEVEL_COUNT]! - words[level + LEVEL_HIDDEN_COUNT]!
}

function publishBest(state: EngineState, words: Int32Array, at: number, instrument: number): void {
  const block = state.blocks[instrument]!
  if (!noteBestPrices(state, block)) return
  const { words: orders, totals } = state
  const half = block >> 1
  const to = writeMarketEvent(state, words, at, EventKind.bestPrices, Side.buy, instrument)
  state.events.words[to + PRICE_TICKS] = orders[block + BLOCK_BID_TICKS]!
  state.events.words[to + LOTS] = orders[block + BLOCK_OFFER_TICKS]!
  writeTotals(state.events.words, to, totals[half + BLOCK_BID_LOTS]!, totals[half + BLOCK_OFFER_LOTS]!)
}

/** Notes the best displayed prices and their lots as those published. Returns whether they are others than before. */
export function noteBestPrices(state: EngineState, block: number): boolean {
  const { words, totals } = state
  const half = block >> 1
  const bid = bestShown(state, block + BLOCK_BIDS)
  const offer = bestShown(state, block + BLOCK_OFFERS)
  const priceOf = (level: number): number => (level === NONE ? 0 : words[level + LEVEL_PRICE_TICKS]!)
  const lotsOf = (level: number): number => shownOf(state, level)
  const isSame =
    words[block + BLOCK_BID_TICKS] === priceOf(bid) &&
    words[block + BLOCK_OFFER_TICKS] === priceOf(offer) &&
    totals[half + BLOCK_BID_LOTS] === lotsOf(bid) &&
    totals[half + BLOCK_OFFER_LOTS] === lotsOf(offer)
  words[block + BLOCK_BID_TICKS] = priceOf(bid)
  words[block + BLOCK_OFFER_TICKS] = priceOf(offer)
  totals[half + BLOCK_BID_LOTS] = lotsOf(bid)
  totals[half + BLOCK_OFFER_LOTS] = lotsOf(offer)
  return !isSame
}

/** The best level of a side that shows anything. */
export function bestShown({ words, totals }: EngineState, side: number): number {
  let level = words[side + SIDE_BEST]!
  while (level !== NONE && totals[(level >> 1) + LEVEL_SHOWN] === 0) level = nextLevel(words, level)
  return level
}
