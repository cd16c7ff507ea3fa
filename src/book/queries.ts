import { NONE } from '../memory/heap.ts'
import { ownSide } from './matching/book-side.ts'
import type { EngineState } from './state/engine-state.ts'
import { LEVEL_COUNT, LEVEL_HEAD, LEVEL_HIDDEN_COUNT, LEVEL_PRICE_TICKS, LEVEL_SHOWN } from './state/level.ts'
import { eachLive, findOrder, stopSide } from './state/live-orders.ts'
import { bestShown } from './matching/market-data.ts'
import { shownLots } from './state/order-queue.ts'
import {
  ORDER_CLIENT,
  ORDER_FLAGS,
  ORDER_HEAD,
  ORDER_ID_LOW,
  ORDER_INSTRUMENT,
  ORDER_LEVEL,
  ORDER_NEXT,
  ORDER_OPEN_LOTS,
  ORDER_PRICE_TICKS,
  ORDER_SEQUENCE,
  ORDER_TERMS,
  ORDER_TOTAL_LOTS,
} from './state/order.ts'
import { nextLevel, SIDE_BEST } from './state/price-ladder.ts'
import { headOrderType, headSide, headTimeInForce, readU64 } from './record.ts'
import {
  TERMS_DISPLAY_LOTS,
  TERMS_EXPIRY_SECONDS,
  TERMS_IS_HIDDEN,
  TERMS_IS_WAITING,
  TERMS_PARTNER,
  TERMS_STOP_TICKS,
  TERMS_TRAIL_TICKS,
} from './state/terms.ts'

/** One price level as it shows itself. */
export interface DepthLevel {
  readonly priceTicks: number
  readonly lots: number
  readonly orders: number
}

/** One live order. */
export interface LiveOrder {
  readonly orderId: number
  readonly client: number
  readonly instrument: number
  /** A Side, an OrderType, a TimeInForce, OrderFlag bits. */
  readonly side: number
  readonly orderType: number
  readonly timeInForce: number
  readonly flags: number
  readonly priceTicks: number
  readonly openLots: number
  readonly totalLots: number
  /** How much of it the book shows now. */
  readonly shownLots: number
  /** How much of an iceberg shows at a time; 0 of other orders. */
  readonly displayLots: number
  readonly isHidden: boolean
  /** Whether it waits for its stop price. */
  readonly isWaiting: boolean
  /** Trigger price while it waits, and distance of a trailing stop; else 0. */
  readonly stopTicks: number
  readonly trailTicks: number
  /** Of a good-till-date order; else 0. */
  readonly expirySeconds: number
  /** The order that it is linked with, or 0. */
  readonly linkedOrderId: number
  /** Of the command that put it at the end of its queue. */
  readonly sequence: number
}

/** Where an order stands in its queue. */
export interface QueuePosition {
  /** 1 is the first to trade. */
  readonly position: number
  readonly ordersAhead: number
  /** Lots that trade before it at its price, as far as they can be told: without what icebergs hold back. */
  readonly lotsAhead: number
}

export function depth(
  { words, totals, blocks }: EngineState,
  instrument: number,
  side: number,
  levels: number,
): DepthLevel[] {
  const shown: DepthLevel[] = []
  const block = blocks[instrument]
  if (block === undefined || block === NONE) return shown
  for (
    let level = words[ownSide(block, side) + SIDE_BEST]!;
    level !== NONE;
    level = nextLevel(words, level)
  ) {
    if (shown.length >= levels) break
    const orders = words[level + LEVEL_COUNT]! - words[level + LEVEL_HIDDEN_COUNT]!
    if (orders === 0) continue
    shown.push({
      priceTicks: words[level + LEVEL_PRICE_TICKS]!,
      lots: totals[(level >> 1) + LEVEL_SHOWN]!,
      orders,
    })
  }
  return shown
}

export function bestPrice(state: EngineState, instrument: number, side: number): number {
  const block = state.blocks[instrument]
  if (block === undefined) return 0
  const level = bestShown(state, ownSide(block, side))
  return level === NONE ? 0 : state.words[level + LEVEL_PRICE_TICKS]!
}

