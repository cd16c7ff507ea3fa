import * as heapNames from '../../memory/heap.ts'
import type { EngineState } from '../state/engine-state.ts'
import * as levelLayout from '../state/level.ts'
import * as ladder from '../state/price-ladder.ts'
import * as record from '../record.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { NONE } = heapNames
const { LEVEL_CONCEALED, LEVEL_PRICE_TICKS, LEVEL_SHOWN } = levelLayout
const { nextLevel, SIDE_BEST, SIDE_WORDS } = ladder
const { MAX_PRICE_TICKS, Side } = record

/** The worst price an order may trade at; 0 stands for any. */
export function limitTicks(side: number, priceTicks: number): number {
  return priceTicks !== 0 ? priceTicks : side === Side.buy ? MAX_PRICE_TICKS : 0
}

/** The ladder side that a buy or a sell order rests on. */
export function ownSide(block: number, side: number): number {
  return block + side * SIDE_WORDS
}

/** The ladder side that a buy or a sell order trades with. */
export function oppositeSide(block: number, side: number): number {
  return block + (side ^ 1) * SIDE_WORDS
}

/** Whether a price is worse than the limit of an order: above it of a buy, below it of a sell. */
export function isBeyond(side: number, priceTicks: number, limit: number): boolean {
  return side === Side.buy ? priceTicks > limit : priceTicks < limit
}

/** Whether the best level of a ladder side is within the limit of an order on the other side. */
export function isWithin(words: Int32Array, opposite: number, side: number, limit: number): boolean {
  const level = words[opposite + SIDE_BEST]!
  return level !== NONE && !isBeyond(side, words[level + LEVEL_PRICE_TICKS]!, limit)
}

/** Whether the other side holds `lots` at `limit` or better. Looks at levels, not orders, and no further than it must. */
export function canFill(
  { words, totals }: EngineState,
  block: number,
  side: number,
  limit: number,
  lots: number,
): boolean {
  let missing = lots
  let level = words[oppositeSide(block, side) + SIDE_BEST]!
  for (; level !== NONE; level = nextLevel(words, level)) {
    if (isBeyond(side, words[level + LEVEL_PRICE_TICKS]!, limit)) return false
    missing -= totals[(level >> 1) + LEVEL_SHOWN]! + totals[(level >> 1) + LEVEL_CONCEALED]!
    if (missing <= 0) return true
  }
  return false
}

/** The worst price that an order may trade at within a price band around a centre. */
export function bandLimit(side: number, limit: number, centreTicks: number, bandTicks: number): number {
  return side === Side.buy
    ? Math.min(limit, Math.min(MAX_PRICE_TICKS, centreTicks + bandTicks))
    : Math.max(limit, centreTicks - bandTicks)
}
