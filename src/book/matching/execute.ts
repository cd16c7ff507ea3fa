import { NONE } from '../../memory/heap.ts'
import { bandLimit, canFill, isWithin, limitTicks, oppositeSide, ownSide } from './book-side.ts'
import type { EngineState } from '../state/engine-state.ts'
import { writeRemainderCancelled, writeTriggered } from './event-writer.ts'
import {
  BLOCK_BAND_TICKS,
  BLOCK_BUY_STOPS,
  BLOCK_CENTRE_TICKS,
  BLOCK_LAST_TICKS,
  BLOCK_SELL_STOPS,
  BLOCK_STATE,
  BLOCK_WAITING,
} from '../state/instrument-block.ts'
import { LEVEL_HEAD, LEVEL_PRICE_TICKS } from '../state/level.ts'
import {
  enterExpiry,
  linkOrders,
  makeTerms,
  remove,
  rest,
  startWaiting,
  stopSide,
} from '../state/live-orders.ts'
import { cancelOrder, matchWithCare, selfTradeOf } from './match-with-care.ts'
import { tradableLots } from './tradable-lots.ts'
import { ORDER_TERMS } from '../state/order.ts'
import { copyOrder } from '../state/order-record.ts'
import { SIDE_BEST } from '../state/price-ladder.ts'
import {
  CancelReason,
  CODE,
  DISPLAY_LOTS,
  EXPIRY_SECONDS,
  HEAD,
  headOrderType,
  headSide,
  headTimeInForce,
  LOTS,
  MAX_PRICE_TICKS,
  MIN_LOTS,
  OrderFlag,
  OrderType,
  packHead,
  PRICE_TICKS,
  SelfTrade,
  SEQUENCE,
  Side,
  STOP_TICKS,
  TimeInForce,
  TradingState,
} from '../record.ts'
import {
  TERMS_DISPLAY_LOTS,
  TERMS_EXPIRY_SECONDS,
  TERMS_IS_HIDDEN,
  TERMS_IS_WAITING,
  TERMS_PARTNER,
  TERMS_SHOWN_LOTS,
  TERMS_STOP_TICKS,
  TERMS_TRAIL_TICKS,
} from '../state/terms.ts'
import { pauseByBand } from './state-change.ts'

/** Matches a market or limit order at work, and cancels or rests what is left of it. */
export function execute(state: EngineState, draft: Int32Array, block: number): void {
  const head = draft[HEAD]!
  const side = headSide(head)
  const timeInForce = headTimeInForce(head)
  const isMarket = headOrderType(head) === OrderType.market
  const canRest = !isMarket && timeInForce !== TimeInForce.ioc && timeInForce !== TimeInForce.fok
  const lots = draft[LOTS]!
  let open = lots
  if (state.words[block + BLOCK_STATE] === TradingState.continuous) {
    const limit = limitTicks(side, draft[PRICE_TICKS]!)
    const refusal = atOnceRefusal(state, draft, block, limit, canRest)
    if (refusal > 0) return writeRemainderCancelled(state, draft, 0, lots, 0, refusal)
    if (refusal === 0) {
      open = matchInBand(state, draft, block, limit, lots)
      if (open === 0) return
    }
  }
  let reason: number = CancelReason.bookFull
  if (!canRest) {
    if (state.words[block + BLOCK_STATE] !== TradingState.continuous) reason = CancelReason.halt
    else reason = isMarket ? CancelReason.noLiquidity : CancelReason.ioc
  } else if (restWithTerms(state, draft, block, open)) return
  writeRemainderCancelled(state, draft, 0, open, 0, reason)
}

const REST_UNTRADED = -1

/**
 * Fill-or-kill, all-or-none and minimum quantity: the reason to cancel the order, 0 if it may trade, or REST_UNTRADED
 * for an all-or-none order that meets nobody.
 */
function atOnceRefusal(
  state: EngineState,
  draft: Int32Array,
  block: number,
  limit: number,
  canRest: boolean,
): number {
  const head = draft[HEAD]!
  const side = headSide(head)
  const lots = draft[LOTS]!
  const isFok = headTimeInForce(head) === TimeInForce.fok
  const isAllOrNone = ((draft[CODE]! >>> 16) & OrderFlag.allOrNone) !== 0
  const needed = isFok || isAllOrNone ? lots : draft[MIN_LOTS]!
  if (needed === 0) return 0
  const within = limitInBand(state, block, side, limit)
  const hasCentre =
    state.words[block + BLOCK_BAND_TICKS] === 0 || state.words[block + BLOCK_CENTRE_TICKS] !== 0
  const isPlain =
    hasCentre &&
    selfTradeOf(state, draft, 0, block) === SelfTrade.allow &&
    state.takerPartner === NONE &&
    state.links === 0
  const isEnough = isPlain
    ? canFill(state, block, side, within, needed)
    : tradableLots(state, draft, 0, block, within, lots) >= needed
  if (isEnough) return 0
  if (isFok) return CancelReason.fok
  if (!isAllOrNone) return CancelReason.minQuantity
  return canRest && !isWithin(state.words, oppositeSide(block, side), side, limit)
    ? REST_UNTRADED
    : CancelReason.allOrNone
}

