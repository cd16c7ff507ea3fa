import { NONE } from '../../memory/heap.ts'
import { isWithin, oppositeSide } from './book-side.ts'
import { tradedAt } from './last-price.ts'
import type { EngineState } from '../state/engine-state.ts'
import { writeCancelled, writeRemainderCancelled, writeTrade } from './event-writer.ts'
import { BLOCK_SELF_TRADE } from '../state/instrument-block.ts'
import { LEVEL_HEAD, LEVEL_PRICE_TICKS, LEVEL_SIDE } from '../state/level.ts'
import { remove } from '../state/live-orders.ts'
import { dequeue, enqueue, isHiddenAtRest, reduce, setOpen, shownLots } from '../state/order-queue.ts'
import {
  ORDER_CLIENT,
  ORDER_LEVEL,
  ORDER_NEXT,
  ORDER_OPEN_LOTS,
  ORDER_SEQUENCE,
  ORDER_TERMS,
  ORDER_TOTAL_LOTS,
} from '../state/order.ts'
import { SIDE_BEST } from '../state/price-ladder.ts'
import {
  CancelReason,
  CLIENT,
  CODE,
  HEAD,
  headSide,
  LOTS,
  SELF_TRADE_MASK,
  SELF_TRADE_SHIFT,
  SelfTrade,
  SEQUENCE,
} from '../record.ts'
import { TERMS_DISPLAY_LOTS, TERMS_PARTNER } from '../state/terms.ts'

/**
 * As `match`, for orders and makers of every kind: self-trade prevention, icebergs, hidden and linked orders, trailing
 * stops. The order at work must carry its flags. Returns the lots still open; 0 too if the order was cancelled, and told.
 */
export function matchWithCare(
  state: EngineState,
  words: Int32Array,
  at: number,
  block: number,
  limit: number,
  lots: number,
): number {
  const side = headSide(words[at + HEAD]!)
  const opposite = oppositeSide(block, side)
  const mode = selfTradeOf(state, words, at, block)
  let open = lots
  while (open > 0 && isWithin(state.words, opposite, side, limit)) {
    const orders = state.words
    const level = orders[opposite + SIDE_BEST]!
    const maker = orders[level + LEVEL_HEAD]!
    if (maker === state.takerPartner) cancelOrder(state, words, at, maker, CancelReason.linked)
    else if (
      mode !== SelfTrade.allow &&
      isSameOwner(state, words[at + CLIENT]!, orders[maker + ORDER_CLIENT]!)
    )
      open = preventSelfTrade(state, words, at, maker, mode, open)
    else {
      const traded = Math.min(open, fillableLots(orders, maker))
      open -= traded
      writeTrade(state, words, at, maker, traded, open)
      tradedAt(state, block, orders[level + LEVEL_PRICE_TICKS]!)
      fill(state, words, at, maker, traded)
      if (state.takerPartner !== NONE) cancelOrder(state, words, at, state.takerPartner, CancelReason.linked)
    }
  }
  return open
}

/** How an order's meeting one of its own is dealt with: as it says, or else as the instrument does. */
export function selfTradeOf(state: EngineState, words: Int32Array, at: number, block: number): number {
  const mode = (words[at + CODE]! >>> (16 + SELF_TRADE_SHIFT)) & SELF_TRADE_MASK
  return mode === SelfTrade.default ? state.words[block + BLOCK_SELF_TRADE]! : mode
}

/** Whether two clients are one, or in one self-trade group. */
export function isSameOwner({ groups }: EngineState, one: number, other: number): boolean {
  if (one === other) return true
  if (groups.size === 0) return false
  const group = groups.get(one >>> 0)
  return group !== undefined && group === groups.get(other >>> 0)
}

/** What of a maker can trade before it has to queue up again: what an iceberg shows, all that others have. */
export function fillableLots(words: Int32Array, maker: number): number {
  return isHiddenAtRest(words, maker) ? words[maker + ORDER_OPEN_LOTS]! : shownLots(words, maker)
}

/** Takes traded lots off a live order; an iceberg shows its next ones; who it is linked with is cancelled. */
export function fill(state: EngineState, words: Int32Array, at: number, slot: number, lots: number): void {
  const orders = state.words
  const terms = orders[slot + ORDER_TERMS]!
  const left = orders[slot + ORDER_OPEN_LOTS]! - lots
  const partner = terms === NONE ? NONE : orders[terms + TERMS_PARTNER]!
  if (left === 0) remove(state, slot)
  else if (terms === NONE || orders[terms + TERMS_DISPLAY_LOTS] === 0) reduce(state, slot, lots)
  else {
    const shown = shownLots(orders, slot) - lots
    setOpen(state, slot, left, shown)
    if (shown === 0) refill(state, words, at, slot)
  }
  if (partner !== NONE) cancelOrder(state, words, at, partner, CancelReason.linked)
}

/** Shows the next lots of an iceberg, at the end of the queue. */
function refill(state: EngineState, words: Int32Array, at: number, slot: number): void {
  const orders = state.words
  const level = orders[slot + ORDER_LEVEL]!
  orders[slot + ORDER_SEQUENCE] = words[at + SEQUENCE]!
  orders[slot + ORDER_SEQUENCE + 1] = words[at + SEQUENCE + 1]!
  if (orders[slot + ORDER_NEXT] !== level) {
    const side = orders[level + LEVEL_SIDE]!
    const price = orders[level + LEVEL_PRICE_TICKS]!
    dequeue(state, slot)
    enqueue(state, slot, side, price) // needs no memory: others are in the level
  }
  const display = orders[orders[slot + ORDER_TERMS]! + TERMS_DISPLAY_LOTS]!
  setOpen(state, slot, orders[slot + ORDER_OPEN_LOTS]!, display)
}

/** Cancels a live order whole. */
export function cancelOrder(
  state: EngineState,
  words: Int32Array,
  at: number,
  slot: number,
  reason: number,
): void {
  writeCancelled(state, words, at, slot, state.words[slot + ORDER_OPEN_LOTS]!, 0, reason)
  remove(state, slot)
}

/** Deals with an own order in the way. Returns what the order at work has open then. */
function preventSelfTrade(
  state: EngineState,
  words: Int32Array,
  at: number,
  maker: number,
  mode: number,
  open: number,
): number {
  const reason = CancelReason.selfTrade
  const makerOpen = state.words[maker + ORDER_OPEN_LOTS]!
  if (mode === SelfTrade.decrement) {
    const lots = Math.min(open, makerOpen)
    if (lots === makerOpen) cancelOrder(state, words, at, maker, reason)
    else {
      writeCancelled(state, words, at, maker, lots, makerOpen - lots, reason)
      reduce(state, maker, lots)
      state.words[maker + ORDER_TOTAL_LOTS]! -= lots // they have not traded
    }
    writeRemainderCancelled(state, words, at, lots, open - lots, reason)
    words[at + LOTS]! -= lots
    return open - lots
  }
  if (mode !== SelfTrade.cancelNewest) cancelOrder(state, words, at, maker, reason)
  if (mode === SelfTrade.cancelOldest) return open
  writeRemainderCancelled(state, words, at, open, 0, reason)
  return 0
}
