import {
  CancelReason,
  EventKind,
  MAX_PRICE_TICKS,
  OrderFlag,
  OrderType,
  SelfTrade,
  Side,
  StateCause,
  TimeInForce,
  TradingState,
} from '../../../src/book/record.ts'
import { cancelWhole, describe, describeMarket, takeOff, unlink } from './events.ts'
import type { Market } from './market.ts'
import * as terms from './order.ts'
import type { Order } from './order.ts'

const NANOSECONDS = 1_000_000_000n

export function clockSeconds(market: Market): number {
  return Number(market.venue.clockNs / NANOSECONDS)
}

/** A new or triggered order in continuous trading: looks at what must trade at once, then goes on as any other. */
export function executeNew(market: Market, order: Order): void {
  const reason = reasonNotToTrade(market, order)
  if (reason === undefined) execute(market, order)
  else cancelWhole(market, order, reason)
}

/** Trades what it can; the rest waits in the book, or is cancelled. */
export function execute(market: Market, order: Order): void {
  match(market, order)
  if (order.openLots === 0) return
  const isPaused = meetsBand(market, order)
  if (isPaused) pause(market)
  if (terms.canRest(order)) market.add(order)
  else if (isPaused) cancelWhole(market, order, CancelReason.halt)
  else if (order.orderType === OrderType.market) cancelWhole(market, order, CancelReason.noLiquidity)
  else cancelWhole(market, order, CancelReason.ioc)
}

/** Triggers the stops that are due, one by one, while the instrument trades continuously. */
export function triggerStops(market: Market): void {
  for (;;) {
    const order = dueStop(market)
    if (order === undefined || market.state !== TradingState.continuous) return
    market.remove(order)
    const { venue } = market
    venue.events.push({ kind: EventKind.triggered, ...describe(market, order), stopTicks: order.stopTicks })
    order.orderType = order.orderType === OrderType.stopLimit ? OrderType.limit : OrderType.market
    order.stopTicks = 0
    order.distanceTicks = 0
    cancelPartner(market, order)
    executeNew(market, order)
  }
}

export function setState(market: Market, state: number, cause: number): void {
  const base = describeMarket(market)
  const previousState = market.state
  market.state = state
  market.pauseUntilSeconds = 0
  market.indication = undefined
  const fields = { ...base, lots: previousState, openLots: cause, state, previousState, cause }
  market.venue.events.push({ kind: EventKind.state, ...fields })
}

/** What a trade does to a market and to the stops that follow it; then the partners of both sides are cancelled. */
export function settle(
  market: Market,
  trade: { taker: Order; maker: Order; priceTicks: number; side: number },
): void {
  const { taker, maker, priceTicks, side } = trade
  const { venue } = market
  const lots =
    side === Side.buy || side === Side.sell
      ? Math.min(taker.openLots, terms.tradableLots(maker))
      : Math.min(terms.tradableLots(taker), terms.tradableLots(maker))
  fill(market, taker, lots)
  fill(market, maker, lots)
  market.lastTicks = priceTicks
  if (market.rules.bandTicks !== 0 && market.bandCentreTicks === 0) market.bandCentreTicks = priceTicks
  venue.events.push({
    kind: EventKind.trade,
    ...describe(market, taker),
    side,
    priceTicks,
    lots,
    matchNumber: ++venue.trades,
    makerOrderId: maker.orderId,
    makerClient: maker.client,
    makerOpenLots: maker.openLots,
  })
  followTrade(market, priceTicks)
  cancelPartner(market, maker)
  cancelPartner(market, taker)
}

/** Trigger price of a trailing stop that begins, or begins anew, at the last price. */
export function trailFrom(side: number, priceTicks: number, distanceTicks: number): number {
  const ticks = side === Side.buy ? priceTicks + distanceTicks : priceTicks - distanceTicks
  return Math.min(Math.max(ticks, 1), MAX_PRICE_TICKS)
}

/** Why nothing of the order trades, or undefined if it may. */
function reasonNotToTrade(market: Market, order: Order): number | undefined {
  const isFillOrKill = order.timeInForce === TimeInForce.fok
  const isAllOrNone = terms.hasFlag(order, OrderFlag.allOrNone)
  if (!isFillOrKill && !isAllOrNone && order.minLots === 0) return undefined
  const lots = wouldTrade(market, order)
  if (isFillOrKill && lots < order.openLots) return CancelReason.fok
  if (isAllOrNone && lots < order.openLots) {
    const isAlone = !market
      .opposite(order.side)
      .some(({ priceTicks }) => terms.isWithinLimit(order.side, order.priceTicks, priceTicks))
    return terms.canRest(order) && isAlone ? undefined : CancelReason.allOrNone
  }
  return lots < order.minLots ? CancelReason.minQuantity : undefined
}

