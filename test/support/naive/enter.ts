import type { Instruments } from '../../../src/book/instruments.ts'
import {
  CancelReason,
  CommandKind,
  EventKind,
  OrderFlag,
  OrderType,
  Side,
  TradingState,
} from '../../../src/book/record.ts'
import { RejectCode } from '../../../src/book/reject-code.ts'
import { cancelWhole, describe } from './events.ts'
import { isInRange, limitFault } from './fault.ts'
import type { Market } from './market.ts'
import { clockSeconds, execute, executeNew, trailFrom, triggerStops } from './match.ts'
import * as terms from './order.ts'
import type { Asked, Order } from './order.ts'

const GOOD = 0

/** A new order whose id is free and whose client may trade. */
export function enter(market: Market, instruments: Instruments, asked: Asked): number {
  const { orderId, client, instrument, side, orderType, timeInForce, flags, displayLots, expirySeconds } =
    asked
  const stateCode = stateFault(market)
  if (stateCode !== GOOD) return stateCode
  if (market.state !== TradingState.continuous && mustTradeAtOnce(asked)) return RejectCode.NOT_IN_AUCTION
  if (expirySeconds !== 0 && expirySeconds <= clockSeconds(market)) return RejectCode.INVALID_EXPIRY
  let { lots } = asked
  if (terms.hasFlag(asked, OrderFlag.reduceOnly)) {
    const reducibleLots = side === Side.buy ? -asked.positionLots : asked.positionLots
    if (reducibleLots <= 0) return RejectCode.REDUCE_ONLY
    lots = Math.min(lots, reducibleLots)
  }
  const isLinked = terms.hasFlag(asked, OrderFlag.linked)
  const partner = isLinked ? market.venue.live.get(asked.linkedOrderId) : undefined
  if (isLinked && !canBePartner(partner, asked)) return RejectCode.UNKNOWN_LINK
  const isTrailing = orderType === OrderType.trailingStop
  if (isTrailing && market.lastTicks === 0) return RejectCode.NO_REFERENCE_PRICE
  const priceTicks = postOnlyPrice(market, instruments, asked)
  if (priceTicks === undefined) return RejectCode.POST_ONLY_WOULD_TRADE
  const order: Order = {
    orderId,
    client,
    instrument,
    side,
    orderType,
    timeInForce,
    flags,
    displayLots,
    minLots: Math.min(asked.minLots, lots),
    expirySeconds,
    priceTicks,
    stopTicks: isTrailing ? trailFrom(side, market.lastTicks, asked.stopTicks) : asked.stopTicks,
    distanceTicks: isTrailing ? asked.stopTicks : 0,
    totalLots: lots,
    openLots: lots,
    shownLots: 0,
    partner,
  }
  if (partner !== undefined) partner.partner = order
  const { stopTicks } = order
  const accepted = { ...describe(market, order), flags, displayLots, stopTicks, expirySeconds }
  market.venue.events.push({ kind: EventKind.accepted, ...accepted })
  if (terms.isWaitingStop(order) || market.state !== TradingState.continuous) market.add(order)
  else executeNew(market, order)
  triggerStops(market)
  return GOOD
}

