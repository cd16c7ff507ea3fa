import { Arena } from './arena.ts'
import * as poolWords from './pool-words.ts'

// This module's own: V8 folds them, imported ones it loads.
const { POOL_END, POOL_FREE_HEAD, POOL_TOP, POOL_USED, POOL_WORDS } = poolWords

/** No slot: the end of a list, an empty child, a full pool. Word 0 is never given out, so zeroed memory is empty. */
export const NONE = 0

/** NONE as this module's own constant: V8 folds it, an exported one it loads. */
const END = 0
/** Runs begin at a multiple of this many words: a cache line. */
const LINE_WORDS = 16
const MIN_CHUNK_SLOTS = 32
const MAX_CHUNK_SLOTS = 16_384

/**
 * One run of 32-bit words that everything of a book lives in, and the same run as 64-bit floats. It grows in place;
 * what has been allocated stays where it is, and a word's number is its address.
 */
export class Heap {
  /** Read again after anything that may allocate: old views stay good for what they covered, and no further. */
  words: Int32Array
  totals: Float64Array
  protected readonly arena: Arena
  private top: number
  /** From and to of runs that were given back. */
  private readonly spare: number[]

  constructor(words: number) {
    this.arena = new Arena(words)
    this.words = this.arena.words
    this.totals = new Float64Array(this.words.buffer)
    this.top = LINE_WORDS
    this.spare = []
  }

  get bytes(): number {
    return this.arena.bytes
  }

  /** Words, all zero, or NONE when no memory is left. */
  allocate(words: number): number {
    const needed = Math.ceil(words / LINE_WORDS) * LINE_WORDS
    for (let run = 0; run < this.spare.length; run += 2)
      if (this.spare[run + 1]! - this.spare[run]! >= needed) return this.takeSpare(run, needed)
    const at = this.top
    const end = at + needed
    if (end > this.words.length) {
      if (!this.arena.reserve(end)) return END
      this.words = this.arena.words
      this.totals = new Float64Array(this.words.buffer)
    }
    this.top = end
    return at
  }

  /** Takes back words that `allocate` gave, all zero again, for whoever asks next. */
  recycle(at: number, words: number): void {
    this.spare.push(at, at + Math.ceil(words / LINE_WORDS) * LINE_WORDS)
  }

  private takeSpare(run: number, words: number): number {
    const at = this.spare[run]!
    this.spare[run] = at + words
    if (this.spare[run] === this.spare[run + 1]) this.spare.splice(run, 2)
    return at
  }
}

/**
 * Slots of a fixed number of words in a heap, taken and given back in constant time. A slot is the address of its first
 * word. A free one keeps the next free one there; the one freed last is taken first, while its cache lines are warm.
 *
 * What a pool knows of its slots is in the heap too (pool-words.ts), for compiled code that does the same.
 */
export class Pool {
  readonly stride: number
  /** Where its own words are. */
  readonly at: number
  /** From and to of every run of slots. */
  readonly chunks: number[]
  private readonly heap: Heap

  /**
   * @param stride words of a slot
   * @param at where its own words are to be; by default it takes some
   */
  constructor(heap: Heap, stride: number, at: number = heap.allocate(POOL_WORDS)) {
    this.stride = stride
    this.at = at
    this.chunks = []
    this.heap = heap
  }

  /** Slots in use. */
  get used(): number {
    return this.heap.words[this.at + POOL_USED]!
  }

  /** A slot whose words hold what their last user left, or NONE when no memory is left. May replace the heap's views. */
  take(): number {
    const { at } = this
    const slot = this.heap.words[at + POOL_FREE_HEAD]!
    if (slot !== END) {
      const { words } = this.heap
      words[at + POOL_FREE_HEAD] = words[slot]!
      words[at + POOL_USED]!++
      return slot
    }
    if (this.heap.words[at + POOL_TOP] === this.heap.words[at + POOL_END] && !this.extend()) return END
    const { words } = this.heap
    const fresh = words[at + POOL_TOP]!
    words[at + POOL_TOP] = fresh + this.stride
    words[at + POOL_USED]!++
    return fresh
  }

  give(slot: number): void {
    const { at } = this
    const { words } = this.heap
    words[slot] = words[at + POOL_FREE_HEAD]!
    words[at + POOL_FREE_HEAD] = slot
    words[at + POOL_USED]!--
  }

  /** More slots, an eighth of those there are, where all have been given out. Returns false when no memory is left. */
  extend(): boolean {
    const slots = Math.min(MAX_CHUNK_SLOTS, Math.max(MIN_CHUNK_SLOTS, this.used >>> 3))
    const from = this.heap.allocate(slots * this.stride)
    if (from === END) return false
    const { words } = this.heap
    const end = from + slots * this.stride
    words[this.at + POOL_TOP] = from
    words[this.at + POOL_END] = end
    this.chunks.push(from, end)
    return true
  }
}
