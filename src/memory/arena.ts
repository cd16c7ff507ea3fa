/** The part of WebAssembly's interface that is used here; TypeScript has it only among the browser's types. */
export interface GrowingMemory {
  readonly buffer: SharedArrayBuffer
  grow(pages: number): number
}
declare const WebAssembly: {
  Memory: new (limits: { initial: number; maximum: number; shared: true }) => GrowingMemory
}

const PAGE_BYTES = 65_536
const MAX_PAGES = 65_536

/**
 * A run of 32-bit words, all zero at first, that grows in place.
 *
 * Growing an ordinary typed array means a second one and a copy of everything: at a million orders a pause
 * that a matching engine cannot afford. A shared WebAssembly memory instead reserves address space once and
 * commits pages as it grows: nothing moves, and older views stay valid for what they covered.
 */
export class Arena {
  words: Int32Array
  /** What compiled code is given, so that it works on the same words. */
  readonly memory: GrowingMemory

  /** @param words how many to start with; rounded up to a whole page of 16,384 words */
  constructor(words: number) {
    const initial = Math.min(MAX_PAGES, Math.max(1, Math.ceil((words * 4) / PAGE_BYTES)))
    this.memory = new WebAssembly.Memory({ initial, maximum: MAX_PAGES, shared: true })
    this.words = new Int32Array(this.memory.buffer)
  }

  get bytes(): number {
    return this.words.byteLength
  }

  /**
   * Makes at least `words` words available, a piece at a time: an eighth of what there is, 64 KiB at least and
   * 16 MiB at most. Replaces `this.words`; a caller that holds the old array must take the new one.
   * @returns false when the limit of 4 GiB is reached or the machine has no more to give
   */
  reserve(words: number): boolean {
    if (words <= this.words.length) return true
    const have = this.words.byteLength / PAGE_BYTES
    const need = Math.ceil((words * 4) / PAGE_BYTES)
    if (need > MAX_PAGES) return false
    const piece = Math.min(256, Math.max(1, have >>> 3))
    try {
      this.memory.grow(Math.min(MAX_PAGES - have, Math.max(need - have, piece)))
    } catch {
      return false
    }
    this.words = new Int32Array(this.memory.buffer)
    return true
  }
}
