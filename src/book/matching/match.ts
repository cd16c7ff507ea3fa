import * as heapNames from '../../memory/heap.ts'
import * as bookSide from './book-side.ts'
import type { EngineState } from '../state/engine-state.ts'
import * as eventWriter from './event-writer.ts'
import * as blockLayout from '../state/instrument-block.ts'
import * as levelLayout from '../state/level.ts'
import * as liveOrders from '../state/live-orders.ts'
import { matchWithCare } from './match-with-care.ts'
import * as orderLayout from '../state/order.ts'
import * as queue from '../state/order-queue.ts'
import * as ladder from '../state/price-ladder.ts'
import * as record from '../record.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { NONE } = heapNames
const { isBeyond, oppositeSide } = bookSide
const { writeTrade } = eventWriter
const { BLOCK_LAST_TICKS } = blockLayout
const { LEVEL_HEAD, LEVEL_PRICE_TICKS } = levelLayout
const { remove } = liveOrders
const { ORDER_OPEN_LOTS, ORDER_TERMS } = orderLayout
const { reduce } = queue
const { SIDE_BEST } = ladder
const { HEAD, headSide } = record

/**
 * Trades `lots` of the order at work against the other side, best price first, as far as `limit`. For orders that need
 * no care; at the first maker that has terms, matchWithCare goes on. Returns the lots still open.
 */
export function match(
  state: EngineState,
  words: Int32Array,
  at: number,
  block: number,
  limit: number,
  lots: number,
): number {
  const side = headSide(words[at + HEAD]!)
  const opposite = oppositeSide(block, side)
  const orders = state.words
  let open = lots
  for (;;) {
    const level = orders[opposite + SIDE_BEST]!
    if (level === NONE) return open
    const price = orders[level + LEVEL_PRICE_TICKS]!
    if (isBeyond(side, price, limit)) return open
    const maker = orders[level + LEVEL_HEAD]!
    if (orders[maker + ORDER_TERMS] !== NONE) return matchWithCare(state, words, at, block, limit, open)
    orders[block + BLOCK_LAST_TICKS] = price
    const makerOpen = orders[maker + ORDER_OPEN_LOTS]!
    if (makerOpen > open) {
      writeTrade(state, words, at, maker, open, 0)
      reduce(state, maker, open)
      return 0
    }
    open -= makerOpen
    writeTrade(state, words, at, maker, makerOpen, open)
    remove(state, maker)
    if (open === 0) return 0
  }
}
