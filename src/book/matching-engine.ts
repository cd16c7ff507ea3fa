import * as slab from '../memory/slab.ts'
import { Batch } from './batch.ts'
import * as faults from './command-fault.ts'
import { EventWriter } from './event-writer.ts'
import { type Instruments } from './instruments.ts'
import * as instrumentTable from './instruments.ts'
import { OrderBook } from './order-book.ts'
import * as orderLayout from './order.ts'
import * as levelLayout from './level.ts'
import * as record from './record.ts'
import * as rejectCode from './reject-code.ts'
import { hashState } from './state-hash.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { NONE } = slab
const { commandFault } = faults
const { ANY_INSTRUMENT } = instrumentTable
const {
  ORDER_CLIENT,
  ORDER_HEAD,
  ORDER_INSTRUMENT,
  ORDER_OPEN_LOTS,
  ORDER_PRICE_TICKS,
  ORDER_TOTAL_LOTS,
  ORDER_WORDS,
} = orderLayout
const { LEVEL_HEAD, LEVEL_PRICE_TICKS, LEVEL_WORDS } = levelLayout
const {
  CancelReason,
  CLIENT,
  CODE,
  CommandKind,
  HEAD,
  headKind,
  headOrderType,
  headSide,
  headTimeInForce,
  INSTRUMENT,
  LOTS,
  MAX_PRICE_TICKS,
  ORDER_ID,
  OrderType,
  PRICE_TICKS,
  Side,
  TimeInForce,
} = record
const { ACCEPTED, RejectCode } = rejectCode

const REJECT_CODE_MASK = 0xffff

/**
 * A price-time priority matching engine for many instruments: a deterministic machine that turns each command
 * record into event records. No clock, no randomness, no environment: the same commands give the same bytes.
 *
 * Every command causes an `accepted`, `amended`, `cancelled` or `rejected` event, and trades behind it. Trades are
 * at the maker's price. Nothing is thrown for bad input: it is rejected with a code and leaves the book as it was.
 */
export class MatchingEngine {
  readonly instruments: Instruments
  readonly book: OrderBook
  /** What the commands since the last `events.count = 0` caused. */
  readonly events: Batch
  /** Price of each instrument's latest trade in ticks; its reference price, or 0, until there is one. */
  lastTradeTicks: Int32Array
  private readonly writer: EventWriter
  /** Instruments met so far. */
  private known: number

  /** @param liveOrders how many to make room for at first; more are taken as they come */
  constructor(instruments: Instruments, liveOrders?: number) {
    this.instruments = instruments
    this.book = new OrderBook(Math.max(16, instruments.count), liveOrders)
    this.events = new Batch()
    this.lastTradeTicks = new Int32Array(0)
    this.writer = new EventWriter(this.events)
    this.known = 0
    this.followInstruments()
  }

  /** Trades so far: the match number of the latest. */
  get trades(): number {
    return this.writer.matchHigh * 4_294_967_296 + (this.writer.matchLow >>> 0)
  }

  /** Price of an instrument's latest trade in ticks; its reference price, or 0, until there is one. */
  lastTrade(instrument: number): number {
    this.followInstruments()
    return this.lastTradeTicks[instrument]!
  }

  /** Goes on from where another engine was: see snapshot.ts, which puts its orders back. */
  resume(trades: number, lastTradeTicks: Int32Array): void {
    this.writer.matchLow = trades | 0
    this.writer.matchHigh = Math.floor(trades / 4_294_967_296)
    this.lastTradeTicks.set(lastTradeTicks)
  }

  /**
   * Applies one command record; its events are appended to `events`.
   * A record that an earlier step refused (its reject code is set) becomes a `rejected` event and nothing else.
   * @param words the array that the record is in
   * @param at the word it begins at
   */
  apply(words: Int32Array, at: number): void {
    let code = words[at + CODE]! & REJECT_CODE_MASK
    if (code === ACCEPTED) code = commandFault(words, at, this.instruments)
    if (code === ACCEPTED) {
      const kind = headKind(words[at + HEAD]!)
      if (kind === CommandKind.new) code = this.enter(words, at)
      else if (kind === CommandKind.cancel) code = this.cancel(words, at)
      else code = this.amend(words, at)
    }
    if (code !== ACCEPTED) this.writer.rejected(words, at, code)
  }

