import { copyIntoRing } from './copy.ts'
import type { RingLayout } from './layout.ts'
import type { Parking } from './parking.ts'
import { abortRing, CLOSED, endRing, isAborted } from './ring-state.ts'
import { Sleeper, SPIN_TURNS, wakeUp } from './sleeper.ts'
import { BatchStamps } from './stamps.ts'

/**
 * The one producer of a ring with one producer.
 *
 * Records are put into the ring and become visible to the consumer when they are published, all of them by one write
 * to memory that the consumer reads. Where the consumer is, is read again only when what was last seen of it leaves no
 * room.
 */
export class SpscWriter {
  readonly capacity: number
  readonly stamps: BatchStamps
  private readonly words: Int32Array
  private readonly layout: RingLayout
  private readonly parking: Parking
  private readonly sleeper: Sleeper
  private readonly mask: number
  private readonly recordsAt: number
  private readonly tailAt: number
  private readonly headAt: number
  private readonly wantsAt: number
  /** Records put in, and how many of them the consumer can see. */
  private tail: number
  private published: number
  private headSeen: number
  private highWater: number

  constructor(words: Int32Array, layout: RingLayout, parking: Parking, spinTurns: number = SPIN_TURNS) {
    this.capacity = layout.capacity
    this.stamps = new BatchStamps(words, layout)
    this.words = words
    this.layout = layout
    this.parking = parking
    this.sleeper = new Sleeper(
      words,
      parking,
      layout.producerWants,
      layout.producerWake,
      (wanted) => this.hasRoom(wanted),
      spinTurns,
    )
    this.mask = layout.capacity - 1
    this.recordsAt = layout.recordsAt
    this.tailAt = layout.tail
    this.headAt = layout.head
    this.wantsAt = layout.consumerWants
    this.tail = Atomics.load(words, layout.tail)
    this.published = this.tail
    this.headSeen = Atomics.load(words, layout.head)
    this.highWater = words[layout.producerHighWater]!
  }

  /** Position behind the last record put in, modulo 2^32. */
  get position(): number {
    return this.tail
  }

  /**
   * Puts records in and publishes them.
   * @param from the first record's place in `words`, counted in records
   * @returns how many there was room for, or CLOSED if the consumer has broken off
   */
  write(words: Int32Array, from: number, count: number, stampUs = 0): number {
    const written = this.put(words, from, count)
    if (written > 0) this.publish(stampUs)
    return written
  }

  /** Puts records in that the consumer sees only after `publish`. Answers as `write` does. */
  put(words: Int32Array, from: number, count: number): number {
    const { tail, mask } = this
    let room = this.capacity - ((tail - this.headSeen) | 0)
    if (room < count) {
      room = this.look()
      if (room === 0 && isAborted(this.words)) return CLOSED
    }
    const taken = Math.min(room, count)
    copyIntoRing(this.words, this.recordsAt, mask, tail, words, from, taken)
    this.tail = (tail + taken) | 0
    return taken
  }

  /**
   * Lets the consumer see what was put in, and wakes it if it sleeps.
   * @param stampUs when this is, in microseconds of any clock, so that the age of what waits can be told; 0 leaves it out
   */
  publish(stampUs = 0): void {
    if (stampUs !== 0) this.stamps.add(stampUs, this.tail, this.headSeen)
    this.published = this.tail
    Atomics.store(this.words, this.tailAt, this.tail)
    if (Atomics.load(this.words, this.wantsAt) !== 0)
      wakeUp(this.words, this.parking, this.wantsAt, this.layout.consumerWake)
  }

  /** Records that there is room for now. */
  room(): number {
    return this.look()
  }

  /** Records that wait for the consumer. */
  depth(): number {
    return (this.published - Atomics.load(this.words, this.headAt)) | 0
  }

  /** Stops this thread until there is room. Returns false if there was none in time. True too if it was broken off. */
  blockForRoom(records = 1, timeoutMs = Infinity): boolean {
    return this.sleeper.block(Math.min(records, this.capacity), timeoutMs)
  }

  /** The same without stopping the thread. */
  waitForRoom(records = 1, timeoutMs = Infinity): Promise<boolean> {
    return this.sleeper.wait(Math.min(records, this.capacity), timeoutMs)
  }

  /** No more will come. What was put in is published first. */
  end(): void {
    if (this.published !== this.tail) this.publish()
    endRing(this.words, this.layout, this.parking)
  }

  abort(): void {
    abortRing(this.words, this.layout, this.parking)
  }

  get isAborted(): boolean {
    return isAborted(this.words)
  }

  /** Finds out where the consumer is, and returns how much room that leaves. */
  private look(): number {
    this.headSeen = Atomics.load(this.words, this.headAt)
    const waiting = (this.tail - this.headSeen) | 0
    if (waiting > this.highWater) {
      this.highWater = waiting
      this.words[this.layout.producerHighWater] = waiting
    }
    return this.capacity - waiting
  }

  private hasRoom(wanted: number): boolean {
    return this.look() >= wanted || isAborted(this.words)
  }
}
