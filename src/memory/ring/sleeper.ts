import type { Parking } from './parking.ts'

/** Looks before a thread parks: some 15 microseconds, about what falling asleep and being woken costs. */
export const SPIN_TURNS = 500

/** Tells the processor that this is a loop that waits, where it can be told. */
const pause: (() => void) | undefined = (Atomics as unknown as { pause?: () => void }).pause

/** One side of a ring that waits for the other: looks for a while, then sleeps. A processor is busy for no longer. */
export class Sleeper {
  private readonly words: Int32Array
  private readonly parking: Parking
  private readonly wants: number
  private readonly wake: number
  private readonly isReady: (wanted: number) => boolean
  private readonly spinTurns: number

  /**
   * @param wants the word that says what this side waits for
   * @param wake the word that changes when it is woken
   * @param isReady whether there is what was wanted, by the words of the other side
   */
  constructor(
    words: Int32Array,
    parking: Parking,
    wants: number,
    wake: number,
    isReady: (wanted: number) => boolean,
    spinTurns: number,
  ) {
    this.words = words
    this.parking = parking
    this.wants = wants
    this.wake = wake
    this.isReady = isReady
    this.spinTurns = spinTurns
  }

  /** Stops this thread until there is what was wanted. Returns false if that was not so in time. */
  block(wanted: number, timeoutMs: number): boolean {
    if (this.spin(wanted)) return true
    for (let began = -1; ;) {
      const seen = Atomics.load(this.words, this.wake)
      Atomics.store(this.words, this.wants, wanted)
      // Looked at once more, since the other side may have acted before it could see that anyone sleeps.
      if (this.isReady(wanted)) return true
      if (began < 0) began = performance.now()
      const leftMs = timeoutMs - (performance.now() - began)
      if (leftMs <= 0) return false
      this.parking.block(this.wake, seen, leftMs)
    }
  }

  /** The same without stopping the thread. */
  async wait(wanted: number, timeoutMs: number): Promise<boolean> {
    if (this.spin(wanted)) return true
    for (let began = -1; ;) {
      const seen = Atomics.load(this.words, this.wake)
      Atomics.store(this.words, this.wants, wanted)
      if (this.isReady(wanted)) return true
      if (began < 0) began = performance.now()
      const leftMs = timeoutMs - (performance.now() - began)
      if (leftMs <= 0) return false
      await this.parking.wait(this.wake, seen, leftMs)
    }
  }

  private spin(wanted: number): boolean {
    for (let turn = 0; turn < this.spinTurns; turn++) {
      if (this.isReady(wanted)) return true
      pause?.()
    }
    return this.isReady(wanted)
  }
}

/** Wakes a side that has said that it sleeps. */
export function wakeUp(words: Int32Array, parking: Parking, wants: number, wake: number): void {
  Atomics.store(words, wants, 0)
  Atomics.add(words, wake, 1)
  parking.wake(wake)
}
