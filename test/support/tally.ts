import { CancelReason, EventKind, type EngineEvent } from '../../src/book/index.ts'

/** Counts events by following each order on its own: slow, and obviously right. What a Summary says must agree. */
export class Tally {
  readonly kinds = { accepted: 0, amended: 0, replaced: 0, cancels: 0, applied: 0, rejected: 0, trades: 0 }
  readonly lots = { entered: 0, filled: 0, cancelled: 0 }
  filled = 0
  cancelled = 0
  /** Open lots of each live order. */
  readonly live = new Map<number, number>()

  readonly add = (event: EngineEvent): void => {
    const { kinds, lots, live } = this
    const { orderId } = event
    switch (event.kind) {
      case EventKind.accepted:
        kinds.accepted++
        lots.entered += event.lots
        live.set(orderId, event.lots)
        break
      case EventKind.amended:
        kinds.amended++
        lots.entered += event.openLots - live.get(orderId)!
        live.set(orderId, event.openLots)
        break
      case EventKind.trade:
        kinds.trades++
        this.fill(orderId, event.lots)
        this.fill(event.makerOrderId, event.lots)
        break
      case EventKind.replaced:
        kinds.replaced++
        lots.entered += event.openLots - live.get(event.previousOrderId)!
        live.delete(event.previousOrderId)
        live.set(orderId, event.openLots)
        break
      case EventKind.cancelled: {
        if (event.reason === CancelReason.user) kinds.cancels++
        lots.cancelled += event.lots
        const left = live.get(orderId)! - event.lots
        if (left !== event.openLots)
          throw new Error(`order ${orderId} has ${left} lots left, not ${event.openLots}`)
        live.set(orderId, left)
        if (left > 0) break
        this.cancelled++
        live.delete(orderId)
        break
      }
      case EventKind.applied:
        kinds.applied++
        break
      case EventKind.rejected:
        kinds.rejected++
        break
      default: // of no order, or a stop that is triggered: no lots come or go
    }
  }

  /** What a Summary's totals should be, but for the names of reject codes. */
  totals(commands: number): Record<string, unknown> {
    const lotsResting = [...this.live.values()].reduce((sum, lots) => sum + lots, 0)
    return {
      commands,
      ...this.kinds,
      orders: { filled: this.filled, cancelled: this.cancelled, resting: this.live.size },
      lots: { ...this.lots, resting: lotsResting },
      addsUp: true,
    }
  }

  private fill(orderId: number, lots: number): void {
    this.lots.filled += lots
    const left = this.live.get(orderId)! - lots
    if (left > 0) this.live.set(orderId, left)
    else {
      this.live.delete(orderId)
      this.filled++
    }
  }
}
