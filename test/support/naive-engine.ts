import type { Command } from '../../src/book/command.ts'
import type { EngineEvent } from '../../src/book/event.ts'
import type { Instruments } from '../../src/book/instruments.ts'
import { CancelReason, CommandKind, EventKind, OrderType, Side, TimeInForce } from '../../src/book/record.ts'
import { RejectCode } from '../../src/book/reject-code.ts'
import { StateHasher } from '../../src/book/state-hash.ts'

const ANY_INSTRUMENT = -1

interface Order {
  readonly orderId: number
  readonly client: number
  readonly instrument: number
  readonly side: number
  readonly orderType: number
  readonly timeInForce: number
  priceTicks: number
  totalLots: number
  openLots: number
}

/** One instrument: each side an array of orders in the order in which they trade. */
interface Market {
  readonly sides: readonly [Order[], Order[]]
  lastTradeTicks: number | undefined
}

interface Level {
  readonly priceTicks: number
  readonly orders: Order[]
}

/**
 * Price-time matching with nothing but arrays of objects: the meaning that the fast engine is compared with.
 * It is slow on purpose, so that a reader can see that it is right.
 */
export class NaiveEngine {
  private readonly instruments: Instruments
  private readonly markets: Market[] = []
  private readonly live = new Map<number, Order>()
  private events: EngineEvent[] = []
  trades = 0

  constructor(instruments: Instruments) {
    this.instruments = instruments
  }

  /** Applies one command and returns what it caused, the command's own event first. */
  apply(command: Command): EngineEvent[] {
    this.events = []
    const asked = withDefaults(command)
    const code = asked.rejectCode || this.fault(asked) || this.perform(asked)
    if (code !== 0)
      this.events.push({ kind: EventKind.rejected, ...describe(asked, asked), openLots: 0, code })
    return this.events
  }

  get liveOrders(): number {
    return this.live.size
  }

  /** Ids of the live orders, in no promised order. */
  liveIds(): number[] {
    return [...this.live.keys()]
  }

  lastTradeTicks(instrument: number): number {
    return this.markets[instrument]?.lastTradeTicks ?? this.instruments.referenceTicks[instrument]!
  }

  depth(
    instrument: number,
    side: number,
    levels: number,
  ): { priceTicks: number; lots: number; orders: number }[] {
    return this.levels(instrument, side)
      .slice(0, levels)
      .map(({ priceTicks, orders }) => ({ priceTicks, lots: sumOpen(orders), orders: orders.length }))
  }

  stateHash(): string {
    const hasher = new StateHasher()
    hasher.add(this.trades)
    for (let instrument = 0; instrument < this.instruments.count; instrument++) {
      hasher.add(this.lastTradeTicks(instrument))
      for (const side of [Side.buy, Side.sell]) {
        const levels = this.levels(instrument, side)
        hasher.add(levels.length)
        for (const { priceTicks, orders } of levels) {
          hasher.add(priceTicks)
          hasher.add(orders.length)
          for (const order of orders)
            for (const value of [order.orderId, order.client, order.openLots, order.totalLots])
              hasher.add(value)
        }
      }
    }
    return hasher.digest()
  }

