import * as bitsNames from '../../memory/bits.ts'
import * as heapNames from '../../memory/heap.ts'
import type { BookHeap } from './book-heap.ts'
import * as ladderLayout from './ladder-layout.ts'
import * as levelLayout from './level.ts'

export { SIDE_BEST, SIDE_LEVELS, SIDE_RISING, SIDE_ROOT, SIDE_SHIFT, SIDE_WORDS } from './ladder-layout.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { bitsAbove, bitsBelow, highestBit, lowestBit } = bitsNames
const { NONE } = heapNames
const { NODE_BITS, NODE_KEY, NODE_PARENT, RADIX_BITS, RADIX_MASK } = ladderLayout
const { SIDE_LEAF, SIDE_RISING, SIDE_ROOT, SIDE_SHIFT } = ladderLayout
const { LEVEL_LEAF, LEVEL_PRICE_TICKS, LEVEL_SIDE } = levelLayout

/** The level of a price, made if it is not there; NONE when no memory is left. May replace the heap's views. */
export function ensureLevel({ kernel }: BookHeap, side: number, priceTicks: number): number {
  return kernel.ensureLevel(side, priceTicks)
}

/** Takes an empty level off its side. */
export function removeLevel({ kernel }: BookHeap, level: number): void {
  kernel.removeLevel(level)
}

/** The level of a price, or NONE. */
export function findLevel(words: Int32Array, side: number, priceTicks: number): number {
  let node = words[side + SIDE_LEAF]!
  if (node === NONE || words[node + NODE_KEY] !== priceTicks >>> RADIX_BITS) {
    let shift = words[side + SIDE_SHIFT]!
    node = words[side + SIDE_ROOT]!
    if (node === NONE || words[node + NODE_KEY] !== keyAt(priceTicks, shift)) return NONE
    for (; shift > 0; shift -= RADIX_BITS) {
      const way = (priceTicks >>> shift) & RADIX_MASK
      if (((words[node + NODE_BITS]! >>> way) & 1) === 0) return NONE
      node = words[node + way]!
    }
  }
  const way = priceTicks & RADIX_MASK
  return ((words[node + NODE_BITS]! >>> way) & 1) === 0 ? NONE : words[node + way]!
}

/** The next worse level of the same side, or NONE. */
export function nextLevel(words: Int32Array, level: number): number {
  const isRising = words[words[level + LEVEL_SIDE]! + SIDE_RISING] === 1
  let way = words[level + LEVEL_PRICE_TICKS]! & RADIX_MASK
  let node = words[level + LEVEL_LEAF]!
  let depth = 0
  for (;;) {
    const bits = words[node + NODE_BITS]!
    const rest = isRising ? bitsAbove(bits, way) : bitsBelow(bits, way)
    if (rest !== 0) {
      let child = words[node + (isRising ? lowestBit(rest) : highestBit(rest))]!
      for (; depth > 0; depth--) {
        const taken = words[child + NODE_BITS]!
        child = words[child + (isRising ? lowestBit(taken) : highestBit(taken))]!
      }
      return child
    }
    way = words[node + NODE_KEY]! & RADIX_MASK
    node = words[node + NODE_PARENT]!
    if (node === NONE) return NONE
    depth++
  }
}

/** Adds the tree nodes above a level to those that are known. */
export function addNodes(words: Int32Array, level: number, nodes: Set<number>): void {
  let node = words[level + LEVEL_LEAF]!
  for (; node !== NONE && !nodes.has(node); node = words[node + NODE_PARENT]!) nodes.add(node)
}

/** Whether a price comes before another on a side that rises (1) or falls (0) from its best. */
export function isBetter(rising: number, priceTicks: number, thanTicks: number): boolean {
  return rising === 1 ? priceTicks < thanTicks : priceTicks > thanTicks
}

/** The price bits above those that a node at `shift` splits: none above the top node, whose shift is 30. */
function keyAt(priceTicks: number, shift: number): number {
  return shift === 30 ? 0 : priceTicks >>> (shift + RADIX_BITS)
}
