import {
  CommandKind,
  EventKind,
  MatchingEngine,
  RECORD_WORDS,
  Side,
  type Instruments,
} from '../../book/index.ts'
import {
  CLIENT,
  HEAD,
  headKind,
  headSide,
  INSTRUMENT,
  MAKER_CLIENT,
  MAKER_OPEN_LOTS,
  OPEN_LOTS,
  ORDER_ID,
  PRICE_TICKS,
} from '../../book/record.ts'

/**
 * A live order as the simulator knows it: a slot of 32 bytes.
 *
 *  word
 *   0  idLow       the order id, low and high half (in a free slot: the next free one)
 *   1  idHigh
 *   2  client
 *   3  instrument
 *   4  side
 *   5  priceTicks
 *   6  place       in its instrument's list
 *   7  -
 */
const LIVE_WORDS = 8
export const LIVE_ID = 0
export const LIVE_CLIENT = 2
export const LIVE_SIDE = 4
export const LIVE_PRICE_TICKS = 5
const LIVE_INSTRUMENT = 3
const LIVE_PLACE = 6

const NO_ORDER = 0

/**
 * The book that the simulated traders see: a matching engine of their own that all their good commands go through,
 * and a list of each instrument's live orders from which one can be picked at random.
 *
 * In this engine an order's client is the word where its slot begins, so that a trade names the maker's slot and
 * nothing is looked up.
 */
export class SimulatedBook {
  /** Slots of live orders, see LIVE_WORDS. Read again after `apply`, which may replace it. */
  live: Int32Array
  /** Live orders of each instrument. */
  readonly counts: Int32Array
  private readonly lists: Int32Array[]
  /** Best price of each instrument and side; the last there was, while a side is empty. */
  private readonly bests: Int32Array
  private readonly engine: MatchingEngine
  private freeOrder: number
  private topOrder: number

  /** @param openingTicks for each instrument, the price at which its trade begins */
  constructor(instruments: Instruments, openingTicks: Int32Array) {
    const count = openingTicks.length
    this.live = new Int32Array(256 * LIVE_WORDS)
    this.counts = new Int32Array(count)
    this.lists = Array.from({ length: count }, () => new Int32Array(64))
    this.bests = Int32Array.from({ length: count * 2 }, (_, at) => openingTicks[at >>> 1]!)
    this.engine = new MatchingEngine(instruments)
    this.freeOrder = NO_ORDER
    this.topOrder = LIVE_WORDS
  }

  /** Best price of a side in ticks; the last there was, if the side is empty. */
  best(instrument: number, side: number): number {
    return this.bests[instrument * 2 + side]!
  }

  /** The word in `live` at which the order in a place of an instrument's list begins: place 0 to `counts` - 1. */
  at(instrument: number, place: number): number {
    return this.lists[instrument]![place]!
  }

  /** The lots that a live order has open. */
  openLots(order: number): number {
    return this.engine.slotOpenLots(this.engineSlot(order))
  }

  /** The lots that a live order asked for in all. */
  totalLots(order: number): number {
    return this.engine.slotTotalLots(this.engineSlot(order))
  }

  /** Enters the new order of a record. */
  enter(words: Int32Array, at: number): void {
    const order = this.take()
    const { live } = this
    const instrument = words[at + INSTRUMENT]!
    live[order + LIVE_ID] = words[at + ORDER_ID]!
    live[order + LIVE_ID + 1] = words[at + ORDER_ID + 1]!
    live[order + LIVE_CLIENT] = words[at + CLIENT]!
    live[order + LIVE_INSTRUMENT] = instrument
    live[order + LIVE_SIDE] = headSide(words[at + HEAD]!)
    live[order + LIVE_PRICE_TICKS] = words[at + PRICE_TICKS]!
    this.list(order, instrument)
    this.apply(words, at, order)
  }

  /** Applies the cancel or amend of a live order. */
  change(words: Int32Array, at: number, order: number): void {
    if (words[at + PRICE_TICKS] !== 0) this.live[order + LIVE_PRICE_TICKS] = words[at + PRICE_TICKS]!
    this.apply(words, at, order)
  }

  private apply(words: Int32Array, at: number, order: number): void {
    const { engine, bests } = this
    const instrument = words[at + INSTRUMENT]!
    const client = words[at + CLIENT]!
    words[at + CLIENT] = order
    engine.events.count = 0
    engine.apply(words, at)
    words[at + CLIENT] = client
    this.follow(order, headKind(words[at + HEAD]!) === CommandKind.new)
    const bid = engine.bestPrice(instrument, Side.buy)
    const offer = engine.bestPrice(instrument, Side.sell)
    if (bid !== 0) bests[instrument * 2 + Side.buy] = bid
    if (offer !== 0) bests[instrument * 2 + Side.sell] = offer
  }

  /** Takes the orders off the lists that the latest command's events took off the book, or never let in. */
  private follow(order: number, isNew: boolean): void {
    const { events } = this.engine
    let isLive = true
    for (let i = 0, at = 0; i < events.count; i++, at += RECORD_WORDS) {
      const { words } = events
      const kind = headKind(words[at + HEAD]!)
      if (kind === EventKind.trade) {
        if (words[at + MAKER_OPEN_LOTS] === 0) this.drop(words[at + MAKER_CLIENT]!)
        if (words[at + OPEN_LOTS] === 0) isLive = false
      } else if (kind === EventKind.cancelled || (kind === EventKind.rejected && isNew)) isLive = false
    }
    if (!isLive) this.drop(order)
  }

  private take(): number {
    const order = this.freeOrder
    if (order !== NO_ORDER) {
      this.freeOrder = this.live[order]!
      return order
    }
    if (this.topOrder === this.live.length) this.live = doubled(this.live)
    this.topOrder += LIVE_WORDS
    return this.topOrder - LIVE_WORDS
  }

  private list(order: number, instrument: number): void {
    const place = this.counts[instrument]!++
    let list = this.lists[instrument]!
    if (place === list.length) this.lists[instrument] = list = doubled(list)
    list[place] = order
    this.live[order + LIVE_PLACE] = place
  }

  private drop(order: number): void {
    const { live } = this
    const instrument = live[order + LIVE_INSTRUMENT]!
    const place = live[order + LIVE_PLACE]!
    const list = this.lists[instrument]!
    const last = list[--this.counts[instrument]!]!
    list[place] = last
    live[last + LIVE_PLACE] = place
    live[order] = this.freeOrder
    this.freeOrder = order
  }

  private engineSlot(order: number): number {
    return this.engine.find(this.live[order + LIVE_ID]!, this.live[order + LIVE_ID + 1]!)
  }
}

function doubled(column: Int32Array): Int32Array {
  const wider = new Int32Array(column.length * 2)
  wider.set(column)
  return wider
}
