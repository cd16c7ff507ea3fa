import { NONE } from '../../memory/heap.ts'
import { auctionResult } from '../matching/auction.ts'
import { ownSide } from '../matching/book-side.ts'
import { commandFault } from '../command-fault.ts'
import type { EngineOptions, EngineState } from '../state/engine-state.ts'
import { restWithTerms, waitForStop } from '../matching/execute.ts'
import {
  BLOCK_CENTRE_TICKS,
  BLOCK_INDICATION,
  BLOCK_LAST_TICKS,
  BLOCK_PAUSE_UNTIL,
  BLOCK_STATE,
  BLOCK_SURPLUS,
  BLOCK_SURPLUS_SIDE,
  BLOCK_VOLUME,
} from '../state/instrument-block.ts'
import { Care } from '../state/care.ts'
import type { Instruments } from '../instruments.ts'
import { LEVEL_PRICE_TICKS } from '../state/level.ts'
import { findOrder, linkOrders, makeTerms, setCare } from '../state/live-orders.ts'
import { noteBestPrices } from '../matching/market-data.ts'
import { MatchingEngine } from '../matching-engine.ts'
import { setOpen } from '../state/order-queue.ts'
import { ORDER_CLIENT, ORDER_INSTRUMENT, ORDER_TERMS } from '../state/order.ts'
import { SIDE_BEST } from '../state/price-ladder.ts'
import {
  CODE,
  CommandKind,
  DISPLAY_LOTS,
  HEAD,
  headKind,
  headOrderType,
  headTimeInForce,
  INSTRUMENT,
  LOTS,
  MAX_PRICE_TICKS,
  MIN_LOTS,
  ORDER_ID,
  OrderFlag,
  OrderType,
  readU64,
  RECORD_WORDS,
  Side,
  STOP_TICKS,
  TimeInForce,
  TIMESTAMP_NS,
  TradingState,
} from '../record.ts'
import { ACCEPTED } from '../reject-code.ts'
import { isAuction } from '../matching/state-change.ts'
import { TERMS_PARTNER } from '../state/terms.ts'
import {
  ALL_KILLED_AT,
  CHECKSUM_AT,
  CLOCK_AT,
  FINGERPRINT_AT,
  FINGERPRINT_BYTES,
  GROUPS_AT,
  HEADER_WORDS,
  INSTRUMENTS_AT,
  INSTRUMENT_WORDS,
  KILLED_AT,
  MAGIC,
  OPEN_AT,
  ORDERS_AT,
  PARTNER_AT,
  SHOWN_AT,
  TRADES_AT,
  TRIGGER_AT,
  VERSION,
  VERSION_AT,
  checksum,
  fingerprint,
  layout,
  wordsOf,
} from './snapshot-layout.ts'

/**
 * An engine that goes on from a snapshot as the one that was taken would have: the same commands give the same bytes.
 * @param instruments the table the snapshot was taken over; it may have grown since
 * @returns the engine, or in words why the snapshot cannot be used
 */
export function restoreSnapshot(
  bytes: Uint8Array,
  instruments: Instruments,
  options: EngineOptions = {},
): MatchingEngine | string {
  const fault = headerFault(bytes, instruments)
  if (fault !== undefined) return fault
  const words = wordsOf(bytes)
  const engine = new MatchingEngine(instruments, { liveOrders: words[ORDERS_AT], ...options })
  const { state } = engine
  const count = words[INSTRUMENTS_AT]!
  const parts = layout(count, words[KILLED_AT]!, words[GROUPS_AT]!, words[ORDERS_AT]!)
  restoreClients(state, words, parts.clients)
  for (let instrument = 0; instrument < count; instrument++) {
    const stateFault = restoreInstrument(
      state,
      words,
      HEADER_WORDS + instrument * INSTRUMENT_WORDS,
      instrument,
    )
    if (stateFault !== undefined) return `snapshot: instrument ${instrument}: ${stateFault}`
  }
  for (let at = parts.orders; at < words.length; at += RECORD_WORDS) {
    const order = restoreOrder(state, words, at)
    if (order !== undefined) return `snapshot: order ${readU64(words, at + ORDER_ID)}: ${order}`
  }
  for (let at = parts.orders; at < words.length; at += RECORD_WORDS) {
    const link = restoreLink(state, words, at)
    if (link !== undefined) return `snapshot: order ${readU64(words, at + ORDER_ID)}: ${link}`
  }
  for (let instrument = 0; instrument < count; instrument++) {
    const crossed = settleInstrument(state, state.blocks[instrument]!)
    if (crossed !== undefined) return `snapshot: instrument ${instrument}: ${crossed}`
  }
  if (state.touches !== undefined) state.touches.count = 0
  return engine
}

