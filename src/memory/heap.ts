import { Arena } from './arena.ts'

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
  private top: number
  private readonly arena: Arena

  constructor(words: number) {
    this.arena = new Arena(words)
    this.words = this.arena.words
    this.totals = new Float64Array(this.words.buffer)
    this.top = LINE_WORDS
  }

  get bytes(): number {
    return this.arena.bytes
  }

  /** Words, all zero, or NONE when no memory is left. */
  allocate(words: number): number {
    const at = this.top
    const end = at + Math.ceil(words / LINE_WORDS) * LINE_WORDS
    if (end > this.words.length) {
      if (!this.arena.reserve(end)) return END
      this.words = this.arena.words
      this.totals = new Float64Array(this.words.buffer)
    }
    this.top = end
    return at
  }
}

/**
 * Slots of a fixed number of words in a heap, taken and given back in constant time. A slot is the address of its first
 * word. A free one keeps the next free one there; the one freed last is taken first, while its cache lines are warm.
 */
export class Pool {
  /** Slots in use. */
  used: number
  readonly stride: number
  /** From and to of every run of slots. */
  readonly chunks: number[]
  private readonly heap: Heap
  private freeHead: number
  private top: number
  private end: number

  constructor(heap: Heap, stride: number) {
    this.used = 0
    this.stride = stride
    this.chunks = []
    this.heap = heap
    this.freeHead = END
    this.top = 0
    this.end = 0
  }

  /** A slot whose words hold what their last user left, or NONE when no memory is left. May replace the heap's views. */
  take(): number {
    const slot = this.freeHead
    if (slot !== END) {
      this.freeHead = this.heap.words[slot]!
      this.used++
      return slot
    }
    if (this.top === this.end && !this.extend()) return END
    const fresh = this.top
    this.top = fresh + this.stride
    this.used++
    return fresh
  }

  give(slot: number): void {
    this.heap.words[slot] = this.freeHead
    this.freeHead = slot
    this.used--
  }

  /** More slots, an eighth of those there are. */
  private extend(): boolean {
    const slots = Math.min(MAX_CHUNK_SLOTS, Math.max(MIN_CHUNK_SLOTS, this.used >>> 3))
    const from = this.heap.allocate(slots * this.stride)
    if (from === END) return false
    this.top = from
    this.end = from + slots * this.stride
    this.chunks.push(from, this.end)
    return true
  }
}
