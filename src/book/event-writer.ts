import type { Batch } from './batch.ts'
import * as orderLayout from './order.ts'
import * as record from './record.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const {
  ORDER_CLIENT,
  ORDER_HEAD,
  ORDER_ID_HIGH,
  ORDER_ID_LOW,
  ORDER_INSTRUMENT,
  ORDER_OPEN_LOTS,
  ORDER_PRICE_TICKS,
} = orderLayout
const {
  CLIENT,
  CODE,
  EventKind,
  HEAD,
  INSTRUMENT,
  LOTS,
  MAKER_CLIENT,
  MAKER_OPEN_LOTS,
  MAKER_ORDER_ID,
  MATCH_LOW,
  OPEN_LOTS,
  ORDER_ID,
  PRICE_TICKS,
  RECORD_WORDS,
  SEQUENCE,
} = record

const HEAD_WITHOUT_KIND = ~0xff

/** Writes events behind one another into a batch: each method is one record, drawn in record.ts. */
export class EventWriter {
  readonly batch: Batch
  /** The match number of the latest trade: bits 0-31, and 32-47. */
  matchLow: number
  matchHigh: number

  constructor(batch: Batch) {
    this.batch = batch
    this.matchLow = 0
    this.matchHigh = 0
  }

  /** A new order is in: `lots` as asked for. */
  accepted(command: Int32Array, at: number): void {
    const to = this.fromCommand(EventKind.accepted, 0, command, at)
    const { words } = this.batch
    words[to + PRICE_TICKS] = command[at + PRICE_TICKS]!
    words[to + LOTS] = command[at + LOTS]!
    words[to + OPEN_LOTS] = command[at + LOTS]!
    this.clearMaker(to)
  }

  /** A command is refused. Price and lots are the command's own, whatever they are. */
  rejected(command: Int32Array, at: number, code: number): void {
    const to = this.fromCommand(EventKind.rejected, code, command, at)
    const { words } = this.batch
    words[to + PRICE_TICKS] = command[at + PRICE_TICKS]!
    words[to + LOTS] = command[at + LOTS]!
    words[to + OPEN_LOTS] = 0
    this.clearMaker(to)
  }

  /** What was left of the command's own new order leaves without having rested. */
  remainderCancelled(command: Int32Array, at: number, lots: number, reason: number): void {
    const to = this.fromCommand(EventKind.cancelled, reason, command, at)
    const { words } = this.batch
    words[to + PRICE_TICKS] = command[at + PRICE_TICKS]!
    words[to + LOTS] = lots
    words[to + OPEN_LOTS] = 0
    this.clearMaker(to)
  }

  /** A resting order leaves the book with `lots` still open. */
  cancelled(command: Int32Array, at: number, orders: Int32Array, order: number, reason: number): void {
    const to = this.fromOrder(EventKind.cancelled, reason, command, at, orders, order)
    const { words } = this.batch
    words[to + LOTS] = orders[order + ORDER_OPEN_LOTS]!
    words[to + OPEN_LOTS] = 0
    this.clearMaker(to)
  }

  /** A resting order has a new price or total; `lots` is the new total, and the open lots before stand in word 11. */
  amended(
    command: Int32Array,
    at: number,
    orders: Int32Array,
    order: number,
    priceTicks: number,
    totalLots: number,
    openLots: number,
  ): void {
    const to = this.fromOrder(EventKind.amended, 0, command, at, orders, order)
    const { words } = this.batch
    words[to + PRICE_TICKS] = priceTicks
    words[to + LOTS] = totalLots
    words[to + OPEN_LOTS] = openLots
    this.clearMaker(to)
    words[to + MAKER_OPEN_LOTS] = orders[order + ORDER_OPEN_LOTS]!
  }

  /**
   * Two orders trade `lots` at the maker's price. The taker is described by its command and, where the command is
   * an amend, by `head` and `client` of the amended order.
   */
  trade(
    command: Int32Array,
    at: number,
    head: number,
    client: number,
    instrument: number,
    orders: Int32Array,
    maker: number,
    lots: number,
    takerOpenLots: number,
  ): void {
    this.matchLow = (this.matchLow + 1) | 0
    if (this.matchLow === 0) this.matchHigh++
    const to = this.next()
    const { words } = this.batch
    words[to + HEAD] = (head & HEAD_WITHOUT_KIND) | EventKind.trade
    words[to + CODE] = this.matchHigh << 16
    words[to + INSTRUMENT] = instrument
    words[to + CLIENT] = client
    words[to + SEQUENCE] = command[at + SEQUENCE]!
    words[to + SEQUENCE + 1] = command[at + SEQUENCE + 1]!
    words[to + ORDER_ID] = command[at + ORDER_ID]!
    words[to + ORDER_ID + 1] = command[at + ORDER_ID + 1]!
    words[to + PRICE_TICKS] = orders[maker + ORDER_PRICE_TICKS]!
    words[to + LOTS] = lots
    words[to + OPEN_LOTS] = takerOpenLots
    words[to + MAKER_OPEN_LOTS] = orders[maker + ORDER_OPEN_LOTS]! - lots
    words[to + MAKER_ORDER_ID] = orders[maker + ORDER_ID_LOW]!
    words[to + MAKER_ORDER_ID + 1] = orders[maker + ORDER_ID_HIGH]!
    words[to + MAKER_CLIENT] = orders[maker + ORDER_CLIENT]!
    words[to + MATCH_LOW] = this.matchLow
  }

  private fromCommand(kind: number, code: number, command: Int32Array, at: number): number {
    const to = this.next()
    const { words } = this.batch
    words[to + HEAD] = (command[at + HEAD]! & HEAD_WITHOUT_KIND) | kind
    words[to + CODE] = code
    words[to + INSTRUMENT] = command[at + INSTRUMENT]!
    words[to + CLIENT] = command[at + CLIENT]!
    words[to + SEQUENCE] = command[at + SEQUENCE]!
    words[to + SEQUENCE + 1] = command[at + SEQUENCE + 1]!
    words[to + ORDER_ID] = command[at + ORDER_ID]!
    words[to + ORDER_ID + 1] = command[at + ORDER_ID + 1]!
    return to
  }

  private fromOrder(
    kind: number,
    code: number,
    command: Int32Array,
    at: number,
    orders: Int32Array,
    order: number,
  ): number {
    const to = this.next()
    const { words } = this.batch
    words[to + HEAD] = (orders[order + ORDER_HEAD]! & HEAD_WITHOUT_KIND) | kind
    words[to + CODE] = code
    words[to + INSTRUMENT] = orders[order + ORDER_INSTRUMENT]!
    words[to + CLIENT] = orders[order + ORDER_CLIENT]!
    words[to + SEQUENCE] = command[at + SEQUENCE]!
    words[to + SEQUENCE + 1] = command[at + SEQUENCE + 1]!
    words[to + ORDER_ID] = orders[order + ORDER_ID_LOW]!
    words[to + ORDER_ID + 1] = orders[order + ORDER_ID_HIGH]!
    words[to + PRICE_TICKS] = orders[order + ORDER_PRICE_TICKS]!
    return to
  }

  private clearMaker(to: number): void {
    const { words } = this.batch
    words[to + MAKER_OPEN_LOTS] = 0
    words[to + MAKER_ORDER_ID] = 0
    words[to + MAKER_ORDER_ID + 1] = 0
    words[to + MAKER_CLIENT] = 0
    words[to + MATCH_LOW] = 0
  }

  private next(): number {
    const { batch } = this
    const to = batch.count * RECORD_WORDS
    if (to === batch.words.length) batch.grow()
    batch.count++
    return to
  }
}
