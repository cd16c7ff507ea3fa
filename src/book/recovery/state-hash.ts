import { NONE } from '../../memory/heap.ts'
import type { EngineState } from '../state/engine-state.ts'
import {
  BLOCK_BIDS,
  BLOCK_CENTRE_TICKS,
  BLOCK_LAST_TICKS,
  BLOCK_PAUSE_UNTIL,
  BLOCK_STATE,
} from '../state/instrument-block.ts'
import { LEVEL_COUNT, LEVEL_HEAD, LEVEL_PRICE_TICKS } from '../state/level.ts'
import { ORDER_NEXT, ORDER_TERMS } from '../state/order.ts'
import { nextLevel, SIDE_BEST, SIDE_LEVELS, SIDE_WORDS } from '../state/price-ladder.ts'
import { readOrder } from '../queries.ts'
import { TERMS_DISPLAY_LOTS, TERMS_SHOWN_LOTS } from '../state/terms.ts'

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

/** Ladder sides of an instrument: bids, offers, sell stops, buy stops. */
const SIDES = 4

/**
 * A hash of what the engine would answer from here on: clock, kill switch, groups, and for each instrument its state and,
 * for each side, best level first, every order in queue order. Slots, capacities and history do not enter.
 */
export function hashState(state: EngineState): string {
  const { words, blocks, known, killed, groups } = state
  const hasher = new StateHasher()
  hasher.add(state.matchHigh * 4_294_967_296 + (state.matchLow >>> 0))
  hasher.add(state.clockSeconds)
  hasher.add(state.clockNs)
  hasher.add(state.isAllKilled ? 1 : 0)
  hasher.add(killed.size)
  for (const client of [...killed].sort((a, b) => a - b)) hasher.add(client)
  hasher.add(groups.size)
  for (const [client, group] of [...groups].sort(([a], [b]) => a - b)) {
    hasher.add(client)
    hasher.add(group)
  }
  for (let instrument = 0; instrument < known; instrument++) {
    const block = blocks[instrument]!
    for (const word of [BLOCK_LAST_TICKS, BLOCK_STATE, BLOCK_CENTRE_TICKS, BLOCK_PAUSE_UNTIL])
      hasher.add(words[block + word]!)
    for (let side = 0; side < SIDES; side++) hashSide(state, hasher, block + BLOCK_BIDS + side * SIDE_WORDS)
  }
  return hasher.digest()
}

function hashSide(state: EngineState, hasher: StateHasher, ladderSide: number): void {
  const { words } = state
  hasher.add(words[ladderSide + SIDE_LEVELS]!)
  for (let level = words[ladderSide + SIDE_BEST]!; level !== NONE; level = nextLevel(words, level)) {
    hasher.add(words[level + LEVEL_PRICE_TICKS]!)
    hasher.add(words[level + LEVEL_COUNT]!)
    for (let slot = words[level + LEVEL_HEAD]!; slot !== level; slot = words[slot + ORDER_NEXT]!)
      hashOrder(state, hasher, slot)
  }
}

function hashOrder(state: EngineState, hasher: StateHasher, slot: number): void {
  const { words } = state
  const order = readOrder(state, slot)
  const terms = words[slot + ORDER_TERMS]!
  const isShowing = terms !== NONE && words[terms + TERMS_DISPLAY_LOTS] !== 0 && !order.isWaiting
  hasher.add(order.orderId)
  hasher.add(order.client)
  hasher.add(order.orderType)
  hasher.add(order.timeInForce)
  hasher.add(order.flags)
  hasher.add(order.priceTicks)
  hasher.add(order.openLots)
  hasher.add(order.totalLots)
  hasher.add(order.displayLots)
  hasher.add(isShowing ? words[terms + TERMS_SHOWN_LOTS]! : 0)
  hasher.add(order.trailTicks)
  hasher.add(order.expirySeconds)
  hasher.add(order.linkedOrderId)
}
