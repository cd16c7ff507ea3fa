import * as heapNames from '../../memory/heap.ts'
import { control } from './control.ts'
import { isStopPrice, limitsFault } from '../command-fault.ts'
import type { EngineState } from '../state/engine-state.ts'
import { postOnlyTicks, stateRefusal } from './enter-with-care.ts'
import * as eventWriter from './event-writer.ts'
import { executeChanged, triggerStops, waitForStop } from './execute.ts'
import { BLOCK_CARE, BLOCK_LAST_TICKS, BLOCK_STATE } from '../state/instrument-block.ts'
import * as instrumentTable from '../instruments.ts'
import * as liveOrders from '../state/live-orders.ts'
import { trailingStopTicks } from './last-price.ts'
import * as orderLayout from '../state/order.ts'
import { reduce } from '../state/order-queue.ts'
import { copyOrder } from '../state/order-record.ts'
import * as record from '../record.ts'
import * as rejectCode from '../reject-code.ts'
import type { WantedOrder } from '../state/wanted-order.ts'
import { TERMS_IS_WAITING, TERMS_PARTNER, TERMS_STOP_TICKS } from '../state/terms.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { NONE } = heapNames
const { writeAmended, writeCancelled, writeReplaced } = eventWriter
const { ANY_INSTRUMENT } = instrumentTable
const { blockOf, remove } = liveOrders
const { ORDER_CLIENT, ORDER_FLAGS, ORDER_HEAD, ORDER_INSTRUMENT, ORDER_OPEN_LOTS } = orderLayout
const { ORDER_PRICE_TICKS, ORDER_TERMS, ORDER_TOTAL_LOTS } = orderLayout
const { CancelReason, CLIENT, CommandKind, HEAD, headKind, headOrderType, headSide, INSTRUMENT } = record
const { LINKED_ORDER_ID, LOTS, ORDER_ID, OrderFlag, OrderType, POST_ONLY_MASK, PRICE_TICKS } = record
const { SEQUENCE, STOP_TICKS, TradingState } = record
const { ACCEPTED, RejectCode } = rejectCode

/** The live order that a command names, if it is its client's; client 0 speaks for the venue. `id` is where its id is. */
function findOwned(state: EngineState, words: Int32Array, at: number, id: number): number {
  const slot = state.index.find(words[id]!, words[id + 1]!)
  if (slot === NONE) return NONE
  const orders = state.words
  const client = words[at + CLIENT]!
  const instrument = words[at + INSTRUMENT]!
  if (client !== 0 && client !== orders[slot + ORDER_CLIENT]) return NONE
  return instrument === ANY_INSTRUMENT || instrument === orders[slot + ORDER_INSTRUMENT] ? slot : NONE
}

/** Carries out a command that is no new order and is good in itself. Returns its reject code, or ACCEPTED. */
export function change(state: EngineState, words: Int32Array, at: number): number {
  const kind = headKind(words[at + HEAD]!)
  if (kind === CommandKind.cancel) return cancel(state, words, at)
  if (kind === CommandKind.amend) return amend(state, words, at)
  return kind === CommandKind.replace ? replace(state, words, at) : control(state, words, at)
}

function cancel(state: EngineState, words: Int32Array, at: number): number {
  const slot = findOwned(state, words, at, at + ORDER_ID)
  if (slot === NONE) return RejectCode.UNKNOWN_ORDER
  writeCancelled(state, words, at, slot, state.words[slot + ORDER_OPEN_LOTS]!, 0, CancelReason.user)
  remove(state, slot)
  return ACCEPTED
}

/**
 * A new total quantity, price or stop price. No more lots at the same prices keep the place in the queue; otherwise it
 * goes to the end of it, and trades first if it now can.
 */
