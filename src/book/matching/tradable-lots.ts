import { NONE } from '../../memory/heap.ts'
import { bandLimit, isBeyond, oppositeSide } from './book-side.ts'
import type { EngineState } from '../state/engine-state.ts'
import { BLOCK_BAND_TICKS, BLOCK_CENTRE_TICKS } from '../state/instrument-block.ts'
import { LEVEL_HEAD, LEVEL_PRICE_TICKS } from '../state/level.ts'
import { fillableLots, isSameOwner, selfTradeOf } from './match-with-care.ts'
import { isHiddenAtRest } from '../state/order-queue.ts'
import { ORDER_CLIENT, ORDER_NEXT, ORDER_OPEN_LOTS, ORDER_TERMS } from '../state/order.ts'
import { nextLevel, SIDE_BEST } from '../state/price-ladder.ts'
import { CLIENT, HEAD, headSide, SelfTrade } from '../record.ts'
import { TERMS_PARTNER } from '../state/terms.ts'

/**
 * What would trade of the order at work if it went in: exact for icebergs, self-trade prevention and its linked order.
 * Stops counting at `lots`.
 */
export function tradableLots(
  state: EngineState,
  words: Int32Array,
  at: number,
  block: number,
  limit: number,
  lots: number,
): number {
  const side = headSide(words[at + HEAD]!)
  const orders = state.words
  const left: Left = { open: lots, traded: 0, isStopped: false, gone: new Set([state.takerPartner]) }
  // Where the price band has no centre yet, the first trade is what sets it.
  let hasCentre = orders[block + BLOCK_BAND_TICKS] === 0 || orders[block + BLOCK_CENTRE_TICKS] !== 0
  let within = limit
  let level = orders[oppositeSide(block, side) + SIDE_BEST]!
  for (; level !== NONE && left.open > 0 && !left.isStopped; level = nextLevel(orders, level)) {
    const price = orders[level + LEVEL_PRICE_TICKS]!
    if (isBeyond(side, price, within)) break
    countLevel(state, words, at, block, level, left)
    if (hasCentre || left.traded === 0) continue
    hasCentre = true
    within = bandLimit(side, limit, price, orders[block + BLOCK_BAND_TICKS]!)
  }
  return left.traded
}

/** What a count of what would trade has come to. */
interface Left {
  open: number
  traded: number
  /** Whether self-trade prevention would end it. */
  isStopped: boolean
  /** Orders that would be cancelled because the one they are linked with had traded. */
  readonly gone: Set<number>
}

/** Displayed orders in their turn, then what icebergs hold back, then hidden orders. */
function countLevel(
  state: EngineState,
  words: Int32Array,
  at: number,
  block: number,
  level: number,
  left: Left,
): void {
  const orders = state.words
  const mode = selfTradeOf(state, words, at, block)
  let reserve = 0
  const take = (lots: number): void => {
    const traded = Math.min(left.open, lots)
    left.open -= traded
    left.traded += traded
  }
  let isInReserve = false
  for (let slot = orders[level + LEVEL_HEAD]!; slot !== level; slot = orders[slot + ORDER_NEXT]!) {
    if (isHiddenAtRest(orders, slot) && !isInReserve) {
      take(reserve)
      isInReserve = true
    }
    if (left.open === 0) return
    if (left.gone.has(slot)) continue
    const openLots = orders[slot + ORDER_OPEN_LOTS]!
    if (mode !== SelfTrade.allow && isSameOwner(state, words[at + CLIENT]!, orders[slot + ORDER_CLIENT]!)) {
      if (mode === SelfTrade.cancelOldest) continue
      if (mode === SelfTrade.decrement) left.open -= Math.min(left.open, openLots)
      else left.isStopped = true
      if (left.isStopped) return
      continue
    }
    const now = fillableLots(orders, slot)
    take(now)
    reserve += openLots - now
    const terms = orders[slot + ORDER_TERMS]!
    if (terms !== NONE) left.gone.add(orders[terms + TERMS_PARTNER]!)
  }
  if (!isInReserve) take(reserve)
}
