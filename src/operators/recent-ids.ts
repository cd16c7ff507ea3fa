import { powerOfTwoAtLeast } from '../memory/bits.ts'
import * as idHash from '../memory/id-hash.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { idKey, keyHash } = idHash

/**
 * The order ids seen last: at least `remembered` of them, at most twice as many. Two generations of one
 * open-addressed table each; when the young one is full the old one is forgotten whole, so memory and cost are fixed.
 */
export class RecentIds {
  private young: Int32Array
  private old: Int32Array
  private count: number
  private readonly remembered: number
  private readonly mask: number

  constructor(remembered: number) {
    const cells = powerOfTwoAtLeast(Math.max(16, remembered * 2))
    this.young = new Int32Array(cells * 2)
    this.old = new Int32Array(cells * 2)
    this.count = 0
    this.remembered = remembered
    this.mask = cells - 1
  }

  /** Adds an id, by its halves, unless it is there. The id is not 0. Returns whether it was there. */
  add(low: number, high: number): boolean {
    const at = find(this.young, this.mask, low, high)
    if (this.isTaken(this.young, at)) return true
    if (this.isTaken(this.old, find(this.old, this.mask, low, high))) return true
    this.young[at * 2] = low
    this.young[at * 2 + 1] = high
    if (++this.count === this.remembered) this.turn()
    return false
  }

  /** All ids, to be taken up by `restore`: how many are remembered, how many are young, and the two tables. */
  snapshot(): Uint8Array {
    const { young, old } = this
    const words = new Int32Array(2 + young.length + old.length)
    words[0] = this.remembered
    words[1] = this.count
    words.set(young, 2)
    words.set(old, 2 + young.length)
    return new Uint8Array(words.buffer)
  }

  /**
   * Takes up the ids of a snapshot, of a table of another size too.
   * @throws RangeError where the bytes are no such snapshot
   */
  restore(bytes: Uint8Array): void {
    const words = new Int32Array(Uint8Array.from(bytes).buffer)
    const cells = (words.length - 2) / 2
    if (!(cells >= 32) || !Number.isInteger(Math.log2(cells)))
      throw new RangeError('recent order ids: not a snapshot of them')
    if (words[0] === this.remembered && cells === this.young.length) {
      this.count = words[1]!
      this.young = words.slice(2, 2 + cells)
      this.old = words.slice(2 + cells)
      return
    }
    // The old ones first: they are the first to be forgotten.
    for (const from of [2 + cells, 2])
      for (let at = from; at < from + cells; at += 2)
        if (words[at] !== 0 || words[at + 1] !== 0) this.add(words[at]!, words[at + 1]!)
  }

  private isTaken(cells: Int32Array, at: number): boolean {
    return cells[at * 2] !== 0 || cells[at * 2 + 1] !== 0
  }

  private turn(): void {
    const { old } = this
    this.old = this.young
    this.young = old.fill(0)
    this.count = 0
  }
}

/** The cell of an id, or the empty cell where it would go. */
function find(cells: Int32Array, mask: number, low: number, high: number): number {
  let at = keyHash(idKey(low, high)) & mask
  while (
    (cells[at * 2] !== low || cells[at * 2 + 1] !== high) &&
    (cells[at * 2] !== 0 || cells[at * 2 + 1] !== 0)
  )
    at = (at + 1) & mask
  return at
}
