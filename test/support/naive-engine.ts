import type { Command } from '../../src/book/command.ts'
import type { EngineEvent } from '../../src/book/event.ts'
import type { Instruments } from '../../src/book/instruments.ts'
import {
  BOTH_SIDES,
  CancelReason,
  CommandKind,
  StateCause,
  TimeInForce,
  TradingState,
} from '../../src/book/record.ts'
import { RejectCode } from '../../src/book/reject-code.ts'
import { StateHasher } from '../../src/book/recovery/state-hash.ts'
import { auction, isAuction, publishIndication } from './naive/auction.ts'
import { change, enter } from './naive/enter.ts'
import { applied, cancelWhole, rejected } from './naive/events.ts'
import { faultOf } from './naive/fault.ts'
import { displayedOf, publishChanges } from './naive/market-data.ts'
import { Market, type Level, type Venue } from './naive/market.ts'
import { clockSeconds, setState, triggerStops } from './naive/match.ts'
import { ANY_INSTRUMENT, withDefaults, type Asked, type Order } from './naive/order.ts'

const SECOND_NS = 1_000_000_000n
const DAY_SECONDS = 86_400

/**
 * docs/matching.md with nothing but arrays of objects: the meaning that the fast engine is compared with. It is slow
 * on purpose, so that a reader can see that it is right.
 */
export class NaiveEngine {
  private readonly instruments: Instruments
  private readonly isPublishing: boolean
  private readonly markets: Market[] = []
  private readonly venue: Venue
  private isAllKilled = false
  private readonly killed = new Set<number>()

  constructor(instruments: Instruments, { marketData = false }: { marketData?: boolean } = {}) {
    this.instruments = instruments
    this.isPublishing = marketData
    this.venue = { sequence: 0, events: [], trades: 0, clockNs: 0n, live: new Map(), groups: new Map() }
  }

  /** Applies one command and returns what it caused, the command's own event first. */
  apply(command: Command): EngineEvent[] {
    const asked = withDefaults(command)
    const { venue } = this
    venue.events = []
    venue.sequence = asked.sequence
    const markets = this.allMarkets()
    const before = this.isPublishing ? markets.map(displayedOf) : []
    const code = asked.rejectCode || faultOf(asked, this.instruments) || this.perform(asked)
    if (code !== 0) venue.events.push(rejected(asked, code))
    for (const market of markets) publishIndication(market)
    before.forEach((displayed, i) => publishChanges(markets[i]!, displayed))
    return venue.events
  }

  get trades(): number {
    return this.venue.trades
  }

  get liveOrders(): number {
    return this.venue.live.size
  }

  /** Ids of the live orders, in no promised order. */
  liveIds(): number[] {
    return [...this.venue.live.keys()]
  }

  lastTradeTicks(instrument: number): number {
    return this.market(instrument).lastTicks
  }

  tradingState(instrument: number): number {
    return this.market(instrument).state
  }

  depth(instrument: number, side: number, levels: number): Level[] {
    return this.market(instrument).levels(side).slice(0, levels)
  }

  stateHash(): string {
    const hasher = new StateHasher()
    const { trades, clockNs, groups } = this.venue
    for (const value of [trades, Number(clockNs / SECOND_NS), Number(clockNs % SECOND_NS)]) hasher.add(value)
    hasher.add(this.isAllKilled ? 1 : 0)
    hasher.add(this.killed.size)
    for (const client of [...this.killed].sort((a, b) => a - b)) hasher.add(client)
    hasher.add(groups.size)
    for (const pair of [...groups].sort(([a], [b]) => a - b)) for (const value of pair) hasher.add(value)
    for (const market of this.allMarkets()) market.addTo(hasher)
    return hasher.digest()
  }

  private perform(asked: Asked): number {
    switch (asked.kind) {
      case CommandKind.new:
        return this.enter(asked)
      case CommandKind.cancel:
      case CommandKind.amend:
      case CommandKind.replace:
        return this.change(asked)
      case CommandKind.time:
        if (asked.timestampNs < this.venue.clockNs || asked.timestampNs >= 2n ** 31n * 1_000_000_000n)
          return RejectCode.INVALID_TIME
    }
    this.venue.events.push(applied(asked))
    this.control(asked)
    return 0
  }

  private enter(asked: Asked): number {
    if (this.venue.live.has(asked.orderId)) return RejectCode.DUPLICATE_ORDER_ID
    if (this.isKilled(asked.client)) return RejectCode.KILLED
    return enter(this.market(asked.instrument), this.instruments, asked)
  }

