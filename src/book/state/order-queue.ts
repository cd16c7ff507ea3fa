import * as heapNames from '../../memory/heap.ts'
import type { EngineState } from './engine-state.ts'
import * as levelLayout from './level.ts'
import * as orderLayout from './order.ts'
import * as ladder from './price-ladder.ts'
import * as termsLayout from './terms.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { NONE } = heapNames
const { LEVEL_CONCEALED, LEVEL_COUNT, LEVEL_HIDDEN_COUNT } = levelLayout
const { LEVEL_HIDDEN_HEAD, LEVEL_SHOWN, LEVEL_TAIL } = levelLayout
const { ORDER_LEVEL, ORDER_NEXT, ORDER_OPEN_LOTS, ORDER_PREVIOUS, ORDER_TERMS } = orderLayout
const { ensureLevel, removeLevel } = ladder
const { TERMS_DISPLAY_LOTS, TERMS_IS_HIDDEN, TERMS_IS_WAITING, TERMS_SHOWN_LOTS } = termsLayout

/** What an order shows. An order that waits for its stop price counts as shown. */
export function shownLots(words: Int32Array, slot: number): number {
  const terms = words[slot + ORDER_TERMS]!
  const openLots = words[slot + ORDER_OPEN_LOTS]!
  if (terms === NONE || words[terms + TERMS_IS_WAITING] === 1) return openLots
  if (words[terms + TERMS_IS_HIDDEN] === 1) return 0
  return words[terms + TERMS_DISPLAY_LOTS] === 0 ? openLots : words[terms + TERMS_SHOWN_LOTS]!
}

/** Whether an order stands behind all displayed ones of its level. */
export function isHiddenAtRest(words: Int32Array, slot: number): boolean {
  const terms = words[slot + ORDER_TERMS]!
  return terms !== NONE && words[terms + TERMS_IS_HIDDEN] === 1 && words[terms + TERMS_IS_WAITING] === 0
}

/**
 * Puts an order at the end of the queue of a price. Its terms must be in place.
 * @returns false when no memory is left and nothing was changed
 */
export function enqueue(state: EngineState, slot: number, side: number, priceTicks: number): boolean {
  const level = ensureLevel(state, side, priceTicks)
  if (level === NONE) return false
  const { words, totals } = state
  if (state.touches !== undefined) state.touches.add(words, totals, level)
  words[slot + ORDER_LEVEL] = level
  words[level + LEVEL_COUNT]!++
  if (words[slot + ORDER_TERMS] !== NONE || words[level + LEVEL_HIDDEN_HEAD] !== NONE) {
    enqueueWithTerms(state, slot, level)
    return true
  }
  link(words, slot, words[level + LEVEL_TAIL]!, level)
  totals[(level >> 1) + LEVEL_SHOWN]! += words[slot + ORDER_OPEN_LOTS]!
  return true
}

/** As `enqueue`, where hidden lots are about. */
function enqueueWithTerms({ words, totals }: EngineState, slot: number, level: number): void {
  const firstHidden = words[level + LEVEL_HIDDEN_HEAD]!
  if (isHiddenAtRest(words, slot)) {
    link(words, slot, words[level + LEVEL_TAIL]!, level)
    if (firstHidden === NONE) words[level + LEVEL_HIDDEN_HEAD] = slot
    words[level + LEVEL_HIDDEN_COUNT]!++
  } else {
    const behind = firstHidden === NONE ? level : firstHidden
    link(words, slot, words[behind + ORDER_PREVIOUS]!, behind)
  }
  const shown = shownLots(words, slot)
  totals[(level >> 1) + LEVEL_SHOWN]! += shown
  totals[(level >> 1) + LEVEL_CONCEALED]! += words[slot + ORDER_OPEN_LOTS]! - shown
}

/** Puts an order between two that follow one another; either may be the level itself. */
function link(words: Int32Array, slot: number, previous: number, next: number): void {
  words[slot + ORDER_PREVIOUS] = previous
  words[slot + ORDER_NEXT] = next
  words[previous + ORDER_NEXT] = slot
  words[next + ORDER_PREVIOUS] = slot
}

/** Takes an order out of its queue, and its level off the ladder if it was the last one there. */
export function dequeue(state: EngineState, slot: number): void {
  const { words, totals } = state
  const level = words[slot + ORDER_LEVEL]!
  const next = words[slot + ORDER_NEXT]!
  const previous = words[slot + ORDER_PREVIOUS]!
  if (state.touches !== undefined) state.touches.add(words, totals, level)
  if (words[slot + ORDER_TERMS] !== NONE) dequeueTerms(state, slot, level)
  else totals[(level >> 1) + LEVEL_SHOWN]! -= words[slot + ORDER_OPEN_LOTS]!
  words[previous + ORDER_NEXT] = next
  words[next + ORDER_PREVIOUS] = previous
  const left = words[level + LEVEL_COUNT]! - 1
  words[level + LEVEL_COUNT] = left
  if (left === 0) removeLevel(state, level)
}

function dequeueTerms({ words, totals }: EngineState, slot: number, level: number): void {
  const shown = shownLots(words, slot)
  totals[(level >> 1) + LEVEL_SHOWN]! -= shown
  totals[(level >> 1) + LEVEL_CONCEALED]! -= words[slot + ORDER_OPEN_LOTS]! - shown
  if (!isHiddenAtRest(words, slot)) return
  words[level + LEVEL_HIDDEN_COUNT]!--
  if (words[level + LEVEL_HIDDEN_HEAD] !== slot) return
  const next = words[slot + ORDER_NEXT]!
  words[level + LEVEL_HIDDEN_HEAD] = next === level ? NONE : next
}

/** Takes `lots` off an order that keeps some, and its place in the queue. */
export function reduce(state: EngineState, slot: number, lots: number): void {
  const { words, totals } = state
  const level = words[slot + ORDER_LEVEL]!
  if (state.touches !== undefined) state.touches.add(words, totals, level)
  if (words[slot + ORDER_TERMS] !== NONE) {
    setOpen(state, slot, words[slot + ORDER_OPEN_LOTS]! - lots, shownLots(words, slot))
    return
  }
  words[slot + ORDER_OPEN_LOTS]! -= lots
  totals[(level >> 1) + LEVEL_SHOWN]! -= lots
}

/** Gives an order with terms another open quantity, of which an iceberg shows no more than `mostShown`. */
export function setOpen(state: EngineState, slot: number, openLots: number, mostShown: number): void {
  const { words, totals } = state
  const level = words[slot + ORDER_LEVEL]!
  const terms = words[slot + ORDER_TERMS]!
  if (state.touches !== undefined) state.touches.add(words, totals, level)
  const shownBefore = shownLots(words, slot)
  const concealedBefore = words[slot + ORDER_OPEN_LOTS]! - shownBefore
  words[slot + ORDER_OPEN_LOTS] = openLots
  words[terms + TERMS_SHOWN_LOTS] = Math.min(mostShown, openLots)
  const shown = shownLots(words, slot)
  totals[(level >> 1) + LEVEL_SHOWN]! += shown - shownBefore
  totals[(level >> 1) + LEVEL_CONCEALED]! += openLots - shown - concealedBefore
}
