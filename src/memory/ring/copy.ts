import { RECORD_WORDS } from './layout.ts'

/** From so many words on, the machine's own copy is faster than a loop, in spite of the two views that it needs. */
const LOOP_WORDS = 512

/** Copies words from one array to another. */
export function copyWords(
  from: Int32Array,
  fromAt: number,
  into: Int32Array,
  intoAt: number,
  words: number,
): void {
  if (words >= LOOP_WORDS) into.set(from.subarray(fromAt, fromAt + words), intoAt)
  else for (let i = 0; i < words; i++) into[intoAt + i] = from[fromAt + i]!
}

/**
 * Copies records into the slots of a ring from a position on, and on from its first slot where they reach its end.
 * @param from the first record's place in `words`, counted in records
 */
export function copyIntoRing(
  ring: Int32Array,
  recordsAt: number,
  mask: number,
  position: number,
  words: Int32Array,
  from: number,
  count: number,
): void {
  const slot = position & mask
  const straight = Math.min(count, mask + 1 - slot)
  copyWords(words, from * RECORD_WORDS, ring, recordsAt + slot * RECORD_WORDS, straight * RECORD_WORDS)
  if (straight < count)
    copyWords(words, (from + straight) * RECORD_WORDS, ring, recordsAt, (count - straight) * RECORD_WORDS)
}

/**
 * Copies records out of the slots of a ring, the other way round.
 * @param at the first record's place in `into`, counted in records
 */
export function copyOutOfRing(
  ring: Int32Array,
  recordsAt: number,
  mask: number,
  position: number,
  into: Int32Array,
  at: number,
  count: number,
): void {
  const slot = position & mask
  const straight = Math.min(count, mask + 1 - slot)
  copyWords(ring, recordsAt + slot * RECORD_WORDS, into, at * RECORD_WORDS, straight * RECORD_WORDS)
  if (straight < count)
    copyWords(ring, recordsAt, into, (at + straight) * RECORD_WORDS, (count - straight) * RECORD_WORDS)
}
