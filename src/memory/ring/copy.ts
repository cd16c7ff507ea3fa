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
