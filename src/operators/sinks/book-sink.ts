import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { LevelBook, RECORD_WORDS, Side } from '../../book/index.ts'
import * as record from '../../book/record.ts'
import { options, text } from '../../pipeline/codec.ts'
import type { Market } from '../../pipeline/market.ts'
import type { ReportSection, StageProblem, Step } from '../../pipeline/operator.ts'
import { bookChecksum, CHECKSUM_LEVELS } from '../../transport/book-checksum.ts'
import { encodeFrame, FrameFlag, FrameKind, newSource } from '../../transport/frame.ts'
import { FrameBuilder } from '../../transport/frame-builder.ts'
import type { NatsLink, NatsOptions } from '../../transport/nats/connection.ts'
import { NatsOutbox } from '../../transport/nats/outbox.ts'
import { token } from '../../transport/subjects.ts'
import { natsKeys, openLink } from '../transport/nats-options.ts'
import { GateHold } from './gate-hold.ts'

const { EventKind, FIRST_TOTAL, HEAD, headKind, headSide, INSTRUMENT, OPEN_LOTS, packHead, PRICE_TICKS } =
  record
const { readU64, SEQUENCE, writeU64 } = record

const DRAIN_MS = 10_000
/** Records of one frame: less than a megabyte. */
const MOST_RECORDS = 8_192

/** What a stage says under `to: { bookFeed: ... }`. */
export interface BookFeedOptions extends NatsOptions {
  /** First token of all subjects; by default `md`. */
  readonly prefix?: string | undefined
}

export const bookFeedOptions = options(
  {},
  { ...natsKeys, prefix: text.describe('First token of all subjects.', { default: 'md' }) },
).describe('Books over core NATS: changes, snapshots and checksums.')

interface FeedBook {
  readonly book: LevelBook
  readonly builder: FrameBuilder
  /** Orders at each level, for snapshots: by side and price. */
  readonly orders: Map<number, number>
  readonly subject: string
  /** Number of the next record of its stream, from 1. */
  next: number
  cause: number
  isDirty: boolean
}

/**
 * Opens a sink that publishes books over core NATS, each as a stream of level changes that anyone can join: who asks is
 * given a snapshot, which says with which change to go on. It needs `marketData: true` of the match stage.
 */
export function openBookFeed(market: Market, given: BookFeedOptions): TE.TaskEither<StageProblem, Step> {
  return pipe(
    openLink(given, ['to', 'bookFeed', 'servers']),
    TE.map((link) => new BookFeed(market, link, given.prefix ?? 'md')),
  )
}

/** `{prefix}.{symbol}.book` has changes, `{prefix}.{symbol}.snapshot` and `{prefix}.instruments` answer requests. */
export class BookFeed implements Step {
  private readonly market: Market
  private readonly link: NatsLink
  private readonly prefix: string
  private readonly outbox: NatsOutbox
  private readonly hold: GateHold
  private readonly source: bigint
  private readonly books: FeedBook[]
  private readonly dirty: FeedBook[]
  private snapshots: number
  private records: number

  constructor(market: Market, link: NatsLink, prefix: string) {
    this.market = market
    this.link = link
    this.prefix = prefix
    this.outbox = new NatsOutbox(link)
    this.hold = new GateHold(market.gate)
    this.outbox.onFull = () => this.hold.close()
    this.outbox.onRoom = () => this.hold.open()
    this.source = newSource()
    this.books = []
    this.dirty = []
    this.snapshots = 0
    this.records = 0
    link.connection.subscribe(`${prefix}.*.snapshot`, {
      callback: (error, message) => {
        if (error === null && message.reply) this.sendSnapshot(message.subject, message.reply)
      },
    })
    link.connection.subscribe(`${prefix}.instruments`, {
      callback: (error, message) => {
        if (error === null) message.respond(JSON.stringify(this.instruments()))
      },
    })
  }

  process(words: Int32Array, at: number): void {
    if (headKind(words[at + HEAD]!) !== EventKind.level) return
    const feed = this.feed(words[at + INSTRUMENT]!)
    const side = headSide(words[at + HEAD]!)
    const priceTicks = words[at + PRICE_TICKS]!
    const lots = readU64(words, at + FIRST_TOTAL)
    feed.book.set(side, priceTicks, lots)
    const key = priceTicks * 2 + side
    if (lots === 0) feed.orders.delete(key)
    else feed.orders.set(key, words[at + OPEN_LOTS]!)
    feed.cause = readU64(words, at + SEQUENCE)
    if (feed.builder.isFull) this.send(feed)
    if (!feed.isDirty) {
      feed.isDirty = true
      this.dirty.push(feed)
    }
    feed.builder.push(words, at)
    this.records++
  }

