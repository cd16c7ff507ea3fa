import { copyIntoRing } from './copy.ts'
import { STAMP_END, STAMP_WORDS, type RingLayout } from './layout.ts'
import type { Parking } from './parking.ts'
import { abortRing, CLOSED, endRing, isAborted } from './ring-state.ts'
import { Sleeper, SPIN_TURNS, wakeUp } from './sleeper.ts'

/**
 * One of the producers of a ring with many; each thread has one of its own.
 *
 * A producer claims room for a batch, fills it, and marks the batch as there, with its length, at its first slot. Others
 * may be there sooner: nobody waits for anybody, and the consumer comes to the batches in the order of the claims.
 */
export class MpscWriter {
  readonly capacity: number
  private readonly words: Int32Array
  private readonly times: Float64Array
  private readonly layout: RingLayout
  private readonly parking: Parking
  private readonly sleeper: Sleeper
  private readonly mask: number
  private readonly recordsAt: number
  private readonly marksAt: number
  private readonly claimAt: number
  private readonly headAt: number
  private readonly wantsAt: number
  private headSeen: number

  constructor(words: Int32Array, layout: RingLayout, parking: Parking, spinTurns: number = SPIN_TURNS) {
    this.capacity = layout.capacity
    this.words = words
    this.times = new Float64Array(words.buffer, words.byteOffset, words.length >> 1)
    this.layout = layout
    this.parking = parking
    this.sleeper = new Sleeper(
      words,
      parking,
      layout.producerWants,
      layout.producerWake,
      (wanted) => this.room() >= wanted || isAborted(this.words),
      spinTurns,
    )
    this.mask = layout.capacity - 1
    this.recordsAt = layout.recordsAt
    this.marksAt = layout.stampsAt
    this.claimAt = layout.claim
    this.headAt = layout.head
    this.wantsAt = layout.consumerWants
    this.headSeen = Atomics.load(words, layout.head)
  }

  /**
   * Puts records in, one behind the other with none of another producer's in between, and publishes them.
   * @param from the first record's place in `words`, counted in records
   * @param stampUs when this is, in microseconds of any clock; 0 leaves it out
   * @returns how many there was room for, or CLOSED if the consumer has broken off
   */
  write(words: Int32Array, from: number, count: number, stampUs = 0): number {
    const claim = this.claim(count)
    const taken = this.claimed
    if (taken <= 0) return taken === 0 && isAborted(this.words) ? CLOSED : 0
    copyIntoRing(this.words, this.recordsAt, this.mask, claim, words, from, taken)
    const mark = this.marksAt + (claim & this.mask) * STAMP_WORDS
    this.times[mark >> 1] = stampUs
    Atomics.store(this.words, mark + STAMP_END, taken)
    if (Atomics.load(this.words, this.wantsAt) !== 0)
      wakeUp(this.words, this.parking, this.wantsAt, this.layout.consumerWake)
    return taken
  }

  /** Records that there is room for now; others may take it first. */
  room(): number {
    return this.capacity - this.depth()
  }

  /** Records that wait for the consumer. */
  depth(): number {
    // The head first: read the other way round, it might have passed the claim that was read.
    const head = Atomics.load(this.words, this.headAt)
    return Math.min(this.capacity, (Atomics.load(this.words, this.claimAt) - head) | 0)
  }

  /** Stops this thread until there is room, which others may take first. Returns false if there was none in time. */
  blockForRoom(records = 1, timeoutMs = Infinity): boolean {
    return this.sleeper.block(Math.min(records, this.capacity), timeoutMs)
  }

  /** The same without stopping the thread. */
  waitForRoom(records = 1, timeoutMs = Infinity): Promise<boolean> {
    return this.sleeper.wait(Math.min(records, this.capacity), timeoutMs)
  }

  /** This producer is through. The stream ends when all of them are. */
  end(): void {
    endRing(this.words, this.layout, this.parking)
  }

  abort(): void {
    abortRing(this.words, this.layout, this.parking)
  }

  get isAborted(): boolean {
    return isAborted(this.words)
  }

  /** How much the last claim got: a second answer without an object for it. */
  private claimed = 0

  /** Takes room for as many records as there is room for, `count` at most, and returns the position of the first. */
  private claim(count: number): number {
    const { words, claimAt } = this
    let claim = Atomics.load(words, claimAt)
    for (;;) {
      let room = this.capacity - ((claim - this.headSeen) | 0)
      if (room < count) {
        this.headSeen = Atomics.load(words, this.headAt)
        room = this.capacity - ((claim - this.headSeen) | 0)
      }
      // A claim read long ago may be behind the head by now; then it fails below and is read again.
      const taken = Math.max(0, Math.min(room, count))
      if (taken === 0) {
        this.claimed = 0
        return claim
      }
      const found = Atomics.compareExchange(words, claimAt, claim, (claim + taken) | 0)
      if (found === claim) {
        this.claimed = taken
        return claim
      }
      claim = found
    }
  }
}
