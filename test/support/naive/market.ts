import type { EngineEvent } from '../../../src/book/event.ts'
import type { StateHasher } from '../../../src/book/recovery/state-hash.ts'
import { OrderFlag, Side, TradingState } from '../../../src/book/record.ts'
import { displayedLots, hasFlag, isWaitingStop, type Order } from './order.ts'

/** What all markets share. */
export interface Venue {
  sequence: number
  events: EngineEvent[]
  trades: number
  clockNs: bigint
  readonly live: Map<number, Order>
  /** Self-trade groups of clients that have one. */
  readonly groups: Map<number, number>
}

export interface Indication {
  readonly priceTicks: number
  readonly volumeLots: number
  readonly surplusLots: number
  readonly side: number
}

export interface Level {
  readonly priceTicks: number
  readonly lots: number
  readonly orders: number
}

/** What does not change of an instrument. */
export interface Rules {
  readonly instrument: number
  readonly bandTicks: number
  readonly pauseSeconds: number
  readonly selfTrade: number
}

/** Queues by number, as in the state hash. */
const SELL_STOPS = 2
const BUY_STOPS = 3

/** One instrument: bids, offers, sell stops and buy stops, each an array of orders in the order of their turn. */
export class Market {
  readonly venue: Venue
  readonly rules: Rules
  readonly queues: readonly [Order[], Order[], Order[], Order[]] = [[], [], [], []]
  /** The latest trade's, or the reference price; 0 is none. */
  lastTicks: number
  bandCentreTicks: number
  state: number = TradingState.continuous
  /** When a price band's pause ends; 0 where there is none, or it does not end by itself. */
  pauseUntilSeconds = 0
  /** As it was published last, in an auction. */
  indication: Indication | undefined

  constructor(venue: Venue, rules: Rules, referenceTicks: number) {
    this.venue = venue
    this.rules = rules
    this.lastTicks = referenceTicks
    this.bandCentreTicks = rules.bandTicks === 0 ? 0 : referenceTicks
  }

  get bids(): Order[] {
    return this.queues[Side.buy]
  }

  get offers(): Order[] {
    return this.queues[Side.sell]
  }

  get sellStops(): Order[] {
    return this.queues[SELL_STOPS]
  }

  get buyStops(): Order[] {
    return this.queues[BUY_STOPS]
  }

  /** Orders of the other side, the first to trade first. */
  opposite(side: number): Order[] {
    return side === Side.buy ? this.offers : this.bids
  }

  /** Puts an order behind all that have their turn before it, or at the same time. */
  add(order: Order): void {
    if (!isWaitingStop(order)) order.shownLots = Math.min(order.displayLots, order.openLots)
    const queue = this.queueOf(order)
    const behind = queue.findIndex((other) => comesBefore(order, other))
    queue.splice(behind === -1 ? queue.length : behind, 0, order)
    this.venue.live.set(order.orderId, order)
  }

  /** Takes an order off its queue, if it is in one. */
  remove(order: Order): void {
    const queue = this.queueOf(order)
    const at = queue.indexOf(order)
    if (at === -1) return
    queue.splice(at, 1)
    this.venue.live.delete(order.orderId)
  }

  /** The displayed levels of a side, best first. */
  levels(side: number): Level[] {
    const levels: { priceTicks: number; lots: number; orders: number }[] = []
    for (const order of this.queues[side as 0 | 1]) {
      const lots = displayedLots(order)
      if (lots === 0) continue
      const last = levels.at(-1)
      if (last?.priceTicks !== order.priceTicks)
        levels.push({ priceTicks: order.priceTicks, lots, orders: 1 })
      else {
        last.lots += lots
        last.orders++
      }
    }
    return levels
  }

  addTo(hasher: StateHasher): void {
    for (const value of [this.lastTicks, this.state, this.bandCentreTicks, this.pauseUntilSeconds])
      hasher.add(value)
    for (const queue of this.queues) {
      const levels = new Map<number, Order[]>()
      for (const order of queue) {
        const ticks = turnTicks(order)
        const orders = levels.get(ticks)
        if (orders === undefined) levels.set(ticks, [order])
        else orders.push(order)
      }
      hasher.add(levels.size)
      for (const [ticks, orders] of levels) {
        hasher.add(ticks)
        hasher.add(orders.length)
        for (const order of orders) for (const value of valuesOf(order)) hasher.add(value)
      }
    }
  }

  /** The same market over again, to try something in, and where to find in it what an order has become. */
  copy(...outside: readonly Order[]): { market: Market; copyOf: (order: Order) => Order } {
    const { venue, rules } = this
    const market = new Market({ ...venue, events: [], live: new Map() }, rules, this.lastTicks)
    market.bandCentreTicks = this.bandCentreTicks
    market.state = this.state
    const copies = new Map<Order, Order>()
    for (const order of [...outside, ...this.queues.flat()]) copies.set(order, { ...order })
    for (const copied of copies.values())
      if (copied.partner !== undefined) copied.partner = copies.get(copied.partner)
    this.queues.forEach((queue, i) => market.queues[i]!.push(...queue.map((order) => copies.get(order)!)))
    return { market, copyOf: (order) => copies.get(order)! }
  }

  private queueOf(order: Order): Order[] {
    if (!isWaitingStop(order)) return this.queues[order.side as 0 | 1]
    return order.side === Side.buy ? this.buyStops : this.sellStops
  }
}

/** What a queue is sorted by: the price, or of a stop the trigger price. */
function turnTicks(order: Order): number {
  return isWaitingStop(order) ? order.stopTicks : order.priceTicks
}

/** Whether an order that comes now has its turn before another one of its queue. */
function comesBefore(order: Order, other: Order): boolean {
  const [mine, others] = [turnTicks(order), turnTicks(other)]
  const isLowestFirst = isWaitingStop(order) ? order.side === Side.buy : order.side === Side.sell
  if (mine !== others) return isLowestFirst ? mine < others : mine > others
  if (isWaitingStop(order)) return false
  return !hasFlag(order, OrderFlag.hidden) && hasFlag(other, OrderFlag.hidden)
}

function valuesOf(order: Order): number[] {
  const { orderId, client, orderType, timeInForce, flags, priceTicks, openLots, totalLots, displayLots } =
    order
  const terms = [orderId, client, orderType, timeInForce, flags, priceTicks, openLots, totalLots, displayLots]
  return [...terms, order.shownLots, order.distanceTicks, order.expirySeconds, order.partner?.orderId ?? 0]
}
