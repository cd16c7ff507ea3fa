import zlib from 'node:zlib'
import { NONE } from '../memory/slab.ts'
import { commandFault } from './command-fault.ts'
import type { Instruments } from './instruments.ts'
import { LEVEL_HEAD, LEVEL_WORDS } from './level.ts'
import { MatchingEngine } from './matching-engine.ts'
import { ORDER_NEXT, ORDER_WORDS } from './order.ts'
import {
  CommandKind,
  HEAD,
  headKind,
  headOrderType,
  headSide,
  headTimeInForce,
  INSTRUMENT,
  LOTS,
  OPEN_LOTS,
  ORDER_ID,
  OrderType,
  PRICE_TICKS,
  readU64,
  RECORD_WORDS,
  Side,
  TimeInForce,
  writeU64,
} from './record.ts'
import { ACCEPTED } from './reject-code.ts'
import { StateHasher } from './state-hash.ts'

/**
 * The state of an engine in one run of little-endian 32-bit words:
 *
 *  word
 *   0  magic         'MRBK'
 *   1  version       of this layout
 *   2  checksum      CRC-32 (ISO 3309) of all bytes from word 3 on
 *   3  instruments   how many
 *   4  orders        how many
 *   5  -             (zero)
 *   6  trades        u64   match number of the latest
 *   8  instruments' fingerprint, 4 words: 16 hexadecimal digits
 *  12-15 -           (zero)
 *  16  last trade price of each instrument in ticks, one word each, zeros up to the next multiple of 16
 *   .. resting orders, a 64-byte record each, as a new order's command (record.ts) with openLots in word 10:
 *      by instrument, buy side first, best level first, and in the order of their queues
 */
const MAGIC = 0x4b42_524d
const VERSION = 1
const HEADER_WORDS = 16
const VERSION_AT = 1
const CHECKSUM_AT = 2
const INSTRUMENTS_AT = 3
const ORDERS_AT = 4
const TRADES_AT = 6
const FINGERPRINT_AT = 8
const FINGERPRINT_BYTES = 16

/** The engine's whole state, as it is between two commands. Slots, capacities and history do not enter. */
export function takeSnapshot(engine: MatchingEngine): Uint8Array {
  const { instruments, book } = engine
  const ordersFrom = ordersAt(instruments.count)
  const words = new Int32Array(ordersFrom + book.liveOrders * RECORD_WORDS)
  const bytes = new Uint8Array(words.buffer)
  words[0] = MAGIC
  words[VERSION_AT] = VERSION
  words[INSTRUMENTS_AT] = instruments.count
  words[ORDERS_AT] = book.liveOrders
  writeU64(words, TRADES_AT, engine.trades)
  bytes.set(fingerprint(instruments), FINGERPRINT_AT * 4)
  let to = ordersFrom
  for (let instrument = 0; instrument < instruments.count; instrument++) {
    words[HEADER_WORDS + instrument] = engine.lastTrade(instrument)
    for (const side of [Side.buy, Side.sell]) {
      const { ladder } = book
      for (let level = ladder.best(instrument * 2 + side); level !== NONE; level = ladder.next(level)) {
        let slot = ladder.levels[level * LEVEL_WORDS + LEVEL_HEAD]!
        for (; slot !== NONE; slot = book.words[slot * ORDER_WORDS + ORDER_NEXT]!) {
          book.copyOrder(slot, words, to)
          to += RECORD_WORDS
        }
      }
    }
  }
  words[CHECKSUM_AT] = checksum(bytes)
  return bytes
}

/**
 * An engine that goes on from a snapshot as the one that was taken would have: the same commands give the same bytes.
 * @param instruments the table the snapshot was taken over; it may have grown since
 * @returns the engine, or in words why the snapshot cannot be used
 */
export function restoreSnapshot(bytes: Uint8Array, instruments: Instruments): MatchingEngine | string {
  const fault = headerFault(bytes, instruments)
  if (fault !== undefined) return fault
  const words = wordsOf(bytes)
  const engine = new MatchingEngine(instruments, words[ORDERS_AT])
  const lastTrades = words.subarray(HEADER_WORDS, HEADER_WORDS + words[INSTRUMENTS_AT]!)
  engine.resume(readU64(words, TRADES_AT), lastTrades)
  for (let at = ordersAt(words[INSTRUMENTS_AT]!); at < words.length; at += RECORD_WORDS) {
    const order = orderFault(words, at, engine) ?? restOrder(words, at, engine)
    if (order !== undefined) return `snapshot: order ${readU64(words, at + ORDER_ID)}: ${order}`
  }
  return engine
}