function amend(state: EngineState, words: Int32Array, at: number): number {
  const slot = findOwned(state, words, at, at + ORDER_ID)
  if (slot === NONE) return RejectCode.UNKNOWN_ORDER
  const wanted = read(state, words, at, slot)
  const fault = changeRefusal(state, words, at, wanted)
  if (fault !== ACCEPTED) return fault
  if (wanted.openLots <= 0) {
    // All of the new total has traded already: nothing is left to rest (FIX: OrderQty <= CumQty).
    writeCancelled(state, words, at, slot, state.words[slot + ORDER_OPEN_LOTS]!, 0, CancelReason.user)
    remove(state, slot)
    return ACCEPTED
  }
  if (!slidePostOnly(state, wanted)) return RejectCode.POST_ONLY_WOULD_TRADE
  const keepsPlace = isInPlace(state, words, at, wanted)
  const { priceTicks, totalLots, openLots, stopTicks, isWaiting } = wanted
  writeAmended(state, words, at, slot, priceTicks, totalLots, openLots, isWaiting ? stopTicks : 0)
  if (!keepsPlace) {
    goOn(state, words, at, wanted, words[at + STOP_TICKS]!)
    return ACCEPTED
  }
  const orders = state.words
  const fewer = orders[slot + ORDER_OPEN_LOTS]! - openLots
  if (fewer > 0) reduce(state, slot, fewer)
  orders[slot + ORDER_TOTAL_LOTS] = totalLots
  orders[slot + ORDER_PRICE_TICKS] = priceTicks
  return ACCEPTED
}

/** Cancel-replace: under a new id, at the end of the queue, what has traded forgotten. */
function replace(state: EngineState, words: Int32Array, at: number): number {
  const slot = findOwned(state, words, at, at + LINKED_ORDER_ID)
  if (slot === NONE) return RejectCode.UNKNOWN_ORDER
  if (state.index.find(words[at + ORDER_ID]!, words[at + ORDER_ID + 1]!) !== NONE)
    return RejectCode.DUPLICATE_ORDER_ID
  const wanted = read(state, words, at, slot)
  const fault = changeRefusal(state, words, at, wanted)
  if (fault !== ACCEPTED) return fault
  if (!slidePostOnly(state, wanted)) return RejectCode.POST_ONLY_WOULD_TRADE
  const { priceTicks, totalLots, stopTicks, isWaiting } = wanted
  writeReplaced(state, words, at, slot, priceTicks, totalLots, isWaiting ? stopTicks : 0)
  goOn(state, words, at, wanted, words[at + STOP_TICKS]!)
  return ACCEPTED
}

/** Fills in what a command wants of an order. */
function read(state: EngineState, words: Int32Array, at: number, slot: number): WantedOrder {
  const orders = state.words
  const isReplace = headKind(words[at + HEAD]!) === CommandKind.replace
  const total = orders[slot + ORDER_TOTAL_LOTS]!
  const open = orders[slot + ORDER_OPEN_LOTS]!
  const unchanged = isReplace ? open : total
  const totalLots = words[at + LOTS] === 0 ? unchanged : words[at + LOTS]!
  const terms = orders[slot + ORDER_TERMS]!
  const isWaiting = terms !== NONE && orders[terms + TERMS_IS_WAITING] === 1
  const { wanted } = state
  wanted.slot = slot
  wanted.block = blockOf(state, slot)
  wanted.priceTicks =
    words[at + PRICE_TICKS] === 0 ? orders[slot + ORDER_PRICE_TICKS]! : words[at + PRICE_TICKS]!
  wanted.totalLots = totalLots
  wanted.openLots = isReplace ? totalLots : totalLots - (total - open)
  wanted.isWaiting = isWaiting
  wanted.stopTicks = isWaiting ? newStop(state, words, at, slot) : 0
  return wanted
}

/** The trigger price of a waiting stop after a command. */
function newStop(state: EngineState, words: Int32Array, at: number, slot: number): number {
  const orders = state.words
  const given = words[at + STOP_TICKS]!
  if (given === 0) return orders[orders[slot + ORDER_TERMS]! + TERMS_STOP_TICKS]!
  const head = orders[slot + ORDER_HEAD]!
  if (headOrderType(head) !== OrderType.trailingStop) return given
  return trailingStopTicks(headSide(head), orders[blockOf(state, slot) + BLOCK_LAST_TICKS]!, given)
}

