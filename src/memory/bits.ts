/** Position (0 to 31) of the lowest set bit of a word that is not zero. */
export function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word)
}

/** Position (0 to 31) of the highest set bit of a word that is not zero. */
export function highestBit(word: number): number {
  return 31 - Math.clz32(word)
}

/** The bits of `word` strictly above position `at` (0 to 31). */
export function bitsAbove(word: number, at: number): number {
  return word & (-2 << at)
}

/** The bits of `word` strictly below position `at` (0 to 31). */
export function bitsBelow(word: number, at: number): number {
  return word & ((1 << at) - 1)
}

/** The smallest power of two that is not below `value` (1 to 2^30). */
export function powerOfTwoAtLeast(value: number): number {
  return value <= 1 ? 1 : 1 << (32 - Math.clz32(value - 1))
}
