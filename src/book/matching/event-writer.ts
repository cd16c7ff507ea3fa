import type { Batch } from '../batch.ts'
import type { EngineState } from '../state/engine-state.ts'
import * as orderLayout from '../state/order.ts'
import * as record from '../record.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { ORDER_CLIENT, ORDER_HEAD, ORDER_ID_HIGH, ORDER_ID_LOW } = orderLayout
const { ORDER_INSTRUMENT, ORDER_OPEN_LOTS, ORDER_PRICE_TICKS } = orderLayout
const { BOTH_SIDES, CLIENT, CODE, EventKind, EVENT_EXPIRY_SECONDS, EVENT_STOP_TICKS } = record
const { FIRST_TOTAL, HEAD, headKind, headSide, INSTRUMENT, LOTS, MAKER_CLIENT, MAKER_OPEN_LOTS } = record
const { MAKER_ORDER_ID, MATCH_LOW, OPEN_LOTS, ORDER_ID, packHead, PREVIOUS_OPEN_LOTS } = record
const { PRICE_TICKS, RECORD_WORDS, SECOND_TOTAL, SEQUENCE, TIMESTAMP_NS, writeU64 } = record

const HEAD_WITHOUT_KIND = ~0xff
const HEAD_WITHOUT_SIDE = ~0xff00

/**
 * Each function writes one event record, drawn in record.ts, behind those in the batch. `words` and `at` are the command
 * that causes it, or the order at work as one.
 */

/** A new order is in: price and lots as the command has them. */
export function writeAccepted(
  { events }: EngineState,
  words: Int32Array,
  at: number,
  displayLots: number,
  stopTicks: number,
  expirySeconds: number,
): void {
  const lots = words[at + LOTS]!
  const to = fromCommand(events, EventKind.accepted, words[at + CODE]! & ~0xffff, words, at)
  const out = events.words
  out[to + PRICE_TICKS] = words[at + PRICE_TICKS]!
  out[to + LOTS] = lots
  out[to + OPEN_LOTS] = lots
  out[to + MAKER_OPEN_LOTS] = displayLots
  out[to + MAKER_ORDER_ID] = 0
  out[to + MAKER_ORDER_ID + 1] = 0
  out[to + EVENT_STOP_TICKS] = stopTicks
  out[to + EVENT_EXPIRY_SECONDS] = expirySeconds
}

/** A command is refused. Price and lots are the command's own, whatever they are. */
export function writeRejected({ events }: EngineState, words: Int32Array, at: number, code: number): void {
  const to = fromCommand(events, EventKind.rejected, code, words, at)
  finish(events.words, to, words[at + PRICE_TICKS]!, words[at + LOTS]!, 0)
}

/** Lots of the order at work leave without having rested. */
export function writeRemainderCancelled(
  { events }: EngineState,
  words: Int32Array,
  at: number,
  lots: number,
  openLots: number,
  reason: number,
): void {
  const to = fromCommand(events, EventKind.cancelled, reason, words, at)
  finish(events.words, to, words[at + PRICE_TICKS]!, lots, openLots)
}

/** Lots leave a live order, which keeps `openLots`. */
export function writeCancelled(
  state: EngineState,
  words: Int32Array,
  at: number,
  slot: number,
  lots: number,
  openLots: number,
  reason: number,
): void {
  const to = fromOrder(state, EventKind.cancelled, reason, words, at, slot)
  finish(state.events.words, to, state.words[slot + ORDER_PRICE_TICKS]!, lots, openLots)
}

/** A live order has a new price or total; `stopTicks` is its trigger price if it waits for one. */
export function writeAmended(
  state: EngineState,
  words: Int32Array,
  at: number,
  slot: number,
  priceTicks: number,
  totalLots: number,
  openLots: number,
  stopTicks: number,
): void {
  const to = fromOrder(state, EventKind.amended, 0, words, at, slot)
  const out = state.events.words
  finish(out, to, priceTicks, totalLots, openLots)
  out[to + PREVIOUS_OPEN_LOTS] = state.words[slot + ORDER_OPEN_LOTS]!
  out[to + EVENT_STOP_TICKS] = stopTicks
}

