import zlib from 'node:zlib'
import type { Instruments } from '../instruments.ts'
import { DISPLAY_LOTS, MIN_LOTS, RECORD_WORDS, STOP_TICKS, TIMESTAMP_NS } from '../record.ts'
import { StateHasher } from './state-hash.ts'

/**
 * The state of an engine in one run of little-endian 32-bit words, each part padded with zeros to a multiple of 16:
 *
 *  word
 *   0  magic         'MRBK'
 *   1  version       of this layout
 *   2  checksum      CRC-32 (ISO 3309) of all bytes from word 3 on
 *   3  instruments   how many
 *   4  orders        how many
 *   5  isAllKilled   1 if the kill switch is on for all
 *   6  trades        u64   match number of the latest
 *   8  instruments' fingerprint, 4 words: 16 hexadecimal digits
 *  12  clock         seconds since 1970, and nanoseconds beyond
 *  14  killed        how many clients
 *  15  groups        how many clients are in a self-trade group
 *  16  instruments, 4 words each: last price, trading state, centre of the price band, end of its pause
 *   .. killed clients, ascending; then client and group of each that is in one, by client
 *   .. live orders, a 64-byte record each, as a new order's command (record.ts) but for these words:
 *        10 of an order at rest, what an iceberg shows    11 of a trailing stop, its trigger price
 *        12 openLots                                      14 the order it is linked with, u64
 *      by instrument: bids, offers, sell stops, buy stops, best level first, and in the order of their queues
 */
export const MAGIC = 0x4b42_524d
export const VERSION = 2
export const HEADER_WORDS = 16
export const INSTRUMENT_WORDS = 4
export const [VERSION_AT, CHECKSUM_AT, INSTRUMENTS_AT, ORDERS_AT, ALL_KILLED_AT, TRADES_AT] = [
  1, 2, 3, 4, 5, 6,
] as const
export const [FINGERPRINT_AT, CLOCK_AT, KILLED_AT, GROUPS_AT] = [8, 12, 14, 15] as const
export const FINGERPRINT_BYTES = 16
/** Words of an order's record that mean something else here. */
export const [SHOWN_AT, TRIGGER_AT, OPEN_AT, PARTNER_AT] = [
  STOP_TICKS,
  DISPLAY_LOTS,
  MIN_LOTS,
  TIMESTAMP_NS,
] as const

/** Where the parts begin. */
export function layout(
  instruments: number,
  killed: number,
  groups: number,
  orders: number,
): { clients: number; orders: number; end: number } {
  const clients = HEADER_WORDS + padded(instruments * INSTRUMENT_WORDS)
  const ordersAt = clients + padded(killed + groups * 2)
  return { clients, orders: ordersAt, end: ordersAt + orders * RECORD_WORDS }
}

function padded(words: number): number {
  return Math.ceil(words / RECORD_WORDS) * RECORD_WORDS
}

/** The bytes as words, where they lie if that can be. */
export function wordsOf(bytes: Uint8Array): Int32Array {
  // A Buffer's own slice would be a view of the same odd place.
  const { buffer, byteOffset, length } = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes)
  return new Int32Array(buffer, byteOffset, length >> 2)
}

export function checksum(bytes: Uint8Array): number {
  return zlib.crc32(bytes.subarray((CHECKSUM_AT + 1) * 4)) | 0
}

/** A hash of the first `count` instruments' symbols, ticks and lots: what the numbers in a snapshot mean. */
export function fingerprint(instruments: Instruments, count: number): Uint8Array {
  const hasher = new StateHasher()
  for (let instrument = 0; instrument < count; instrument++) {
    const [price, lots] = [instruments.formatPrice(instrument, 1), instruments.formatQuantity(instrument, 1)]
    for (const character of `${instruments.symbol(instrument)} ${price} ${lots}\n`)
      hasher.add(character.codePointAt(0)!)
  }
  return Buffer.from(hasher.digest(), 'latin1')
}
