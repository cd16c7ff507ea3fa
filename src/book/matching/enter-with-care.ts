import { NONE } from '../../memory/heap.ts'
import { isWithin, oppositeSide } from './book-side.ts'
import type { EngineState } from '../state/engine-state.ts'
import { writeAccepted, writeRemainderCancelled } from './event-writer.ts'
import { execute, triggerStops, waitForStop } from './execute.ts'
import { BLOCK_LAST_TICKS, BLOCK_NUMBER, BLOCK_STATE } from '../state/instrument-block.ts'
import { LEVEL_PRICE_TICKS } from '../state/level.ts'
import { makeTerms } from '../state/live-orders.ts'
import { trailingStopTicks } from './last-price.ts'
import { ORDER_CLIENT, ORDER_INSTRUMENT, ORDER_TERMS } from '../state/order.ts'
import { SIDE_BEST } from '../state/price-ladder.ts'
import {
  CancelReason,
  CLIENT,
  CODE,
  DISPLAY_LOTS,
  EXPIRY_SECONDS,
  HEAD,
  headOrderType,
  headSide,
  headTimeInForce,
  INSTRUMENT,
  LINKED_ORDER_ID,
  LOTS,
  MIN_LOTS,
  OrderFlag,
  OrderType,
  POSITION_LOTS,
  POST_ONLY_MASK,
  PRICE_TICKS,
  RECORD_WORDS,
  Side,
  STOP_TICKS,
  TimeInForce,
  TradingState,
} from '../record.ts'
import { ACCEPTED, RejectCode } from '../reject-code.ts'
import { TERMS_PARTNER } from '../state/terms.ts'

/**
 * Enters a new order that has terms, or whose instrument is in a special state. It is copied to the draft, which is
 * changed as the order is let in: a smaller reduce-only order, a post-only one that slides.
 */
export function enterWithCare(state: EngineState, words: Int32Array, at: number, block: number): number {
  const { draft } = state
  for (let word = 0; word < RECORD_WORDS; word++) draft[word] = words[at + word]!
  state.takerPartner = NONE
  const code = refusal(state, draft, block)
  if (code !== ACCEPTED) {
    state.takerPartner = NONE
    return code
  }
  const type = headOrderType(draft[HEAD]!)
  const stopTicks = type === OrderType.trailingStop ? trailingStart(state, draft, block) : draft[STOP_TICKS]!
  const flags = draft[CODE]! >>> 16
  const displayLots = (flags & OrderFlag.reduceOnly) === 0 ? draft[DISPLAY_LOTS]! : 0
  const isGtd = headTimeInForce(draft[HEAD]!) === TimeInForce.gtd
  // Below the refusal a reduce-only order's position has done its work, and so has a link's order id.
  draft[DISPLAY_LOTS] = displayLots
  if ((flags & OrderFlag.linked) !== 0) draft[MIN_LOTS] = draft[EXPIRY_SECONDS] = 0
  writeAccepted(state, draft, 0, displayLots, stopTicks, isGtd ? draft[EXPIRY_SECONDS]! : 0)
  const isStop = type > OrderType.market
  if (!isStop) execute(state, draft, block)
  else if (!waitForStop(state, draft, block, stopTicks))
    writeRemainderCancelled(state, draft, 0, draft[LOTS]!, 0, CancelReason.bookFull)
  state.takerPartner = NONE
  triggerStops(state, words, at, block)
  return ACCEPTED
}