/** A live order goes on under the id of the command. */
export function writeReplaced(
  state: EngineState,
  words: Int32Array,
  at: number,
  slot: number,
  priceTicks: number,
  lots: number,
  stopTicks: number,
): void {
  const to = fromOrder(state, EventKind.replaced, 0, words, at, slot)
  const out = state.events.words
  finish(out, to, priceTicks, lots, lots)
  out[to + ORDER_ID] = words[at + ORDER_ID]!
  out[to + ORDER_ID + 1] = words[at + ORDER_ID + 1]!
  out[to + PREVIOUS_OPEN_LOTS] = state.words[slot + ORDER_OPEN_LOTS]!
  out[to + MAKER_ORDER_ID] = state.words[slot + ORDER_ID_LOW]!
  out[to + MAKER_ORDER_ID + 1] = state.words[slot + ORDER_ID_HIGH]!
  out[to + EVENT_STOP_TICKS] = stopTicks
}

/** A waiting order's stop price has been reached. */
export function writeTriggered(
  state: EngineState,
  words: Int32Array,
  at: number,
  slot: number,
  stopTicks: number,
): void {
  const to = fromOrder(state, EventKind.triggered, 0, words, at, slot)
  const lots = state.words[slot + ORDER_OPEN_LOTS]!
  finish(state.events.words, to, state.words[slot + ORDER_PRICE_TICKS]!, lots, lots)
  state.events.words[to + EVENT_STOP_TICKS] = stopTicks
}

/** The order at work takes `lots` of a maker, at the maker's price. */
export function writeTrade(
  state: EngineState,
  words: Int32Array,
  at: number,
  maker: number,
  lots: number,
  takerOpenLots: number,
): void {
  const orders = state.words
  const to = nextMatch(state)
  const out = state.events.words
  out[to + HEAD] = (words[at + HEAD]! & HEAD_WITHOUT_KIND) | EventKind.trade
  out[to + CODE] = state.matchHigh << 16
  out[to + INSTRUMENT] = words[at + INSTRUMENT]!
  out[to + CLIENT] = words[at + CLIENT]!
  out[to + SEQUENCE] = words[at + SEQUENCE]!
  out[to + SEQUENCE + 1] = words[at + SEQUENCE + 1]!
  out[to + ORDER_ID] = words[at + ORDER_ID]!
  out[to + ORDER_ID + 1] = words[at + ORDER_ID + 1]!
  out[to + PRICE_TICKS] = orders[maker + ORDER_PRICE_TICKS]!
  out[to + LOTS] = lots
  out[to + OPEN_LOTS] = takerOpenLots
  out[to + MAKER_OPEN_LOTS] = orders[maker + ORDER_OPEN_LOTS]! - lots
  out[to + MAKER_ORDER_ID] = orders[maker + ORDER_ID_LOW]!
  out[to + MAKER_ORDER_ID + 1] = orders[maker + ORDER_ID_HIGH]!
  out[to + MAKER_CLIENT] = orders[maker + ORDER_CLIENT]!
  out[to + MATCH_LOW] = state.matchLow
}

/** Two live orders trade in an auction. */
export function writeAuctionTrade(
  state: EngineState,
  words: Int32Array,
  at: number,
  buy: number,
  sell: number,
  priceTicks: number,
  lots: number,
): void {
  const orders = state.words
  nextMatch(state)
  state.events.count--
  const to = fromOrder(state, EventKind.trade, 0, words, at, buy)
  const out = state.events.words
  finish(out, to, priceTicks, lots, orders[buy + ORDER_OPEN_LOTS]! - lots)
  out[to + HEAD] = (out[to + HEAD]! & HEAD_WITHOUT_SIDE) | (BOTH_SIDES << 8)
  out[to + CODE] = state.matchHigh << 16
  out[to + MAKER_OPEN_LOTS] = orders[sell + ORDER_OPEN_LOTS]! - lots
  out[to + MAKER_ORDER_ID] = orders[sell + ORDER_ID_LOW]!
  out[to + MAKER_ORDER_ID + 1] = orders[sell + ORDER_ID_HIGH]!
  out[to + MAKER_CLIENT] = orders[sell + ORDER_CLIENT]!
  out[to + MATCH_LOW] = state.matchLow
}

