// What the kernel does for the rest of the engine. ../state/kernel.ts has the other side. Addresses here are words.
import { HEAD, RECORD_BYTES } from '../record-layout.ts'
import { ORDER_ID_LOW } from '../state/order.ts'
import { POOL_USED } from '../../memory/pool-words.ts'
import { AUCTIONS_WORD, EVENTS_FROM, EVENTS_TOP, FIRST_EVENT, IS_ANY_KILLED_WORD, MARKET_DATA_WORD, ORDERS_POOL } from '../state/shared-words.ts'
import { byteOf, wordOf } from './address.ts'
import { COMMAND_CANCEL, COMMAND_NEW } from './codes.ts'
import * as index from './index.ts'
import * as ladder from './ladder.ts'
import { AHEAD, lookAhead } from './look-ahead.ts'
import { publish } from './market-data.ts'
import { BEGUN, cancel, DONE, enter, RESTED, UNTOUCHED } from './plain.ts'

/** Live orders that no cache holds: from here on it pays to look ahead. */
const LARGE_ORDERS = 65_536

/**
 * Applies command records one after the other, as long as they need nothing but matching.
 * @param from the word at which the first one begins
 * @returns how many are done; 2^30 more if the next one has begun and is to be gone on with
 */
export function applyRun(from: i32, count: i32): i32 {
  if ((load<i32>(IS_ANY_KILLED_WORD << 2) | load<i32>(AUCTIONS_WORD << 2)) != 0) return 0
  const publishes = load<i32>(MARKET_DATA_WORD << 2) != 0
  const isLarge = load<i32>((ORDERS_POOL + POOL_USED) << 2) > LARGE_ORDERS
  let command = byteOf(from)
  for (let done = 0; done < count; done++) {
    if (isLarge && done % AHEAD == 0) lookAhead(command, min(AHEAD, count - done))
    if (publishes) store<i32>(FIRST_EVENT << 2, load<i32>(EVENTS_TOP << 2) - load<i32>(EVENTS_FROM << 2))
    const result = apply(command)
    if ((result & DONE) == 0) return result == BEGUN ? done | (1 << 30) : done
    if (publishes) publish(command, result == RESTED)
    command += RECORD_BYTES
  }
  return count
}

/**
 * Applies one command record.
 * @param eventsTop the word at which its first event goes
 * @returns the word at which the next event goes; 0 if it needs care and nothing is done, -1 if it has begun
 */
export function applyOne(from: i32, eventsTop: i32): i32 {
  store<i32>(EVENTS_TOP << 2, eventsTop)
  const run = applyRun(from, 1)
  return run == 1 ? load<i32>(EVENTS_TOP << 2) : run == 0 ? 0 : -1
}

// @ts-ignore: decorator
@inline
function apply(command: usize): i32 {
  const kind = load<i32>(command, HEAD << 2) & 0xff
  if (kind == COMMAND_NEW) return enter(command)
  return kind == COMMAND_CANCEL ? cancel(command) : UNTOUCHED
}

export function find(idLow: i32, idHigh: i32): i32 {
  return wordOf(index.find(((<i64>idHigh) << 32) | (<i64>(<u32>idLow))))
}

export function insert(order: i32): void {
  index.insert(load<i64>(byteOf(order), ORDER_ID_LOW << 2), byteOf(order))
}

export function remove(order: i32): void {
  index.remove(load<i64>(byteOf(order), ORDER_ID_LOW << 2), byteOf(order))
}

export function ensureLevel(side: i32, priceTicks: i32): i32 {
  return wordOf(ladder.ensureLevel(byteOf(side), priceTicks))
}

export function removeLevel(level: i32): void {
  ladder.removeLevel(byteOf(level))
}
