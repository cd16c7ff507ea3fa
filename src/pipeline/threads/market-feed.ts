import { RECORD_WORDS } from '../../book/index.ts'
import { createRing, Ring, type RingReader, type RingWriter } from '../../memory/ring/index.ts'
import type { Detail } from '../details.ts'
import type { Market } from '../market.ts'

type OrderName = readonly [number: number, text: string, instrument: number]

/** What one thread tells the others: who is behind the numbers in records, and what is wrong with refused ones. */
interface News {
  readonly clients?: readonly string[]
  readonly groups?: readonly string[]
  readonly orders?: readonly OrderName[]
  readonly symbols?: readonly string[]
  readonly details?: readonly (readonly [sequence: number, detail: Detail])[]
}

/** Records of a feed's ring: 512 KiB. */
const FEED_RECORDS = 8_192
const RECORD_BYTES = RECORD_WORDS * 4

export function feedMemory(): SharedArrayBuffer {
  return createRing({ capacity: FEED_RECORDS }).buffer as SharedArrayBuffer
}

/**
 * Tells other threads what the market of this one comes to know: names, symbols, and words about commands that could not
 * be read. It is put into their rings before the records that need it, so it is there when those come.
 *
 * Only the thread that the sources are on gives out numbers.
 */
export class FeedWriter {
  private readonly market: Market
  private readonly rings: readonly RingWriter[]
  /** For each ring, the records that it had no room for. */
  private readonly waiting: Int32Array[]
  private clients: number
  private groups: number
  private orders: number
  private symbols: number
  private sequence: number

  constructor(market: Market, memories: readonly SharedArrayBuffer[]) {
    this.market = market
    this.rings = memories.map((memory) => new Ring(memory).writer())
    this.waiting = memories.map(() => new Int32Array(0))
    this.clients = 0
    this.groups = 0
    this.orders = 0
    this.symbols = market.instruments.count
    this.sequence = market.sequence
  }

  /** Tells what is new. Returns whether all of it has gone; the rest goes with the next call. */
  tell(): boolean {
    const news = this.news()
    const isNews = news !== undefined
    const message = isNews ? recordsOf(news) : undefined
    let isThrough = true
    for (const [index, ring] of this.rings.entries()) {
      const before = this.waiting[index]!
      if (message === undefined && before.length === 0) continue
      const all = message === undefined ? before : joined(before, message)
      const records = all.length / RECORD_WORDS
      const written = Math.max(0, ring.write(all, 0, records))
      this.waiting[index] = ring.isAborted ? new Int32Array(0) : all.slice(written * RECORD_WORDS)
      if (written < records && !ring.isAborted) isThrough = false
    }
    return isThrough
  }

  private news(): News | undefined {
    const { market } = this
    const { clients, groups, orders, instruments, details } = market
    const isNew =
      clients.count > this.clients ||
      groups.count > this.groups ||
      orders.latest > this.orders ||
      instruments.count > this.symbols
    const told: (readonly [number, Detail])[] = []
    for (let sequence = this.sequence + 1; sequence <= market.sequence; sequence++) {
      const detail = details.find(sequence)
      if (detail !== undefined) told.push([sequence, detail])
    }
    this.sequence = market.sequence
    if (!isNew && told.length === 0) return undefined
    const newOrders: OrderName[] = []
    orders.each(this.orders, (number, text, instrument) => newOrders.push([number, text, instrument]))
    const news: News = {
      clients: between(this.clients, clients.count, (number) => clients.text(number)),
      groups: between(this.groups, groups.count, (number) => groups.text(number)),
      orders: newOrders,
      symbols: between(this.symbols - 1, instruments.count - 1, (number) => instruments.symbol(number)),
      details: told,
    }
    this.clients = clients.count
    this.groups = groups.count
    this.orders = orders.latest
    this.symbols = instruments.count
    return news
  }
}

/** Takes in what the thread of the sources tells. */
export class FeedReader {
  private readonly market: Market
  private readonly ring: RingReader
  private readonly record: Int32Array
  private message: Buffer
  private filled: number

  constructor(market: Market, memory: SharedArrayBuffer) {
    this.market = market
    this.ring = new Ring(memory).reader()
    this.record = new Int32Array(RECORD_WORDS)
    this.message = Buffer.alloc(0)
    this.filled = 0
  }

  /** All that is there. Returns whether there was anything, and so room is free again. */
  hear(): boolean {
    const { ring, record } = this
    const bytes = Buffer.from(record.buffer)
    let isNews = false
    while (ring.read(record, 1) === 1) {
      isNews = true
      if (this.filled === this.message.length) {
        this.message = Buffer.alloc(record[0]!)
        this.filled = bytes.copy(this.message, 0, 4)
      } else this.filled += bytes.copy(this.message, this.filled)
      if (this.filled === this.message.length) this.learn(JSON.parse(this.message.toString()) as News)
    }
    return isNews
  }

  close(): void {
    this.ring.abort()
  }

  private learn({ clients = [], groups = [], orders = [], symbols = [], details = [] }: News): void {
    const { market } = this
    for (const name of clients) market.clients.number(name)
    for (const name of groups) market.groups.number(name)
    for (const [number, text, instrument] of orders) market.orders.adopt(number, text, instrument)
    for (const symbol of symbols) market.instrument(symbol)
    for (const [sequence, detail] of details) market.details.set(sequence, detail)
  }
}

function between(after: number, upTo: number, of: (number: number) => string): string[] {
  return Array.from({ length: Math.max(0, upTo - after) }, (_, index) => of(after + 1 + index))
}

/** A message as records: its length in bytes, then the bytes. */
function recordsOf(news: News): Int32Array {
  const text = Buffer.from(JSON.stringify(news))
  const records = Math.ceil((4 + text.length) / RECORD_BYTES)
  const words = new Int32Array(records * RECORD_WORDS)
  words[0] = text.length
  text.copy(Buffer.from(words.buffer), 4)
  return words
}

function joined(first: Int32Array, second: Int32Array): Int32Array {
  const all = new Int32Array(first.length + second.length)
  all.set(first)
  all.set(second, first.length)
  return all
}
