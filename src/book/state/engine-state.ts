import { NONE, Pool } from '../../memory/heap.ts'
import { BATCH_RECORDS } from '../batch.ts'
import { BookHeap } from './book-heap.ts'
import { Care } from './care.ts'
import { EventBatch } from './heap-batch.ts'
import {
  BLOCK_BAND_TICKS,
  BLOCK_BUY_STOPS,
  BLOCK_CARE,
  BLOCK_CENTRE_TICKS,
  BLOCK_LAST_TICKS,
  BLOCK_MAX_LOTS,
  BLOCK_MAX_PRICE_TICKS,
  BLOCK_MIN_PRICE_TICKS,
  BLOCK_NUMBER,
  BLOCK_OFFERS,
  BLOCK_SELF_TRADE,
  BLOCK_STATE,
  BLOCK_WORDS,
} from './instrument-block.ts'
import type { Instruments } from '../instruments.ts'
import { LevelTouches } from './level-touches.ts'
import { ORDER_WORDS } from './order.ts'
import { RECORD_WORDS, SelfTrade, TradingState } from '../record.ts'
import {
  AUCTIONS_WORD,
  BLOCKS_WORD,
  IS_ANY_KILLED_WORD,
  KNOWN_WORD,
  LINKS_WORD,
  MARKET_DATA_WORD,
  MATCH_HIGH_WORD,
  MATCH_LOW_WORD,
} from './shared-words.ts'
import { SIDE_RISING, SIDE_WORDS } from './ladder-layout.ts'
import { TERMS_WORDS } from './terms.ts'
import { WantedOrder } from './wanted-order.ts'

export interface EngineOptions {
  /** How many live orders to make room for at first; more are taken as they come. */
  readonly liveOrders?: number | undefined
  /** How many event records to make room for at first; there is always room for more. */
  readonly eventRecords?: number | undefined
  /** Whether `level` and `bestPrices` events are wanted. */
  readonly marketData?: boolean | undefined
}

/**
 * All that an engine knows, in one flat object that the functions of this folder work on: orders, terms, levels, ladders
 * and instruments in one heap, the id index, and the batch that events are written to.
 */
export class EngineState extends BookHeap {
  readonly terms: Pool
  readonly instruments: Instruments
  readonly events: EventBatch
  /** The block of each instrument met so far. */
  blocks: Int32Array
  /** The kill switch: whether it is on for all, and for whom. */
  isAllKilled: boolean
  readonly killed: Set<number>
  /** Self-trade group of each client that is in one. */
  readonly groups: Map<number, number>
  /** Of the latest time command: seconds since 1970, and nanoseconds beyond. */
  clockSeconds: number
  clockNs: number
  /** Good-till-date orders by their expiry: a ladder side. */
  expiries: number
  /** Where level changes are noted, if market data is wanted. */
  readonly touches: LevelTouches | undefined
  /** The order at work: a new one as it is let in, a triggered or changed one as it is executed. */
  readonly draft: Int32Array
  /** The order that the one at work is linked with, or NONE. */
  takerPartner: number
  /** The order at work as an amend or a replace wants it. */
  readonly wanted: WantedOrder
  /** Ids of orders to be cancelled together. */
  ids: Float64Array
  /** Trailing stops that follow a trade price. */
  moving: Int32Array

  constructor(
    instruments: Instruments,
    { liveOrders = 512, eventRecords = BATCH_RECORDS, marketData = false }: EngineOptions = {},
  ) {
    super(liveOrders * ORDER_WORDS * 2 + eventRecords * RECORD_WORDS, liveOrders)
    this.terms = new Pool(this, TERMS_WORDS)
    this.instruments = instruments
    this.events = new EventBatch(this, eventRecords)
    this.blocks = this.words.subarray(0, 0)
    this.isAllKilled = false
    this.killed = new Set()
    this.groups = new Map()
    this.clockSeconds = 0
    this.clockNs = 0
    this.expiries = this.allocate(SIDE_WORDS)
    this.words[this.expiries + SIDE_RISING] = 1
    this.words[MARKET_DATA_WORD] = marketData ? 1 : 0
    this.touches = marketData ? new LevelTouches() : undefined
    this.draft = new Int32Array(RECORD_WORDS)
    this.takerPartner = NONE
    this.wanted = new WantedOrder()
    this.ids = new Float64Array(64)
    this.moving = new Int32Array(64)
    this.followInstruments()
  }

  /** Instruments met so far. */
  get known(): number {
    return this.words[KNOWN_WORD]!
  }

  /** The match number of the latest trade: bits 0-31, and 32-47. */
  get matchLow(): number {
    return this.words[MATCH_LOW_WORD]!
  }

  set matchLow(bits: number) {
    this.words[MATCH_LOW_WORD] = bits
  }

  get matchHigh(): number {
    return this.words[MATCH_HIGH_WORD]!
  }

  set matchHigh(bits: number) {
    this.words[MATCH_HIGH_WORD] = bits
  }

  /** Whether the kill switch is on for anyone. */
  get isAnyKilled(): boolean {
    return this.words[IS_ANY_KILLED_WORD] !== 0
  }

  set isAnyKilled(isOn: boolean) {
    this.words[IS_ANY_KILLED_WORD] = isOn ? 1 : 0
  }

  /** Instruments that are in an auction. */
  get auctions(): number {
    return this.words[AUCTIONS_WORD]!
  }

  set auctions(count: number) {
    this.words[AUCTIONS_WORD] = count
  }

  /** Pairs of linked live orders. */
  get links(): number {
    return this.words[LINKS_WORD]!
  }

  set links(count: number) {
    this.words[LINKS_WORD] = count
  }

  /** Instruments may be added while running: makes blocks for those the engine has not met. */
  followInstruments(): void {
    const { instruments } = this
    const { count } = instruments
    if (count === this.known) return
    if (this.blocks.length < count) this.growBlocks(count)
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
      words[block + BLOCK_MAX_LOTS] = instruments.maxOrderLots[instrument]!
      words[block + BLOCK_MIN_PRICE_TICKS] = instruments.minPriceTicks[instrument]!
      words[block + BLOCK_MAX_PRICE_TICKS] = instruments.maxPriceTicks[instrument]!
      this.blocks[instrument] = block
    }
    this.words[KNOWN_WORD] = count
  }

  protected override eventBatch(): EventBatch {
    return this.events
  }

  private growBlocks(count: number): void {
    const before = this.blocks
    const capacity = Math.max(count, before.length * 2)
    const at = this.allocate(capacity)
    if (at === NONE) throw new RangeError(`no memory is left for ${count} instruments`)
    this.blocks = this.words.subarray(at, at + capacity)
    this.blocks.set(before)
    if (before.length > 0) {
      before.fill(0)
      this.recycle(this.words[BLOCKS_WORD]!, before.length)
    }
    this.words[BLOCKS_WORD] = at
  }
}