/** An amend or a replace of a live order, whose client may trade; in a replace the new id is free. */
export function change(market: Market, instruments: Instruments, asked: Asked, order: Order): number {
  const isReplace = asked.kind === CommandKind.replace
  const isWaiting = terms.isWaitingStop(order)
  const askedTicks = asked.priceTicks || order.priceTicks
  const totalLots = asked.lots || (isReplace ? order.openLots : order.totalLots)
  const tradedLots = isReplace ? 0 : order.totalLots - order.openLots
  const stateCode = stateFault(market)
  if (stateCode !== GOOD) return stateCode
  const limitCode = limitFault(instruments, order.instrument, askedTicks, totalLots)
  if (limitCode !== GOOD) return limitCode
  if (asked.stopTicks !== 0 && !isGoodStopChange(instruments, asked, order))
    return RejectCode.INVALID_STOP_PRICE
  if (
    terms.hasFlag(order, OrderFlag.reduceOnly) &&
    totalLots > (isReplace ? order.openLots : order.totalLots)
  )
    return RejectCode.REDUCE_ONLY
  if (totalLots <= tradedLots) {
    cancelWhole(market, order, CancelReason.user)
    return GOOD
  }
  const isTrailing = order.orderType === OrderType.trailingStop
  const previousOpenLots = order.openLots
  const openLots = totalLots - tradedLots
  let stopTicks = asked.stopTicks || order.stopTicks
  if (isTrailing)
    stopTicks =
      asked.stopTicks === 0 ? order.stopTicks : trailFrom(order.side, market.lastTicks, asked.stopTicks)
  // A trailing stop that is given a distance begins anew, even where that comes to the same stop price.
  const isSameStop = stopTicks === order.stopTicks && !(isTrailing && asked.stopTicks !== 0)
  const priceTicks = postOnlyPrice(market, instruments, { ...order, priceTicks: askedTicks })
  if (priceTicks === undefined) return RejectCode.POST_ONLY_WOULD_TRADE
  const isSameTurn = isWaiting ? isSameStop : priceTicks === order.priceTicks
  const keepsItsPlace = !isReplace && isSameTurn && openLots <= previousOpenLots

  const previousOrderId = order.orderId
  if (!keepsItsPlace) market.remove(order)
  order.priceTicks = priceTicks
  order.totalLots = totalLots
  order.openLots = openLots
  order.shownLots = Math.min(order.shownLots, openLots)
  order.stopTicks = stopTicks
  if (isTrailing && asked.stopTicks !== 0) order.distanceTicks = asked.stopTicks
  if (isReplace) order.orderId = asked.orderId
  const changed = { ...describe(market, order), lots: totalLots, previousOpenLots, stopTicks }
  if (isReplace) market.venue.events.push({ kind: EventKind.replaced, ...changed, previousOrderId })
  else market.venue.events.push({ kind: EventKind.amended, ...changed })
  if (keepsItsPlace) return GOOD
  if (isWaiting || market.state !== TradingState.continuous) market.add(order)
  else execute(market, order)
  triggerStops(market)
  return GOOD
}

function stateFault({ state }: Market): number {
  if (state === TradingState.halted) return RejectCode.TRADING_HALTED
  return state === TradingState.closed ? RejectCode.MARKET_CLOSED : GOOD
}

/** Orders that have nothing to wait for where nothing trades. */
function mustTradeAtOnce(asked: Asked): boolean {
  if (terms.isStopType(asked.orderType)) return false
  return (
    asked.orderType === OrderType.market ||
    terms.isImmediate(asked) ||
    asked.minLots > 0 ||
    terms.hasFlag(asked, OrderFlag.allOrNone)
  )
}

function canBePartner(partner: Order | undefined, { client, instrument }: Asked): boolean {
  if (partner === undefined || partner.partner !== undefined) return false
  return partner.client === client && partner.instrument === instrument
}

/** The price that the order may have as it is not to trade at once; undefined if it may not go in. */
function postOnlyPrice(
  market: Market,
  instruments: Instruments,
  order: Pick<Order, 'flags' | 'side' | 'priceTicks' | 'instrument'>,
): number | undefined {
  const { side, priceTicks } = order
  if (!terms.isPostOnly(order) || market.state !== TradingState.continuous) return priceTicks
  const best = market.opposite(side)[0]
  if (best === undefined || !terms.isWithinLimit(side, priceTicks, best.priceTicks)) return priceTicks
  if (terms.hasFlag(order, OrderFlag.postOnlyReject)) return undefined
  const slidTicks = side === Side.buy ? best.priceTicks - 1 : best.priceTicks + 1
  return isInRange(instruments, order.instrument, slidTicks) ? slidTicks : undefined
}

function isGoodStopChange(instruments: Instruments, { stopTicks }: Asked, order: Order): boolean {
  if (!terms.isWaitingStop(order)) return false
  return order.orderType === OrderType.trailingStop || isInRange(instruments, order.instrument, stopTicks)
}