/**
 * The worst price that an order may trade at, with the price band looked at. Where the best price of the other side is
 * beyond the band, it is one at which nothing trades.
 */
function limitInBand({ words }: EngineState, block: number, side: number, limit: number): number {
  const band = words[block + BLOCK_BAND_TICKS]!
  const centre = words[block + BLOCK_CENTRE_TICKS]!
  if (band === 0 || centre === 0) return limit
  const best = words[oppositeSide(block, side) + SIDE_BEST]!
  const isBeyond =
    best !== NONE &&
    !isWithin(words, oppositeSide(block, side), side ^ 1, side === Side.buy ? centre - band : centre + band)
  if (isBeyond) return side === Side.buy ? 0 : MAX_PRICE_TICKS + 1
  return bandLimit(side, limit, centre, band)
}

/**
 * Trades as far as the price band; an order that would trade beyond it pauses the instrument. Returns the lots still
 * open; 0 too if the order was cancelled, and told.
 */
function matchInBand(
  state: EngineState,
  draft: Int32Array,
  block: number,
  limit: number,
  lots: number,
): number {
  const side = headSide(draft[HEAD]!)
  const opposite = oppositeSide(block, side)
  let open = lots
  for (;;) {
    // The first trade may be what sets the band's centre: up to there, one price at a time.
    const isFirst =
      state.words[block + BLOCK_BAND_TICKS] !== 0 && state.words[block + BLOCK_CENTRE_TICKS] === 0
    const within = isFirst ? firstPrice(state, block, side, limit) : limitInBand(state, block, side, limit)
    open = matchWithCare(state, draft, 0, block, within, open)
    if (open === 0) return 0
    if (within === limit || !isWithin(state.words, opposite, side, limit)) return open
    if (!isFirst) break
  }
  pauseByBand(state, draft, 0, block)
  return open
}

/** The best price of the other side: as far as an order goes while there is no centre of the band yet. */
function firstPrice({ words }: EngineState, block: number, side: number, limit: number): number {
  const level = words[oppositeSide(block, side) + SIDE_BEST]!
  if (level === NONE) return limit
  const price = words[level + LEVEL_PRICE_TICKS]!
  return side === Side.buy ? Math.min(limit, price) : Math.max(limit, price)
}

/** Rests what is left of the order at work, with the terms that it has. Returns false when no memory is left. */
export function restWithTerms(
  state: EngineState,
  draft: Int32Array,
  block: number,
  openLots: number,
): boolean {
  const head = draft[HEAD]!
  const isHidden = ((draft[CODE]! >>> 16) & OrderFlag.hidden) !== 0
  const isGtd = headTimeInForce(head) === TimeInForce.gtd
  const display = draft[DISPLAY_LOTS]!
  const needsTerms = isHidden || isGtd || display !== 0 || state.takerPartner !== NONE
  const terms = needsTerms ? makeTerms(state) : NONE
  if (needsTerms) {
    if (terms === NONE) return false
    state.words[terms + TERMS_DISPLAY_LOTS] = display
    state.words[terms + TERMS_SHOWN_LOTS] = Math.min(display, openLots)
    state.words[terms + TERMS_IS_HIDDEN] = isHidden ? 1 : 0
    state.words[terms + TERMS_EXPIRY_SECONDS] = isGtd ? draft[EXPIRY_SECONDS]! : 0
  }
  const side = headSide(head)
  const own = ownSide(block, side)
  return settle(state, rest(state, draft, 0, own, draft[PRICE_TICKS]!, openLots, terms), terms, isGtd)
}

/** Expiry and link of an order that has just been put into a queue. */
function settle(state: EngineState, slot: number, terms: number, isGtd: boolean): boolean {
  if (slot === NONE) {
    if (terms !== NONE) state.terms.give(terms)
    return false
  }
  if (state.takerPartner !== NONE) {
    linkOrders(state, slot, state.takerPartner)
    state.takerPartner = NONE
  }
  if (!isGtd || enterExpiry(state, slot)) return true
  remove(state, slot)
  return false
}

