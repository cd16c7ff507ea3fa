import * as E from 'fp-ts/lib/Either.js'
import {
  amendOrder,
  Batch,
  cancelOrder,
  type Command,
  newOrder,
  pushCommand,
  Side,
  TimeInForce,
} from '../../book/index.ts'
import { thousands } from '../../telemetry/text-table.ts'
import { type LobsterMessage, type LobsterRow, MessageType, type RowFault } from './messages.ts'
import type { LobsterUnits } from './units.ts'

/** Owner of the orders that make up the published book, and of the incoming orders that met them. */
const RESTING_CLIENT = 1
const AGGRESSOR_CLIENT = 2
/** Ask price, ask size, bid price, bid size for each level. */
const LEVEL_COLUMNS = 4
/** Faults that are kept with their position; more are only counted. */
const FAULTS_KEPT = 20

/** What became of the rows: each is opened with, led to a command of its own, or left the book alone. */
export interface QuotedCounts {
  rows: number
  /** Rows whose message became a command: an order, a change of one, or an incoming order that traded. */
  commands: number
  quiet: number
  malformed: number
  /** Levels taken over from the published book, and orders taken away because they left its window. */
  adopted: number
  trimmed: number
  /** Commands that made the book what is published where the message alone did not. */
  corrections: number
}

export function quotedLines(counts: Readonly<QuotedCounts>): readonly string[] {
  return [
    `${thousands(counts.rows)} rows, ${thousands(counts.commands)} of them commands, ${thousands(counts.quiet)} that leave the book alone`,
    `${thousands(counts.adopted)} levels taken over from the published book, ${thousands(counts.trimmed)} orders that left its window, ${thousands(counts.corrections)} corrections`,
    ...(counts.malformed === 0 ? [] : [`${thousands(counts.malformed)} rows could not be read`]),
  ]
}

interface RestingOrder {
  readonly orderId: number
  readonly side: number
  readonly priceTicks: number
  /** Open, and traded so far. */
  lots: number
  tradedLots: number
}

/**
 * Turns messages and the book published beside them into commands after each of which an engine's book shows exactly
 * the published levels: those whose orders the messages never told of are taken over, those that leave the window are
 * cancelled. Each message changes the best prices with one command at most, so a reader of the engine sees what a
 * reader of the file sees, row by row.
 */
export class QuotedCommands {
  readonly output: Batch
  readonly counts: QuotedCounts
  /** The first rows that could not be read. */
  readonly faults: RowFault[]
  private readonly units: LobsterUnits
  /** Orders at each price, first to trade first; bids, then offers. */
  private readonly sides: readonly Map<number, RestingOrder[]>[]
  /** Orders by the file's ids. */
  private readonly named: Map<number, RestingOrder>
  private nextId: number
  private timestampNs: number

  constructor(units: LobsterUnits) {
    this.output = new Batch()
    this.counts = { rows: 0, commands: 0, quiet: 0, malformed: 0, adopted: 0, trimmed: 0, corrections: 0 }
    this.faults = []
    this.units = units
    this.sides = [new Map(), new Map()]
    this.named = new Map()
    this.nextId = 1
    this.timestampNs = 0
  }

  /**
   * Takes the next row of both files.
   * @param published the book after the message: ask price, ask size, bid price, bid size for each level
   */
  add(row: LobsterRow, published: readonly number[]): void {
    this.counts.rows++
    if (E.isRight(row)) this.timestampNs = row.right.timestampNs
    else this.malformed(row.left)
    const wanted = [this.levels(published, Side.buy), this.levels(published, Side.sell)]
    // Levels that come into view are behind the best: they are there before the message takes the best away.
    if (this.counts.rows > 1)
      for (const side of [Side.buy, Side.sell]) this.adopt(side, wanted[side]!, submittedPrice(row, side))
    if (this.counts.rows > 1 && E.isRight(row)) this.follow(row.right)
    for (const side of [Side.buy, Side.sell]) this.settle(side, wanted[side]!)
  }

  private malformed(fault: RowFault): void {
    this.counts.malformed++
    if (this.faults.length < FAULTS_KEPT) this.faults.push(fault)
  }

  private levels(published: readonly number[], side: number): Map<number, number> {
    const levels = new Map<number, number>()
    const first = side === Side.sell ? 0 : 2
    for (let at = first; at + 1 < published.length; at += LEVEL_COLUMNS) {
      const size = published[at + 1]!
      const ticks = size > 0 ? this.units.toTicks(published[at]!) : 0
      if (typeof ticks === 'number' && ticks > 0) levels.set(ticks, size * this.units.lotsPerShare)
    }
    return levels
  }

  /** Enters published levels behind all that there are, but not the one that the message itself makes. */
  private adopt(side: number, wanted: ReadonlyMap<number, number>, own: number): void {
    const there = this.sides[side]!
    if (there.size === 0) return
    const prices = [...there.keys()]
    const worst = side === Side.buy ? Math.min(...prices) : Math.max(...prices)
    for (const [priceTicks, lots] of wanted) {
      const isBehind = side === Side.buy ? priceTicks < worst : priceTicks > worst
      if (!isBehind || priceTicks === this.ticksOf(own)) continue
      this.enter(side, priceTicks, lots)
      this.counts.adopted++
    }
  }

