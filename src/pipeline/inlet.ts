import { Batch, RECORD_WORDS } from '../book/index.ts'

/** Records beyond which a stage is told that there is no room: it may send no more until some have gone in. */
const CAPACITY = 65_536

/**
 * Commands that stages of a pipeline want to send themselves, such as the later slices of an order. The pump puts them
 * before what it pulls next, numbers them like all others, and so they pass every stage.
 */
export class Inlet {
  private readonly waiting: Batch
  private given: number

  constructor() {
    this.waiting = new Batch(16)
    this.given = 0
  }

  get isEmpty(): boolean {
    return this.given === this.waiting.count
  }

  /** Adds a copy of the record that begins at a word. @returns false if there is no room */
  push(words: Int32Array, at: number): boolean {
    const { waiting } = this
    if (waiting.count - this.given >= CAPACITY) return false
    if (this.isEmpty) waiting.count = this.given = 0
    if (waiting.count === waiting.capacity) waiting.grow()
    waiting.words.set(words.subarray(at, at + RECORD_WORDS), waiting.count++ * RECORD_WORDS)
    return true
  }

  /** Moves records to a batch until it holds `upTo` of them. */
  drain(batch: Batch, upTo: number): void {
    const { waiting } = this
    const count = Math.min(upTo - batch.count, waiting.count - this.given)
    if (count <= 0) return
    const from = this.given * RECORD_WORDS
    batch.words.set(waiting.words.subarray(from, from + count * RECORD_WORDS), batch.count * RECORD_WORDS)
    batch.count += count
    this.given += count
  }
}