/** Puts a stop at work into the queue of its stop price. Returns false when no memory is left. */
export function waitForStop(
  state: EngineState,
  draft: Int32Array,
  block: number,
  stopTicks: number,
): boolean {
  const head = draft[HEAD]!
  const isGtd = headTimeInForce(head) === TimeInForce.gtd
  const terms = makeTerms(state)
  if (terms === NONE) return false
  const { words } = state
  words[terms + TERMS_DISPLAY_LOTS] = draft[DISPLAY_LOTS]!
  words[terms + TERMS_IS_HIDDEN] = ((draft[CODE]! >>> 16) & OrderFlag.hidden) !== 0 ? 1 : 0
  words[terms + TERMS_STOP_TICKS] = stopTicks
  words[terms + TERMS_TRAIL_TICKS] = headOrderType(head) === OrderType.trailingStop ? draft[STOP_TICKS]! : 0
  words[terms + TERMS_IS_WAITING] = 1
  words[terms + TERMS_EXPIRY_SECONDS] = isGtd ? draft[EXPIRY_SECONDS]! : 0
  const slot = rest(state, draft, 0, stopSide(block, headSide(head)), stopTicks, draft[LOTS]!, terms)
  if (slot !== NONE) startWaiting(state, slot)
  return settle(state, slot, terms, isGtd)
}

/** Whether the first waiting stop of a side of the book is due. */
export function isDue({ words }: EngineState, block: number, side: number): boolean {
  if (words[block + BLOCK_STATE] !== TradingState.continuous) return false
  const last = words[block + BLOCK_LAST_TICKS]!
  if (last === 0) return false
  const level = words[block + (side === Side.buy ? BLOCK_BUY_STOPS : BLOCK_SELL_STOPS) + SIDE_BEST]!
  if (level === NONE) return false
  const stop = words[level + LEVEL_PRICE_TICKS]!
  return side === Side.buy ? stop <= last : stop >= last
}

/**
 * Triggers stops as long as one is due, buys before sells. Each leaves the queue of stops and none comes in meanwhile, so
 * a cascade ends. `words` and `at` are the command that it is due to.
 */
export function triggerStops(state: EngineState, words: Int32Array, at: number, block: number): void {
  while (state.words[block + BLOCK_WAITING] !== 0) {
    const isBuy = isDue(state, block, Side.buy)
    if (!isBuy && !isDue(state, block, Side.sell)) return
    const level = state.words[stopSide(block, isBuy ? Side.buy : Side.sell) + SIDE_BEST]!
    trigger(state, words, at, block, state.words[level + LEVEL_HEAD]!)
  }
}

function trigger(state: EngineState, words: Int32Array, at: number, block: number, slot: number): void {
  const orders = state.words
  const { draft } = state
  const terms = orders[slot + ORDER_TERMS]!
  const sequenceLow = words[at + SEQUENCE]!
  const sequenceHigh = words[at + SEQUENCE + 1]!
  writeTriggered(state, words, at, slot, orders[terms + TERMS_STOP_TICKS]!)
  copyOrder(orders, slot, draft, 0)
  draft[SEQUENCE] = sequenceLow
  draft[SEQUENCE + 1] = sequenceHigh
  const head = draft[HEAD]!
  const type = headOrderType(head) === OrderType.stopLimit ? OrderType.limit : OrderType.market
  draft[HEAD] = packHead(0, headSide(head), type, headTimeInForce(head))
  draft[STOP_TICKS] = 0
  draft[MIN_LOTS] = 0
  state.takerPartner = NONE
  const partner = orders[terms + TERMS_PARTNER]!
  if (partner !== NONE) cancelOrder(state, draft, 0, partner, CancelReason.linked)
  remove(state, slot)
  execute(state, draft, block)
}

/**
 * Trades a live order that has changed as the aggressor, then rests it anew. The order has been taken off the book; the
 * draft is what it is to be, `openLots` what it has open of that.
 */
export function executeChanged(state: EngineState, draft: Int32Array, block: number, openLots: number): void {
  let open = openLots
  if (state.words[block + BLOCK_STATE] === TradingState.continuous)
    open = matchInBand(state, draft, block, limitTicks(headSide(draft[HEAD]!), draft[PRICE_TICKS]!), openLots)
  if (open !== 0 && !restWithTerms(state, draft, block, open))
    writeRemainderCancelled(state, draft, 0, open, 0, CancelReason.bookFull)
}
