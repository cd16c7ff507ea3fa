import type { MatchingEngine } from '../../book/index.ts'
import * as bookSides from '../../book/matching/book-side.ts'
import * as marketData from '../../book/matching/market-data.ts'
import * as heapNames from '../../memory/heap.ts'
import * as levelLayout from '../../book/state/level.ts'
import * as record from '../../book/record.ts'
import type { BookFeed } from './book-feed.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { ownSide } = bookSides
const { bestShown } = marketData
const { NONE } = heapNames
const { LEVEL_PRICE_TICKS, LEVEL_SHOWN } = levelLayout
const { EventKind, HEAD, headKind, headSide, INSTRUMENT, LOTS, RECORD_WORDS, Side, TIMESTAMP_NS } = record

const HIGH_WORD = 4_294_967_296

/** Nanoseconds of a command record; past 2^53 rounded, which differences of less than a microsecond alone would show. */
export function timestampNs(words: Int32Array, at: number): number {
  return (words[at + TIMESTAMP_NS + 1]! >>> 0) * HIGH_WORD + (words[at + TIMESTAMP_NS]! >>> 0)
}

/**
 * Watches a matching engine for a book feed: after each command, what it did to the best prices of the instruments that
 * its events name, and what traded.
 *
 * The engine's events are read where they lie, so `follow` must be called for every command, before the engine has it,
 * and `endBatch` before the events are emptied.
 */
export class EngineFeed {
  private readonly feed: BookFeed
  /** Events read already. */
  private seen: number
  /** Of the command whose events come next. */
  private timeNs: number

  constructor(feed: BookFeed) {
    this.feed = feed
    this.seen = 0
    this.timeNs = 0
  }

  /** Takes in what the command before this one led to. */
  follow(engine: MatchingEngine, words: Int32Array, at: number): void {
    const { count } = engine.events
    if (count < this.seen) this.seen = 0
    if (count > this.seen) this.read(engine, count)
    this.timeNs = timestampNs(words, at)
  }

  /** Takes in what the last command led to. The events may be emptied then. */
  endBatch(engine: MatchingEngine): void {
    const { count } = engine.events
    if (count < this.seen) this.seen = 0
    if (count > this.seen) this.read(engine, count)
  }

  private read(engine: MatchingEngine, count: number): void {
    const { words } = engine.events
    let instrument = -1
    let signedLots = 0
    for (let at = this.seen * RECORD_WORDS, end = count * RECORD_WORDS; at < end; at += RECORD_WORDS) {
      const kind = headKind(words[at + HEAD]!)
      if (kind === EventKind.rejected || kind > EventKind.triggered) continue
      if (words[at + INSTRUMENT] !== instrument) {
        if (instrument >= 0) this.tell(engine, instrument, signedLots)
        instrument = words[at + INSTRUMENT]!
        signedLots = 0
      }
      if (kind !== EventKind.trade) continue
      const side = headSide(words[at + HEAD]!)
      if (side === Side.buy) signedLots += words[at + LOTS]!
      else if (side === Side.sell) signedLots -= words[at + LOTS]!
    }
    if (instrument >= 0) this.tell(engine, instrument, signedLots)
    this.seen = count
  }

  private tell(engine: MatchingEngine, instrument: number, signedLots: number): void {
    const { state } = engine
    const { words, totals } = state
    const block = state.blocks[instrument]!
    const bid = bestShown(state, ownSide(block, Side.buy))
    if (bid === NONE) return
    const offer = bestShown(state, ownSide(block, Side.sell))
    if (offer === NONE) return
    this.feed.observe(
      instrument,
      words[bid + LEVEL_PRICE_TICKS]!,
      totals[(bid >> 1) + LEVEL_SHOWN]!,
      words[offer + LEVEL_PRICE_TICKS]!,
      totals[(offer >> 1) + LEVEL_SHOWN]!,
      signedLots,
      this.timeNs,
    )
  }
}
