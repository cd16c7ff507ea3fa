import * as heapNames from '../../memory/heap.ts'
import type { EngineState } from './engine-state.ts'
import * as blockLayout from './instrument-block.ts'
import * as careNames from './care.ts'
import * as levelLayout from './level.ts'
import * as orderLayout from './order.ts'
import * as queue from './order-queue.ts'
import { ensureLevel, nextLevel, removeLevel, SIDE_BEST, SIDE_WORDS } from './price-ladder.ts'
import * as record from '../record.ts'
import * as termsLayout from './terms.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { NONE } = heapNames
const { BLOCK_BIDS, BLOCK_BUY_STOPS, BLOCK_CARE, BLOCK_SELL_STOPS, BLOCK_TRAIL_HEAD, BLOCK_WAITING } =
  blockLayout
const { Care } = careNames
const { LEVEL_COUNT, LEVEL_HEAD, LEVEL_TAIL } = levelLayout
const { ORDER_CLIENT, ORDER_FLAGS, ORDER_NEXT, ORDER_HEAD, ORDER_ID_HIGH, ORDER_ID_LOW, ORDER_INSTRUMENT } =
  orderLayout
const { ORDER_OPEN_LOTS, ORDER_PRICE_TICKS, ORDER_SEQUENCE, ORDER_TERMS, ORDER_TOTAL_LOTS } = orderLayout
const { dequeue, enqueue } = queue
const { CLIENT, CODE, HEAD, headSide, INSTRUMENT, LOTS, ORDER_ID, PRICE_TICKS, SEQUENCE, Side } = record
const { TERMS_EXPIRY_LEVEL, TERMS_EXPIRY_NEXT, TERMS_EXPIRY_PREVIOUS, TERMS_EXPIRY_SECONDS } = termsLayout
const { TERMS_IS_WAITING, TERMS_PARTNER, TERMS_STOP_TICKS, TERMS_TRAIL_NEXT } = termsLayout
const { TERMS_TRAIL_PREVIOUS, TERMS_TRAIL_TICKS, TERMS_WORDS } = termsLayout

/** The slot of a live order, or NONE. */
export function findOrder({ index }: EngineState, orderId: number): number {
  return index.find(orderId | 0, Math.floor(orderId / 4_294_967_296))
}

/** A slot for terms, all zero, or NONE when no memory is left. */
export function makeTerms(state: EngineState): number {
  const terms = state.terms.take()
  if (terms !== NONE) state.words.fill(0, terms, terms + TERMS_WORDS)
  return terms
}

/**
 * Makes a live order of the order at work, at the end of the queue of a price.
 * @param openLots what it has left of its `LOTS`
 * @returns its slot, or NONE when no memory is left and nothing was changed
 */
export function rest(
  state: EngineState,
  words: Int32Array,
  at: number,
  side: number,
  key: number,
  openLots: number,
  terms: number,
): number {
  const slot = state.orders.take()
  if (slot === NONE) return NONE
  const orders = state.words
  const idLow = words[at + ORDER_ID]!
  const idHigh = words[at + ORDER_ID + 1]!
  orders[slot + ORDER_OPEN_LOTS] = openLots
  orders[slot + ORDER_ID_LOW] = idLow
  orders[slot + ORDER_ID_HIGH] = idHigh
  orders[slot + ORDER_CLIENT] = words[at + CLIENT]!
  orders[slot + ORDER_HEAD] = words[at + HEAD]!
  orders[slot + ORDER_TOTAL_LOTS] = words[at + LOTS]!
  orders[slot + ORDER_PRICE_TICKS] = words[at + PRICE_TICKS]!
  orders[slot + ORDER_INSTRUMENT] = words[at + INSTRUMENT]!
  orders[slot + ORDER_SEQUENCE] = words[at + SEQUENCE]!
  orders[slot + ORDER_SEQUENCE + 1] = words[at + SEQUENCE + 1]!
  orders[slot + ORDER_TERMS] = terms
  orders[slot + ORDER_FLAGS] = words[at + CODE]! >>> 16
  if (!enqueue(state, slot, side, key)) {
    freeSlot(state, slot)
    return NONE
  }
  state.index.insert(slot)
  return slot
}