  /** What is wrong with a command whatever the book holds. */
  private fault(asked: Asked): number {
    const { kind, orderId, instrument, lots, priceTicks } = asked
    if (kind !== CommandKind.new && kind !== CommandKind.cancel && kind !== CommandKind.amend)
      return RejectCode.INVALID_COMMAND
    if (orderId < 1 || orderId > Number.MAX_SAFE_INTEGER) return RejectCode.INVALID_ORDER_ID
    const isNamed = instrument >= 0 && instrument < this.instruments.count
    const isAny = kind !== CommandKind.new && instrument === ANY_INSTRUMENT
    if (!isNamed && !isAny) return RejectCode.INVALID_SYMBOL
    if (kind === CommandKind.cancel) return 0
    if (kind === CommandKind.new) {
      if (![Side.buy, Side.sell].some((side) => side === asked.side)) return RejectCode.INVALID_SIDE
      if (!Object.values(OrderType).some((type) => type === asked.orderType))
        return RejectCode.INVALID_ORDER_TYPE
      if (!Object.values(TimeInForce).some((time) => time === asked.timeInForce))
        return RejectCode.INVALID_TIME_IN_FORCE
      if (lots < 1) return RejectCode.INVALID_QUANTITY
      if (asked.orderType === OrderType.limit && priceTicks === 0) return RejectCode.INVALID_PRICE
    }
    if (lots < 0) return RejectCode.INVALID_QUANTITY
    if (isNamed) return this.limitFault(instrument, priceTicks, lots)
    return priceTicks < 0 ? RejectCode.INVALID_PRICE : 0
  }

  /** What an instrument's limits say; a price of 0 is none. */
  private limitFault(instrument: number, priceTicks: number, lots: number): number {
    const { minPriceTicks, maxPriceTicks, maxOrderLots } = this.instruments
    if (lots > maxOrderLots[instrument]!) return RejectCode.EXCEEDS_MAX_SIZE
    if (priceTicks === 0) return 0
    const isInRange = priceTicks >= minPriceTicks[instrument]! && priceTicks <= maxPriceTicks[instrument]!
    return isInRange ? 0 : RejectCode.INVALID_PRICE
  }

  private perform(asked: Asked): number {
    if (asked.kind === CommandKind.new) return this.enter(asked)
    const order = this.live.get(asked.orderId)
    if (order === undefined) return RejectCode.UNKNOWN_ORDER
    if (asked.client !== 0 && asked.client !== order.client) return RejectCode.UNKNOWN_ORDER
    if (asked.instrument !== ANY_INSTRUMENT && asked.instrument !== order.instrument)
      return RejectCode.UNKNOWN_ORDER
    return asked.kind === CommandKind.cancel ? this.cancel(asked, order) : this.amend(asked, order)
  }

  private enter(asked: Asked): number {
    if (this.live.has(asked.orderId)) return RejectCode.DUPLICATE_ORDER_ID
    const { orderId, client, instrument, side, orderType, timeInForce, priceTicks, lots } = asked
    this.events.push({ kind: EventKind.accepted, ...describe(asked, asked), openLots: lots })
    const terms = { orderId, client, instrument, side, orderType, timeInForce, priceTicks }
    const order: Order = { ...terms, totalLots: lots, openLots: lots }
    const isMarket = orderType === OrderType.market
    const leave = (reason: number): void => {
      const left = { ...describe(asked, order), lots: order.openLots, openLots: 0 }
      this.events.push({ kind: EventKind.cancelled, ...left, reason })
    }
    if (timeInForce === TimeInForce.fok && sumOpen(this.tradable(order)) < lots) leave(CancelReason.fok)
    else {
      this.match(asked, order)
      if (order.openLots === 0) return 0
      if (isMarket) leave(CancelReason.noLiquidity)
      else if (timeInForce === TimeInForce.ioc) leave(CancelReason.ioc)
      else this.rest(order)
    }
    return 0
  }

  private cancel(asked: Asked, order: Order): number {
    const left = { ...describe(asked, order), lots: order.openLots, openLots: 0 }
    this.events.push({ kind: EventKind.cancelled, ...left, reason: CancelReason.user })
    this.remove(order)
    return 0
  }

