import {
  BLOCK_CARE,
  BLOCK_LAST_TICKS,
  BLOCK_MAX_LOTS,
  BLOCK_MAX_PRICE_TICKS,
  BLOCK_MIN_PRICE_TICKS,
} from '../state/instrument-block.ts'
import { SIDE_BEST, SIDE_WORDS } from '../state/ladder-layout.ts'
import { LEVEL_CONCEALED, LEVEL_HEAD, LEVEL_PRICE_TICKS, LEVEL_SHOWN } from '../state/level.ts'
import { ORDER_CLIENT, ORDER_INSTRUMENT, ORDER_OPEN_LOTS, ORDER_TERMS } from '../state/order.ts'
import { BLOCKS_WORD, KNOWN_WORD, LINKS_WORD, OPEN_LOTS_LEFT } from '../state/shared-words.ts'
import {
  CLIENT,
  CODE,
  HEAD,
  INSTRUMENT,
  LOTS,
  MAX_PRICE_TICKS,
  MIN_LOTS,
  ORDER_ID,
  PRICE_TICKS,
  STOP_TICKS,
} from '../record-layout.ts'
import { byteOf } from './address.ts'
import {
  ANY_INSTRUMENT,
  REASON_BOOK_FULL,
  REASON_FOK,
  REASON_IOC,
  REASON_NO_LIQUIDITY,
  REASON_USER,
  TIME_FOK,
  TIME_IOC,
  TYPE_MARKET,
} from './codes.ts'
import { writeAccepted, writeCancelled, writeRemainderCancelled, writeTrade } from './events.ts'
import { find } from './index.ts'
import { nextLevel } from './ladder.ts'
import { reduce, remove, rest } from './orders.ts'

/** How far a command has come: those that are done are odd. */
export const UNTOUCHED = 0
export const DONE = 1
/** Accepted and traded as far as the first maker that needs care; OPEN_LOTS_LEFT says what is still open. */
export const BEGUN = 2
/** Done, and it rests. */
export const RESTED = 3

/** A new order, buy or sell, limit or market, gtc, ioc, fok or day: the least of each, and the bits of the others. */
const PLAIN_HEAD = 0x0101_0001
const PLAIN_BITS = 0x0301_0100
const HIGHEST_ID: u64 = 0x1f_ffff_ffff_ffff

/** Enters a new order that needs nothing but matching. */
// @ts-ignore: decorator
@inline
export function enter(command: usize): i32 {
  const head = load<i32>(command, HEAD << 2)
  const terms = load<i64>(command, STOP_TICKS << 2) | load<i64>(command, MIN_LOTS << 2)
  if (((head - PLAIN_HEAD) & ~PLAIN_BITS) != 0 || load<i32>(command, CODE << 2) != 0 || terms != 0)
    return UNTOUCHED
  const id = load<i64>(command, ORDER_ID << 2)
  const instrument = load<u32>(command, INSTRUMENT << 2)
  if (<u64>id - 1 >= HIGHEST_ID || instrument >= load<u32>(KNOWN_WORD << 2)) return UNTOUCHED
  const block = byteOf(load<i32>(byteOf(load<i32>(BLOCKS_WORD << 2) + instrument)))
  const lots = load<i32>(command, LOTS << 2)
  const price = load<i32>(command, PRICE_TICKS << 2)
  const isMarket = ((head >> 16) & 0xff) == TYPE_MARKET
  if (!isWithinLimits(block, price, lots, isMarket) || load<i32>(block, BLOCK_CARE << 2) != 0)
    return UNTOUCHED
  const timeInForce = head >>> 24
  if (find(id) != 0 || (timeInForce == TIME_FOK && load<i32>(LINKS_WORD << 2) != 0)) return UNTOUCHED
  const isSell = (head >> 8) & 1
  const limit = price != 0 ? price : isSell ? 0 : MAX_PRICE_TICKS
  const opposite = block + byteOf((isSell ^ 1) * SIDE_WORDS)
  writeAccepted(command)
  if (timeInForce == TIME_FOK && !canFill(opposite, isSell, limit, lots)) {
    writeRemainderCancelled(command, lots, REASON_FOK)
    return DONE
  }
  const open = match(command, block, opposite, isSell, limit, lots)
  if (open <= 0) return open == 0 ? DONE : BEGUN
  let reason = REASON_BOOK_FULL
  if (isMarket) reason = REASON_NO_LIQUIDITY
  else if (timeInForce == TIME_IOC || timeInForce == TIME_FOK) reason = REASON_IOC
  else if (rest(command, block + byteOf(isSell * SIDE_WORDS), open)) return RESTED
  writeRemainderCancelled(command, open, reason)
  return DONE
}