function freeSlot(state: EngineState, slot: number): void {
  state.words[slot + ORDER_OPEN_LOTS] = 0
  state.orders.give(slot)
}

/** Takes an order off the book, whatever it still has open, and everything that knew of it. */
export function remove(state: EngineState, slot: number): void {
  const { words } = state
  state.index.remove(slot)
  dequeue(state, slot)
  const terms = words[slot + ORDER_TERMS]!
  if (terms !== NONE) releaseTerms(state, slot, terms)
  freeSlot(state, slot)
}

function releaseTerms(state: EngineState, slot: number, terms: number): void {
  const { words } = state
  if (state.takerPartner === slot) state.takerPartner = NONE
  const partner = words[terms + TERMS_PARTNER]!
  if (partner !== NONE) {
    words[words[partner + ORDER_TERMS]! + TERMS_PARTNER] = NONE
    state.links--
  }
  if (words[terms + TERMS_EXPIRY_LEVEL] !== NONE) leaveExpiry(state, terms)
  if (words[terms + TERMS_IS_WAITING] === 1) stopWaiting(state, slot, terms)
  state.terms.give(terms)
}

/** Links two live orders that have terms. */
export function linkOrders(state: EngineState, one: number, other: number): void {
  const { words } = state
  if (words[words[one + ORDER_TERMS]! + TERMS_PARTNER] === NONE) state.links++
  words[words[one + ORDER_TERMS]! + TERMS_PARTNER] = other
  words[words[other + ORDER_TERMS]! + TERMS_PARTNER] = one
}

/** The ladder side of waiting stops of a side of the book. */
export function stopSide(block: number, side: number): number {
  return block + (side === Side.buy ? BLOCK_BUY_STOPS : BLOCK_SELL_STOPS)
}

/** The block of the instrument of a live order. */
export function blockOf({ blocks, words }: EngineState, slot: number): number {
  return blocks[words[slot + ORDER_INSTRUMENT]!]!
}

export function setCare(words: Int32Array, block: number, bit: number, isOn: boolean): void {
  if (isOn) words[block + BLOCK_CARE]! |= bit
  else words[block + BLOCK_CARE]! &= ~bit
}

/** Counts an order as one that waits for its stop price; it is in the queue of that price. */
export function startWaiting(state: EngineState, slot: number): void {
  const { words } = state
  const block = blockOf(state, slot)
  words[block + BLOCK_WAITING]!++
  setCare(words, block, Care.stops, true)
  const terms = words[slot + ORDER_TERMS]!
  if (words[terms + TERMS_TRAIL_TICKS] === 0) return
  const head = words[block + BLOCK_TRAIL_HEAD]!
  words[terms + TERMS_TRAIL_PREVIOUS] = NONE
  words[terms + TERMS_TRAIL_NEXT] = head
  if (head !== NONE) words[words[head + ORDER_TERMS]! + TERMS_TRAIL_PREVIOUS] = slot
  words[block + BLOCK_TRAIL_HEAD] = slot
}

function stopWaiting(state: EngineState, slot: number, terms: number): void {
  const { words } = state
  const block = blockOf(state, slot)
  words[block + BLOCK_WAITING]!--
  if (words[block + BLOCK_WAITING] === 0) setCare(words, block, Care.stops, false)
  if (words[terms + TERMS_TRAIL_TICKS] === 0) return
  const next = words[terms + TERMS_TRAIL_NEXT]!
  const previous = words[terms + TERMS_TRAIL_PREVIOUS]!
  if (previous === NONE) words[block + BLOCK_TRAIL_HEAD] = next
  else words[words[previous + ORDER_TERMS]! + TERMS_TRAIL_NEXT] = next
  if (next !== NONE) words[words[next + ORDER_TERMS]! + TERMS_TRAIL_PREVIOUS] = previous
}

