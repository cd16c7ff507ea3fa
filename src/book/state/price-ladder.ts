import * as bitsNames from '../../memory/bits.ts'
import { Heap, Pool } from '../../memory/heap.ts'
import * as heap from '../../memory/heap.ts'
import * as levelLayout from './level.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { bitsAbove, bitsBelow, highestBit, lowestBit } = bitsNames
const { NONE } = heap
const {
  LEVEL_CONCEALED,
  LEVEL_COUNT,
  LEVEL_HEAD,
  LEVEL_HIDDEN_COUNT,
  LEVEL_HIDDEN_HEAD,
  LEVEL_LEAF,
  LEVEL_PRICE_TICKS,
  LEVEL_SHOWN,
  LEVEL_SIDE,
  LEVEL_TAIL,
  LEVEL_TOUCHED,
  LEVEL_WORDS,
} = levelLayout

/**
 * A side of a ladder: the levels of one side of one book, best first. 8 words.
 *
 *  word
 *   0  best      best level
 *   1  root      of the tree
 *   2  shift     price bits below those that the root splits
 *   3  levels    how many
 *   4  leaf      the one found last: flow clusters around the best price
 *   5  rising    1 if the best is the lowest price (offers), 0 if the highest (bids)
 */
export const SIDE_WORDS = 8
export const SIDE_BEST = 0
export const SIDE_ROOT = 1
export const SIDE_SHIFT = 2
export const SIDE_LEVELS = 3
export const SIDE_RISING = 5

/** The same, this module's own. */
const [BEST, ROOT, SHIFT, LEVELS, LEAF, RISING] = [0, 1, 2, 3, 4, 5] as const

/** A node of the radix tree: 32 children, a bit for each that is there, and the way up. */
const NODE_WORDS = 36
const NODE_BITS = 32
const NODE_PARENT = 33
const NODE_KEY = 34

const RADIX_BITS = 5
const RADIX_MASK = 31

/**
 * Levels and tree nodes of many ladder sides, in one heap.
 *
 * Each side is a radix tree over the price: a node splits 5 bits of it 32 ways and keeps a bitmap of the ways
 * that are taken, so the next occupied level is found by counting zero bits and nothing is ever scanned. The
 * tree is only as high as the prices that are in it are far apart: one node for prices within 32 ticks, three for
 * 32,768, seven for all of them. Memory goes with the number of occupied levels, whatever the range between
 * them (at worst seven nodes of 144 bytes a level), and a side with no orders is 32 bytes.
 */
export class LadderHeap extends Heap {
  readonly levels: Pool
  readonly nodes: Pool

  constructor(words: number) {
    super(words)
    this.levels = new Pool(this, LEVEL_WORDS)
    this.nodes = new Pool(this, NODE_WORDS)
  }
}

