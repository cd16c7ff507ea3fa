import { NONE, Pool } from '../../memory/heap.ts'
import { Batch } from '../batch.ts'
import {
  BLOCK_BAND_TICKS,
  BLOCK_BUY_STOPS,
  BLOCK_CARE,
  BLOCK_CENTRE_TICKS,
  BLOCK_LAST_TICKS,
  BLOCK_NUMBER,
  BLOCK_OFFERS,
  BLOCK_SELF_TRADE,
  BLOCK_STATE,
  BLOCK_WORDS,
  Care,
} from './instrument-block.ts'
import type { Instruments } from '../instruments.ts'
import { LevelTouches } from './level-touches.ts'
import { OrderIndex } from './order-index.ts'
import { ORDER_WORDS } from './order.ts'
import { LadderHeap, SIDE_RISING, SIDE_WORDS } from './price-ladder.ts'
import { RECORD_WORDS, SelfTrade, TradingState } from '../record.ts'
import { TERMS_WORDS } from './terms.ts'
import { WantedOrder } from './wanted-order.ts'

export interface EngineOptions {
  /** How many live orders to make room for at first; more are taken as they come. */
  readonly liveOrders?: number | undefined
  /** Whether `level` and `bestPrices` events are wanted. */
  readonly marketData?: boolean | undefined
}

/**
 * All that an engine knows, in one flat object that the functions of this folder work on: orders, terms, levels, ladders
 * and instruments in one heap, the id index, and the batch that events are written to.
 */
export class EngineState extends LadderHeap {
  readonly orders: Pool
  readonly terms: Pool
  readonly index: OrderIndex
  readonly instruments: Instruments
  readonly events: Batch
  /** The block of each instrument met so far. */
  blocks: Int32Array
  known: number
  /** The match number of the latest trade: bits 0-31, and 32-47. */
  matchLow: number
  matchHigh: number
  /** The kill switch: whether it is on for anyone, for all, and for whom. */
  isAnyKilled: boolean
  isAllKilled: boolean
  readonly killed: Set<number>
  /** Self-trade group of each client that is in one. */
  readonly groups: Map<number, number>
  /** Of the latest time command: seconds since 1970, and nanoseconds beyond. */
  clockSeconds: number
  clockNs: number
  /** Good-till-date orders by their expiry: a ladder side. */
  expiries: number
  /** Instruments that are in an auction. */
  auctions: number
  /** Where level changes are noted, if market data is wanted. */
  readonly touches: LevelTouches | undefined
  /** The order at work: a new one as it is let in, a triggered or changed one as it is executed. */
  readonly draft: Int32Array
  /** The order that the one at work is linked with, or NONE. */
  takerPartner: number
  /** Pairs of linked live orders. */
  links: number
  /** The order at work as an amend or a replace wants it. */
  readonly wanted: WantedOrder
  /** Ids of orders to be cancelled together. */
  ids: Float64Array
  /** Trailing stops that follow a trade price. */
  moving: Int32Array

  constructor(instruments: Instruments, { liveOrders = 512, marketData = false }: EngineOptions = {}) {
    super(liveOrders * ORDER_WORDS * 2)
    this.orders = new Pool(this, ORDER_WORDS)
    this.terms = new Pool(this, TERMS_WORDS)
    this.index = new OrderIndex(liveOrders, this)
    this.instruments = instruments
    this.events = new Batch()
    this.blocks = new Int32Array(0)
    this.known = 0
    this.matchLow = 0
    this.matchHigh = 0
    this.isAnyKilled = false
    this.isAllKilled = false
    this.killed = new Set()
    this.groups = new Map()
    this.clockSeconds = 0
    this.clockNs = 0
    this.expiries = this.allocate(SIDE_WORDS)
    this.words[this.expiries + SIDE_RISING] = 1
    this.auctions = 0
    this.touches = marketData ? new LevelTouches() : undefined
    this.draft = new Int32Array(RECORD_WORDS)
    this.takerPartner = NONE
    this.links = 0
    this.wanted = new WantedOrder()
    this.ids = new Float64Array(64)
    this.moving = new Int32Array(64)
    this.followInstruments()
  }

  /** Instruments may be added while running: makes blocks for those the engine has not met. */
  followInstruments(): void {
    const { instruments } = this
    const { count } = instruments
    if (count === this.known) return
    if (this.blocks.length < count) {
      const blocks = new Int32Array(Math.max(count, this.blocks.length * 2))
      blocks.set(this.blocks)
      this.blocks = blocks
    }
    for (let instrument = this.known; instrument < count; instrument++) {
      const block = this.allocate(BLOCK_WORDS)
      if (block === NONE) throw new RangeError(`no memory is left for instrument ${instrument}`)
      const { words } = this
      const selfTrade = instruments.selfTrade[instrument]!
      words[block + BLOCK_OFFERS + SIDE_RISING] = 1
      words[block + BLOCK_BUY_STOPS + SIDE_RISING] = 1
      words[block + BLOCK_LAST_TICKS] = instruments.referenceTicks[instrument]!
      words[block + BLOCK_STATE] = TradingState.continuous
      words[block + BLOCK_BAND_TICKS] = instruments.bandTicks[instrument]!
      if (instruments.bandTicks[instrument] !== 0)
        words[block + BLOCK_CENTRE_TICKS] = instruments.referenceTicks[instrument]!
      words[block + BLOCK_NUMBER] = instrument
      words[block + BLOCK_SELF_TRADE] = selfTrade
      words[block + BLOCK_CARE] =
        (instruments.bandTicks[instrument] === 0 ? 0 : Care.band) |
        (selfTrade === SelfTrade.allow ? 0 : Care.selfTrade)
      this.blocks[instrument] = block
    }
    this.known = count
  }
}
