/** A 64-bit id, by its halves, in 32 bits: its low half where the high one is 0, as in most. Equal ids have equal keys. */
export function idKey(low: number, high: number): number {
  return low ^ Math.imul(high, 0x85eb_ca6b)
}

/**
 * Where the key of an id belongs in a table whose size is a power of two; the caller masks it. Fibonacci hashing (Knuth,
 * TAOCP 3, 6.4) of the key without its last three bits, which stay as they are: eight ids in a row share a cache line,
 * and ids are mostly given out in sequence.
 */
export function keyHash(key: number): number {
  const group = Math.imul(key >>> 3, 0x9e37_79b1)
  return ((group ^ (group >>> 15)) << 3) | (key & 7)
}
