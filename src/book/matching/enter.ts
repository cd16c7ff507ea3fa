import * as heapNames from '../../memory/heap.ts'
import * as bookSide from './book-side.ts'
import * as faults from '../command-fault.ts'
import type { EngineState } from '../state/engine-state.ts'
import { enterWithCare } from './enter-with-care.ts'
import * as eventWriter from './event-writer.ts'
import * as blockLayout from '../state/instrument-block.ts'
import * as liveOrders from '../state/live-orders.ts'
import * as matching from './match.ts'
import { tradableLots } from './tradable-lots.ts'
import * as record from '../record.ts'
import * as rejectCode from '../reject-code.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { NONE } = heapNames
const { canFill, limitTicks, ownSide } = bookSide
const { hasTerms, orderFault, termsFault } = faults
const { writeAccepted, writeRemainderCancelled } = eventWriter
const { BLOCK_CARE } = blockLayout
const { rest } = liveOrders
const { match } = matching
const { CancelReason, HEAD, headOrderType, headSide, headTimeInForce, INSTRUMENT, LOTS, ORDER_ID } = record
const { OrderType, PRICE_TICKS, TimeInForce } = record
const { ACCEPTED, RejectCode } = rejectCode

/** Enters a new order. Returns its reject code, or ACCEPTED. */
export function enter(state: EngineState, words: Int32Array, at: number): number {
  let fault = orderFault(words, at, state.instruments)
  if (fault !== ACCEPTED) return fault
  const isSpecial = hasTerms(words, at)
  if (isSpecial) {
    fault = termsFault(words, at, state.instruments)
    if (fault !== ACCEPTED) return fault
  }
  if (state.index.find(words[at + ORDER_ID]!, words[at + ORDER_ID + 1]!) !== NONE)
    return RejectCode.DUPLICATE_ORDER_ID
  const block = state.blocks[words[at + INSTRUMENT]!]!
  if (isSpecial || state.isAnyKilled || state.words[block + BLOCK_CARE] !== 0)
    return enterWithCare(state, words, at, block)
  const head = words[at + HEAD]!
  const side = headSide(head)
  const timeInForce = headTimeInForce(head)
  const lots = words[at + LOTS]!
  const limit = limitTicks(side, words[at + PRICE_TICKS]!)
  writeAccepted(state, words, at, 0, 0, 0)
  if (timeInForce === TimeInForce.fok) {
    const isEnough =
      state.links === 0
        ? canFill(state, block, side, limit, lots)
        : tradableLots(state, words, at, block, limit, lots) >= lots
    if (!isEnough) {
      writeRemainderCancelled(state, words, at, lots, 0, CancelReason.fok)
      return ACCEPTED
    }
  }
  const open = match(state, words, at, block, limit, lots)
  if (open === 0) return ACCEPTED
  let reason: number = CancelReason.bookFull
  if (headOrderType(head) === OrderType.market) reason = CancelReason.noLiquidity
  else if (timeInForce === TimeInForce.ioc || timeInForce === TimeInForce.fok) reason = CancelReason.ioc
  else if (rest(state, words, at, ownSide(block, side), limit, open, NONE) !== NONE) return ACCEPTED
  writeRemainderCancelled(state, words, at, open, 0, reason)
  return ACCEPTED
}