export function restingOrders(state: EngineState, instrument: number, side: number): Generator<LiveOrder> {
  return ordersOf(state, state.blocks[instrument], (block) => ownSide(block, side))
}

export function waitingStops(state: EngineState, instrument: number, side: number): Generator<LiveOrder> {
  return ordersOf(state, state.blocks[instrument], (block) => stopSide(block, side))
}

/** The orders of a ladder side, level by level; none of an instrument that there is not. */
function* ordersOf(
  state: EngineState,
  block: number | undefined,
  sideOf: (block: number) => number,
): Generator<LiveOrder> {
  if (block === undefined || block === NONE) return
  const { words } = state
  const ladderSide = sideOf(block)
  for (let level = words[ladderSide + SIDE_BEST]!; level !== NONE; level = nextLevel(words, level))
    for (let slot = words[level + LEVEL_HEAD]!; slot !== level; slot = words[slot + ORDER_NEXT]!)
      yield readOrder(state, slot)
}

export function order(state: EngineState, orderId: number): LiveOrder | undefined {
  const slot = Number.isSafeInteger(orderId) ? findOrder(state, orderId) : NONE
  return slot === NONE ? undefined : readOrder(state, slot)
}

export function queuePosition(state: EngineState, orderId: number): QueuePosition | undefined {
  const { words } = state
  const own = findOrder(state, orderId)
  if (own === NONE) return undefined
  let [ordersAhead, lotsAhead] = [0, 0]
  for (
    let slot = words[words[own + ORDER_LEVEL]! + LEVEL_HEAD]!;
    slot !== own;
    slot = words[slot + ORDER_NEXT]!
  ) {
    ordersAhead++
    const terms = words[slot + ORDER_TERMS]!
    const isHidden = terms !== NONE && words[terms + TERMS_IS_HIDDEN] === 1
    lotsAhead += isHidden ? words[slot + ORDER_OPEN_LOTS]! : shownLots(words, slot)
  }
  return { position: ordersAhead + 1, ordersAhead, lotsAhead }
}

export function openOrders(state: EngineState, client: number): LiveOrder[] {
  const orders: LiveOrder[] = []
  eachLive(state, (slot) => {
    if (state.words[slot + ORDER_CLIENT]! >>> 0 === client) orders.push(readOrder(state, slot))
  })
  return orders.sort((a, b) => a.orderId - b.orderId)
}

export function openLots(state: EngineState): number {
  let lots = 0
  eachLive(state, (slot) => {
    lots += state.words[slot + ORDER_OPEN_LOTS]!
  })
  return lots
}

/** The order in a slot. */
export function readOrder({ words }: EngineState, slot: number): LiveOrder {
  const head = words[slot + ORDER_HEAD]!
  const terms = words[slot + ORDER_TERMS]!
  const term = (offset: number): number => (terms === NONE ? 0 : words[terms + offset]!)
  const isWaiting = term(TERMS_IS_WAITING) === 1
  const partner = term(TERMS_PARTNER)
  return {
    orderId: readU64(words, slot + ORDER_ID_LOW),
    client: words[slot + ORDER_CLIENT]! >>> 0,
    instrument: words[slot + ORDER_INSTRUMENT]!,
    side: headSide(head),
    orderType: headOrderType(head),
    timeInForce: headTimeInForce(head),
    flags: words[slot + ORDER_FLAGS]!,
    priceTicks: words[slot + ORDER_PRICE_TICKS]!,
    openLots: words[slot + ORDER_OPEN_LOTS]!,
    totalLots: words[slot + ORDER_TOTAL_LOTS]!,
    shownLots: isWaiting ? 0 : shownLots(words, slot),
    displayLots: term(TERMS_DISPLAY_LOTS),
    isHidden: term(TERMS_IS_HIDDEN) === 1,
    isWaiting,
    stopTicks: isWaiting ? term(TERMS_STOP_TICKS) : 0,
    trailTicks: isWaiting ? term(TERMS_TRAIL_TICKS) : 0,
    expirySeconds: term(TERMS_EXPIRY_SECONDS),
    linkedOrderId: partner === NONE ? 0 : readU64(words, partner + ORDER_ID_LOW),
    sequence: readU64(words, slot + ORDER_SEQUENCE),
  }
}
