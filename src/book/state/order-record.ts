import { NONE } from '../../memory/heap.ts'
import {
  ORDER_CLIENT,
  ORDER_FLAGS,
  ORDER_HEAD,
  ORDER_ID_HIGH,
  ORDER_ID_LOW,
  ORDER_INSTRUMENT,
  ORDER_PRICE_TICKS,
  ORDER_SEQUENCE,
  ORDER_TERMS,
  ORDER_TOTAL_LOTS,
} from './order.ts'
import {
  CLIENT,
  CODE,
  CommandKind,
  DISPLAY_LOTS,
  EXPIRY_SECONDS,
  HEAD,
  INSTRUMENT,
  LOTS,
  MIN_LOTS,
  ORDER_ID,
  PRICE_TICKS,
  SEQUENCE,
  STOP_TICKS,
  TIMESTAMP_NS,
} from '../record.ts'
import {
  TERMS_DISPLAY_LOTS,
  TERMS_EXPIRY_SECONDS,
  TERMS_IS_WAITING,
  TERMS_STOP_TICKS,
  TERMS_TRAIL_TICKS,
} from './terms.ts'

/**
 * Writes a live order as the command record that it would be entered with, its total as `LOTS`. `STOP_TICKS` is the
 * distance of a trailing stop; there is no minimum quantity, which has had its day, and no link.
 */
export function copyOrder(orders: Int32Array, slot: number, words: Int32Array, at: number): void {
  const terms = orders[slot + ORDER_TERMS]!
  words[at + HEAD] = (orders[slot + ORDER_HEAD]! & ~0xff) | CommandKind.new
  words[at + CODE] = orders[slot + ORDER_FLAGS]! << 16
  words[at + INSTRUMENT] = orders[slot + ORDER_INSTRUMENT]!
  words[at + CLIENT] = orders[slot + ORDER_CLIENT]!
  words[at + SEQUENCE] = orders[slot + ORDER_SEQUENCE]!
  words[at + SEQUENCE + 1] = orders[slot + ORDER_SEQUENCE + 1]!
  words[at + ORDER_ID] = orders[slot + ORDER_ID_LOW]!
  words[at + ORDER_ID + 1] = orders[slot + ORDER_ID_HIGH]!
  words[at + PRICE_TICKS] = orders[slot + ORDER_PRICE_TICKS]!
  words[at + LOTS] = orders[slot + ORDER_TOTAL_LOTS]!
  words[at + MIN_LOTS] = 0
  words[at + TIMESTAMP_NS] = 0
  words[at + TIMESTAMP_NS + 1] = 0
  words[at + DISPLAY_LOTS] = terms === NONE ? 0 : orders[terms + TERMS_DISPLAY_LOTS]!
  words[at + EXPIRY_SECONDS] = terms === NONE ? 0 : orders[terms + TERMS_EXPIRY_SECONDS]!
  words[at + STOP_TICKS] = stopTerm(orders, terms)
}

/** What the order was entered with as its stop price; 0 once it has been triggered. */
function stopTerm(orders: Int32Array, terms: number): number {
  if (terms === NONE || orders[terms + TERMS_IS_WAITING] === 0) return 0
  const distance = orders[terms + TERMS_TRAIL_TICKS]!
  return distance === 0 ? orders[terms + TERMS_STOP_TICKS]! : distance
}
