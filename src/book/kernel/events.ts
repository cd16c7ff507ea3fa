import {
  CLIENT,
  CODE,
  FIRST_TOTAL,
  HEAD,
  INSTRUMENT,
  LOTS,
  MAKER_CLIENT,
  MAKER_OPEN_LOTS,
  MAKER_ORDER_ID,
  MATCH_LOW,
  OPEN_LOTS,
  ORDER_ID,
  PRICE_TICKS,
  RECORD_BYTES,
  SECOND_TOTAL,
  SEQUENCE,
} from '../record-layout.ts'
import {
  ORDER_CLIENT,
  ORDER_HEAD,
  ORDER_ID_LOW,
  ORDER_INSTRUMENT,
  ORDER_OPEN_LOTS,
  ORDER_PRICE_TICKS,
} from '../state/order.ts'
import { EVENTS_END, EVENTS_TOP, MATCH_HIGH_WORD, MATCH_LOW_WORD } from '../state/shared-words.ts'
import { EVENT_ACCEPTED, EVENT_CANCELLED, EVENT_TRADE } from './codes.ts'
import { byteOf, wordOf } from './address.ts'
import { growEvents } from './host.ts'

/** Where the next event record goes. */
// @ts-ignore: decorator
@inline
function next(): usize {
  if (load<i32>(EVENTS_TOP << 2) == load<i32>(EVENTS_END << 2)) growEvents()
  const to = byteOf(load<i32>(EVENTS_TOP << 2))
  store<i32>(EVENTS_TOP << 2, wordOf(to + RECORD_BYTES))
  return to
}

/** A record of a kind as a command causes it: instrument, client, sequence and id are the command's. */
// @ts-ignore: decorator
@inline
function fromCommand(command: usize, kind: i32, code: i32): usize {
  const to = next()
  const first = v128.load(command)
  const head = (i32x4.extract_lane(first, <u8>HEAD) & ~0xff) | kind
  v128.store(to, i32x4.replace_lane(i32x4.replace_lane(first, <u8>HEAD, head), <u8>CODE, code))
  v128.store(to, v128.load(command, SEQUENCE << 2), SEQUENCE << 2)
  return to
}

/** A plain new order is in. */
// @ts-ignore: decorator
@inline
export function writeAccepted(command: usize): void {
  const to = fromCommand(command, EVENT_ACCEPTED, 0)
  const lots = load<i32>(command, LOTS << 2)
  store<i64>(to, load<i64>(command, PRICE_TICKS << 2), PRICE_TICKS << 2)
  store<u64>(to, <u64>(<u32>lots), OPEN_LOTS << 2)
  v128.store(to, i32x4.splat(0), MAKER_ORDER_ID << 2)
}

/** Lots of a new order leave without having rested. */
export function writeRemainderCancelled(command: usize, lots: i32, reason: i32): void {
  const to = fromCommand(command, EVENT_CANCELLED, reason)
  store<i32>(to, load<i32>(command, PRICE_TICKS << 2), PRICE_TICKS << 2)
  store<i32>(to, lots, LOTS << 2)
  store<i64>(to, 0, OPEN_LOTS << 2)
  v128.store(to, i32x4.splat(0), MAKER_ORDER_ID << 2)
}

/** A live order leaves as its owner asked. The command names it. */
// @ts-ignore: decorator
@inline
export function writeCancelled(command: usize, order: usize, reason: i32): void {
  const to = next()
  store<i32>(to, (load<i32>(order, ORDER_HEAD << 2) & ~0xff) | EVENT_CANCELLED, HEAD << 2)
  store<i32>(to, reason, CODE << 2)
  store<i32>(to, load<i32>(order, ORDER_INSTRUMENT << 2), INSTRUMENT << 2)
  store<i32>(to, load<i32>(order, ORDER_CLIENT << 2), CLIENT << 2)
  v128.store(to, v128.load(command, SEQUENCE << 2), SEQUENCE << 2)
  store<i32>(to, load<i32>(order, ORDER_PRICE_TICKS << 2), PRICE_TICKS << 2)
  store<i32>(to, load<i32>(order, ORDER_OPEN_LOTS << 2), LOTS << 2)
  store<i64>(to, 0, OPEN_LOTS << 2)
  v128.store(to, i32x4.splat(0), MAKER_ORDER_ID << 2)
}

/** A new order takes lots of a maker, at the maker's price. */
// @ts-ignore: decorator
@inline
export function writeTrade(command: usize, maker: usize, lots: i32, takerOpenLots: i32): void {
  const number = load<i32>(MATCH_LOW_WORD << 2) + 1
  store<i32>(MATCH_LOW_WORD << 2, number)
  if (number == 0) store<i32>(MATCH_HIGH_WORD << 2, load<i32>(MATCH_HIGH_WORD << 2) + 1)
  const to = fromCommand(command, EVENT_TRADE, load<i32>(MATCH_HIGH_WORD << 2) << 16)
  store<i32>(to, load<i32>(maker, ORDER_PRICE_TICKS << 2), PRICE_TICKS << 2)
  store<i32>(to, lots, LOTS << 2)
  store<i32>(to, takerOpenLots, OPEN_LOTS << 2)
  store<i32>(to, load<i32>(maker, ORDER_OPEN_LOTS << 2) - lots, MAKER_OPEN_LOTS << 2)
  store<i64>(to, load<i64>(maker, ORDER_ID_LOW << 2), MAKER_ORDER_ID << 2)
  store<i32>(to, load<i32>(maker, ORDER_CLIENT << 2), MAKER_CLIENT << 2)
  store<i32>(to, number, MATCH_LOW << 2)
}

/** An event of an instrument, of no order, with two totals; its other words are 0. Returns where it begins. */
export function writeMarketEvent(command: usize, head: i32, instrument: i32, first: f64, second: f64): usize {
  const to = next()
  v128.store(to, i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(0), <u8>HEAD, head), <u8>INSTRUMENT, instrument))
  store<i64>(to, load<i64>(command, SEQUENCE << 2), SEQUENCE << 2)
  store<i64>(to, 0, ORDER_ID << 2)
  v128.store(to, i32x4.splat(0), PRICE_TICKS << 2)
  store<u64>(to, <u64>first, FIRST_TOTAL << 2)
  store<u64>(to, <u64>second, SECOND_TOTAL << 2)
  return to
}
