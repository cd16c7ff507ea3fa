import { HEAD, ORDER_ID, RECORD_BYTES } from '../record-layout.ts'
import { ORDER_CHAIN, ORDER_ID_LOW, ORDER_LEVEL, ORDER_NEXT, ORDER_PREVIOUS } from '../state/order.ts'
import { LEVEL_COUNT } from '../state/level.ts'
import { LOOK_AHEAD_AT, ORDERS_POOL } from '../state/shared-words.ts'
import { byteOf, wordOf } from './address.ts'
import { COMMAND_CANCEL } from './codes.ts'
import { firstLink, orderOf } from './index.ts'

/** Commands that are looked at together. */
export const AHEAD = 16

/**
 * Reads what a few commands are going to need, one kind of thing after the other: their reads miss the caches together,
 * instead of each when its turn comes. Nothing of it decides anything.
 */
export function lookAhead(from: usize, count: i32): void {
  let sum = 0
  let command = from
  for (let i = 0; i < count; i++) {
    const first = wordOf(orderOf(firstLink(load<i64>(command, ORDER_ID << 2))))
    const isCancel = (load<i32>(command, HEAD << 2) & 0xff) == COMMAND_CANCEL
    store<i32>((LOOK_AHEAD_AT << 2) + <i32>byteOf(i), isCancel ? first : 0)
    sum += first
    command += RECORD_BYTES
  }
  for (let i = 0; i < count; i++) sum += load<i32>(byteOf(load<i32>((LOOK_AHEAD_AT << 2) + <i32>byteOf(i))), ORDER_CHAIN << 2)
  for (let i = 0; i < count; i++) {
    const order = byteOf(load<i32>((LOOK_AHEAD_AT << 2) + <i32>byteOf(i)))
    sum += load<i32>(byteOf(load<i32>(order, ORDER_NEXT << 2)), ORDER_PREVIOUS << 2)
    sum += load<i32>(byteOf(load<i32>(order, ORDER_PREVIOUS << 2)), ORDER_NEXT << 2)
    sum += load<i32>(byteOf(load<i32>(order, ORDER_LEVEL << 2)), LEVEL_COUNT << 2)
  }
  store<i32>((LOOK_AHEAD_AT + AHEAD) << 2, sum)
}