function headerFault(bytes: Uint8Array, instruments: Instruments): string | undefined {
  if (bytes.length < HEADER_WORDS * 4 || bytes.length % 4 !== 0) return 'snapshot: too short to be one'
  const words = wordsOf(bytes)
  if (words[0] !== MAGIC) return 'snapshot: not one of an order book'
  if (words[VERSION_AT] !== VERSION)
    return `snapshot: of version ${words[VERSION_AT]}, this reads version ${VERSION}`
  const count = words[INSTRUMENTS_AT]! >>> 0
  const expected = ordersAt(count) + (words[ORDERS_AT]! >>> 0) * RECORD_WORDS
  if (words.length !== expected) return `snapshot: has ${words.length} words, its header says ${expected}`
  if (words[CHECKSUM_AT] !== checksum(bytes)) return 'snapshot: damaged, its checksum does not match'
  if (count > instruments.count) return `snapshot: of ${count} instruments, there are ${instruments.count}`
  const taken = bytes.subarray(FINGERPRINT_AT * 4, FINGERPRINT_AT * 4 + FINGERPRINT_BYTES)
  const expectedPrint = fingerprint(instruments, count)
  if (!taken.every((byte, i) => byte === expectedPrint[i]))
    return 'snapshot: taken over other instruments, or over other ticks or lots'
  return undefined
}

/** A checksum that matches says that a snapshot is as it was written, not that what wrote it was right. */
function orderFault(
  words: Int32Array,
  at: number,
  { instruments, book }: MatchingEngine,
): string | undefined {
  const head = words[at + HEAD]!
  const openLots = words[at + OPEN_LOTS]!
  if (headKind(head) !== CommandKind.new || commandFault(words, at, instruments) !== ACCEPTED)
    return 'is not one'
  if (headOrderType(head) !== OrderType.limit || headTimeInForce(head) !== TimeInForce.gtc)
    return 'could not rest'
  if (openLots <= 0 || openLots > words[at + LOTS]!) return `has ${openLots} lots open of ${words[at + LOTS]}`
  if (book.find(words[at + ORDER_ID]!, words[at + ORDER_ID + 1]!) !== NONE) return 'is there twice'
  const opposite = book.bestPrice(words[at + INSTRUMENT]!, headSide(head) ^ 1)
  const price = words[at + PRICE_TICKS]!
  const crosses = opposite !== 0 && (headSide(head) === Side.buy ? price >= opposite : price <= opposite)
  return crosses ? 'crosses the other side' : undefined
}

function restOrder(words: Int32Array, at: number, { book }: MatchingEngine): string | undefined {
  const slot = book.rest(words, at, words[at + PRICE_TICKS]!, words[at + OPEN_LOTS]!, words[at + LOTS]!)
  return slot === NONE ? 'does not fit into memory' : undefined
}

/** The bytes as words, where they lie if that can be. */
function wordsOf(bytes: Uint8Array): Int32Array {
  const { buffer, byteOffset, length } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  return new Int32Array(buffer, byteOffset, length >> 2)
}

function ordersAt(instruments: number): number {
  return HEADER_WORDS + Math.ceil(instruments / RECORD_WORDS) * RECORD_WORDS
}

function checksum(bytes: Uint8Array): number {
  return zlib.crc32(bytes.subarray((CHECKSUM_AT + 1) * 4)) | 0
}

/** A hash of the first `count` instruments' symbols, ticks and lots: what the numbers in a snapshot mean. */
function fingerprint(instruments: Instruments, count: number = instruments.count): Uint8Array {
  const hasher = new StateHasher()
  for (let instrument = 0; instrument < count; instrument++) {
    const [price, lots] = [instruments.formatPrice(instrument, 1), instruments.formatQuantity(instrument, 1)]
    for (const character of `${instruments.symbol(instrument)} ${price} ${lots}\n`)
      hasher.add(character.codePointAt(0)!)
  }
  return Buffer.from(hasher.digest(), 'latin1')
}
