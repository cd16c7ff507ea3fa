import { RECORD_WORDS, type Batch, type Instruments } from '../../book/index.ts'
import { TIMESTAMP_NS, writeU64 } from '../../book/record.ts'
import type { Market } from '../../pipeline/market.ts'
import type { Source } from '../../pipeline/operator.ts'
import { Random } from './random.ts'
import { SimulatedBook } from './simulated-book.ts'
import { ArrivalClock } from './arrival-clock.ts'
import { spoil } from './faults.ts'
import { OrderFlow } from './order-flow.ts'
import { FLOW_PROFILES, type FlowProfile, type ProfileName } from './profiles.ts'

export interface SimulatorOptions {
  /** By default `nasdaq-large-tick`. */
  readonly profile?: ProfileName | undefined
  /** A whole number from 0: the same seed gives the same bytes. By default 1. */
  readonly seed?: number | undefined
  /** Commands in all, good and bad; may be Infinity. By default 1,000,000. */
  readonly orders?: number | undefined
  /** Clients that send them, named C001 and so on; the n-th sends 1/n of what the first does. By default 250. */
  readonly clients?: number | undefined
  /** Share of commands that are bad on purpose, from 0 to 1. By default 0.01. */
  readonly badShare?: number | undefined
}

const DEFAULTS = {
  profile: 'nasdaq-large-tick',
  seed: 1,
  orders: 1_000_000,
  clients: 250,
  badShare: 0.01,
} as const
/** Where trade begins in an instrument without a reference price. */
const DEFAULT_OPENING_TICKS = 10_000
/** Resting orders that each side of each instrument begins with, and how far apart in time they come. */
const OPENING_DISTANCES = 5
const OPENING_ORDERS_A_DISTANCE = 2
const OPENING_ORDERS = OPENING_DISTANCES * OPENING_ORDERS_A_DISTANCE * 2
const OPENING_GAP_NS = 1_000
const NS_PER_SECOND = 1e9
/** The largest time a record holds exactly; a stream that goes on longer stays at it. */
const MAX_TIME_NS = Number.MAX_SAFE_INTEGER

/**
 * Order flow as bursty as that of a real market, from a seed and without end: zero-intelligence traders (Cont,
 * Stoikov, Talreja 2010, 'A stochastic model for order book dynamics') whose arrivals excite one another (Hawkes 1971).
 *
 * In each instrument limit orders, market orders and cancels come at the rates of its profile, given the state of a
 * book that the simulator keeps for itself. They come at distances from the opposite best price, so the spread finds
 * its own width; cancels go with the number of live orders, so the book finds its own depth. The busiest instrument is
 * the first; the n-th is 1/n as busy. Order ids are 1, 2, 3 and so on; times are simulated nanoseconds since the start.
 * Instruments that join the market later have no part.
 */
export class Simulator implements Source {
  private readonly instruments: Instruments
  private readonly profile: FlowProfile
  private readonly random: Random
  private readonly clock: ArrivalClock
  private readonly book: SimulatedBook
  private readonly flow: OrderFlow
  private readonly badBelow: number
  private readonly amendBelow: number
  /** Commands of the opening book. */
  private readonly opening: number
  private limit: number
  private given: number

  /** @throws RangeError if an option is out of its range or the market has no instruments */
  constructor(market: Market, options: SimulatorOptions = {}) {
    const { profile, seed, orders, clients, badShare } = checked(options)
    const { instruments } = market
    const { count } = instruments
    check('instruments', count > 0, 'at least one', count)
    const openingTicks = Int32Array.from({ length: count }, (_, instrument) =>
      openingTicksOf(instruments, instrument),
    )
    const clientNumbers = Int32Array.from({ length: clients }, (_, at) =>
      market.clients.number(clientName(at + 1)),
    )
    this.instruments = instruments
    this.profile = FLOW_PROFILES[profile]
    this.random = new Random(seed)
    this.clock = new ArrivalClock(this.random, this.profile, count)
    this.book = new SimulatedBook(instruments, openingTicks)
    this.flow = new OrderFlow(this.profile, this.random, instruments, this.book, openingTicks, clientNumbers)
    this.badBelow = badShare
    this.amendBelow = badShare + (1 - badShare) * this.profile.amendShare
    this.opening = OPENING_ORDERS * count
    this.limit = orders
    this.given = 0
  }

