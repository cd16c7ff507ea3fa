import { Slab } from '../memory/slab.ts'
import * as slab from '../memory/slab.ts'
import { OrderIndex } from './order-index.ts'
import * as orderLayout from './order.ts'
import * as levelLayout from './level.ts'
import { PriceLadder } from './price-ladder.ts'
import * as record from './record.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { NONE } = slab
const {
  ORDER_CLIENT,
  ORDER_HEAD,
  ORDER_ID_HIGH,
  ORDER_ID_LOW,
  ORDER_INSTRUMENT,
  ORDER_LEVEL,
  ORDER_NEXT,
  ORDER_OPEN_LOTS,
  ORDER_PREVIOUS,
  ORDER_PRICE_TICKS,
  ORDER_SEQUENCE,
  ORDER_TOTAL_LOTS,
  ORDER_WORDS,
} = orderLayout
const { LEVEL_COUNT, LEVEL_HEAD, LEVEL_TAIL, LEVEL_WORDS } = levelLayout
const { CLIENT, CommandKind, HEAD, headSide, INSTRUMENT, LOTS, OPEN_LOTS, ORDER_ID } = record
const { PRICE_TICKS, readU64, SEQUENCE } = record

/** One price level as queries show it. */
export interface DepthLevel {
  readonly priceTicks: number
  readonly lots: number
  readonly orders: number
}

/** One resting order as queries show it. */
export interface RestingOrder {
  readonly orderId: number
  readonly client: number
  readonly instrument: number
  readonly side: number
  readonly priceTicks: number
  readonly openLots: number
  readonly totalLots: number
}

/**
 * The resting orders of every instrument: an order slab, an id index and a price ladder, kept in step.
 *
 * Changes nothing but what it is told: who trades with whom is the matching engine's business. Hot methods
 * take and return slots and whole numbers; queries return objects.
 */
export class OrderBook {
  readonly ladder: PriceLadder
  /** Order slots; see order.ts. Read again after `rest`, which may replace it. */
  words: Int32Array
  private readonly slab: Slab
  private readonly index: OrderIndex

  /** @param instruments, liveOrders how many to make room for at first */
  constructor(instruments: number, liveOrders: number = 4_096) {
    this.ladder = new PriceLadder(instruments * 2)
    this.slab = new Slab(ORDER_WORDS, liveOrders)
    this.words = this.slab.words
    this.index = new OrderIndex(liveOrders, this.slab)
  }

  /** Live orders in all instruments. */
  get liveOrders(): number {
    return this.slab.used
  }

  /** Bytes reserved for orders, index and ladder. */
  get bytes(): number {
    return this.slab.bytes + this.index.bytes + this.ladder.bytes
  }

  /** The slot of a live order, by the halves of its id; or NONE. */
  find(idLow: number, idHigh: number): number {
    return this.index.find(idLow, idHigh)
  }

  /** The slot of a live order, or NONE. */
  findOrder(orderId: number): number {
    return this.index.find(orderId | 0, Math.floor(orderId / 4_294_967_296))
  }

  /**
   * Puts the order of a new command at the end of its price's queue.
   * @param command where the command record begins in `words`
   * @returns its slot, or NONE when no memory is left and nothing was changed
   */
  rest(words: Int32Array, command: number, priceTicks: number, openLots: number, totalLots: number): number {
    const head = words[command + HEAD]!
    const instrument = words[command + INSTRUMENT]!
    const level = this.ladder.ensure(instrument * 2 + headSide(head), priceTicks)
    if (level === NONE) return NONE
    const slot = this.slab.take()
    if (slot === NONE) {
      if (this.ladder.orders(level) === 0) this.ladder.remove(level)
      return NONE
    }
    const orders = (this.words = this.slab.words)
    const at = slot * ORDER_WORDS
    const idLow = words[command + ORDER_ID]!
    const idHigh = words[command + ORDER_ID + 1]!
    orders[at + ORDER_OPEN_LOTS] = openLots
    orders[at + ORDER_ID_LOW] = idLow
    orders[at + ORDER_ID_HIGH] = idHigh
    orders[at + ORDER_CLIENT] = words[command + CLIENT]!
    orders[at + ORDER_HEAD] = head
    orders[at + ORDER_TOTAL_LOTS] = totalLots
    orders[at + ORDER_PRICE_TICKS] = priceTicks
    orders[at + ORDER_INSTRUMENT] = instrument
    orders[at + ORDER_SEQUENCE] = words[command + SEQUENCE]!
    orders[at + ORDER_SEQUENCE + 1] = words[command + SEQUENCE + 1]!
    this.append(slot, level, openLots)
    this.index.insert(idLow, idHigh, slot)
    return slot
  }

  /** Takes `lots` off an order that keeps some, and its place in the queue. */
  reduce(slot: number, lots: number): void {
    const at = slot * ORDER_WORDS
    this.words[at + ORDER_OPEN_LOTS]! -= lots
    this.ladder.addLots(this.words[at + ORDER_LEVEL]!, -lots)
  }

  /** Takes an order off the book, whatever it still has open. */
  remove(slot: number): void {
    const at = slot * ORDER_WORDS
    const orders = this.words
    this.index.remove(orders[at + ORDER_ID_LOW]!, orders[at + ORDER_ID_HIGH]!, slot)
    const level = this.unlink(slot)
    if (this.ladder.orders(level) === 0) this.ladder.remove(level)
    this.slab.give(slot)
  }

