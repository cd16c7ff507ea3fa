import { NONE } from '../../memory/heap.ts'
import { uncross } from './auction.ts'
import type { EngineState } from '../state/engine-state.ts'
import { writeApplied } from './event-writer.ts'
import { triggerStops } from './execute.ts'
import { BLOCK_NUMBER, BLOCK_PAUSE_UNTIL, BLOCK_STATE, BLOCK_WAITING } from '../state/instrument-block.ts'
import { ANY_INSTRUMENT } from '../instruments.ts'
import { LEVEL_HEAD, LEVEL_PRICE_TICKS } from '../state/level.ts'
import { eachLive, eachOfBlock, findOrder } from '../state/live-orders.ts'
import { cancelOrder } from './match-with-care.ts'
import { ORDER_CLIENT, ORDER_HEAD, ORDER_ID_LOW, ORDER_TERMS } from '../state/order.ts'
import { SIDE_BEST } from '../state/price-ladder.ts'
import {
  ARGUMENT,
  BOTH_SIDES,
  CancelReason,
  CLIENT,
  CommandKind,
  HEAD,
  headKind,
  headSide,
  headTimeInForce,
  INSTRUMENT,
  MAX_SECONDS,
  readU64,
  StateCause,
  TimeInForce,
  TIMESTAMP_NS,
  TradingState,
} from '../record.ts'
import { ACCEPTED, RejectCode } from '../reject-code.ts'
import { changeState, isAuction } from './state-change.ts'
import { TERMS_EXPIRY_NEXT } from '../state/terms.ts'

const DAY_SECONDS = 86_400

/** Carries out a command that names no order and is good in itself. Returns its reject code, or ACCEPTED. */
export function control(state: EngineState, words: Int32Array, at: number): number {
  const kind = headKind(words[at + HEAD]!)
  if (kind === CommandKind.time) return setTime(state, words, at)
  writeApplied(state, words, at)
  if (kind === CommandKind.risk) return ACCEPTED
  const client = words[at + CLIENT]! >>> 0
  const instrument = words[at + INSTRUMENT]!
  if (kind === CommandKind.massCancel) {
    const count = collect(state, client, instrument, headSide(words[at + HEAD]!), 0)
    cancelAll(state, words, at, count, CancelReason.mass)
  } else if (kind === CommandKind.kill) kill(state, words, at, client)
  else if (kind === CommandKind.release) release(state, client)
  else if (kind === CommandKind.group) {
    if (words[at + ARGUMENT] === 0) state.groups.delete(client)
    else state.groups.set(client, words[at + ARGUMENT]!)
  } else if (instrument !== ANY_INSTRUMENT)
    setState(state, words, at, state.blocks[instrument]!, words[at + ARGUMENT]!, StateCause.command)
  else
    for (let each = 0; each < state.known; each++)
      setState(state, words, at, state.blocks[each]!, words[at + ARGUMENT]!, StateCause.command)
  return ACCEPTED
}

function kill(state: EngineState, words: Int32Array, at: number, client: number): void {
  if (client === 0) state.isAllKilled = true
  else state.killed.add(client)
  state.isAnyKilled = true
  const count = collect(state, client, ANY_INSTRUMENT, BOTH_SIDES, 0)
  cancelAll(state, words, at, count, CancelReason.kill)
}

function release(state: EngineState, client: number): void {
  if (client === 0) state.isAllKilled = false
  else state.killed.delete(client)
  state.isAnyKilled = state.isAllKilled || state.killed.size > 0
}

/**
 * Puts the ids of live orders into `state.ids`, ascending: those of a client (0: of all), an instrument (or
 * ANY_INSTRUMENT), a side (or BOTH_SIDES) and a time in force (0: any).
 * @returns how many
 */
function collect(
  state: EngineState,
  client: number,
  instrument: number,
  side: number,
  timeInForce: number,
): number {
  const { words } = state
  let count = 0
  const add = (slot: number): void => {
    if (isMeant(words, slot, client, side, timeInForce)) addId(state, count++, slot)
  }
  if (instrument === ANY_INSTRUMENT) eachLive(state, add)
  else eachOfBlock(state, state.blocks[instrument]!, add)
  sortIds(state, count)
  return count
}

