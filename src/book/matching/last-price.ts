import { NONE } from '../../memory/heap.ts'
import type { EngineState } from '../state/engine-state.ts'
import {
  BLOCK_BAND_TICKS,
  BLOCK_CENTRE_TICKS,
  BLOCK_LAST_TICKS,
  BLOCK_TRAIL_HEAD,
} from '../state/instrument-block.ts'
import { LEVEL_HEAD } from '../state/level.ts'
import { moveStop, stopSide } from '../state/live-orders.ts'
import { ORDER_HEAD, ORDER_NEXT, ORDER_TERMS } from '../state/order.ts'
import { nextLevel, SIDE_BEST } from '../state/price-ladder.ts'
import { headSide, MAX_PRICE_TICKS, Side } from '../record.ts'
import { TERMS_STOP_TICKS, TERMS_TRAIL_NEXT, TERMS_TRAIL_TICKS } from '../state/terms.ts'

/** Notes the price of a trade: last price, the band's first centre, trailing stops. */
export function tradedAt(state: EngineState, block: number, priceTicks: number): void {
  const orders = state.words
  orders[block + BLOCK_LAST_TICKS] = priceTicks
  if (orders[block + BLOCK_BAND_TICKS] !== 0 && orders[block + BLOCK_CENTRE_TICKS] === 0)
    orders[block + BLOCK_CENTRE_TICKS] = priceTicks
  if (orders[block + BLOCK_TRAIL_HEAD] !== NONE) trail(state, block, priceTicks)
}

/**
 * Lets trailing stops follow a trade price. Those that move queue up behind those that are at the new stop price
 * already, among themselves in the order in which they would have been triggered.
 */
function trail(state: EngineState, block: number, priceTicks: number): void {
  if (!isAnyMoving(state, block, priceTicks)) return
  trailSide(state, stopSide(block, Side.buy), priceTicks)
  trailSide(state, stopSide(block, Side.sell), priceTicks)
}

function trailSide(state: EngineState, side: number, priceTicks: number): void {
  const { words } = state
  let count = 0
  for (let level = words[side + SIDE_BEST]!; level !== NONE; level = nextLevel(words, level))
    for (let slot = words[level + LEVEL_HEAD]!; slot !== level; slot = words[slot + ORDER_NEXT]!)
      if (isMoving(words, slot, priceTicks)) addMoving(state, count++, slot)
  const { moving } = state
  for (let i = 0; i < count; i++) moveStop(state, moving[i]!, stopAfter(state.words, moving[i]!, priceTicks))
}

function addMoving(state: EngineState, at: number, slot: number): void {
  if (at === state.moving.length) {
    const moving = new Int32Array(at * 2)
    moving.set(state.moving)
    state.moving = moving
  }
  state.moving[at] = slot
}

function isAnyMoving({ words }: EngineState, block: number, priceTicks: number): boolean {
  let slot = words[block + BLOCK_TRAIL_HEAD]!
  while (slot !== NONE && !isMoving(words, slot, priceTicks))
    slot = words[words[slot + ORDER_TERMS]! + TERMS_TRAIL_NEXT]!
  return slot !== NONE
}

function isMoving(words: Int32Array, slot: number, priceTicks: number): boolean {
  const terms = words[slot + ORDER_TERMS]!
  if (words[terms + TERMS_TRAIL_TICKS] === 0) return false
  const stop = words[terms + TERMS_STOP_TICKS]!
  const after = stopAfter(words, slot, priceTicks)
  return headSide(words[slot + ORDER_HEAD]!) === Side.buy ? after < stop : after > stop
}

function stopAfter(words: Int32Array, slot: number, priceTicks: number): number {
  const distance = words[words[slot + ORDER_TERMS]! + TERMS_TRAIL_TICKS]!
  return trailingStopTicks(headSide(words[slot + ORDER_HEAD]!), priceTicks, distance)
}

/** Where a trailing stop of a distance stands when the price is `priceTicks`. */
export function trailingStopTicks(side: number, priceTicks: number, distance: number): number {
  return side === Side.buy
    ? Math.min(MAX_PRICE_TICKS, priceTicks + distance)
    : Math.max(1, priceTicks - distance)
}