  private ticksOf(price: number): number {
    const ticks = price > 0 ? this.units.toTicks(price) : 0
    return typeof ticks === 'number' ? ticks : 0
  }

  private follow({ type, orderId, size, price, direction }: LobsterMessage): void {
    const side = direction === 1 ? Side.buy : Side.sell
    const lots = size * this.units.lotsPerShare
    const priceTicks = this.ticksOf(price)
    if (type > MessageType.execution || priceTicks === 0) {
      this.counts.quiet++
      return
    }
    this.counts.commands++
    if (type === MessageType.submission) this.named.set(orderId, this.enter(side, priceTicks, lots))
    else if (type === MessageType.execution && priceTicks === this.best(side))
      this.trade(side, priceTicks, lots)
    else {
      const order = this.named.get(orderId)
      const taken = order === undefined ? 0 : Math.min(order.lots, lots)
      if (order !== undefined && taken > 0) this.reduce(order, taken)
      if (taken < lots) this.reduceLevel(side, priceTicks, lots - taken)
    }
  }

  private best(side: number): number {
    const prices = [...this.sides[side]!.keys()]
    if (prices.length === 0) return 0
    return side === Side.buy ? Math.max(...prices) : Math.min(...prices)
  }

  private enter(side: number, priceTicks: number, lots: number): RestingOrder {
    const order = { orderId: this.nextId++, side, priceTicks, lots, tradedLots: 0 }
    const queue = this.sides[side]!.get(priceTicks)
    if (queue === undefined) this.sides[side]!.set(priceTicks, [order])
    else queue.push(order)
    this.emit(newOrder({ orderId: order.orderId, side, priceTicks, lots, client: RESTING_CLIENT }))
    return order
  }

  /** An incoming order takes lots at the best price, from the orders that came first. */
  private trade(side: number, priceTicks: number, lots: number): void {
    const queue = this.sides[side]!.get(priceTicks)!
    let left = lots
    for (const order of queue) {
      const taken = Math.min(order.lots, left)
      order.lots -= taken
      order.tradedLots += taken
      left -= taken
    }
    const traded = lots - left
    this.keepOpen(side, priceTicks)
    if (traded === 0) return
    this.emit(
      newOrder({
        orderId: this.nextId++,
        side: side ^ 1,
        priceTicks,
        lots: traded,
        client: AGGRESSOR_CLIENT,
        timeInForce: TimeInForce.ioc,
      }),
    )
  }

  private reduceLevel(side: number, priceTicks: number, lots: number): void {
    let left = lots
    for (const order of this.sides[side]!.get(priceTicks)?.slice() ?? []) {
      const taken = Math.min(order.lots, left)
      if (taken > 0) this.reduce(order, taken)
      left -= taken
    }
  }

  private reduce(order: RestingOrder, lots: number): void {
    const { orderId, side, priceTicks } = order
    order.lots -= lots
    // An amend names the new total, traded lots included.
    if (order.lots === 0) this.emit(cancelOrder(orderId, RESTING_CLIENT))
    else this.emit(amendOrder(orderId, { lots: order.tradedLots + order.lots }, RESTING_CLIENT))
    this.keepOpen(side, priceTicks)
  }

  private keepOpen(side: number, priceTicks: number): void {
    const queue = this.sides[side]!.get(priceTicks)?.filter(({ lots }) => lots > 0)
    if (queue === undefined || queue.length === 0) this.sides[side]!.delete(priceTicks)
    else this.sides[side]!.set(priceTicks, queue)
  }

  /** Makes a side what is published: normally only orders that left the window are still to be taken away. */
  private settle(side: number, wanted: ReadonlyMap<number, number>): void {
    for (const [priceTicks, queue] of this.sides[side]!) {
      if (wanted.has(priceTicks)) continue
      for (const order of queue.slice()) {
        this.reduce(order, order.lots)
        this.counts.trimmed++
      }
    }
    for (const [priceTicks, lots] of wanted) {
      const there = this.sides[side]!.get(priceTicks)?.reduce((sum, order) => sum + order.lots, 0) ?? 0
      if (there === lots) continue
      if (this.counts.rows > 1) this.counts.corrections++
      if (there < lots) this.enter(side, priceTicks, lots - there)
      else this.reduceLevel(side, priceTicks, there - lots)
    }
  }

  private emit(command: Command): void {
    const { output, timestampNs, units } = this
    if (output.count === output.capacity) output.grow()
    pushCommand(output, { ...command, instrument: units.instrument, timestampNs })
  }
}

/** The price of a submission on a side, in the file's units; 0 if the row is none. */
function submittedPrice(row: LobsterRow, side: number): number {
  if (E.isLeft(row) || row.right.type !== MessageType.submission) return 0
  return (row.right.direction === 1 ? Side.buy : Side.sell) === side ? row.right.price : 0
}