  /** A hash of all resting orders and last trade prices: equal for equal states, however they came about. */
  stateHash(): string {
    this.followInstruments()
    return hashState(this)
  }

  private enter(words: Int32Array, at: number): number {
    const { book, writer } = this
    if (book.find(words[at + ORDER_ID]!, words[at + ORDER_ID + 1]!) !== NONE)
      return RejectCode.DUPLICATE_ORDER_ID
    const head = words[at + HEAD]!
    const side = headSide(head)
    const instrument = words[at + INSTRUMENT]!
    const totalLots = words[at + LOTS]!
    const isMarket = headOrderType(head) === OrderType.market
    const timeInForce = headTimeInForce(head)
    const limit = limitTicks(side, words[at + PRICE_TICKS]!)
    this.followInstruments()
    writer.accepted(words, at)
    if (timeInForce === TimeInForce.fok && !this.canFill(instrument, side, limit, totalLots)) {
      writer.remainderCancelled(words, at, totalLots, CancelReason.fok)
      return ACCEPTED
    }
    const openLots = this.match(words, at, head, words[at + CLIENT]!, instrument, limit, totalLots)
    if (openLots === 0) return ACCEPTED
    if (isMarket) writer.remainderCancelled(words, at, openLots, CancelReason.noLiquidity)
    else if (timeInForce !== TimeInForce.gtc) writer.remainderCancelled(words, at, openLots, CancelReason.ioc)
    else if (book.rest(words, at, limit, openLots, totalLots) === NONE)
      writer.remainderCancelled(words, at, openLots, CancelReason.bookFull)
    return ACCEPTED
  }

  private cancel(words: Int32Array, at: number): number {
    const slot = this.findOwned(words, at)
    if (slot === NONE) return RejectCode.UNKNOWN_ORDER
    this.writer.cancelled(words, at, this.book.words, slot * ORDER_WORDS, CancelReason.user)
    this.book.remove(slot)
    return ACCEPTED
  }

  /**
   * A new total quantity, a new price, or both. Less quantity at the same price keeps the place in the queue; more
   * quantity or another price goes to the end of it, and trades first if it now crosses.
   */
  private amend(words: Int32Array, at: number): number {
    const { book, writer } = this
    const slot = this.findOwned(words, at)
    if (slot === NONE) return RejectCode.UNKNOWN_ORDER
    const orders = book.words
    const order = slot * ORDER_WORDS
    const instrument = orders[order + ORDER_INSTRUMENT]!
    const price = orders[order + ORDER_PRICE_TICKS]!
    const openLots = orders[order + ORDER_OPEN_LOTS]!
    const totalLots = orders[order + ORDER_TOTAL_LOTS]!
    const newPrice = words[at + PRICE_TICKS] === 0 ? price : words[at + PRICE_TICKS]!
    const newTotal = words[at + LOTS] === 0 ? totalLots : words[at + LOTS]!
    const fault = this.amendFault(instrument, newPrice, newTotal)
    if (fault !== ACCEPTED) return fault
    const newOpen = newTotal - (totalLots - openLots)
    if (newOpen <= 0) {
      // All of the new total has traded already: nothing is left to rest (FIX: OrderQty <= CumQty).
      writer.cancelled(words, at, orders, order, CancelReason.user)
      book.remove(slot)
      return ACCEPTED
    }
    writer.amended(words, at, orders, order, newPrice, newTotal, newOpen)
    if (newPrice === price && newOpen <= openLots) {
      if (newOpen < openLots) book.reduce(slot, openLots - newOpen)
      orders[order + ORDER_TOTAL_LOTS] = newTotal
      return ACCEPTED
    }
    orders[order + ORDER_TOTAL_LOTS] = newTotal
    const head = orders[order + ORDER_HEAD]!
    const rest = this.match(words, at, head, orders[order + ORDER_CLIENT]!, instrument, newPrice, newOpen)
    if (rest === 0) book.remove(slot)
    else if (!book.requeue(slot, newPrice, rest, words, at)) {
      // The event tells of the order as it would have rested.
      book.reduce(slot, openLots - rest)
      orders[order + ORDER_PRICE_TICKS] = newPrice
      writer.cancelled(words, at, orders, order, CancelReason.bookFull)
      book.remove(slot)
    }
    return ACCEPTED
  }