  flush(): void {
    for (const feed of this.dirty) {
      feed.isDirty = false
      this.send(feed)
    }
    this.dirty.length = 0
    this.outbox.settle()
  }

  async close(): Promise<void> {
    this.flush()
    try {
      await this.outbox.drain(DRAIN_MS)
    } finally {
      this.hold.end()
      await this.link.close()
    }
  }

  report(): ReportSection {
    const figures = {
      prefix: this.prefix,
      records: this.records,
      messages: this.outbox.sent,
      snapshots: this.snapshots,
      blockedMs: Math.round(this.hold.blockedMs),
      connection: this.link.figures(),
    }
    const lines = [
      `${figures.records} level changes in ${figures.messages} messages to ${this.prefix}.*.book, ${figures.snapshots} snapshots`,
    ]
    return { title: 'book feed', lines, figures }
  }

  private feed(instrument: number): FeedBook {
    let feed = this.books[instrument]
    if (feed === undefined) {
      feed = {
        book: new LevelBook(),
        builder: new FrameBuilder(MOST_RECORDS),
        orders: new Map(),
        subject: `${this.prefix}.${token(this.market.instruments.symbol(instrument))}.book`,
        next: 1,
        cause: 0,
        isDirty: false,
      }
      this.books[instrument] = feed
    }
    return feed
  }

  private send(feed: FeedBook): void {
    const { builder, book, cause } = feed
    const { count } = builder
    if (count === 0) return
    const frame = builder.take({
      kind: FrameKind.book,
      firstSequence: feed.next,
      source: this.source,
      cause,
      sentNs: BigInt(Date.now()) * 1_000_000n,
      bookChecksum: checksumOf(book),
    })
    feed.next += count
    this.outbox.publish(feed.subject, frame)
  }

  /** Sends what an instrument's book shows now, in as many frames as it takes. */
  private sendSnapshot(subject: string, reply: string): void {
    const name = subject.slice(this.prefix.length + 1, -'.snapshot'.length)
    const instrument = this.instrumentOf(name)
    if (instrument === -1) {
      this.link.connection.publish(
        reply,
        JSON.stringify({ error: 'symbol', detail: `no instrument ${name}` }),
      )
      return
    }
    this.snapshots++
    const feed = this.feed(instrument)
    const words = this.levelWords(feed, instrument)
    const count = words.length / RECORD_WORDS
    for (let from = 0; from === 0 || from < count; from += MOST_RECORDS) {
      const to = Math.min(count, from + MOST_RECORDS)
      const flags = (from === 0 ? FrameFlag.snapshotBegins : 0) | (to === count ? FrameFlag.snapshotEnds : 0)
      const header = {
        kind: FrameKind.book,
        flags,
        firstSequence: feed.next,
        source: this.source,
        cause: feed.cause,
        bookChecksum: checksumOf(feed.book),
      }
      this.link.connection.publish(reply, encodeFrame(header, words, from, to))
    }
  }

  private instrumentOf(name: string): number {
    const { instruments } = this.market
    for (let i = 0; i < instruments.count; i++) if (token(instruments.symbol(i)) === name) return i
    return -1
  }

  /** A level event for each level, best first, bids first. */
  private levelWords({ book, orders, cause }: FeedBook, instrument: number): Int32Array {
    const levels = [Side.buy, Side.sell].flatMap((side) =>
      book.depth(side, Infinity).map((level) => ({ side, ...level })),
    )
    const words = new Int32Array(levels.length * RECORD_WORDS)
    for (const [i, { side, priceTicks, lots }] of levels.entries()) {
      const at = i * RECORD_WORDS
      words[at + HEAD] = packHead(EventKind.level, side, 0, 0)
      words[at + INSTRUMENT] = instrument
      words[at + PRICE_TICKS] = priceTicks
      words[at + OPEN_LOTS] = orders.get(priceTicks * 2 + side) ?? 0
      writeU64(words, at + SEQUENCE, cause)
      writeU64(words, at + FIRST_TOTAL, lots)
    }
    return words
  }

  /** The table of instruments, for clients: what numbers and steps mean. */
  private instruments(): unknown {
    const { instruments } = this.market
    return {
      source: String(this.source),
      sequence: this.market.sequence,
      instruments: Array.from({ length: instruments.count }, (_, number) => ({
        number,
        symbol: instruments.symbol(number),
        tick: instruments.formatPrice(number, 1),
        lot: instruments.formatQuantity(number, 1),
      })),
    }
  }
}

function checksumOf(book: LevelBook): number {
  return bookChecksum(book.depth(Side.buy, CHECKSUM_LEVELS), book.depth(Side.sell, CHECKSUM_LEVELS))
}
