import type { Parking } from './parking.ts'
import { OPEN, RingState, STATE, type RingLayout } from './layout.ts'
import { wakeUp } from './sleeper.ts'

/** What `write` and `read` answer once nothing more will come of it: the stream is at its end, or was broken off. */
export const CLOSED = -1

/** Marks the end of the stream once every producer has come to its own, and wakes whoever waits. */
export function endRing(words: Int32Array, layout: RingLayout, parking: Parking): void {
  if (Atomics.sub(words, OPEN, 1) > 1) return
  Atomics.compareExchange(words, STATE, RingState.open, RingState.ended)
  wakeUp(words, parking, layout.consumerWants, layout.consumerWake)
}

/** Breaks the stream off: neither side gives or takes any more. */
export function abortRing(words: Int32Array, layout: RingLayout, parking: Parking): void {
  Atomics.store(words, STATE, RingState.aborted)
  wakeUp(words, parking, layout.consumerWants, layout.consumerWake)
  wakeUp(words, parking, layout.producerWants, layout.producerWake)
}

export function isAborted(words: Int32Array): boolean {
  return Atomics.load(words, STATE) === RingState.aborted
}