  private amend(asked: Asked, order: Order): number {
    const priceTicks = asked.priceTicks || order.priceTicks
    const totalLots = asked.lots || order.totalLots
    const code = this.limitFault(order.instrument, priceTicks, totalLots)
    if (code !== 0) return code
    const tradedLots = order.totalLots - order.openLots
    if (totalLots <= tradedLots) return this.cancel(asked, order)
    const previousOpenLots = order.openLots
    const openLots = totalLots - tradedLots
    const changed = { ...describe(asked, order), priceTicks, lots: totalLots, openLots }
    this.events.push({ kind: EventKind.amended, ...changed, previousOpenLots })
    const keepsItsPlace = priceTicks === order.priceTicks && openLots <= previousOpenLots
    if (!keepsItsPlace) this.remove(order)
    order.priceTicks = priceTicks
    order.totalLots = totalLots
    order.openLots = openLots
    if (keepsItsPlace) return 0
    this.match(asked, order)
    if (order.openLots > 0) this.rest(order)
    return 0
  }

  private match(asked: Asked, taker: Order): void {
    for (const maker of this.tradable(taker)) {
      if (taker.openLots === 0) return
      const lots = Math.min(taker.openLots, maker.openLots)
      taker.openLots -= lots
      maker.openLots -= lots
      if (maker.openLots === 0) this.remove(maker)
      this.market(taker.instrument).lastTradeTicks = maker.priceTicks
      this.events.push({
        kind: EventKind.trade,
        ...describe(asked, taker),
        priceTicks: maker.priceTicks,
        lots,
        openLots: taker.openLots,
        matchNumber: ++this.trades,
        makerOrderId: maker.orderId,
        makerClient: maker.client,
        makerOpenLots: maker.openLots,
      })
    }
  }

  /** The orders that a taker's price lets it trade with, first to trade first. */
  private tradable(taker: Order): Order[] {
    const others = this.market(taker.instrument).sides[taker.side === Side.buy ? 1 : 0]
    return others.filter(({ priceTicks }) => {
      if (taker.priceTicks === 0) return true
      return taker.side === Side.buy ? priceTicks <= taker.priceTicks : priceTicks >= taker.priceTicks
    })
  }

  /** Behind every order at its price or a better one. */
  private rest(order: Order): void {
    const queue = this.market(order.instrument).sides[order.side as 0 | 1]
    const behind = queue.findIndex(({ priceTicks }) =>
      order.side === Side.buy ? priceTicks < order.priceTicks : priceTicks > order.priceTicks,
    )
    queue.splice(behind === -1 ? queue.length : behind, 0, order)
    this.live.set(order.orderId, order)
  }

  private remove(order: Order): void {
    const queue = this.market(order.instrument).sides[order.side as 0 | 1]
    queue.splice(queue.indexOf(order), 1)
    this.live.delete(order.orderId)
  }

  private market(instrument: number): Market {
    return (this.markets[instrument] ??= { sides: [[], []], lastTradeTicks: undefined })
  }

  private levels(instrument: number, side: number): Level[] {
    const levels: Level[] = []
    for (const order of this.market(instrument).sides[side as 0 | 1]) {
      const last = levels.at(-1)
      if (last?.priceTicks === order.priceTicks) last.orders.push(order)
      else levels.push({ priceTicks: order.priceTicks, orders: [order] })
    }
    return levels
  }
}

type Asked = Required<Command>

/** A command with what a record has where nothing is said. */
function withDefaults(command: Command): Asked {
  const instrument = command.kind === CommandKind.new ? 0 : ANY_INSTRUMENT
  const orderDefaults = { side: Side.buy, orderType: 0, timeInForce: 0, priceTicks: 0, lots: 0 }
  return { instrument, client: 0, rejectCode: 0, sequence: 0, timestampNs: 0, ...orderDefaults, ...command }
}

/** The fields that every event has, of an order, under the sequence of the command at work. */
function describe(asked: Asked, order: Order | Asked) {
  const { orderId, client, instrument, side, orderType, timeInForce, priceTicks } = order
  const lots = 'lots' in order ? order.lots : order.totalLots
  return {
    sequence: asked.sequence,
    orderId,
    client,
    instrument,
    side,
    orderType,
    timeInForce,
    priceTicks,
    lots,
  }
}

function sumOpen(orders: readonly Order[]): number {
  return orders.reduce((sum, { openLots }) => sum + openLots, 0)
}