  pull(batch: Batch, upTo: number): boolean {
    const { words } = batch
    while (batch.count < upTo && this.given < this.limit) {
      const at = batch.count * RECORD_WORDS
      if (this.given < this.opening) this.openNext(words, at)
      else while (!this.arrive(words, at));
      batch.count++
      this.given++
    }
    return this.given < this.limit
  }

  stop(): void {
    this.limit = this.given
  }

  /** The opening book, instrument by instrument, its sides in turn, from the best price out and once more. */
  private openNext(words: Int32Array, at: number): void {
    const instrument = Math.floor(this.given / OPENING_ORDERS)
    const place = this.given % OPENING_ORDERS
    this.flow.open(words, at, instrument, place & 1, (place >>> 1) % OPENING_DISTANCES)
    writeU64(words, at + TIMESTAMP_NS, this.given * OPENING_GAP_NS)
    this.setBaseRate(instrument)
    if (this.given === this.opening - 1) this.clock.start(this.opening * OPENING_GAP_NS)
  }

  /** Lets the next arrival happen. Returns whether it is a command: some are thinned out. */
  private arrive(words: Int32Array, at: number): boolean {
    const { clock, flow } = this
    const instrument = clock.next
    const point = this.random.uniform()
    let isCommand = true
    if (point < this.badBelow) {
      flow.writeLimit(words, at, instrument)
      spoil(words, at, this.random, this.instruments, this.book)
    } else if (point < this.amendBelow && this.book.counts[instrument]! > 0) {
      flow.amend(words, at, instrument)
    } else {
      isCommand = flow.trade(words, at, instrument)
      // One that comes of earlier ones' influence comes for sure: only what it is remains to be found.
      if (clock.excited[instrument] === 1) while (!isCommand) isCommand = flow.trade(words, at, instrument)
    }
    if (isCommand)
      writeU64(words, at + TIMESTAMP_NS, Math.min(Math.round(clock.dueNs[instrument]!), MAX_TIME_NS))
    this.setBaseRate(instrument)
    clock.advance(isCommand)
    return isCommand
  }

  /**
   * The rate of arrivals that nothing excites. With those that are excited there are 1 / (1 - branching) times as
   * many on average (Hawkes 1971), which makes the mean rate the model's.
   */
  private setBaseRate(instrument: number): void {
    const { branching, timeScale } = this.profile
    const perSecond = this.flow.rate(instrument) * timeScale * (1 - branching)
    this.clock.baseRates[instrument] = perSecond / NS_PER_SECOND / (instrument + 1)
  }
}

/** The options, and what holds where there is none. */
function checked(options: SimulatorOptions) {
  const { profile = DEFAULTS.profile, seed = DEFAULTS.seed, orders = DEFAULTS.orders } = options
  const { clients = DEFAULTS.clients, badShare = DEFAULTS.badShare } = options
  check(
    'profile',
    Object.hasOwn(FLOW_PROFILES, profile),
    `one of ${Object.keys(FLOW_PROFILES).join(', ')}`,
    profile,
  )
  check('seed', isWhole(seed), 'a whole number from 0', seed)
  check('orders', isWhole(orders) || orders === Infinity, 'a whole number from 0, or Infinity', orders)
  check('clients', isWhole(clients) && clients > 0, 'a whole number above 0', clients)
  check('badShare', badShare >= 0 && badShare <= 1, 'a number from 0 to 1', badShare)
  return { profile, seed, orders, clients, badShare }
}

function isWhole(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function openingTicksOf(instruments: Instruments, instrument: number): number {
  const reference = instruments.referenceTicks[instrument]!
  if (reference !== 0) return reference
  const min = instruments.minPriceTicks[instrument]!
  const max = instruments.maxPriceTicks[instrument]!
  return min <= DEFAULT_OPENING_TICKS && DEFAULT_OPENING_TICKS <= max
    ? DEFAULT_OPENING_TICKS
    : Math.floor((min + max) / 2)
}

function clientName(number: number): string {
  return `C${String(number).padStart(3, '0')}`
}

function check(option: string, isGood: boolean, expected: string, got: unknown): void {
  if (!isGood) throw new RangeError(`simulator: ${option}: expected ${expected}, got ${String(got)}`)
}
