import type { Batch } from '../../book/index.ts'
import type { Market } from '../../pipeline/market.ts'
import { RecordQueue } from '../../transport/record-queue.ts'
import { OrderLines } from '../orders/order-lines.ts'
import { TextLines } from './text-lines.ts'

/** What came in one message, or in several that need not be told apart. */
interface Segment {
  /** Whoever took it in knows by this what it was. */
  readonly tag: number
  records: number
  readonly text: Buffer | undefined
}

/** Called when records of a message have been given out: its tag, the place of the first in the batch, and how many. */
export type OnTaken = (tag: number, first: number, count: number) => void

/**
 * Commands that have come in by messages and wait to be pulled, in order of arrival: records as they are, and lines of
 * JSON, which are read when it is their turn. Bounded in records: who fills it looks at `room` first.
 */
export class Arrivals {
  readonly queue: RecordQueue
  onTaken: OnTaken | undefined
  /** Lines of JSON that wait; each counts as a record. */
  private textRecords: number
  private readonly segments: Segment[]
  private head: number
  private readonly lines: TextLines
  private readonly reader: OrderLines
  private isReadingText: boolean

  constructor(market: Market, capacityRecords: number) {
    this.queue = new RecordQueue(capacityRecords)
    this.onTaken = undefined
    this.textRecords = 0
    this.segments = []
    this.head = 0
    this.lines = new TextLines()
    this.reader = new OrderLines(this.lines, market)
    this.isReadingText = false
  }

  get room(): number {
    return Math.max(0, this.queue.room - this.textRecords)
  }

  get isEmpty(): boolean {
    return this.head === this.segments.length && !this.reader.isHeld
  }

  /** The tag of what is to be pulled next; undefined if nothing waits. */
  get currentTag(): number | undefined {
    return this.segments[this.head]?.tag
  }

  /** Takes in records that begin at a byte. There must be room for them. */
  pushRecords(bytes: Uint8Array, at: number, count: number, tag = 0): void {
    if (count === 0) return
    const last = this.head < this.segments.length ? this.segments.at(-1) : undefined
    if (last !== undefined && last.text === undefined && last.tag === tag) last.records += count
    else this.segments.push({ tag, records: count, text: undefined })
    this.queue.push(bytes, at, count)
  }

  /** Takes in lines of JSON, a copy of them. Returns how many lines they count as. */
  pushText(bytes: Uint8Array, tag = 0): number {
    const text = Buffer.from(bytes)
    const records = countLines(text)
    this.segments.push({ tag, records, text })
    this.textRecords += records
    this.queue.tell()
    return records
  }

  /** Appends commands to a batch until it holds `upTo` or nothing waits. */
  pull(batch: Batch, upTo: number): void {
    while (batch.count < upTo && this.head < this.segments.length) {
      const segment = this.segments[this.head]!
      const first = batch.count
      const isOver =
        segment.text === undefined
          ? this.pullRecords(segment, batch, upTo)
          : this.pullText(segment, batch, upTo)
      if (batch.count > first) this.onTaken?.(segment.tag, first, batch.count - first)
      if (!isOver) return
      this.head++
    }
    if (this.head < this.segments.length) return
    this.segments.length = 0
    this.head = 0
  }

  /** Resolves when something waits. */
  ready(): Promise<void> {
    return this.isEmpty ? this.queue.ready() : Promise.resolve()
  }

  private pullRecords(segment: Segment, batch: Batch, upTo: number): boolean {
    segment.records -= this.queue.pull(batch, Math.min(upTo, batch.count + segment.records))
    if (this.head > 1_024) this.compact()
    return segment.records === 0
  }

  private pullText(segment: Segment, batch: Batch, upTo: number): boolean {
    if (!this.isReadingText) {
      this.isReadingText = true
      // Every message ends its last line, so that none runs into the next.
      this.lines.feed(
        segment.text!.at(-1) === NEWLINE ? segment.text! : Buffer.concat([segment.text!, LINE_END]),
      )
    }
    this.reader.pull(batch, upTo)
    if (!this.lines.isEmpty || this.reader.isHeld) return false
    this.isReadingText = false
    this.textRecords -= segment.records
    this.queue.onRoom()
    return true
  }

  private compact(): void {
    this.segments.splice(0, this.head)
    this.head = 0
  }
}

const NEWLINE = 10
const LINE_END = Buffer.from('\n')

function countLines(text: Buffer): number {
  let count = 1
  for (let at = text.indexOf(NEWLINE); at !== -1 && at < text.length - 1; at = text.indexOf(NEWLINE, at + 1))
    count++
  return count
}
