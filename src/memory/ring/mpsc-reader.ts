import { copyOutOfRing } from './copy.ts'
import { RingState, STAMP_END, STAMP_WORDS, STATE, type RingLayout } from './layout.ts'
import type { Parking } from './parking.ts'
import { abortRing, CLOSED, isAborted } from './ring-state.ts'
import { Sleeper, SPIN_TURNS, wakeUp } from './sleeper.ts'

/** The one consumer of a ring with many producers. Room is given back a whole batch at a time. */
export class MpscReader {
  readonly capacity: number
  private readonly words: Int32Array
  private readonly layout: RingLayout
  private readonly parking: Parking
  private readonly sleeper: Sleeper
  private readonly mask: number
  private readonly recordsAt: number
  private readonly marksAt: number
  private readonly headAt: number
  private readonly wantsAt: number
  /** Next record to take; up to where batches are known to be there; the batch that is released next. */
  private head: number
  private known: number
  private released: number
  private highWater: number

  constructor(words: Int32Array, layout: RingLayout, parking: Parking, spinTurns: number = SPIN_TURNS) {
    this.capacity = layout.capacity
    this.words = words
    this.layout = layout
    this.parking = parking
    this.sleeper = new Sleeper(
      words,
      parking,
      layout.consumerWants,
      layout.consumerWake,
      (wanted) => this.look(wanted) >= wanted || Atomics.load(words, STATE) !== RingState.open,
      spinTurns,
    )
    this.mask = layout.capacity - 1
    this.recordsAt = layout.recordsAt
    this.marksAt = layout.stampsAt
    this.headAt = layout.head
    this.wantsAt = layout.producerWants
    this.head = Atomics.load(words, layout.head)
    this.known = this.head
    this.released = this.head
    this.highWater = words[layout.highWater]!
  }

  /** Takes records out and releases them. Answers as SpscReader does. */
  read(into: Int32Array, max: number, at = 0): number {
    const count = this.take(into, max, at)
    if (count > 0) this.release()
    return count
  }

  /** The same, but producers get the room only after `release`. */
  take(into: Int32Array, max: number, at = 0): number {
    const { head, mask } = this
    let waiting = (this.known - head) | 0
    if (waiting < max) {
      waiting = this.look(max)
      if (waiting === 0) return this.nothing()
    }
    const taken = Math.min(waiting, max)
    copyOutOfRing(this.words, this.recordsAt, mask, head, into, at, taken)
    this.head = (head + taken) | 0
    return taken
  }

  /** Gives the room of every batch that was taken whole back to the producers, and wakes them if that is enough. */
  release(): void {
    const { words } = this
    let { released } = this
    while (released !== this.head) {
      const mark = this.marksAt + (released & this.mask) * STAMP_WORDS + STAMP_END
      const end = (released + words[mark]!) | 0
      if (((end - this.head) | 0) > 0) break
      // Before the room is given back: then the mark is another's to write.
      words[mark] = 0
      released = end
    }
    if (released === this.released) return
    this.released = released
    Atomics.store(words, this.headAt, released)
    const wanted = Atomics.load(words, this.wantsAt)
    if (wanted !== 0 && this.room() >= wanted)
      wakeUp(words, this.parking, this.wantsAt, this.layout.producerWake)
  }

  /** Records that were claimed and are not yet released. */
  depth(): number {
    return (Atomics.load(this.words, this.layout.claim) - this.released) | 0
  }

  /** Room, in records, that the producers have now. */
  room(): number {
    return this.capacity - this.depth()
  }

  /** Stops this thread until there is a record, or there will be none. Returns false if neither was so in time. */
  blockForRecords(timeoutMs = Infinity): boolean {
    return this.sleeper.block(1, timeoutMs)
  }

  /** The same without stopping the thread. */
  waitForRecords(timeoutMs = Infinity): Promise<boolean> {
    return this.sleeper.wait(1, timeoutMs)
  }

  abort(): void {
    abortRing(this.words, this.layout, this.parking)
  }

  get isAborted(): boolean {
    return isAborted(this.words)
  }

  /** Goes from batch to batch until `wanted` records are known to be there, and returns how many are. */
  private look(wanted: number): number {
    const { words, mask, marksAt } = this
    let { known } = this
    // A whole ring further on stands the mark of the batch that is not released yet.
    while (((known - this.head) | 0) < wanted && ((known - this.released) | 0) < this.capacity) {
      const count = Atomics.load(words, marksAt + (known & mask) * STAMP_WORDS + STAMP_END)
      if (count === 0) break
      known = (known + count) | 0
    }
    this.known = known
    const waiting = (known - this.released) | 0
    if (waiting > this.highWater) {
      this.highWater = waiting
      words[this.layout.highWater] = waiting
    }
    return (known - this.head) | 0
  }

  private nothing(): number {
    const state = Atomics.load(this.words, STATE)
    if (state === RingState.open) return 0
    if (state === RingState.aborted) return CLOSED
    return this.look(1) === 0 ? CLOSED : 0
  }
}