function restoreClients(state: EngineState, words: Int32Array, from: number): void {
  const killed = words[KILLED_AT]!
  state.matchLow = words[TRADES_AT]!
  state.matchHigh = words[TRADES_AT + 1]!
  state.clockSeconds = words[CLOCK_AT]!
  state.clockNs = words[CLOCK_AT + 1]!
  state.isAllKilled = words[ALL_KILLED_AT] === 1
  for (let i = 0; i < killed; i++) state.killed.add(words[from + i]! >>> 0)
  state.isAnyKilled = state.isAllKilled || killed > 0
  for (let i = 0; i < words[GROUPS_AT]!; i++) {
    const at = from + killed + i * 2
    state.groups.set(words[at]! >>> 0, words[at + 1]!)
  }
}

function restoreInstrument(
  state: EngineState,
  words: Int32Array,
  from: number,
  instrument: number,
): string | undefined {
  const block = state.blocks[instrument]!
  const [last, tradingState, centre, pauseUntil] = words.subarray(
    from,
    from + INSTRUMENT_WORDS,
  ) as unknown as number[]
  if (tradingState! < TradingState.preOpen || tradingState! > TradingState.closed)
    return `its trading state is ${tradingState}, which there is not`
  if (last! < 0 || centre! < 0) return 'has a price below 0'
  state.words[block + BLOCK_LAST_TICKS] = last!
  state.words[block + BLOCK_STATE] = tradingState!
  state.words[block + BLOCK_CENTRE_TICKS] = centre!
  state.words[block + BLOCK_PAUSE_UNTIL] = pauseUntil!
  setCare(state.words, block, Care.state, tradingState !== TradingState.continuous)
  if (isAuction(tradingState!)) state.auctions++
  return undefined
}

/**
 * A checksum that matches says that a snapshot is as it was written, not that what wrote it was right: an order goes
 * through the same checks as a new one.
 */
function restoreOrder(state: EngineState, words: Int32Array, at: number): string | undefined {
  const { draft } = state
  draft.set(words.subarray(at, at + RECORD_WORDS))
  const head = draft[HEAD]!
  const isWaiting = headOrderType(head) > OrderType.market
  const isTrailing = headOrderType(head) === OrderType.trailingStop
  const openLots = words[at + OPEN_AT]!
  const stopTicks = isTrailing ? words[at + TRIGGER_AT]! : words[at + STOP_TICKS]!
  draft[MIN_LOTS] = draft[TIMESTAMP_NS] = draft[TIMESTAMP_NS + 1] = 0
  if (isTrailing) draft[DISPLAY_LOTS] = 0
  if (!isWaiting) draft[STOP_TICKS] = 0
  // What these two flags ask for was settled when the order came in.
  const flags = draft[CODE]!
  draft[CODE] = flags & ~((OrderFlag.linked | OrderFlag.reduceOnly) << 16)
  // An iceberg that has been made smaller may have less than it may show.
  const display = draft[DISPLAY_LOTS]!
  draft[DISPLAY_LOTS] = Math.min(display, draft[LOTS]!)
  if (headKind(head) !== CommandKind.new || commandFault(draft, 0, state.instruments) !== ACCEPTED)
    return 'is not one'
  draft[CODE] = flags
  draft[DISPLAY_LOTS] = display
  if (!isWaiting && !canRest(head)) return 'could not rest'
  if (openLots <= 0 || openLots > draft[LOTS]!) return `has ${openLots} lots open of ${draft[LOTS]}`
  if (isWaiting && openLots !== draft[LOTS]) return 'has traded while it waited'
  if (isWaiting && (stopTicks < 1 || stopTicks > MAX_PRICE_TICKS)) return `waits for ${stopTicks} ticks`
  if (state.index.find(draft[ORDER_ID]!, draft[ORDER_ID + 1]!) !== NONE) return 'is there twice'
  const block = state.blocks[draft[INSTRUMENT]!]!
  state.takerPartner = NONE
  const isIn = isWaiting
    ? waitForStop(state, draft, block, stopTicks)
    : restWithTerms(state, draft, block, openLots)
  if (!isIn) return 'does not fit into memory'
  if (isWaiting || draft[DISPLAY_LOTS] === 0) return undefined
  const shown = words[at + SHOWN_AT]!
  if (shown < 1 || shown > Math.min(openLots, draft[DISPLAY_LOTS])) return `shows ${shown} lots`
  setOpen(state, state.index.find(draft[ORDER_ID]!, draft[ORDER_ID + 1]!), openLots, shown)
  return undefined
}