/** Moves a waiting order to the end of the queue of another stop price. Returns false when no memory is left. */
export function moveStop(state: EngineState, slot: number, stopTicks: number): boolean {
  const { words } = state
  const side = stopSide(blockOf(state, slot), headSide(words[slot + ORDER_HEAD]!))
  // The new level first, so that nothing is changed if there is no memory for it.
  if (ensureLevel(state, side, stopTicks) === NONE) return false
  const isThere = words[words[slot + orderLayout.ORDER_LEVEL]! + levelLayout.LEVEL_PRICE_TICKS] === stopTicks
  if (isThere) {
    const level = words[slot + orderLayout.ORDER_LEVEL]!
    words[level + LEVEL_COUNT]!++ // keeps the level while the order is out of it
    dequeue(state, slot)
    words[level + LEVEL_COUNT]!--
  } else dequeue(state, slot)
  state.words[state.words[slot + ORDER_TERMS]! + TERMS_STOP_TICKS] = stopTicks
  return enqueue(state, slot, side, stopTicks)
}

/** Notes when an order expires. Returns false when no memory is left. */
export function enterExpiry(state: EngineState, slot: number): boolean {
  const terms = state.words[slot + ORDER_TERMS]!
  const level = ensureLevel(state, state.expiries, state.words[terms + TERMS_EXPIRY_SECONDS]!)
  if (level === NONE) return false
  const { words } = state
  const tail = words[level + LEVEL_COUNT] === 0 ? NONE : words[level + LEVEL_TAIL]!
  words[terms + TERMS_EXPIRY_LEVEL] = level
  words[terms + TERMS_EXPIRY_PREVIOUS] = tail
  words[terms + TERMS_EXPIRY_NEXT] = NONE
  if (tail === NONE) words[level + LEVEL_HEAD] = slot
  else words[words[tail + ORDER_TERMS]! + TERMS_EXPIRY_NEXT] = slot
  words[level + LEVEL_TAIL] = slot
  words[level + LEVEL_COUNT]!++
  return true
}

function leaveExpiry(state: EngineState, terms: number): void {
  const { words } = state
  const level = words[terms + TERMS_EXPIRY_LEVEL]!
  const next = words[terms + TERMS_EXPIRY_NEXT]!
  const previous = words[terms + TERMS_EXPIRY_PREVIOUS]!
  if (previous === NONE) words[level + LEVEL_HEAD] = next
  else words[words[previous + ORDER_TERMS]! + TERMS_EXPIRY_NEXT] = next
  if (next === NONE) words[level + LEVEL_TAIL] = previous
  else words[words[next + ORDER_TERMS]! + TERMS_EXPIRY_PREVIOUS] = previous
  words[level + LEVEL_COUNT]!--
  if (words[level + LEVEL_COUNT] === 0) removeLevel(state, level)
}

/** Every live order, as they lie in memory. */
export function eachLive({ orders, words }: EngineState, visit: (slot: number) => void): void {
  const { chunks, stride } = orders
  for (let chunk = 0; chunk < chunks.length; chunk += 2)
    for (let slot = chunks[chunk]!; slot < chunks[chunk + 1]!; slot += stride)
      if (words[slot + ORDER_OPEN_LOTS] !== 0) visit(slot)
}

/** Every live order of an instrument: bids, offers, sell stops, buy stops, each side as it would trade or be triggered. */
export function eachOfBlock({ words }: EngineState, block: number, visit: (slot: number) => void): void {
  for (let side = block + BLOCK_BIDS; side <= block + BLOCK_SELL_STOPS + SIDE_WORDS; side += SIDE_WORDS)
    for (let level = words[side + SIDE_BEST]!; level !== NONE; level = nextLevel(words, level))
      for (let slot = words[level + LEVEL_HEAD]!; slot !== level; slot = words[slot + ORDER_NEXT]!)
        visit(slot)
}