function isMeant(
  words: Int32Array,
  slot: number,
  client: number,
  side: number,
  timeInForce: number,
): boolean {
  const head = words[slot + ORDER_HEAD]!
  if (client !== 0 && client !== words[slot + ORDER_CLIENT]! >>> 0) return false
  if (side !== BOTH_SIDES && side !== headSide(head)) return false
  return timeInForce === 0 || timeInForce === headTimeInForce(head)
}

function sortIds({ ids }: EngineState, count: number): void {
  if (count > 1) ids.subarray(0, count).sort()
}

function addId(state: EngineState, at: number, slot: number): void {
  if (at === state.ids.length) {
    const ids = new Float64Array(at * 2)
    ids.set(state.ids)
    state.ids = ids
  }
  state.ids[at] = readU64(state.words, slot + ORDER_ID_LOW)
}

/** Cancels the orders whose ids are the first `count` of `state.ids`. */
function cancelAll(state: EngineState, words: Int32Array, at: number, count: number, reason: number): void {
  for (let i = 0; i < count; i++) cancelOrder(state, words, at, findOrder(state, state.ids[i]!), reason)
}

/** Sets the trading state of an instrument, and does what follows from it. */
function setState(
  state: EngineState,
  words: Int32Array,
  at: number,
  block: number,
  tradingState: number,
  cause: number,
): void {
  const before = state.words[block + BLOCK_STATE]!
  if (before === tradingState) {
    if (cause === StateCause.command) state.words[block + BLOCK_PAUSE_UNTIL] = 0
    return
  }
  changeState(state, words, at, block, tradingState, cause)
  if (tradingState === TradingState.continuous) {
    uncross(state, words, at, block)
    if (state.words[block + BLOCK_WAITING] !== 0) triggerStops(state, words, at, block)
  } else if (tradingState === TradingState.closed) {
    if (isAuction(before)) uncross(state, words, at, block)
    const instrument = state.words[block + BLOCK_NUMBER]!
    const count = collect(state, 0, instrument, BOTH_SIDES, TimeInForce.day)
    cancelAll(state, words, at, count, CancelReason.expiry)
  }
}

/** Moves the clock; expires orders, and ends pauses that are over. */
function setTime(state: EngineState, words: Int32Array, at: number): number {
  // Nanoseconds have 61 bits and more. 10^9 is 2^9 * 1,953,125: without its last 9 bits the number is exact for all times
  // that are not refused.
  const high = words[at + TIMESTAMP_NS + 1]! >>> 0
  const low = words[at + TIMESTAMP_NS]! >>> 0
  const units = high * 8_388_608 + (low >>> 9)
  const seconds = Math.floor(units / 1_953_125)
  const ns = (units - seconds * 1_953_125) * 512 + (low & 511)
  if (seconds > MAX_SECONDS) return RejectCode.INVALID_TIME
  if (seconds < state.clockSeconds || (seconds === state.clockSeconds && ns < state.clockNs))
    return RejectCode.INVALID_TIME
  const { clockSeconds: before, clockNs } = state
  state.clockSeconds = seconds
  state.clockNs = ns
  writeApplied(state, words, at)
  expireDated(state, words, at)
  const hadTime = before > 0 || clockNs > 0
  if (hadTime && Math.floor(seconds / DAY_SECONDS) > Math.floor(before / DAY_SECONDS)) {
    const count = collect(state, 0, ANY_INSTRUMENT, BOTH_SIDES, TimeInForce.day)
    cancelAll(state, words, at, count, CancelReason.expiry)
  }
  for (let instrument = 0; instrument < state.known; instrument++) {
    const block = state.blocks[instrument]!
    const until = state.words[block + BLOCK_PAUSE_UNTIL]!
    if (until !== 0 && until <= seconds)
      setState(state, words, at, block, TradingState.continuous, StateCause.pauseOver)
  }
  return ACCEPTED
}

function expireDated(state: EngineState, words: Int32Array, at: number): void {
  for (;;) {
    const orders = state.words
    const level = orders[state.expiries + SIDE_BEST]!
    if (level === NONE || orders[level + LEVEL_PRICE_TICKS]! > state.clockSeconds) return
    let count = 0
    for (let slot = orders[level + LEVEL_HEAD]!; slot !== NONE;) {
      addId(state, count++, slot)
      slot = orders[orders[slot + ORDER_TERMS]! + TERMS_EXPIRY_NEXT]!
    }
    sortIds(state, count)
    cancelAll(state, words, at, count, CancelReason.expiry)
  }
}