function canRest(head: number): boolean {
  const timeInForce = headTimeInForce(head)
  return (
    headOrderType(head) === OrderType.limit &&
    timeInForce !== TimeInForce.ioc &&
    timeInForce !== TimeInForce.fok
  )
}

function restoreLink(state: EngineState, words: Int32Array, at: number): string | undefined {
  const partnerId = readU64(words, at + PARTNER_AT)
  if (partnerId === 0) return undefined
  const slot = state.index.find(words[at + ORDER_ID]!, words[at + ORDER_ID + 1]!)
  const partner = findOrder(state, partnerId)
  if (partner === NONE || partner === slot) return `is linked with ${partnerId}, which is not there`
  for (const same of [ORDER_CLIENT, ORDER_INSTRUMENT])
    if (state.words[slot + same] !== state.words[partner + same])
      return `is linked with ${partnerId}, which is another's`
  for (const each of [slot, partner]) {
    if (state.words[each + ORDER_TERMS] !== NONE) continue
    const terms = makeTerms(state)
    if (terms === NONE) return 'does not fit into memory'
    state.words[each + ORDER_TERMS] = terms
  }
  const known = state.words[state.words[slot + ORDER_TERMS]! + TERMS_PARTNER]!
  const back = state.words[state.words[partner + ORDER_TERMS]! + TERMS_PARTNER]!
  if ((known !== NONE && known !== partner) || (back !== NONE && back !== slot))
    return 'is linked with two orders'
  linkOrders(state, slot, partner)
  return undefined
}

/** What follows from the orders: that they do not cross, and what was published last. */
function settleInstrument(state: EngineState, block: number): string | undefined {
  const { words } = state
  const bid = words[ownSide(block, Side.buy) + SIDE_BEST]!
  const offer = words[ownSide(block, Side.sell) + SIDE_BEST]!
  const tradingState = words[block + BLOCK_STATE]!
  if (tradingState === TradingState.continuous && bid !== NONE && offer !== NONE)
    if (words[bid + LEVEL_PRICE_TICKS]! >= words[offer + LEVEL_PRICE_TICKS]!) return 'its sides cross'
  noteBestPrices(state, block)
  if (!isAuction(tradingState)) return undefined
  const { priceTicks, volumeLots, surplusLots } = auctionResult(state, block)
  words[block + BLOCK_INDICATION] = priceTicks
  words[block + BLOCK_SURPLUS_SIDE] = surplusLots < 0 ? Side.sell : Side.buy
  state.totals[(block >> 1) + BLOCK_VOLUME] = volumeLots
  state.totals[(block >> 1) + BLOCK_SURPLUS] = Math.abs(surplusLots)
  return undefined
}

function headerFault(bytes: Uint8Array, instruments: Instruments): string | undefined {
  if (bytes.length < HEADER_WORDS * 4) return 'snapshot: too short to be one'
  if (bytes.length % 4 !== 0) return `snapshot: ${bytes.length} bytes are no whole number of 32-bit words`
  const words = wordsOf(bytes)
  if (words[0] !== MAGIC) return 'snapshot: not one of an order book'
  if (words[VERSION_AT] !== VERSION)
    return `snapshot: of version ${words[VERSION_AT]}, this reads version ${VERSION}`
  const count = words[INSTRUMENTS_AT]! >>> 0
  const { end } = layout(count, words[KILLED_AT]! >>> 0, words[GROUPS_AT]! >>> 0, words[ORDERS_AT]! >>> 0)
  if (words.length !== end) return `snapshot: has ${words.length} words, its header says ${end}`
  if (words[CHECKSUM_AT] !== checksum(bytes)) return 'snapshot: damaged, its checksum does not match'
  if (count > instruments.count) return `snapshot: of ${count} instruments, there are ${instruments.count}`
  const taken = bytes.subarray(FINGERPRINT_AT * 4, FINGERPRINT_AT * 4 + FINGERPRINT_BYTES)
  const expectedPrint = fingerprint(instruments, count)
  if (!taken.every((byte, i) => byte === expectedPrint[i]))
    return 'snapshot: taken over other instruments, or over other ticks or lots'
  return undefined
}
