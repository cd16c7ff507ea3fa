import type { EngineEvent } from '../../src/book/event.ts'
import { BOTH_SIDES, EventKind, OrderFlag, OrderType, Side } from '../../src/book/record.ts'

type EventOf<Kind extends EngineEvent['kind']> = Extract<EngineEvent, { kind: Kind }>

/** What a client knows of an order that is live. */
export interface RebuiltOrder {
  orderId: number
  readonly client: number
  readonly instrument: number
  readonly side: number
  readonly isHidden: boolean
  readonly displayLots: number
  priceTicks: number
  openLots: number
  /** What an iceberg shows; all of it, of other orders. */
  shownLots: number
  isWaiting: boolean
}

/** The queue of one price: who shows lots trades before who does not. */
interface Queue {
  displayed: RebuiltOrder[]
  hidden: RebuiltOrder[]
}

/** The book as a client rebuilds it from order events alone, order by order in the order of trading. */
export class RebuiltBook {
  private readonly live = new Map<number, RebuiltOrder>()
  private readonly sides = new Map<string, Map<number, Queue>>()

  read(event: EngineEvent): void {
    switch (event.kind) {
      case EventKind.accepted:
        return this.accept(event)
      case EventKind.trade:
        return this.trade(event)
      case EventKind.cancelled:
        return this.shrink(this.get(event.orderId), event.openLots)
      case EventKind.amended:
        return this.amend(event)
      case EventKind.replaced:
        return this.replace(event)
      case EventKind.triggered: {
        const order = this.get(event.orderId)
        order.isWaiting = false
        return this.enqueue(order)
      }
    }
  }

  /** The orders of a side, first to trade first. */
  orders(instrument: number, side: number): RebuiltOrder[] {
    const levels = [...this.side(instrument, side)].filter(([, queue]) => !isEmpty(queue))
    levels.sort(([a], [b]) => (side === Side.buy ? b - a : a - b))
    return levels.flatMap(([, { displayed, hidden }]) => [...displayed, ...hidden])
  }

  /** Stops that wait, by id. */
  waiting(instrument: number, side: number): RebuiltOrder[] {
    const stops = [...this.live.values()].filter(
      (order) => order.isWaiting && order.instrument === instrument && order.side === side,
    )
    return stops.sort((a, b) => a.orderId - b.orderId)
  }

  /** Whatever is accepted goes to the end of its queue at once: what it takes first is taken from the other side. */
  private accept(event: EventOf<typeof EventKind.accepted>): void {
    const { orderId, client, instrument, side, priceTicks, openLots, displayLots, flags } = event
    const order: RebuiltOrder = {
      orderId,
      client,
      instrument,
      side,
      isHidden: (flags & OrderFlag.hidden) !== 0,
      displayLots,
      priceTicks,
      openLots,
      shownLots: 0,
      isWaiting: event.orderType !== OrderType.limit && event.orderType !== OrderType.market,
    }
    this.live.set(orderId, order)
    if (!order.isWaiting) this.enqueue(order)
  }

  private trade(event: EventOf<typeof EventKind.trade>): void {
    this.fill(this.get(event.makerOrderId), event.lots, event.makerOpenLots)
    const taker = this.get(event.orderId)
    if (event.side === BOTH_SIDES) this.fill(taker, event.lots, event.openLots)
    else this.shrink(taker, event.openLots)
  }

  /** Lots of an order in the book have traded: where an iceberg's shown ones are gone, the next show at the end. */
  private fill(order: RebuiltOrder, lots: number, openLots: number): void {
    if (openLots === 0 || order.displayLots === 0) return this.shrink(order, openLots)
    order.openLots = openLots
    order.shownLots -= lots
    if (order.shownLots > 0) return
    this.dequeue(order)
    this.enqueue(order)
  }

  /** Fewer lots in the same place. */
  private shrink(order: RebuiltOrder, openLots: number): void {
    order.openLots = openLots
    order.shownLots = Math.min(order.shownLots, openLots)
    if (openLots > 0) return
    this.dequeue(order)
    this.live.delete(order.orderId)
  }

  private amend(event: EventOf<typeof EventKind.amended>): void {
    const order = this.get(event.orderId)
    const keepsPlace = event.openLots <= event.previousOpenLots && event.priceTicks === order.priceTicks
    if (keepsPlace) return this.shrink(order, event.openLots)
    this.dequeue(order)
    order.priceTicks = event.priceTicks
    order.openLots = event.openLots
    if (!order.isWaiting) this.enqueue(order)
  }

  private replace(event: EventOf<typeof EventKind.replaced>): void {
    const order = this.get(event.previousOrderId)
    this.dequeue(order)
    this.live.delete(order.orderId)
    order.orderId = event.orderId
    order.priceTicks = event.priceTicks
    order.openLots = event.openLots
    this.live.set(order.orderId, order)
    if (!order.isWaiting) this.enqueue(order)
  }

  private enqueue(order: RebuiltOrder): void {
    const { openLots, displayLots } = order
    order.shownLots = order.isHidden ? 0 : displayLots === 0 ? openLots : Math.min(displayLots, openLots)
    const queue = this.queue(order)
    if (order.isHidden) queue.hidden.push(order)
    else queue.displayed.push(order)
  }

  private dequeue(order: RebuiltOrder): void {
    const queue = this.queue(order)
    queue.displayed = queue.displayed.filter((each) => each !== order)
    queue.hidden = queue.hidden.filter((each) => each !== order)
  }

  private queue({ instrument, side, priceTicks }: RebuiltOrder): Queue {
    const levels = this.side(instrument, side)
    const queue = levels.get(priceTicks) ?? { displayed: [], hidden: [] }
    levels.set(priceTicks, queue)
    return queue
  }

  private side(instrument: number, side: number): Map<number, Queue> {
    const key = `${instrument}/${side}`
    const levels = this.sides.get(key) ?? new Map<number, Queue>()
    this.sides.set(key, levels)
    return levels
  }

  private get(orderId: number): RebuiltOrder {
    const order = this.live.get(orderId)
    if (order === undefined) throw new Error(`an event of order ${orderId}, which is not live`)
    return order
  }
}

function isEmpty({ displayed, hidden }: Queue): boolean {
  return displayed.length === 0 && hidden.length === 0
}

interface ShownLevel {
  readonly priceTicks: number
  readonly lots: number
  readonly orders: number
}

/** The book as a client rebuilds it from market data alone, level by level. */
export class RebuiltLevels {
  private readonly sides = new Map<string, Map<number, ShownLevel>>()
  /** The latest best prices of each instrument. */
  readonly best = new Map<number, EventOf<typeof EventKind.bestPrices>>()

  read(event: EngineEvent): void {
    if (event.kind === EventKind.bestPrices) this.best.set(event.instrument, event)
    if (event.kind !== EventKind.level) return
    const { instrument, side, priceTicks, totalLots: lots, orders } = event
    const key = `${instrument}/${side}`
    const levels = this.sides.get(key) ?? new Map<number, ShownLevel>()
    this.sides.set(key, levels)
    if (orders === 0) levels.delete(priceTicks)
    else levels.set(priceTicks, { priceTicks, lots, orders })
  }

  depth(instrument: number, side: number): ShownLevel[] {
    const levels = [...(this.sides.get(`${instrument}/${side}`)?.values() ?? [])]
    return levels.sort((a, b) =>
      side === Side.buy ? b.priceTicks - a.priceTicks : a.priceTicks - b.priceTicks,
    )
  }
}
