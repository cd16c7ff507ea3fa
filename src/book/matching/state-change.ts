import type { EngineState } from '../state/engine-state.ts'
import { writeMarketEvent } from './event-writer.ts'
import { BLOCK_INDICATION, BLOCK_NUMBER, BLOCK_PAUSE_UNTIL, BLOCK_STATE } from '../state/instrument-block.ts'
import { Care } from '../state/care.ts'
import { setCare } from '../state/live-orders.ts'
import { CODE, EventKind, LOTS, OPEN_LOTS, MAX_SECONDS, StateCause, TradingState } from '../record.ts'

/** Whether a trading state collects orders for an auction and shows where it would trade. */
export function isAuction(tradingState: number): boolean {
  return tradingState === TradingState.openingAuction || tradingState === TradingState.closingAuction
}

/** Sets the trading state of an instrument and says so; what follows from it is the caller's business. */
export function changeState(
  state: EngineState,
  words: Int32Array,
  at: number,
  block: number,
  tradingState: number,
  cause: number,
): void {
  const orders = state.words
  const before = orders[block + BLOCK_STATE]!
  const to = writeMarketEvent(state, words, at, EventKind.state, 0, orders[block + BLOCK_NUMBER]!)
  const out = state.events.words
  out[to + CODE] = tradingState
  out[to + LOTS] = before
  out[to + OPEN_LOTS] = cause
  state.auctions += (isAuction(tradingState) ? 1 : 0) - (isAuction(before) ? 1 : 0)
  orders[block + BLOCK_STATE] = tradingState
  orders[block + BLOCK_PAUSE_UNTIL] = 0
  orders[block + BLOCK_INDICATION] = -1
  setCare(orders, block, Care.state, tradingState !== TradingState.continuous)
}

/** An order would trade beyond the price band: the instrument goes into an auction. */
export function pauseByBand(state: EngineState, words: Int32Array, at: number, block: number): void {
  changeState(state, words, at, block, TradingState.openingAuction, StateCause.priceBand)
  const seconds = state.instruments.pauseSeconds[state.words[block + BLOCK_NUMBER]!]!
  if (seconds > 0)
    state.words[block + BLOCK_PAUSE_UNTIL] = Math.min(MAX_SECONDS, state.clockSeconds + seconds)
}