  private change(asked: Asked): number {
    const { live } = this.venue
    const isReplace = asked.kind === CommandKind.replace
    const order = live.get(isReplace ? asked.linkedOrderId : asked.orderId)
    if (order === undefined) return RejectCode.UNKNOWN_ORDER
    if (asked.client !== 0 && asked.client !== order.client) return RejectCode.UNKNOWN_ORDER
    if (asked.instrument !== ANY_INSTRUMENT && asked.instrument !== order.instrument)
      return RejectCode.UNKNOWN_ORDER
    const market = this.market(order.instrument)
    if (asked.kind === CommandKind.cancel) {
      cancelWhole(market, order, CancelReason.user)
      return 0
    }
    if (isReplace && live.has(asked.orderId)) return RejectCode.DUPLICATE_ORDER_ID
    if (this.isKilled(order.client)) return RejectCode.KILLED
    return change(market, this.instruments, asked, order)
  }

  /** Commands that name no order. */
  private control(asked: Asked): void {
    const { client, instrument, side, lots } = asked
    const isOfClient = (order: Order): boolean => client === 0 || order.client === client
    switch (asked.kind) {
      case CommandKind.massCancel:
        return this.cancelAll(
          (order) =>
            isOfClient(order) &&
            (instrument === ANY_INSTRUMENT || order.instrument === instrument) &&
            (side === BOTH_SIDES || order.side === side),
          CancelReason.mass,
        )
      case CommandKind.kill:
        if (client === 0) this.isAllKilled = true
        else this.killed.add(client)
        return this.cancelAll(isOfClient, CancelReason.kill)
      case CommandKind.release:
        if (client === 0) this.isAllKilled = false
        else this.killed.delete(client)
        return
      case CommandKind.group:
        if (lots === 0) this.venue.groups.delete(client)
        else this.venue.groups.set(client, lots)
        return
      case CommandKind.time:
        return this.setTime(asked.timestampNs)
      case CommandKind.risk:
        return
      default: {
        const markets = instrument === ANY_INSTRUMENT ? this.allMarkets() : [this.market(instrument)]
        for (const market of markets) this.changeState(market, lots, StateCause.command)
      }
    }
  }

  private isKilled(client: number): boolean {
    return this.isAllKilled || this.killed.has(client)
  }

  private cancelAll(isMeant: (order: Order) => boolean, reason: number): void {
    const orders = [...this.venue.live.values()].filter(isMeant)
    for (const order of orders.sort((a, b) => a.orderId - b.orderId))
      cancelWhole(this.market(order.instrument), order, reason)
  }

  private setTime(timestampNs: bigint): void {
    const { venue } = this
    const dayBefore = dayOf(venue.clockNs)
    const isFirst = venue.clockNs === 0n
    venue.clockNs = timestampNs
    const seconds = Number(timestampNs / SECOND_NS)
    const expired = [...venue.live.values()].filter(
      ({ timeInForce, expirySeconds }) => timeInForce === TimeInForce.gtd && expirySeconds <= seconds,
    )
    expired.sort((a, b) => a.expirySeconds - b.expirySeconds || a.orderId - b.orderId)
    for (const order of expired) cancelWhole(this.market(order.instrument), order, CancelReason.expiry)
    if (!isFirst && dayOf(timestampNs) > dayBefore)
      this.cancelAll(({ timeInForce }) => timeInForce === TimeInForce.day, CancelReason.expiry)
    for (const market of this.allMarkets()) {
      const isOver = market.pauseUntilSeconds > 0 && market.pauseUntilSeconds <= clockSeconds(market)
      if (isOver) this.changeState(market, TradingState.continuous, StateCause.pauseOver)
    }
  }

  private changeState(market: Market, state: number, cause: number): void {
    market.pauseUntilSeconds = 0
    const previous = market.state
    if (state === previous) return
    setState(market, state, cause)
    if (state === TradingState.continuous || (state === TradingState.closed && isAuction(previous)))
      auction(market)
    if (state === TradingState.continuous) triggerStops(market)
    if (state !== TradingState.closed) return
    const { instrument } = market.rules
    this.cancelAll(
      (order) => order.instrument === instrument && order.timeInForce === TimeInForce.day,
      CancelReason.expiry,
    )
  }

  private allMarkets(): Market[] {
    return Array.from({ length: this.instruments.count }, (_, instrument) => this.market(instrument))
  }

  private market(instrument: number): Market {
    const { bandTicks, pauseSeconds, selfTrade, referenceTicks } = this.instruments
    return (this.markets[instrument] ??= new Market(
      this.venue,
      {
        instrument,
        bandTicks: bandTicks[instrument]!,
        pauseSeconds: pauseSeconds[instrument]!,
        selfTrade: selfTrade[instrument]!,
      },
      referenceTicks[instrument]!,
    ))
  }
}

function dayOf(ns: bigint): number {
  return Math.floor(Number(ns / SECOND_NS) / DAY_SECONDS)
}
