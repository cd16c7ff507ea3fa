import { CommandKind, OrderType, Side, TimeInForce, type Instruments } from '../../book/index.ts'
import {
  CLIENT,
  CODE,
  HEAD,
  INSTRUMENT,
  LOTS,
  ORDER_ID,
  packHead,
  PRICE_TICKS,
  SEQUENCE,
  TIMESTAMP_NS,
} from '../../book/record.ts'
import { WeightedPick, type Random } from './random.ts'
import { LIVE_CLIENT, LIVE_ID, LIVE_PRICE_TICKS, LIVE_SIDE, type SimulatedBook } from './simulated-book.ts'
import type { FlowProfile } from './profiles.ts'

/** How far from even odds market orders lean at most to bring a price back. */
const MAX_LEAN = 0.4

/**
 * What zero-intelligence traders do next, given the book (Cont, Stoikov, Talreja 2010): each method writes one command
 * record, all but its time, and lets it happen in the book.
 */
export class OrderFlow {
  private readonly profile: FlowProfile
  private readonly random: Random
  private readonly instruments: Instruments
  private readonly book: SimulatedBook
  private readonly openingTicks: Int32Array
  /** How far each mid price may stray before the flow leans against it with full strength. */
  private readonly wanderTicks: Int32Array
  private readonly clients: Int32Array
  private readonly clientPick: WeightedPick
  private readonly distancePick: WeightedPick
  /** Rates of one instrument in the model's time: both sides, and for cancels of the order likeliest to go. */
  private readonly limitRate: number
  private readonly marketRate: number
  private readonly cancelRate: number
  /** By distance: how likely a cancel is beside the likeliest. */
  private readonly cancelChance: Float64Array
  /** The latest order id, low and high half. */
  private idLow: number
  private idHigh: number

  /**
   * @param openingTicks for each instrument, the price at which its trade begins
   * @param clients client numbers, the most active first
   */
  constructor(
    profile: FlowProfile,
    random: Random,
    instruments: Instruments,
    book: SimulatedBook,
    openingTicks: Int32Array,
    clients: Int32Array,
  ) {
    const limitRates = limitRatesOf(profile)
    const likeliest = Math.max(...profile.cancelRates)
    this.profile = profile
    this.random = random
    this.instruments = instruments
    this.book = book
    this.openingTicks = openingTicks
    this.wanderTicks = openingTicks.map((ticks, instrument) => {
      const room = Math.min(
        ticks - instruments.minPriceTicks[instrument]!,
        instruments.maxPriceTicks[instrument]! - ticks,
      )
      return Math.max(1, Math.min(profile.wanderTicks, room / 2))
    })
    this.clients = clients
    this.clientPick = new WeightedPick(Array.from(clients, (_, at) => 1 / (at + 1)))
    this.distancePick = new WeightedPick(limitRates)
    this.limitRate = 2 * limitRates.reduce((sum, rate) => sum + rate, 0)
    this.marketRate = 2 * profile.marketRate
    this.cancelRate = likeliest / profile.patience
    this.cancelChance = Float64Array.from(profile.cancelRates, (rate) => rate / likeliest)
    this.idLow = 0
    this.idHigh = 0
  }

  /**
   * Arrivals in one instrument in a unit of the model's time, as if every live order were as likely to be cancelled
   * as the likeliest: `trade` thins out what that is too many (Ogata 1981).
   */
  rate(instrument: number): number {
    return this.limitRate + this.marketRate + this.cancelRate * this.book.counts[instrument]!
  }

  /** A resting order of the opening book, at a distance counted from 0. */
  open(words: Int32Array, at: number, instrument: number, side: number, distance: number): void {
    const opposite = this.openingTicks[instrument]! + (side === Side.buy ? 1 : 0)
    const price = this.priceAt(instrument, side, opposite, distance)
    this.writeNew(
      words,
      at,
      instrument,
      packHead(CommandKind.new, side, OrderType.limit, TimeInForce.gtc),
      price,
    )
    this.book.enter(words, at)
  }

  /** A limit order, a market order or a cancel. Returns false for a cancel that is thinned out. */
  trade(words: Int32Array, at: number, instrument: number): boolean {
    const { limitRate, marketRate, cancelRate, book, random } = this
    const live = book.counts[instrument]!
    const point = random.uniform() * (limitRate + marketRate + cancelRate * live)
    if (point >= limitRate + marketRate) return this.cancel(words, at, instrument, random.below(live))
    if (point < limitRate) this.writeLimit(words, at, instrument)
    else {
      const side = this.marketSide(instrument)
      this.writeNew(
        words,
        at,
        instrument,
        packHead(CommandKind.new, side, OrderType.market, TimeInForce.ioc),
        0,
      )
    }
    book.enter(words, at)
    return true
  }

  /** Half of what an order has open is taken off it, or it is moved as if it were placed anew. */
  amend(words: Int32Array, at: number, instrument: number): void {
    const { book, random } = this
    const order = book.at(instrument, random.below(book.counts[instrument]!))
    const side = book.live[order + LIVE_SIDE]!
    if (random.bits() < 0) {
      const opposite = book.best(instrument, side ^ 1)
      const price = this.priceAt(instrument, side, opposite, this.distancePick.pick(random))
      this.writeChange(words, at, instrument, order, CommandKind.amend, price, 0)
    } else {
      const lots = book.totalLots(order) - (book.openLots(order) >>> 1)
      this.writeChange(words, at, instrument, order, CommandKind.amend, 0, lots)
    }
    book.change(words, at, order)
  }

