import { createInbox, type Msg, type Subscription } from '@nats-io/nats-core'
import {
  EventKind,
  FIRST_TOTAL,
  HEAD,
  headKind,
  headSide,
  PRICE_TICKS,
  readU64,
  RECORD_WORDS,
  Side,
} from '../book/record.ts'
import { bookChecksum, type ShownLevel } from '../transport/book-checksum.ts'
import { FrameFlag, FrameKind, FrameReader, recordsOf } from '../transport/frame.ts'
import type { Link } from '../transport/nats/link.ts'

/** How long to wait for a snapshot before asking again. */
const SNAPSHOT_MS = 1_000
/** Changes that are kept while a snapshot is on its way. */
const MOST_KEPT = 10_000

/** One side of a book: prices best first, and what is shown at each. */
class BookSide {
  readonly prices: number[] = []
  private readonly lots = new Map<number, number>()
  private readonly rises: boolean

  constructor(side: number) {
    this.rises = side === Side.sell
  }

  set(priceTicks: number, lots: number): void {
    const isThere = this.lots.has(priceTicks)
    if (lots > 0) this.lots.set(priceTicks, lots)
    else this.lots.delete(priceTicks)
    if (isThere === lots > 0) return
    const at = this.place(priceTicks)
    if (isThere) this.prices.splice(at, 1)
    else this.prices.splice(at, 0, priceTicks)
  }

  levels(most: number): ShownLevel[] {
    return this.prices.slice(0, most).map((priceTicks) => ({ priceTicks, lots: this.lots.get(priceTicks)! }))
  }

