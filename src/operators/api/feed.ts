import { RECORD_WORDS } from '../../book/index.ts'
import * as record from '../../book/record.ts'
import type { Market } from '../../pipeline/market.ts'
import type { Step } from '../../pipeline/operator.ts'
import { apiDoor, type ApiDoor } from './door.ts'

const { CLIENT, EventKind, HEAD, headKind, INSTRUMENT, MAKER_CLIENT } = record

/** Trades that are kept of each instrument. A power of two. */
const KEPT_TRADES = 1_024

/** The latest trades of one instrument, in a ring of records. */
interface TradeRing {
  readonly words: Int32Array
  /** Trades there have been. */
  count: number
}

/** Called with each event of a client, in order. The record is good until the call returns. */
export type ClientListener = (words: Int32Array, at: number) => void

/**
 * What a server shows of the engine's events, gathered as they pass: the latest trades of each instrument, counts, and
 * the events of clients that someone listens for. Everything else is read from the engine when it is asked for.
 */
export class ApiFeed implements Step {
  /** Events and trades so far. */
  events: number
  trades: number
  private readonly door: ApiDoor
  private readonly rings: (TradeRing | undefined)[]
  private readonly listeners: Map<number, Set<ClientListener>>

  constructor(market: Market) {
    this.events = 0
    this.trades = 0
    this.door = apiDoor(market)
    this.door.isAnswered = true
    this.rings = []
    this.listeners = new Map()
    feeds.set(market.instruments, this)
  }

  process(words: Int32Array, at: number): void {
    this.events++
    this.door.event(words, at)
    if (headKind(words[at + HEAD]!) === EventKind.trade) this.trade(words, at)
    if (this.listeners.size === 0) return
    const client = words[at + CLIENT]! >>> 0
    this.tell(client, words, at)
    if (headKind(words[at + HEAD]!) !== EventKind.trade) return
    const maker = words[at + MAKER_CLIENT]! >>> 0
    if (maker !== client) this.tell(maker, words, at)
  }

  flush(): void {
    this.door.flush()
  }

  /** Hears all events of a client from now on. Returns a function that ends it. */
  listen(client: number, listener: ClientListener): () => void {
    const known = this.listeners.get(client) ?? new Set()
    this.listeners.set(client, known)
    known.add(listener)
    return () => {
      known.delete(listener)
      if (known.size === 0) this.listeners.delete(client)
    }
  }

  /** How many trades an instrument has had while this feed looked. */
  tradeCount(instrument: number): number {
    return this.rings[instrument]?.count ?? 0
  }

  /**
   * Visits an instrument's trades from number `from` (0 is the first) on, oldest first, as far as they are still kept.
   * @returns the number of the next one, and how many of those asked for are gone
   */
  eachTrade(
    instrument: number,
    from: number,
    visit: (words: Int32Array, at: number) => void,
  ): { readonly next: number; readonly gone: number } {
    const ring = this.rings[instrument]
    if (ring === undefined) return { next: 0, gone: 0 }
    const oldest = Math.max(from, ring.count - KEPT_TRADES)
    for (let trade = oldest; trade < ring.count; trade++)
      visit(ring.words, (trade & (KEPT_TRADES - 1)) * RECORD_WORDS)
    return { next: ring.count, gone: Math.max(0, oldest - from) }
  }

  private trade(words: Int32Array, at: number): void {
    this.trades++
    const instrument = words[at + INSTRUMENT]!
    const ring = (this.rings[instrument] ??= { words: new Int32Array(KEPT_TRADES * RECORD_WORDS), count: 0 })
    const to = (ring.count++ & (KEPT_TRADES - 1)) * RECORD_WORDS
    for (let i = 0; i < RECORD_WORDS; i++) ring.words[to + i] = words[at + i]!
  }

  private tell(client: number, words: Int32Array, at: number): void {
    const listeners = this.listeners.get(client)
    if (listeners === undefined) return
    for (const listener of listeners) listener(words, at)
  }
}

const feeds = new WeakMap<object, ApiFeed>()

/** The feed of a market, if a stage of it publishes to the API. */
export function apiFeed(market: Market): ApiFeed | undefined {
  return feeds.get(market.instruments)
}