  private amendFault(instrument: number, priceTicks: number, lots: number): number {
    const { instruments } = this
    if (lots > instruments.maxOrderLots[instrument]!) return RejectCode.EXCEEDS_MAX_SIZE
    if (
      priceTicks < instruments.minPriceTicks[instrument]! ||
      priceTicks > instruments.maxPriceTicks[instrument]!
    )
      return RejectCode.INVALID_PRICE
    return ACCEPTED
  }

  /** The live order that a cancel or amend names, if it is its client's; client 0 speaks for the venue. */
  private findOwned(words: Int32Array, at: number): number {
    const slot = this.book.find(words[at + ORDER_ID]!, words[at + ORDER_ID + 1]!)
    if (slot === NONE) return NONE
    const orders = this.book.words
    const client = words[at + CLIENT]!
    const instrument = words[at + INSTRUMENT]!
    if (client !== 0 && client !== orders[slot * ORDER_WORDS + ORDER_CLIENT]) return NONE
    if (instrument !== ANY_INSTRUMENT && instrument !== orders[slot * ORDER_WORDS + ORDER_INSTRUMENT])
      return NONE
    return slot
  }

  /** Trades `lots` against the other side, best price first, as far as `limit`. Returns the lots still open. */
  private match(
    words: Int32Array,
    at: number,
    head: number,
    client: number,
    instrument: number,
    limit: number,
    lots: number,
  ): number {
    const { book, writer } = this
    const { ladder } = book
    const side = headSide(head)
    const opposite = instrument * 2 + (side ^ 1)
    let open = lots
    let level = ladder.best(opposite)
    while (level !== NONE) {
      const { levels } = ladder
      const price = levels[level * LEVEL_WORDS + LEVEL_PRICE_TICKS]!
      if (side === Side.buy ? price > limit : price < limit) break
      this.lastTradeTicks[instrument] = price
      const orders = book.words
      let slot = levels[level * LEVEL_WORDS + LEVEL_HEAD]!
      for (;;) {
        const maker = slot * ORDER_WORDS
        const makerOpen = orders[maker + ORDER_OPEN_LOTS]!
        if (makerOpen > open) {
          writer.trade(words, at, head, client, instrument, orders, maker, open, 0)
          book.reduce(slot, open)
          return 0
        }
        open -= makerOpen
        writer.trade(words, at, head, client, instrument, orders, maker, makerOpen, open)
        const isLast = ladder.orders(level) === 1
        book.remove(slot)
        if (open === 0) return 0
        if (isLast) break
        slot = levels[level * LEVEL_WORDS + LEVEL_HEAD]!
      }
      level = ladder.best(opposite)
    }
    return open
  }

  /** Whether the other side holds `lots` at `limit` or better. Looks at levels, not orders, and no further than it must. */
  private canFill(instrument: number, side: number, limit: number, lots: number): boolean {
    const { ladder } = this.book
    let missing = lots
    for (let level = ladder.best(instrument * 2 + (side ^ 1)); level !== NONE; level = ladder.next(level)) {
      const price = ladder.price(level)
      if (side === Side.buy ? price > limit : price < limit) return false
      missing -= ladder.totalLots(level)
      if (missing <= 0) return true
    }
    return false
  }

  /** Instruments may be added while running: makes room for those the engine has not met. */
  private followInstruments(): void {
    const { referenceTicks, count } = this.instruments
    if (count === this.known) return
    if (this.lastTradeTicks.length < count) {
      const lastTradeTicks = new Int32Array(referenceTicks.length)
      lastTradeTicks.set(this.lastTradeTicks)
      this.lastTradeTicks = lastTradeTicks
    }
    for (let at = this.known; at < count; at++) this.lastTradeTicks[at] = referenceTicks[at]!
    this.book.ladder.reserveSides(count * 2)
    this.known = count
  }
}

/** The worst price an order may trade at; 0 stands for any. */
function limitTicks(side: number, priceTicks: number): number {
  if (priceTicks !== 0) return priceTicks
  return side === Side.buy ? MAX_PRICE_TICKS : 0
}
