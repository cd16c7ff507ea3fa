import { copyOutOfRing } from './copy.ts'
import { RECORD_WORDS, RingState, STATE, type RingLayout } from './layout.ts'
import type { Parking } from './parking.ts'
import { abortRing, CLOSED, isAborted } from './ring-state.ts'
import { Sleeper, SPIN_TURNS, wakeUp } from './sleeper.ts'

/**
 * The one consumer of a ring with one producer.
 *
 * What it has taken stays in the ring until it is released, so that a consumer that dies in between finds it again.
 */
export class SpscReader {
  readonly capacity: number
  private readonly words: Int32Array
  private readonly layout: RingLayout
  private readonly parking: Parking
  private readonly sleeper: Sleeper
  private readonly mask: number
  private readonly recordsAt: number
  private readonly tailAt: number
  private readonly headAt: number
  private readonly wantsAt: number
  private head: number
  private released: number
  private tailSeen: number
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
      (wanted) => this.hasRecords(wanted),
      spinTurns,
    )
    this.mask = layout.capacity - 1
    this.recordsAt = layout.recordsAt
    this.tailAt = layout.tail
    this.headAt = layout.head
    this.wantsAt = layout.producerWants
    this.head = Atomics.load(words, layout.head)
    this.released = this.head
    this.tailSeen = this.head
    this.highWater = words[layout.highWater]!
  }

  /** Position of the next record, modulo 2^32. */
  get position(): number {
    return this.head
  }

  /**
   * Takes records out and releases them.
   * @param into room for `max` records
   * @param at where the first of them goes, counted in records
   * @returns how many; 0 if there are none now, CLOSED if none will come
   */
  read(into: Int32Array, max: number, at = 0): number {
    const count = this.take(into, max, at)
    if (count > 0) this.release()
    return count
  }

  /** The same, but the producer gets the room only after `release`. */
  take(into: Int32Array, max: number, at = 0): number {
    const { head, mask } = this
    let waiting = (this.tailSeen - head) | 0
    if (waiting < max) {
      waiting = this.look()
      if (waiting === 0) return this.nothing()
    }
    const taken = Math.min(waiting, max)
    copyOutOfRing(this.words, this.recordsAt, mask, head, into, at, taken)
    this.head = (head + taken) | 0
    return taken
  }

  /** Gives the room of all that was taken back to the producer, and wakes it if it sleeps and that is enough for it. */
  release(): void {
    this.released = this.head
    Atomics.store(this.words, this.headAt, this.head)
    const wanted = Atomics.load(this.words, this.wantsAt)
    if (wanted !== 0 && this.capacity - this.depth() >= wanted)
      wakeUp(this.words, this.parking, this.wantsAt, this.layout.producerWake)
  }

  /** A word of the next record; only where there is one. */
  peek(word: number): number {
    return this.words[this.recordsAt + (this.head & this.mask) * RECORD_WORDS + word]!
  }

  /** Records that are published and not yet released. */
  depth(): number {
    return (Atomics.load(this.words, this.tailAt) - this.released) | 0
  }

  /** Room, in records, that the producer has now. */
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

  private look(): number {
    this.tailSeen = Atomics.load(this.words, this.tailAt)
    const waiting = (this.tailSeen - this.released) | 0
    if (waiting > this.highWater) {
      this.highWater = waiting
      this.words[this.layout.highWater] = waiting
    }
    return (this.tailSeen - this.head) | 0
  }

  /** Whether there is nothing for now or for good. An end is looked at before the tail, so that none is missed. */
  private nothing(): number {
    const state = Atomics.load(this.words, STATE)
    if (state === RingState.open) return 0
    if (state === RingState.aborted) return CLOSED
    return this.look() === 0 ? CLOSED : 0
  }

  private hasRecords(wanted: number): boolean {
    return this.look() >= wanted || Atomics.load(this.words, STATE) !== RingState.open
  }
}