/** The reject code for what the state of engine, instrument and book says against a new order, or ACCEPTED. */
function refusal(state: EngineState, draft: Int32Array, block: number): number {
  const code = stateRefusal(state, draft[CLIENT]!, block)
  if (code !== ACCEPTED) return code
  const tradingState = state.words[block + BLOCK_STATE]!
  const flags = draft[CODE]! >>> 16
  const head = draft[HEAD]!
  const type = headOrderType(head)
  if (tradingState !== TradingState.continuous && mustTradeAtOnce(draft)) return RejectCode.NOT_IN_AUCTION
  if (headTimeInForce(head) === TimeInForce.gtd && draft[EXPIRY_SECONDS]! <= state.clockSeconds)
    return RejectCode.INVALID_EXPIRY
  if ((flags & OrderFlag.reduceOnly) !== 0) {
    const position = draft[POSITION_LOTS]!
    const reducible = headSide(head) === Side.buy ? -position : position
    if (reducible <= 0) return RejectCode.REDUCE_ONLY
    draft[LOTS] = Math.min(draft[LOTS]!, reducible)
    if ((flags & OrderFlag.linked) === 0) draft[MIN_LOTS] = Math.min(draft[MIN_LOTS]!, draft[LOTS])
  }
  if ((flags & OrderFlag.linked) !== 0 && !findPartner(state, draft)) return RejectCode.UNKNOWN_LINK
  if (type === OrderType.trailingStop && state.words[block + BLOCK_LAST_TICKS] === 0)
    return RejectCode.NO_REFERENCE_PRICE
  if (tradingState !== TradingState.continuous || (flags & POST_ONLY_MASK) === 0) return ACCEPTED
  const price = postOnlyTicks(state, block, headSide(head), draft[PRICE_TICKS]!, flags)
  if (price === 0) return RejectCode.POST_ONLY_WOULD_TRADE
  draft[PRICE_TICKS] = price
  return ACCEPTED
}

/** The reject code for what the kill switch and the trading state say against a client's orders, or ACCEPTED. */
export function stateRefusal(state: EngineState, client: number, block: number): number {
  if (state.isAnyKilled && (state.isAllKilled || state.killed.has(client >>> 0))) return RejectCode.KILLED
  const tradingState = state.words[block + BLOCK_STATE]!
  if (tradingState === TradingState.closed) return RejectCode.MARKET_CLOSED
  return tradingState === TradingState.halted ? RejectCode.TRADING_HALTED : ACCEPTED
}

function mustTradeAtOnce(draft: Int32Array): boolean {
  const head = draft[HEAD]!
  const type = headOrderType(head)
  if (type > OrderType.market) return false
  const timeInForce = headTimeInForce(head)
  const flags = draft[CODE]! >>> 16
  return (
    type === OrderType.market ||
    timeInForce === TimeInForce.ioc ||
    timeInForce === TimeInForce.fok ||
    (flags & OrderFlag.allOrNone) !== 0 ||
    ((flags & OrderFlag.linked) === 0 && draft[MIN_LOTS] !== 0)
  )
}

/** Finds the order that a new one is to be linked with, and gives it terms if it has none. */
function findPartner(state: EngineState, draft: Int32Array): boolean {
  const partner = state.index.find(draft[LINKED_ORDER_ID]!, draft[LINKED_ORDER_ID + 1]!)
  if (partner === NONE) return false
  const { words } = state
  if (
    words[partner + ORDER_CLIENT] !== draft[CLIENT] ||
    words[partner + ORDER_INSTRUMENT] !== draft[INSTRUMENT]
  )
    return false
  const terms = words[partner + ORDER_TERMS]!
  if (terms !== NONE && words[terms + TERMS_PARTNER] !== NONE) return false
  if (terms === NONE) {
    const made = makeTerms(state)
    if (made === NONE) return false
    state.words[partner + ORDER_TERMS] = made
  }
  state.takerPartner = partner
  return true
}

/** The price that a post-only order gets: its own, or one tick from the other side; 0 if it has to be refused. */
export function postOnlyTicks(
  { instruments, words }: EngineState,
  block: number,
  side: number,
  priceTicks: number,
  flags: number,
): number {
  const opposite = oppositeSide(block, side)
  if (!isWithin(words, opposite, side, priceTicks)) return priceTicks
  if ((flags & POST_ONLY_MASK) === OrderFlag.postOnlyReject) return 0
  const best = words[words[opposite + SIDE_BEST]! + LEVEL_PRICE_TICKS]!
  const price = side === Side.buy ? best - 1 : best + 1
  const instrument = words[block + BLOCK_NUMBER]!
  const isInRange =
    price >= instruments.minPriceTicks[instrument]! && price <= instruments.maxPriceTicks[instrument]!
  return isInRange ? price : 0
}

function trailingStart({ words }: EngineState, draft: Int32Array, block: number): number {
  return trailingStopTicks(headSide(draft[HEAD]!), words[block + BLOCK_LAST_TICKS]!, draft[STOP_TICKS]!)
}
