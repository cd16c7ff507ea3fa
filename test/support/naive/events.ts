import type { EngineEvent } from '../../../src/book/event.ts'
import { EventKind } from '../../../src/book/record.ts'
import type { Market } from './market.ts'
import type { Asked, Order } from './order.ts'

/** The fields that every event has, of an order. */
export function describe(market: Market, order: Order) {
  const { orderId, client, instrument, side, orderType, timeInForce, priceTicks, openLots } = order
  const terms = { orderId, client, instrument, side, orderType, timeInForce, priceTicks }
  return { sequence: market.venue.sequence, ...terms, lots: openLots, openLots }
}

/** The fields that every event has, of none. */
export function describeMarket({ venue, rules }: Market) {
  const { sequence } = venue
  const nothing = { client: 0, orderId: 0, side: 0, orderType: 0, timeInForce: 0 }
  return { sequence, instrument: rules.instrument, ...nothing, priceTicks: 0, lots: 0, openLots: 0 }
}

export function rejected(asked: Asked, code: number): EngineEvent {
  const { sequence, orderId, client, instrument, side, orderType, timeInForce, priceTicks, lots } = asked
  const fields = { sequence, orderId, client, instrument, side, orderType, timeInForce, priceTicks, lots }
  return { kind: EventKind.rejected, ...fields, openLots: 0, code }
}

export function applied(asked: Asked): EngineEvent {
  const { kind: commandKind, sequence, client, instrument, side, lots, timestampNs } = asked
  const nothing = { orderId: 0, orderType: 0, timeInForce: 0, priceTicks: 0, openLots: 0 }
  return {
    kind: EventKind.applied,
    ...nothing,
    sequence,
    client,
    instrument,
    side,
    lots,
    commandKind,
    timestampNs,
  }
}

/** Takes lots off an order other than by trading; with all of them it leaves, and its partner stays, unlinked. */
export function takeOff(market: Market, order: Order, lots: number, reason: number): void {
  order.openLots -= lots
  const fields = { ...describe(market, order), lots, openLots: order.openLots }
  market.venue.events.push({ kind: EventKind.cancelled, ...fields, reason })
  order.shownLots = Math.min(order.shownLots, order.openLots)
  if (order.openLots > 0) return
  market.remove(order)
  unlink(order)
}

export function cancelWhole(market: Market, order: Order, reason: number): void {
  takeOff(market, order, order.openLots, reason)
}

export function unlink(order: Order): void {
  if (order.partner !== undefined) order.partner.partner = undefined
  order.partner = undefined
}
