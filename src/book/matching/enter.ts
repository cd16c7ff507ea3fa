import { NONE } from '../../memory/heap.ts'
import { limitTicks, ownSide } from './book-side.ts'
import { hasTerms, orderFault, termsFault } from '../command-fault.ts'
import type { EngineState } from '../state/engine-state.ts'
import { enterWithCare } from './enter-with-care.ts'
import { writeRemainderCancelled } from './event-writer.ts'
import { rest } from '../state/live-orders.ts'
import { matchWithCare } from './match-with-care.ts'
import {
  CancelReason,
  HEAD,
  headOrderType,
  headSide,
  headTimeInForce,
  INSTRUMENT,
  ORDER_ID,
  OrderType,
  PRICE_TICKS,
  TimeInForce,
} from '../record.ts'
import { ACCEPTED, RejectCode } from '../reject-code.ts'

/** Enters a new order. Returns its reject code, or ACCEPTED. */
export function enter(state: EngineState, words: Int32Array, at: number): number {
  let fault = orderFault(words, at, state.instruments)
  if (fault !== ACCEPTED) return fault
  if (hasTerms(words, at)) {
    fault = termsFault(words, at, state.instruments)
    if (fault !== ACCEPTED) return fault
  }
  if (state.index.find(words[at + ORDER_ID]!, words[at + ORDER_ID + 1]!) !== NONE)
    return RejectCode.DUPLICATE_ORDER_ID
  return enterWithCare(state, words, at, state.blocks[words[at + INSTRUMENT]!]!)
}

/** Goes on with a plain new order where the kernel met a maker that needs care: accepted, with `open` of it left. */
export function goOnEntering(state: EngineState, words: Int32Array, at: number, open: number): void {
  const head = words[at + HEAD]!
  const side = headSide(head)
  const timeInForce = headTimeInForce(head)
  const block = state.blocks[words[at + INSTRUMENT]!]!
  const limit = limitTicks(side, words[at + PRICE_TICKS]!)
  const left = matchWithCare(state, words, at, block, limit, open)
  if (left === 0) return
  let reason: number = CancelReason.bookFull
  if (headOrderType(head) === OrderType.market) reason = CancelReason.noLiquidity
  else if (timeInForce === TimeInForce.ioc || timeInForce === TimeInForce.fok) reason = CancelReason.ioc
  else if (rest(state, words, at, ownSide(block, side), limit, left, NONE) !== NONE) return
  writeRemainderCancelled(state, words, at, left, 0, reason)
}