  /** A limit order, written but not entered. */
  writeLimit(words: Int32Array, at: number, instrument: number): void {
    const { random, profile, book } = this
    const side = random.below(2)
    const opposite = book.best(instrument, side ^ 1)
    const point = random.uniform()
    if (point < profile.iocShare + profile.fokShare) {
      const timeInForce = point < profile.iocShare ? TimeInForce.ioc : TimeInForce.fok
      this.writeNew(
        words,
        at,
        instrument,
        packHead(CommandKind.new, side, OrderType.limit, timeInForce),
        opposite,
      )
      return
    }
    const price = this.priceAt(instrument, side, opposite, this.distancePick.pick(random))
    this.writeNew(
      words,
      at,
      instrument,
      packHead(CommandKind.new, side, OrderType.limit, TimeInForce.gtc),
      price,
    )
  }

  private cancel(words: Int32Array, at: number, instrument: number, place: number): boolean {
    const { book, random, cancelChance, profile } = this
    const order = book.at(instrument, place)
    const opposite = book.best(instrument, book.live[order + LIVE_SIDE]! ^ 1)
    const ticks = Math.abs(opposite - book.live[order + LIVE_PRICE_TICKS]!)
    const distance = Math.min(Math.floor(Math.max(0, ticks - 1) / profile.bandTicks), cancelChance.length - 1)
    if (random.uniform() >= cancelChance[distance]!) return false
    this.writeChange(words, at, instrument, order, CommandKind.cancel, 0, 0)
    book.change(words, at, order)
    return true
  }

  /** A price in the band that is `distance` bands behind an opposite price, within the instrument's range. */
  private priceAt(instrument: number, side: number, opposite: number, distance: number): number {
    const { bandTicks } = this.profile
    const ticks = distance * bandTicks + (bandTicks === 1 ? 1 : 1 + this.random.below(bandTicks))
    if (side === Side.buy) return Math.max(opposite - ticks, this.instruments.minPriceTicks[instrument]!)
    return Math.min(opposite + ticks, this.instruments.maxPriceTicks[instrument]!)
  }

  /**
   * The side of a market order: the less likely a buy, the further the mid price is above where it began. Without this
   * the mid price of zero-intelligence flow is a random walk, which over a long stream leaves any bounds.
   */
  private marketSide(instrument: number): number {
    const { book } = this
    const mid = (book.best(instrument, Side.buy) + book.best(instrument, Side.sell)) / 2
    const strayed = (mid - this.openingTicks[instrument]!) / this.wanderTicks[instrument]!
    const lean = MAX_LEAN * Math.max(-1, Math.min(1, strayed))
    return this.random.uniform() < 0.5 - lean ? Side.buy : Side.sell
  }

  /** A quantity in lots: an odd lot, or round lots of which each hundred more is half as likely. */
  private drawLots(instrument: number): number {
    const { random } = this
    const isOdd = random.uniform() < this.profile.oddLotShare
    const lots = isOdd ? 1 + random.below(99) : 100 * (1 + Math.clz32(random.bits()))
    return Math.min(lots, this.instruments.maxOrderLots[instrument]!)
  }

  private writeNew(
    words: Int32Array,
    at: number,
    instrument: number,
    head: number,
    priceTicks: number,
  ): void {
    this.idLow = (this.idLow + 1) | 0
    if (this.idLow === 0) this.idHigh++
    const client = this.clients[this.clientPick.pick(this.random)]!
    writeRecord(words, at, head, instrument, client, priceTicks, this.drawLots(instrument))
    words[at + ORDER_ID] = this.idLow
    words[at + ORDER_ID + 1] = this.idHigh
  }

  private writeChange(
    words: Int32Array,
    at: number,
    instrument: number,
    order: number,
    kind: number,
    priceTicks: number,
    lots: number,
  ): void {
    const { live } = this.book
    writeRecord(words, at, packHead(kind, 0, 0, 0), instrument, live[order + LIVE_CLIENT]!, priceTicks, lots)
    words[at + ORDER_ID] = live[order + LIVE_ID]!
    words[at + ORDER_ID + 1] = live[order + LIVE_ID + 1]!
  }
}

/** Writes a whole command record but for its order id and time. */
function writeRecord(
  words: Int32Array,
  at: number,
  head: number,
  instrument: number,
  client: number,
  priceTicks: number,
  lots: number,
): void {
  words[at + HEAD] = head
  words[at + CODE] = 0
  words[at + INSTRUMENT] = instrument
  words[at + CLIENT] = client
  words[at + SEQUENCE] = 0
  words[at + SEQUENCE + 1] = 0
  words[at + PRICE_TICKS] = priceTicks
  words[at + LOTS] = lots
  for (let unused = at + LOTS + 1; unused < at + TIMESTAMP_NS; unused++) words[unused] = 0
}

/** Rates of limit orders on one side at distances 1, 2 and so on, with the power law behind those that are given. */
function limitRatesOf({ limitRates, limitDistances, limitExponent }: FlowProfile): number[] {
  const known = limitRates.length
  return Array.from(
    { length: Math.max(known, limitDistances) },
    (_, at) => limitRates[at] ?? limitRates[known - 1]! * (known / (at + 1)) ** limitExponent,
  )
}
