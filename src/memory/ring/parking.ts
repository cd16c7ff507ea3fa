/** How a thread sleeps until another one changes a word of memory that both have. */
export interface Parking {
  /** Stops this thread until the word is no longer `seen`, someone wakes it, or the time is over. */
  block(word: number, seen: number, timeoutMs: number): void
  /** The same for a thread that has other things to do: its event loop goes on. */
  wait(word: number, seen: number, timeoutMs: number): Promise<void>
  /** Wakes all who sleep on a word. */
  wake(word: number): void
}

interface Waiter {
  readonly async: boolean
  readonly value: Promise<string> | string
}

/** Not in the types of ES2023; in Node.js since 16. */
const { waitAsync } = Atomics as unknown as {
  waitAsync(this: void, words: Int32Array, word: number, seen: number, timeoutMs: number): Waiter
}

/** Longest time that a timer can count, in milliseconds. */
const LONG_MS = 2_000_000_000

/** Between threads of one process, over a SharedArrayBuffer. */
export class AtomicsParking implements Parking {
  private readonly words: Int32Array

  /** @param words over a SharedArrayBuffer */
  constructor(words: Int32Array) {
    this.words = words
  }

  block(word: number, seen: number, timeoutMs: number): void {
    Atomics.wait(this.words, word, seen, timeoutMs)
  }

  async wait(word: number, seen: number, timeoutMs: number): Promise<void> {
    const waiter = waitAsync(this.words, word, seen, timeoutMs)
    if (!waiter.async) return
    // The wait alone does not keep a process alive, and one that waits for another thread is not at its end.
    const alive = setInterval(() => {}, LONG_MS)
    await waiter.value
    clearInterval(alive)
  }

  wake(word: number): void {
    Atomics.notify(this.words, word)
  }
}

/** Where nothing can be woken: looks again and again, first at once, then ever more rarely. */
export class TimedParking implements Parking {
  private readonly words: Int32Array
  private readonly nap: Int32Array

  constructor(words: Int32Array) {
    this.words = words
    this.nap = new Int32Array(new SharedArrayBuffer(4))
  }

  block(word: number, seen: number, timeoutMs: number): void {
    const deadline = performance.now() + timeoutMs
    for (let napMs = SHORTEST_NAP_MS; Atomics.load(this.words, word) === seen; napMs = longer(napMs)) {
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) return
      Atomics.wait(this.nap, 0, 0, Math.min(napMs, leftMs))
    }
  }

  async wait(word: number, seen: number, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs
    for (let turn = 0; turn < TURNS; turn++) {
      if (Atomics.load(this.words, word) !== seen) return
      await new Promise(setImmediate)
    }
    for (let napMs = 1; Atomics.load(this.words, word) === seen; napMs = longer(napMs)) {
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) return
      const ms = Math.min(napMs, leftMs)
      await new Promise((resolve) => {
        setTimeout(resolve, ms)
      })
    }
  }

  wake(): void {}
}

const SHORTEST_NAP_MS = 0.1
const LONGEST_NAP_MS = 10
/** Turns of the event loop before timers come in. */
const TURNS = 16

function longer(napMs: number): number {
  return Math.min(LONGEST_NAP_MS, napMs * 1.5)
}