/** The level of a price, or NONE. */
export function findLevel(words: Int32Array, side: number, priceTicks: number): number {
  let node = words[side + LEAF]!
  if (node === NONE || words[node + NODE_KEY] !== priceTicks >>> RADIX_BITS) {
    let shift = words[side + SHIFT]!
    node = words[side + ROOT]!
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

/** The level of a price, made if it is not there; NONE when no memory is left. May replace the heap's views. */
export function ensureLevel(heap: LadderHeap, side: number, priceTicks: number): number {
  const { words } = heap
  let leaf = words[side + LEAF]!
  if (leaf === NONE || words[leaf + NODE_KEY] !== priceTicks >>> RADIX_BITS) {
    leaf = ensureLeaf(heap, side, priceTicks)
    if (leaf === NONE) return NONE
  }
  const way = priceTicks & RADIX_MASK
  return ((heap.words[leaf + NODE_BITS]! >>> way) & 1) !== 0
    ? heap.words[leaf + way]!
    : addLevel(heap, side, leaf, priceTicks)
}

function addLevel(heap: LadderHeap, side: number, leaf: number, priceTicks: number): number {
  const level = heap.levels.take()
  if (level === NONE) {
    prune(heap, side, leaf)
    return NONE
  }
  const { words, totals } = heap
  const way = priceTicks & RADIX_MASK
  words[leaf + NODE_BITS]! |= 1 << way
  words[leaf + way] = level
  words[level + LEVEL_HEAD] = level
  words[level + LEVEL_TAIL] = level
  words[level + LEVEL_COUNT] = 0
  words[level + LEVEL_LEAF] = leaf
  words[level + LEVEL_PRICE_TICKS] = priceTicks
  words[level + LEVEL_SIDE] = side
  words[level + LEVEL_HIDDEN_HEAD] = NONE
  words[level + LEVEL_HIDDEN_COUNT] = 0
  words[level + LEVEL_TOUCHED] = 0
  totals[(level >> 1) + LEVEL_SHOWN] = 0
  totals[(level >> 1) + LEVEL_CONCEALED] = 0
  words[side + LEVELS]!++
  const best = words[side + BEST]!
  if (best === NONE || isBetter(words[side + RISING]!, priceTicks, words[best + LEVEL_PRICE_TICKS]!))
    words[side + BEST] = level
  return level
}

/** Takes an empty level off its side. */
export function removeLevel(heap: LadderHeap, level: number): void {
  const { words } = heap
  const side = words[level + LEVEL_SIDE]!
  const leaf = words[level + LEVEL_LEAF]!
  if (words[side + BEST] === level) words[side + BEST] = nextLevel(words, level)
  words[side + LEVELS]!--
  const bits = words[leaf + NODE_BITS]! & ~(1 << (words[level + LEVEL_PRICE_TICKS]! & RADIX_MASK))
  words[leaf + NODE_BITS] = bits
  if (bits === 0) prune(heap, side, leaf)
  heap.levels.give(level)
}

/** The next worse level of the same side, or NONE. */
export function nextLevel(words: Int32Array, level: number): number {
  const isRising = words[words[level + LEVEL_SIDE]! + RISING] === 1
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

/** The leaf node for a price, made if it is not there. */
function ensureLeaf(heap: LadderHeap, side: number, priceTicks: number): number {
  let node = heap.words[side + ROOT]!
  if (node === NONE) {
    node = takeNode(heap, NONE, priceTicks >>> RADIX_BITS)
    if (node === NONE) return NONE
    heap.words[side + ROOT] = node
    heap.words[side + SHIFT] = 0
  }
  let shift = heap.words[side + SHIFT]!
  while (heap.words[node + NODE_KEY] !== keyAt(priceTicks, shift)) {
    node = raiseRoot(heap, side, node, shift)
    if (node === NONE) {
      lowerRoot(heap, side)
      return NONE
    }
    shift += RADIX_BITS
  }
  while (shift > 0) {
    const way = (priceTicks >>> shift) & RADIX_MASK
    shift -= RADIX_BITS
    if (((heap.words[node + NODE_BITS]! >>> way) & 1) !== 0) {
      node = heap.words[node + way]!
      continue
    }
    const child = takeNode(heap, node, keyAt(priceTicks, shift))
    if (child === NONE) {
      prune(heap, side, node)
      return NONE
    }
    heap.words[node + NODE_BITS]! |= 1 << way
    heap.words[node + way] = child
    node = child
  }
  heap.words[side + LEAF] = node
  return node
}

/** Puts a node above the root, so that the tree covers 32 times the range. */
function raiseRoot(heap: LadderHeap, side: number, root: number, shift: number): number {
  const key = heap.words[root + NODE_KEY]!
  const above = takeNode(heap, NONE, key >>> RADIX_BITS)
  if (above === NONE) return NONE
  const { words } = heap
  const way = key & RADIX_MASK
  words[above + NODE_BITS] = 1 << way
  words[above + way] = root
  words[root + NODE_PARENT] = above
  words[side + ROOT] = above
  words[side + SHIFT] = shift + RADIX_BITS
  return above
}

function takeNode(heap: LadderHeap, parent: number, key: number): number {
  const node = heap.nodes.take()
  if (node === NONE) return NONE
  const { words } = heap
  words[node + NODE_BITS] = 0
  words[node + NODE_PARENT] = parent
  words[node + NODE_KEY] = key
  return node
}

/** Gives back an empty node, and those above it that it leaves empty; then lowers a root with a single way. */
function prune(heap: LadderHeap, side: number, leaf: number): void {
  const { words } = heap
  let node = leaf
  while (words[node + NODE_BITS] === 0) {
    const parent = words[node + NODE_PARENT]!
    const way = words[node + NODE_KEY]! & RADIX_MASK
    if (words[side + LEAF] === node) words[side + LEAF] = NONE
    heap.nodes.give(node)
    if (parent === NONE) {
      words[side + ROOT] = NONE
      return
    }
    words[parent + NODE_BITS]! &= ~(1 << way)
    node = parent
  }
  lowerRoot(heap, side)
}

function lowerRoot(heap: LadderHeap, side: number): void {
  const { words } = heap
  while (words[side + SHIFT]! > 0) {
    const root = words[side + ROOT]!
    const bits = words[root + NODE_BITS]!
    if ((bits & (bits - 1)) !== 0) return
    const child = words[root + lowestBit(bits)]!
    words[child + NODE_PARENT] = NONE
    words[side + ROOT] = child
    words[side + SHIFT]! -= RADIX_BITS
    heap.nodes.give(root)
  }
}

/** Whether a price comes before another on a side that rises (1) or falls (0) from its best. */
export function isBetter(rising: number, priceTicks: number, thanTicks: number): boolean {
  return rising === 1 ? priceTicks < thanTicks : priceTicks > thanTicks
}

/** The price bits above those that a node at `shift` splits: none above the top node, whose shift is 30. */
function keyAt(priceTicks: number, shift: number): number {
  return shift === 30 ? 0 : priceTicks >>> (shift + RADIX_BITS)
}