// @ts-ignore: decorator
@inline
function isWithinLimits(block: usize, price: i32, lots: i32, isMarket: bool): bool {
  if (<u32>(lots - 1) >= load<u32>(block, BLOCK_MAX_LOTS << 2)) return false
  const lowest = load<i32>(block, BLOCK_MIN_PRICE_TICKS << 2)
  const highest = load<i32>(block, BLOCK_MAX_PRICE_TICKS << 2)
  return <u32>(price - lowest) <= <u32>(highest - lowest) || (isMarket && price == 0)
}

/** Trades against the other side as far as `limit`. Returns the lots still open; -1 if a maker needs care. */
// @ts-ignore: decorator
@inline
function match(command: usize, block: usize, opposite: usize, isSell: i32, limit: i32, lots: i32): i32 {
  let open = lots
  while (true) {
    const level = byteOf(load<i32>(opposite, SIDE_BEST << 2))
    if (level == 0) return open
    const price = load<i32>(level, LEVEL_PRICE_TICKS << 2)
    if (isBeyond(isSell, price, limit)) return open
    const maker = byteOf(load<i32>(level, LEVEL_HEAD << 2))
    if (load<i32>(maker, ORDER_TERMS << 2) != 0) {
      store<i32>(OPEN_LOTS_LEFT << 2, open)
      return -1
    }
    store<i32>(block, price, BLOCK_LAST_TICKS << 2)
    const makerOpen = load<i32>(maker, ORDER_OPEN_LOTS << 2)
    if (makerOpen > open) {
      writeTrade(command, maker, open, 0)
      reduce(maker, open)
      return 0
    }
    open -= makerOpen
    writeTrade(command, maker, makerOpen, open)
    remove(maker)
    if (open == 0) return 0
  }
}

// @ts-ignore: decorator
@inline
function isBeyond(isSell: i32, price: i32, limit: i32): bool {
  return isSell ? price < limit : price > limit
}

/** Whether the other side holds `lots` at `limit` or better. */
function canFill(opposite: usize, isSell: i32, limit: i32, lots: i32): bool {
  let missing = <f64>lots
  let level = byteOf(load<i32>(opposite, SIDE_BEST << 2))
  for (; level != 0; level = nextLevel(level)) {
    if (isBeyond(isSell, load<i32>(level, LEVEL_PRICE_TICKS << 2), limit)) return false
    missing -= load<f64>(level, LEVEL_SHOWN << 3) + load<f64>(level, LEVEL_CONCEALED << 3)
    if (missing <= 0) return true
  }
  return false
}

/** Cancels a live order that has no terms. */
// @ts-ignore: decorator
@inline
export function cancel(command: usize): i32 {
  if (load<i32>(command, CODE << 2) != 0) return UNTOUCHED
  const id = load<i64>(command, ORDER_ID << 2)
  if (<u64>id - 1 >= HIGHEST_ID) return UNTOUCHED
  const order = find(id)
  if (order == 0 || load<i32>(order, ORDER_TERMS << 2) != 0) return UNTOUCHED
  const client = load<i32>(command, CLIENT << 2)
  const instrument = load<i32>(command, INSTRUMENT << 2)
  if (client != 0 && client != load<i32>(order, ORDER_CLIENT << 2)) return UNTOUCHED
  if (instrument != ANY_INSTRUMENT && instrument != load<i32>(order, ORDER_INSTRUMENT << 2)) return UNTOUCHED
  writeCancelled(command, order, REASON_USER)
  remove(order)
  return DONE
}
