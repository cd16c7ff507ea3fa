import { LEVEL_COUNT, LEVEL_HIDDEN_HEAD, LEVEL_SHOWN } from '../state/level.ts'
import {
  ORDER_CLIENT,
  ORDER_FLAGS,
  ORDER_HEAD,
  ORDER_ID_LOW,
  ORDER_INSTRUMENT,
  ORDER_LEVEL,
  ORDER_NEXT,
  ORDER_OPEN_LOTS,
  ORDER_PREVIOUS,
  ORDER_PRICE_TICKS,
  ORDER_SEQUENCE,
  ORDER_TERMS,
  ORDER_TOTAL_LOTS,
  ORDER_WORDS,
} from '../state/order.ts'
import { ORDERS_POOL } from '../state/shared-words.ts'
import { CLIENT, HEAD, LOTS, ORDER_ID, PRICE_TICKS, SEQUENCE, INSTRUMENT } from '../record-layout.ts'
import { byteOf, wordOf } from './address.ts'
import { insert, remove as removeFromIndex } from './index.ts'
import { ensureLevel, removeLevel } from './ladder.ts'
import { give, take } from './pool.ts'

/** Makes a live order of what a plain command has left, at the end of its queue. Returns false if no memory is left. */
// @ts-ignore: decorator
@inline
export function rest(command: usize, side: usize, openLots: i32): bool {
  const order = take(ORDERS_POOL << 2, ORDER_WORDS << 2)
  if (order == 0) return false
  const priceTicks = load<i32>(command, PRICE_TICKS << 2)
  const level = ensureLevel(side, priceTicks)
  if (level == 0) {
    store<i32>(order, 0, ORDER_OPEN_LOTS << 2)
    give(ORDERS_POOL << 2, order)
    return false
  }
  const id = load<i64>(command, ORDER_ID << 2)
  store<i32>(order, wordOf(level), ORDER_LEVEL << 2)
  store<i32>(order, openLots, ORDER_OPEN_LOTS << 2)
  store<i64>(order, id, ORDER_ID_LOW << 2)
  store<i32>(order, load<i32>(command, CLIENT << 2), ORDER_CLIENT << 2)
  store<i32>(order, load<i32>(command, HEAD << 2), ORDER_HEAD << 2)
  store<i32>(order, load<i32>(command, LOTS << 2), ORDER_TOTAL_LOTS << 2)
  store<i32>(order, priceTicks, ORDER_PRICE_TICKS << 2)
  store<i32>(order, load<i32>(command, INSTRUMENT << 2), ORDER_INSTRUMENT << 2)
  store<i64>(order, load<i64>(command, SEQUENCE << 2), ORDER_SEQUENCE << 2)
  store<i32>(order, 0, ORDER_TERMS << 2)
  store<i32>(order, 0, ORDER_FLAGS << 2)
  store<i32>(level, load<i32>(level, LEVEL_COUNT << 2) + 1, LEVEL_COUNT << 2)
  addShown(level, openLots)
  // Behind the last one that shows.
  const firstHidden = byteOf(load<i32>(level, LEVEL_HIDDEN_HEAD << 2))
  const next = firstHidden == 0 ? level : firstHidden
  const previous = byteOf(load<i32>(next, ORDER_PREVIOUS << 2))
  store<i32>(order, wordOf(previous), ORDER_PREVIOUS << 2)
  store<i32>(order, wordOf(next), ORDER_NEXT << 2)
  store<i32>(previous, wordOf(order), ORDER_NEXT << 2)
  store<i32>(next, wordOf(order), ORDER_PREVIOUS << 2)
  insert(id, order)
  return true
}

/** Takes an order without terms off the book. */
// @ts-ignore: decorator
@inline
export function remove(order: usize): void {
  removeFromIndex(load<i64>(order, ORDER_ID_LOW << 2), order)
  const level = byteOf(load<i32>(order, ORDER_LEVEL << 2))
  const next = load<i32>(order, ORDER_NEXT << 2)
  const previous = load<i32>(order, ORDER_PREVIOUS << 2)
  store<i32>(byteOf(previous), next, ORDER_NEXT << 2)
  store<i32>(byteOf(next), previous, ORDER_PREVIOUS << 2)
  addShown(level, -load<i32>(order, ORDER_OPEN_LOTS << 2))
  store<i32>(order, 0, ORDER_OPEN_LOTS << 2)
  give(ORDERS_POOL << 2, order)
  const left = load<i32>(level, LEVEL_COUNT << 2) - 1
  store<i32>(level, left, LEVEL_COUNT << 2)
  if (left == 0) removeLevel(level)
}

/** Takes lots off an order without terms that keeps some. */
// @ts-ignore: decorator
@inline
export function reduce(order: usize, lots: i32): void {
  store<i32>(order, load<i32>(order, ORDER_OPEN_LOTS << 2) - lots, ORDER_OPEN_LOTS << 2)
  addShown(byteOf(load<i32>(order, ORDER_LEVEL << 2)), -lots)
}

// @ts-ignore: decorator
@inline
function addShown(level: usize, lots: i32): void {
  store<f64>(level, load<f64>(level, LEVEL_SHOWN << 3) + <f64>lots, LEVEL_SHOWN << 3)
}
