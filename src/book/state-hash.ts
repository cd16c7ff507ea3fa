import { NONE } from '../memory/slab.ts'
import type { Instruments } from './instruments.ts'
import type { OrderBook } from './order-book.ts'
import { Side } from './record.ts'

/** Mixes whole numbers into a 64-bit hash, held as two 32-bit lanes (multiply and xor-shift, after MurmurHash3). */
export class StateHasher {
  private first = 0x811c_9dc5
  private second = 0x2545_f491

  /** Mixes in a number from -2^53 to 2^53. */
  add(value: number): void {
    this.mix(value | 0)
    this.mix(Math.floor(value / 4_294_967_296) | 0)
  }

  /** Sixteen hexadecimal digits. */
  digest(): string {
    const hex = (lane: number): string => (lane >>> 0).toString(16).padStart(8, '0')
    return hex(this.first) + hex(this.second)
  }

  private mix(word: number): void {
    const first = Math.imul(this.first ^ word, 0x9e37_79b1)
    this.first = first ^ (first >>> 15)
    const second = Math.imul(((this.second << 13) | (this.second >>> 19)) ^ word, 0x85eb_ca6b)
    this.second = second ^ (second >>> 13)
  }
}

/** What of an engine the hash is taken over. */
export interface EngineState {
  readonly instruments: Instruments
  readonly book: OrderBook
  readonly lastTradeTicks: Int32Array
  readonly trades: number
}

/**
 * A hash of what the engine would answer from here on: for each instrument its last trade price and, for each side,
 * best level first, every order in queue order. Slots, capacities and history do not enter.
 */
export function hashState({ instruments, book, lastTradeTicks, trades }: EngineState): string {
  const hasher = new StateHasher()
  hasher.add(trades)
  for (let instrument = 0; instrument < instruments.count; instrument++) {
    hasher.add(lastTradeTicks[instrument]!)
    for (const side of [Side.buy, Side.sell]) {
      const { ladder } = book
      hasher.add(ladder.levelCount(instrument * 2 + side))
      for (let level = ladder.best(instrument * 2 + side); level !== NONE; level = ladder.next(level)) {
        hasher.add(ladder.price(level))
        hasher.add(ladder.orders(level))
        for (const order of book.queue(level)) {
          hasher.add(order.orderId)
          hasher.add(order.client)
          hasher.add(order.openLots)
          hasher.add(order.totalLots)
        }
      }
    }
  }
  return hasher.digest()
}
