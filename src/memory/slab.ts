import { Arena } from './arena.ts'

/** No slot: the end of a list, an empty child, a full slab. Slot 0 is never given out, so zeroed memory is empty. */
export const NONE = 0

/** NONE as this module's own constant: V8 folds it, an exported one it loads. */
const END = 0

/**
 * Slots of a fixed number of words, taken and given back in constant time.
 *
 * A free slot keeps the next free one in its first word. The one freed last is taken first, while its
 * cache lines are still warm. Slot `s` begins at word `s * stride`.
 */
export class Slab {
  words: Int32Array
  readonly stride: number
  /** Slots in use. */
  used: number
  private readonly arena: Arena
  private freeHead: number
  private top: number
  private limit: number

  /**
   * @param stride words a slot
   * @param slots how many to make room for at first; more are added as needed
   */
  constructor(stride: number, slots: number) {
    this.arena = new Arena((slots + 1) * stride)
    this.words = this.arena.words
    this.stride = stride
    this.used = 0
    this.freeHead = END
    this.top = 1
    this.limit = Math.floor(this.words.length / stride)
  }

  get bytes(): number {
    return this.arena.bytes
  }

  /**
   * A slot whose words hold what their last user left, or NONE when no memory is left.
   * May replace `words`: read it again after a call.
   */
  take(): number {
    const slot = this.freeHead
    if (slot !== END) {
      this.freeHead = this.words[slot * this.stride]!
      this.used++
      return slot
    }
    if (this.top === this.limit && !this.grow()) return END
    this.used++
    return this.top++
  }

  give(slot: number): void {
    this.words[slot * this.stride] = this.freeHead
    this.freeHead = slot
    this.used--
  }

  private grow(): boolean {
    if (!this.arena.reserve((this.limit + 1) * this.stride)) return false
    this.words = this.arena.words
    this.limit = Math.floor(this.words.length / this.stride)
    return true
  }
}