/** A command that names no order has been carried out. */
export function writeApplied({ events }: EngineState, words: Int32Array, at: number): void {
  const head = words[at + HEAD]!
  const to = fromCommand(events, EventKind.applied, 0, words, at)
  const out = events.words
  finish(out, to, 0, words[at + LOTS]!, 0)
  out[to + HEAD] = packHead(EventKind.applied, headSide(head), headKind(head), 0)
  out[to + ORDER_ID] = 0
  out[to + ORDER_ID + 1] = 0
  out[to + TIMESTAMP_NS] = words[at + TIMESTAMP_NS]!
  out[to + TIMESTAMP_NS + 1] = words[at + TIMESTAMP_NS + 1]!
}

/** An event of an instrument, of no order; what it does not set is 0. Returns where it begins. */
export function writeMarketEvent(
  { events }: EngineState,
  words: Int32Array,
  at: number,
  kind: number,
  side: number,
  instrument: number,
): number {
  const to = next(events)
  const out = events.words
  finish(out, to, 0, 0, 0)
  out[to + HEAD] = packHead(kind, side, 0, 0)
  out[to + CODE] = 0
  out[to + INSTRUMENT] = instrument
  out[to + CLIENT] = 0
  out[to + SEQUENCE] = words[at + SEQUENCE]!
  out[to + SEQUENCE + 1] = words[at + SEQUENCE + 1]!
  out[to + ORDER_ID] = 0
  out[to + ORDER_ID + 1] = 0
  return to
}

/** Sets the two totals of a level, bestPrices or indication event. */
export function writeTotals(out: Int32Array, to: number, first: number, second: number): void {
  writeU64(out, to + FIRST_TOTAL, first)
  writeU64(out, to + SECOND_TOTAL, second)
}

function nextMatch(state: EngineState): number {
  state.matchLow = (state.matchLow + 1) | 0
  if (state.matchLow === 0) state.matchHigh++
  return next(state.events)
}

function fromCommand(events: Batch, kind: number, code: number, words: Int32Array, at: number): number {
  const to = next(events)
  const out = events.words
  out[to + HEAD] = (words[at + HEAD]! & HEAD_WITHOUT_KIND) | kind
  out[to + CODE] = code
  out[to + INSTRUMENT] = words[at + INSTRUMENT]!
  out[to + CLIENT] = words[at + CLIENT]!
  out[to + SEQUENCE] = words[at + SEQUENCE]!
  out[to + SEQUENCE + 1] = words[at + SEQUENCE + 1]!
  out[to + ORDER_ID] = words[at + ORDER_ID]!
  out[to + ORDER_ID + 1] = words[at + ORDER_ID + 1]!
  return to
}

function fromOrder(
  { events, words: orders }: EngineState,
  kind: number,
  code: number,
  words: Int32Array,
  at: number,
  slot: number,
): number {
  const to = next(events)
  const out = events.words
  out[to + HEAD] = (orders[slot + ORDER_HEAD]! & HEAD_WITHOUT_KIND) | kind
  out[to + CODE] = code
  out[to + INSTRUMENT] = orders[slot + ORDER_INSTRUMENT]!
  out[to + CLIENT] = orders[slot + ORDER_CLIENT]!
  out[to + SEQUENCE] = words[at + SEQUENCE]!
  out[to + SEQUENCE + 1] = words[at + SEQUENCE + 1]!
  out[to + ORDER_ID] = orders[slot + ORDER_ID_LOW]!
  out[to + ORDER_ID + 1] = orders[slot + ORDER_ID_HIGH]!
  return to
}

/** Price and quantities, and zeros behind them. */
function finish(out: Int32Array, to: number, priceTicks: number, lots: number, openLots: number): void {
  out[to + PRICE_TICKS] = priceTicks
  out[to + LOTS] = lots
  out[to + OPEN_LOTS] = openLots
  out[to + MAKER_OPEN_LOTS] = 0
  out[to + MAKER_ORDER_ID] = 0
  out[to + MAKER_ORDER_ID + 1] = 0
  out[to + MAKER_CLIENT] = 0
  out[to + MATCH_LOW] = 0
}

function next(events: Batch): number {
  const to = events.count * RECORD_WORDS
  if (to === events.words.length) events.grow()
  events.count++
  return to
}
