import type { Market } from '../pipeline/market.ts'
import type { Observer } from './observer.ts'
import { bookOf, tradesOf, type ShownBook, type ShownLevel } from './routes/market.ts'
import { statsOf } from './routes/pipeline.ts'
import type { Served } from './served.ts'

/** What a subscription sends, turn by turn. */
export interface Stream {
  /** What is new since the last call; undefined if nothing is. */
  news(): object | undefined
}

/** Most trades sent in one turn: a screen shows no more. */
const MOST_TRADES = 200
const PIPELINE_EVERY_MS = 250

/**
 * The levels of one book: all of them first, then those that changed, with quantity `0` where one is gone. `seq` counts
 * messages: a client that misses one subscribes again and begins with all of them.
 */
export class BookStream implements Stream {
  private readonly market: Market
  private readonly instrument: number
  private readonly levels: number
  private sent: ShownBook | undefined
  private sequence: number

  constructor(market: Market, instrument: number, levels: number) {
    this.market = market
    this.instrument = instrument
    this.levels = levels
    this.sent = undefined
    this.sequence = 0
  }

  news(): object | undefined {
    const book = bookOf(this.market, this.instrument, this.levels)
    const before = this.sent
    this.sent = book
    const head = { channel: 'book', symbol: book.symbol, engineSequence: this.market.sequence }
    if (before === undefined) return { ...head, seq: ++this.sequence, snapshot: true, ...book }
    const bids = changesOf(before.bids, book.bids)
    const offers = changesOf(before.offers, book.offers)
    const isSame =
      bids.length + offers.length === 0 && before.last === book.last && before.state === book.state
    if (isSame) return undefined
    return { ...head, seq: ++this.sequence, last: book.last, state: book.state, bids, offers }
  }
}

/** Levels that are new or other than before, and those that are gone, with nothing in them. */
export function changesOf(before: readonly ShownLevel[], now: readonly ShownLevel[]): ShownLevel[] {
  const old = new Map(before.map((level) => [level[0], level]))
  const changes: ShownLevel[] = []
  for (const level of now) {
    const was = old.get(level[0])
    old.delete(level[0])
    if (was === undefined || was[1] !== level[1] || was[2] !== level[2]) changes.push(level)
  }
  for (const [price] of old) changes.push([price, '0', 0])
  return changes
}

/**
 * Trades of one instrument. `next` is what to ask for after a disconnection (`since`); `gone` counts trades that came
 * faster than they are sent, or were no longer kept.
 */
export class TradeStream implements Stream {
  private readonly market: Market
  private readonly instrument: number
  private from: number
  private sequence: number

  constructor(market: Market, instrument: number, since?: number) {
    this.market = market
    this.instrument = instrument
    this.sequence = 0
    this.from = since ?? tradesOf(market, instrument, 0, 1).next
  }

  news(): object | undefined {
    const { trades, next, gone } = tradesOf(this.market, this.instrument, this.from, MOST_TRADES)
    if (next === this.from) return undefined
    this.from = next
    const symbol = this.market.instruments.symbol(this.instrument)
    return { channel: 'trades', seq: ++this.sequence, symbol, trades, next, gone }
  }
}

/** What the pipeline does, four times a second. */
export class PipelineStream implements Stream {
  private readonly served: Served
  private readonly observer: Observer
  private lastMs: number
  private sequence: number

  constructor(served: Served, observer: Observer) {
    this.served = served
    this.observer = observer
    this.lastMs = -Infinity
    this.sequence = 0
  }

  news(): object | undefined {
    const now = performance.now()
    if (now - this.lastMs < PIPELINE_EVERY_MS) return undefined
    this.lastMs = now
    return { channel: 'pipeline', seq: ++this.sequence, ...statsOf(this.served, this.observer) }
  }
}