/** The reject code for what speaks against an amend or a replace, or ACCEPTED. */
function changeRefusal(state: EngineState, words: Int32Array, at: number, wanted: WantedOrder): number {
  const { slot, block, priceTicks, totalLots, isWaiting } = wanted
  const orders = state.words
  const instrument = orders[slot + ORDER_INSTRUMENT]!
  const code = stateRefusal(state, orders[slot + ORDER_CLIENT]!, block)
  if (code !== ACCEPTED) return code
  const fault = limitsFault(state.instruments, instrument, priceTicks, totalLots)
  if (fault !== ACCEPTED) return fault
  const given = words[at + STOP_TICKS]!
  const type = headOrderType(orders[slot + ORDER_HEAD]!)
  if (given !== 0 && (!isWaiting || !isStopPrice(given, type, state.instruments, instrument)))
    return RejectCode.INVALID_STOP_PRICE
  const isReplace = headKind(words[at + HEAD]!) === CommandKind.replace
  const most = orders[slot + (isReplace ? ORDER_OPEN_LOTS : ORDER_TOTAL_LOTS)]!
  const isReduceOnly = (orders[slot + ORDER_FLAGS]! & OrderFlag.reduceOnly) !== 0
  return isReduceOnly && totalLots > most ? RejectCode.REDUCE_ONLY : ACCEPTED
}

/** Whether an order keeps its place: no more lots, and the price it queues at is the same. */
function isInPlace(state: EngineState, words: Int32Array, at: number, wanted: WantedOrder): boolean {
  const { slot, priceTicks, openLots, isWaiting } = wanted
  const orders = state.words
  if (openLots > orders[slot + ORDER_OPEN_LOTS]!) return false
  if (!isWaiting) return priceTicks === orders[slot + ORDER_PRICE_TICKS]
  const given = words[at + STOP_TICKS]!
  if (given === 0) return true
  const stopBefore = orders[orders[slot + ORDER_TERMS]! + TERMS_STOP_TICKS]!
  return headOrderType(orders[slot + ORDER_HEAD]!) !== OrderType.trailingStop && given === stopBefore
}

/** Slides the price of a post-only order that would trade. Returns false if it has to be refused. */
function slidePostOnly(state: EngineState, wanted: WantedOrder): boolean {
  const { slot, block, priceTicks, isWaiting } = wanted
  const orders = state.words
  const flags = orders[slot + ORDER_FLAGS]!
  if ((flags & POST_ONLY_MASK) === 0 || isWaiting) return true
  if (orders[block + BLOCK_STATE] !== TradingState.continuous) return true
  wanted.priceTicks = postOnlyTicks(state, block, headSide(orders[slot + ORDER_HEAD]!), priceTicks, flags)
  return wanted.priceTicks !== 0
}

/** Takes an order off the book and enters it as it is wanted, under the command's id. */
function goOn(
  state: EngineState,
  words: Int32Array,
  at: number,
  wanted: WantedOrder,
  givenStop: number,
): void {
  const { slot, block, priceTicks, totalLots, openLots, stopTicks, isWaiting } = wanted
  const { draft, words: orders } = state
  const terms = orders[slot + ORDER_TERMS]!
  const partner = terms === NONE ? NONE : orders[terms + TERMS_PARTNER]!
  copyOrder(orders, slot, draft, 0)
  draft[ORDER_ID] = words[at + ORDER_ID]!
  draft[ORDER_ID + 1] = words[at + ORDER_ID + 1]!
  draft[SEQUENCE] = words[at + SEQUENCE]!
  draft[SEQUENCE + 1] = words[at + SEQUENCE + 1]!
  draft[PRICE_TICKS] = priceTicks
  draft[LOTS] = totalLots
  if (givenStop !== 0) draft[STOP_TICKS] = givenStop
  remove(state, slot)
  state.takerPartner = partner
  if (isWaiting) {
    if (!waitForStop(state, draft, block, stopTicks))
      eventWriter.writeRemainderCancelled(state, draft, 0, totalLots, 0, CancelReason.bookFull)
  } else executeChanged(state, draft, block, openLots)
  state.takerPartner = NONE
  if (orders[block + BLOCK_CARE] !== 0) triggerStops(state, words, at, block)
}
