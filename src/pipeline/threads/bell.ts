const RINGS = 0
const IS_ASLEEP = 1
/** Looks before a thread falls asleep: some 10 microseconds, less than it takes to be woken. */
const SPIN_TURNS = 300
/** Longest time that a timer can count, in milliseconds. */
const LONG_MS = 2_000_000_000

/** Not in the types of ES2023. */
const { waitAsync, pause } = Atomics as unknown as {
  waitAsync(
    this: void,
    words: Int32Array,
    at: number,
    seen: number,
  ): { readonly async: boolean; readonly value: Promise<string> | string }
  readonly pause?: (this: void) => void
}

/** 128 bytes: two words that nobody else's words share a cache line with. */
export function bellMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(128)
}

/** What the threads of a pipeline wake one of them with, when there is something for it in a ring. */
export class Bell {
  private readonly words: Int32Array
  private isListening: boolean

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory)
    this.isListening = false
  }

  /** Wakes the thread, if it sleeps. */
  ring(): void {
    Atomics.add(this.words, RINGS, 1)
    if (Atomics.load(this.words, IS_ASLEEP) !== 0) Atomics.notify(this.words, RINGS)
  }

  /** Has a function called after each time that the bell was rung, until `stop`. Keeps the thread's event loop alive. */
  listen(hear: () => void): void {
    this.isListening = true
    const alive = setInterval(() => {}, LONG_MS)
    void this.hearAll(hear).finally(() => clearInterval(alive))
  }

  stop(): void {
    this.isListening = false
    this.ring()
  }

  private async hearAll(hear: () => void): Promise<void> {
    const { words } = this
    while (this.isListening) {
      const seen = Atomics.load(words, RINGS)
      hear()
      if (this.spin(seen)) {
        // The thread's own work comes first; it finds what there is by itself while it has some.
        await new Promise(setImmediate)
        continue
      }
      Atomics.store(words, IS_ASLEEP, 1)
      const waiter = waitAsync(words, RINGS, seen)
      if (waiter.async) await waiter.value
      Atomics.store(words, IS_ASLEEP, 0)
    }
  }

  private spin(seen: number): boolean {
    for (let turn = 0; turn < SPIN_TURNS; turn++) {
      if (Atomics.load(this.words, RINGS) !== seen) return true
      pause?.()
    }
    return false
  }
}
