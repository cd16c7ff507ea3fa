import { type Batch, RECORD_WORDS } from '../../book/index.ts'
import * as record from '../../book/record.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { readU64, SEQUENCE } = record

/** Below so many records a loop copies faster than a call does. */
const FEW_RECORDS = 8

/**
 * Records in a row, first in, first out, in one typed array that is used round and round. It grows where more is
 * pushed than it holds; what is too much is for its edge to say.
 */
export class RecordQueue {
  /** Records that were ever pushed, and that were ever taken out: their difference waits. */
  tail: number
  head: number
  private words: Int32Array
  /** Places, less one; a power of two less one. */
  private mask: number

  /** @param capacityRecords that it holds before it has to grow */
  constructor(capacityRecords: number) {
    const places = 2 ** Math.ceil(Math.log2(Math.max(1, capacityRecords)))
    this.tail = 0
    this.head = 0
    this.words = new Int32Array(places * RECORD_WORDS)
    this.mask = places - 1
  }

  get depth(): number {
    return this.tail - this.head
  }

  /** Adds the record that begins at word `at`. */
  push(words: Int32Array, at: number): void {
    if (this.tail - this.head > this.mask) this.grow()
    this.copyIn(this.tail++, words, at)
  }

  /** Adds records `from` up to `to`. */
  pushMany(words: Int32Array, from: number, to: number): void {
    const count = to - from
    while (this.tail - this.head + count > this.mask + 1) this.grow()
    if (count <= FEW_RECORDS) {
      for (let i = from; i < to; i++) this.copyIn(this.tail++, words, i * RECORD_WORDS)
      return
    }
    const place = this.tail & this.mask
    const first = Math.min(count, this.mask + 1 - place)
    this.words.set(words.subarray(from * RECORD_WORDS, (from + first) * RECORD_WORDS), place * RECORD_WORDS)
    if (first < count) this.words.set(words.subarray((from + first) * RECORD_WORDS, to * RECORD_WORDS), 0)
    this.tail += count
  }

  /** Moves up to `max` records, the oldest first, behind those in a batch, which grows if it must. Returns how many. */
  take(into: Batch, max: number): number {
    const count = Math.min(max, this.tail - this.head)
    while (into.capacity < into.count + count) into.grow()
    const place = this.head & this.mask
    const first = Math.min(count, this.mask + 1 - place)
    const to = into.count * RECORD_WORDS
    if (count <= FEW_RECORDS) {
      for (let i = 0; i < count; i++) this.copyOut(this.head + i, into.words, to + i * RECORD_WORDS)
      into.count += count
      this.head += count
      return count
    }
    into.words.set(this.words.subarray(place * RECORD_WORDS, (place + first) * RECORD_WORDS), to)
    if (first < count)
      into.words.set(this.words.subarray(0, (count - first) * RECORD_WORDS), to + first * RECORD_WORDS)
    into.count += count
    this.head += count
    return count
  }

  /** Lets the oldest records go. */
  drop(count: number): void {
    this.head += Math.min(count, this.tail - this.head)
  }

  /** Puts a record in the place of a waiting one, counted as `tail` counts. */
  replace(position: number, words: Int32Array, at: number): void {
    this.copyIn(position, words, at)
  }

  /** Sequence of the oldest record; only where there is one. */
  oldestSequence(): number {
    return readU64(this.words, (this.head & this.mask) * RECORD_WORDS + SEQUENCE)
  }

  private copyIn(position: number, words: Int32Array, at: number): void {
    const to = (position & this.mask) * RECORD_WORDS
    const own = this.words
    for (let word = 0; word < RECORD_WORDS; word++) own[to + word] = words[at + word]!
  }

  private copyOut(position: number, words: Int32Array, to: number): void {
    const at = (position & this.mask) * RECORD_WORDS
    const own = this.words
    for (let word = 0; word < RECORD_WORDS; word++) words[to + word] = own[at + word]!
  }

  private grow(): void {
    const places = this.mask + 1
    const words = new Int32Array(places * 2 * RECORD_WORDS)
    // A position's place in the larger array is its number again: none before it moves out of turn.
    for (let position = this.head; position < this.tail; position++) {
      const from = (position & this.mask) * RECORD_WORDS
      words.set(this.words.subarray(from, from + RECORD_WORDS), (position & (places * 2 - 1)) * RECORD_WORDS)
    }
    this.words = words
    this.mask = places * 2 - 1
  }
}
