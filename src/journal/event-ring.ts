import { RECORD_BYTES, RECORD_WORDS } from '../book/record.ts'

/** Events that fit in: 16 MiB, some 40 ms of flow at full speed. */
const CAPACITY = 262_144
const MASK = CAPACITY - 1
const CONTROL_BYTES = 64

/** Words of the ring's control part. */
const WRITTEN = 0
const TAKEN = 1
const STATE = 2
const PREPARE = 3

export const RingState = { open: 0, closing: 1, failed: 2 } as const

/**
 * Event records on their way from the thread that matches to the one that writes them down: a ring over shared memory,
 * one writer and one reader. Who finds it full waits; so the matching is held back by a slow disk and memory stays as it is.
 */
export class EventRing {
  readonly shared: SharedArrayBuffer
  private readonly control: Int32Array
  private readonly words: Int32Array

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(CONTROL_BYTES + CAPACITY * RECORD_BYTES)) {
    this.shared = shared
    this.control = new Int32Array(shared, 0, CONTROL_BYTES / 4)
    this.words = new Int32Array(shared, CONTROL_BYTES)
  }

  get state(): number {
    return Atomics.load(this.control, STATE)
  }

  /** Ends the ring, in one of the ways there are. Whoever waits is woken. */
  end(state: number): void {
    Atomics.store(this.control, STATE, state)
    Atomics.notify(this.control, WRITTEN)
    Atomics.notify(this.control, TAKEN)
  }

  /** Asks the reader to prepare the next segment of commands. */
  askForSegment(): void {
    Atomics.store(this.control, PREPARE, 1)
  }

  /** Whether that was asked since the last call. */
  takeAsk(): boolean {
    return Atomics.exchange(this.control, PREPARE, 0) === 1
  }

  /**
   * Puts in so many records, from the first word on; waits while there is no room.
   * @returns false if the reader has failed
   */
  put(records: Int32Array, count: number): boolean {
    let done = 0
    while (done < count) {
      const written = this.control[WRITTEN]!
      const taken = Atomics.load(this.control, TAKEN)
      const room = Math.min(CAPACITY - ((written - taken) | 0), CAPACITY - (written & MASK), count - done)
      if (this.state === RingState.failed) return false
      if (room === 0) Atomics.wait(this.control, TAKEN, taken, WAIT_MS)
      else {
        const from = done * RECORD_WORDS
        this.words.set(records.subarray(from, from + room * RECORD_WORDS), (written & MASK) * RECORD_WORDS)
        done += room
        Atomics.store(this.control, WRITTEN, (written + room) | 0)
        Atomics.notify(this.control, WRITTEN)
      }
    }
    return true
  }

  /** Waits for records, or for something to happen. Returns how many are at hand in one piece. */
  await(): number {
    const taken = this.control[TAKEN]!
    const written = Atomics.load(this.control, WRITTEN)
    if (written === taken && this.state === RingState.open)
      Atomics.wait(this.control, WRITTEN, written, WAIT_MS)
    const count = (Atomics.load(this.control, WRITTEN) - taken) | 0
    return Math.min(count, CAPACITY - (taken & MASK))
  }

  /** Copies the first `count` records that are at hand. */
  copy(into: Int32Array, count: number): void {
    const from = (this.control[TAKEN]! & MASK) * RECORD_WORDS
    into.set(this.words.subarray(from, from + count * RECORD_WORDS))
  }

  /** Gives the room of `count` records back. */
  release(count: number): void {
    Atomics.store(this.control, TAKEN, (this.control[TAKEN]! + count) | 0)
    Atomics.notify(this.control, TAKEN)
  }
}

/** After so long a wait is over even if nobody ended it: what is waited for may have come in between. */
const WAIT_MS = 20