  /**
   * Moves an order to the end of the queue at a price, with what it has open: it loses its time priority.
   * @returns false when no memory is left and nothing was changed
   */
  requeue(slot: number, priceTicks: number, openLots: number, words: Int32Array, command: number): boolean {
    const orders = this.words
    const at = slot * ORDER_WORDS
    const level = this.ladder.ensure(
      orders[at + ORDER_INSTRUMENT]! * 2 + headSide(orders[at + ORDER_HEAD]!),
      priceTicks,
    )
    if (level === NONE) return false
    const left = this.unlink(slot)
    orders[at + ORDER_OPEN_LOTS] = openLots
    orders[at + ORDER_PRICE_TICKS] = priceTicks
    orders[at + ORDER_SEQUENCE] = words[command + SEQUENCE]!
    orders[at + ORDER_SEQUENCE + 1] = words[command + SEQUENCE + 1]!
    this.append(slot, level, openLots)
    // Only now: the order may be back on the level that it was alone on.
    if (this.ladder.orders(left) === 0) this.ladder.remove(left)
    return true
  }

  /** The best levels of one side of an instrument, best first. */
  depth(instrument: number, side: number, levels: number): DepthLevel[] {
    const { ladder } = this
    const depth: DepthLevel[] = []
    for (let level = ladder.best(instrument * 2 + side); level !== NONE; level = ladder.next(level)) {
      if (depth.length === levels) break
      depth.push({
        priceTicks: ladder.price(level),
        lots: ladder.totalLots(level),
        orders: ladder.orders(level),
      })
    }
    return depth
  }

  /** Best price of one side of an instrument in ticks, or 0 if the side is empty. */
  bestPrice(instrument: number, side: number): number {
    const level = this.ladder.best(instrument * 2 + side)
    return level === NONE ? 0 : this.ladder.price(level)
  }

  /** The orders of a price level, first to trade first. */
  *queue(level: number): Generator<RestingOrder> {
    let slot = this.ladder.levels[level * LEVEL_WORDS + LEVEL_HEAD]!
    for (; slot !== NONE; slot = this.words[slot * ORDER_WORDS + ORDER_NEXT]!) yield this.order(slot)
  }

  /** The order in a slot. */
  order(slot: number): RestingOrder {
    const at = slot * ORDER_WORDS
    const orders = this.words
    return {
      orderId: readU64(orders, at + ORDER_ID_LOW),
      client: orders[at + ORDER_CLIENT]! >>> 0,
      instrument: orders[at + ORDER_INSTRUMENT]!,
      side: headSide(orders[at + ORDER_HEAD]!),
      priceTicks: orders[at + ORDER_PRICE_TICKS]!,
      openLots: orders[at + ORDER_OPEN_LOTS]!,
      totalLots: orders[at + ORDER_TOTAL_LOTS]!,
    }
  }

  /** Writes an order as the command record that would put it where it is, with what it has open in word OPEN_LOTS. */
  copyOrder(slot: number, words: Int32Array, to: number): void {
    const orders = this.words
    const at = slot * ORDER_WORDS
    words[to + HEAD] = (orders[at + ORDER_HEAD]! & ~0xff) | CommandKind.new
    words[to + INSTRUMENT] = orders[at + ORDER_INSTRUMENT]!
    words[to + CLIENT] = orders[at + ORDER_CLIENT]!
    words[to + SEQUENCE] = orders[at + ORDER_SEQUENCE]!
    words[to + SEQUENCE + 1] = orders[at + ORDER_SEQUENCE + 1]!
    words[to + ORDER_ID] = orders[at + ORDER_ID_LOW]!
    words[to + ORDER_ID + 1] = orders[at + ORDER_ID_HIGH]!
    words[to + PRICE_TICKS] = orders[at + ORDER_PRICE_TICKS]!
    words[to + LOTS] = orders[at + ORDER_TOTAL_LOTS]!
    words[to + OPEN_LOTS] = orders[at + ORDER_OPEN_LOTS]!
  }

  private append(slot: number, level: number, openLots: number): void {
    const orders = this.words
    const { levels } = this.ladder
    const at = slot * ORDER_WORDS
    const levelAt = level * LEVEL_WORDS
    const tail = levels[levelAt + LEVEL_TAIL]!
    orders[at + ORDER_NEXT] = NONE
    orders[at + ORDER_PREVIOUS] = tail
    orders[at + ORDER_LEVEL] = level
    if (tail === NONE) levels[levelAt + LEVEL_HEAD] = slot
    else orders[tail * ORDER_WORDS + ORDER_NEXT] = slot
    levels[levelAt + LEVEL_TAIL] = slot
    levels[levelAt + LEVEL_COUNT]!++
    this.ladder.addLots(level, openLots)
  }

  /** Takes an order out of its queue. Returns its level, which it may leave empty for the caller to see to. */
  private unlink(slot: number): number {
    const orders = this.words
    const { levels } = this.ladder
    const at = slot * ORDER_WORDS
    const level = orders[at + ORDER_LEVEL]!
    const levelAt = level * LEVEL_WORDS
    const next = orders[at + ORDER_NEXT]!
    const previous = orders[at + ORDER_PREVIOUS]!
    if (previous === NONE) levels[levelAt + LEVEL_HEAD] = next
    else orders[previous * ORDER_WORDS + ORDER_NEXT] = next
    if (next === NONE) levels[levelAt + LEVEL_TAIL] = previous
    else orders[next * ORDER_WORDS + ORDER_PREVIOUS] = previous
    this.ladder.addLots(level, -orders[at + ORDER_OPEN_LOTS]!)
    levels[levelAt + LEVEL_COUNT]!--
    return level
  }
}