/** Lots that would trade if the order went in: tried in a copy of the market. */
function wouldTrade(market: Market, order: Order): number {
  const { market: trial, copyOf } = market.copy(order)
  match(trial, copyOf(order))
  return trial.venue.events.reduce(
    (sum, event) => (event.kind === EventKind.trade ? sum + event.lots : sum),
    0,
  )
}

function match(market: Market, taker: Order): void {
  while (taker.openLots > 0) {
    const maker = market.opposite(taker.side)[0]
    if (maker === undefined || !terms.isWithinLimit(taker.side, taker.priceTicks, maker.priceTicks)) return
    if (isBeyondBand(market, maker.priceTicks)) return
    if (maker === taker.partner) cancelWhole(market, maker, CancelReason.linked)
    else if (isOwn(market, taker, maker) && selfTrade(market, taker) !== SelfTrade.allow)
      preventSelfTrade(market, taker, maker)
    else settle(market, { taker, maker, priceTicks: maker.priceTicks, side: taker.side })
  }
}

function preventSelfTrade(market: Market, taker: Order, maker: Order): void {
  const how = selfTrade(market, taker)
  const reason = CancelReason.selfTrade
  if (how === SelfTrade.decrement) {
    const lots = Math.min(taker.openLots, maker.openLots)
    for (const order of [maker, taker]) {
      order.totalLots -= lots
      takeOff(market, order, lots, reason)
    }
    return
  }
  if (how !== SelfTrade.cancelNewest) cancelWhole(market, maker, reason)
  if (how !== SelfTrade.cancelOldest) cancelWhole(market, taker, reason)
}

function selfTrade(market: Market, taker: Order): number {
  return terms.selfTradeOf(taker) || market.rules.selfTrade
}

function isOwn(market: Market, taker: Order, maker: Order): boolean {
  const { groups } = market.venue
  const group = groups.get(taker.client)
  return taker.client === maker.client || (group !== undefined && group === groups.get(maker.client))
}

/** Whether the band is what keeps an order from trading on. */
function meetsBand(market: Market, order: Order): boolean {
  const next = market.opposite(order.side)[0]
  if (next === undefined || !terms.isWithinLimit(order.side, order.priceTicks, next.priceTicks)) return false
  return isBeyondBand(market, next.priceTicks)
}

function isBeyondBand({ rules, bandCentreTicks }: Market, priceTicks: number): boolean {
  if (rules.bandTicks === 0 || bandCentreTicks === 0) return false
  return Math.abs(priceTicks - bandCentreTicks) > rules.bandTicks
}

function pause(market: Market): void {
  setState(market, TradingState.openingAuction, StateCause.priceBand)
  const { pauseSeconds } = market.rules
  if (pauseSeconds > 0) market.pauseUntilSeconds = Math.min(2 ** 31 - 1, clockSeconds(market) + pauseSeconds)
}

/** Takes traded lots off an order. An iceberg whose displayed lots are gone shows the next ones and queues up again. */
function fill(market: Market, order: Order, lots: number): void {
  order.openLots -= lots
  if (!market.opposite(1 - order.side).includes(order)) return
  if (order.openLots === 0) market.remove(order)
  else if (order.displayLots > 0) {
    order.shownLots -= lots
    if (order.shownLots > 0) return
    market.remove(order)
    market.add(order)
  }
}

/** Moves the trailing stops that follow a trade, those whose turn would be first before the others. */
function followTrade(market: Market, priceTicks: number): void {
  const stops = [...market.sellStops, ...market.buyStops]
  for (const order of stops.filter(({ orderType }) => orderType === OrderType.trailingStop)) {
    const ticks = trailFrom(order.side, priceTicks, order.distanceTicks)
    const isBetter = order.side === Side.buy ? ticks < order.stopTicks : ticks > order.stopTicks
    if (!isBetter) continue
    market.remove(order)
    order.stopTicks = ticks
    market.add(order)
  }
}

/** One of two linked orders has traded or was triggered. */
function cancelPartner(market: Market, order: Order): void {
  const { partner } = order
  if (partner === undefined) return
  unlink(order)
  cancelWhole(market, partner, CancelReason.linked)
}

function dueStop({ lastTicks, buyStops, sellStops }: Market): Order | undefined {
  if (lastTicks === 0) return undefined
  if (buyStops[0] !== undefined && buyStops[0].stopTicks <= lastTicks) return buyStops[0]
  if (sellStops[0] !== undefined && sellStops[0].stopTicks >= lastTicks) return sellStops[0]
  return undefined
}