  /** Where a price stands, or would stand. */
  private place(priceTicks: number): number {
    let [low, high] = [0, this.prices.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const isBefore = this.rises ? this.prices[middle]! < priceTicks : this.prices[middle]! > priceTicks
      if (isBefore) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** What a client's book says of itself. */
export interface BookState {
  /** Whether it is what the engine's book was at `sequence`. */
  readonly isSynced: boolean
  /** The latest command that changed it. */
  readonly sequence: number
  /** Changes taken in, snapshots taken, gaps and wrong checksums found. */
  readonly changes: number
  readonly snapshots: number
  readonly gaps: number
  readonly mismatches: number
}

/**
 * An instrument's book, rebuilt from a snapshot and the changes behind it. Every frame of changes has the checksum that
 * the book must then have: after a gap, a wrong checksum, a cut or a restart of the other side it begins anew.
 */
export class ClientBook {
  readonly symbol: string
  private readonly link: Link
  private readonly subject: string
  private readonly snapshotSubject: string
  private readonly subscription: Subscription
  private readonly inbox: string
  private readonly inboxSubscription: Subscription
  private readonly onChange: (book: ClientBook) => void
  private readonly reader: FrameReader
  private sides: BookSide[]
  private pending: BookSide[]
  private kept: Uint8Array[]
  private source: bigint
  private next: number
  private state: { -readonly [K in keyof BookState]: BookState[K] }
  private askedMs: number
  private isSnapshotOpen: boolean
  private readonly timer: ReturnType<typeof setInterval>
  private readonly stopListening: () => void

  /**
   * @param subject where changes come
   * @param onChange called when the book is right again after changes
   */
  constructor(
    link: Link,
    symbol: string,
    subject: string,
    snapshotSubject: string,
    onChange: (book: ClientBook) => void,
  ) {
    this.symbol = symbol
    this.link = link
    this.subject = subject
    this.snapshotSubject = snapshotSubject
    this.onChange = onChange
    this.reader = new FrameReader()
    this.sides = emptySides()
    this.pending = emptySides()
    this.kept = []
    this.source = 0n
    this.next = 0
    this.state = { isSynced: false, sequence: 0, changes: 0, snapshots: 0, gaps: 0, mismatches: 0 }
    this.askedMs = 0
    this.isSnapshotOpen = false
    this.inbox = createInbox()
    this.subscription = link.connection.subscribe(this.subject, {
      callback: (_, message) => this.change(message),
    })
    this.inboxSubscription = link.connection.subscribe(this.inbox, {
      callback: (_, message) => this.snapshot(message),
    })
    this.timer = setInterval(() => this.look(), SNAPSHOT_MS / 4)
    this.stopListening = link.onState((state) => {
      if (state === 'connected') this.begin()
    })
    this.begin()
  }

  get status(): BookState {
    return this.state
  }

  /** Best levels of a side (`Side.buy`, `Side.sell`), best first, in ticks and lots. */
  levels(side: number, most = Infinity): ShownLevel[] {
    return this.sides[side]!.levels(most)
  }

  close(): void {
    clearInterval(this.timer)
    this.stopListening()
    if (this.link.connection.isClosed()) return
    this.subscription.unsubscribe()
    this.inboxSubscription.unsubscribe()
  }

  /** Asks for a snapshot; changes are kept until it comes. */
  private begin(): void {
    this.state.isSynced = false
    this.isSnapshotOpen = false
    this.kept = []
    this.askedMs = performance.now()
    if (this.link.state === 'connected')
      this.link.connection.publish(this.snapshotSubject, new Uint8Array(0), { reply: this.inbox })
  }

  private look(): void {
    if (!this.state.isSynced && performance.now() - this.askedMs > SNAPSHOT_MS) this.begin()
  }

  private snapshot(message: Msg): void {
    const { reader, state } = this
    if (state.isSynced || reader.read(message.data) !== undefined || reader.kind !== FrameKind.book) return
    if ((reader.flags & FrameFlag.snapshotBegins) !== 0) {
      this.pending = emptySides()
      this.isSnapshotOpen = true
    }
    if (!this.isSnapshotOpen) return
    apply(this.pending, recordsOf(message.data, reader))
    if ((reader.flags & FrameFlag.snapshotEnds) === 0) return
    this.isSnapshotOpen = false
    if (checksumOf(this.pending) !== reader.bookChecksum) {
      state.mismatches++
      return this.begin()
    }
    this.sides = this.pending
    this.source = reader.source
    this.next = reader.firstSequence
    state.sequence = reader.cause
    state.snapshots++
    state.isSynced = true
    const { kept } = this
    this.kept = []
    for (const bytes of kept) if (state.isSynced && reader.read(bytes) === undefined) this.take(bytes)
    if (state.isSynced) this.onChange(this)
  }

  private change(message: Msg): void {
    if (this.reader.read(message.data) !== undefined || this.reader.kind !== FrameKind.book) return
    if (this.state.isSynced) {
      this.take(message.data)
      if (this.state.isSynced) this.onChange(this)
    } else if (this.kept.length < MOST_KEPT) this.kept.push(message.data.slice())
    else this.begin()
  }

  /** Takes in the frame that the reader has read. */
  private take(bytes: Uint8Array): void {
    const { reader, state } = this
    if (reader.source !== this.source) return this.begin()
    // What the snapshot has already.
    if (reader.firstSequence + reader.count <= this.next) return
    if (reader.firstSequence !== this.next) {
      state.gaps++
      return this.begin()
    }
    apply(this.sides, recordsOf(bytes, reader))
    this.next += reader.count
    state.changes += reader.count
    state.sequence = reader.cause
    if (checksumOf(this.sides) === reader.bookChecksum) return
    state.mismatches++
    this.begin()
  }
}

function emptySides(): BookSide[] {
  return [new BookSide(Side.buy), new BookSide(Side.sell)]
}

function apply(sides: readonly BookSide[], words: Int32Array): void {
  for (let at = 0; at < words.length; at += RECORD_WORDS) {
    const head = words[at + HEAD]!
    if (headKind(head) === EventKind.level)
      sides[headSide(head)]?.set(words[at + PRICE_TICKS]!, readU64(words, at + FIRST_TOTAL))
  }
}

function checksumOf(sides: readonly BookSide[]): number {
  return bookChecksum(sides[Side.buy]!.levels(10), sides[Side.sell]!.levels(10))
}
