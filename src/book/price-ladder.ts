import * as bitsNames from '../memory/bits.ts'
import { Slab } from '../memory/slab.ts'
import * as slab from '../memory/slab.ts'
import * as levelLayout from './level.ts'
import * as record from './record.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { bitsAbove, bitsBelow, highestBit, lowestBit } = bitsNames
const { NONE } = slab
const {
  LEVEL_COUNT,
  LEVEL_DOUBLES,
  LEVEL_HEAD,
  LEVEL_LEAF,
  LEVEL_PRICE_TICKS,
  LEVEL_SIDE,
  LEVEL_TAIL,
  LEVEL_TOTAL,
  LEVEL_WORDS,
} = levelLayout
const { Side } = record

/** A node of the radix tree: 32 children, a bit for each that is there, and the way up. */
const NODE_WORDS = 36
const NODE_BITS = 32
const NODE_PARENT = 33
const NODE_KEY = 34

/** One side of one book. */
const SIDE_WORDS = 8
const SIDE_BEST = 0
const SIDE_ROOT = 1
const SIDE_SHIFT = 2
const SIDE_LEVELS = 3
const SIDE_LEAF = 4

const RADIX_BITS = 5
const RADIX_MASK = 31

/**
 * The price levels of many books, two sides each, best first.
 *
 * Each side is a radix tree over the price: a node splits 5 bits of it 32 ways and keeps a bitmap of the ways
 * that are taken, so the next occupied level is found by counting zero bits and nothing is ever scanned. The
 * tree is only as high as the prices that are in it are far apart: one node for prices within 32 ticks, three for
 * 32,768, seven for all of them. Memory goes with the number of occupied levels, whatever the range between
 * them (at worst seven nodes of 144 bytes a level), and a side with no orders is 32 bytes.
 *
 * The best level of each side is kept at hand. Sides are numbered: even ones are bids (best is highest), odd
 * ones offers (best is lowest).
 */
export class PriceLadder {
  /** Levels; see level.ts. Read again after `ensure`, which may replace it. */
  levels: Int32Array
  private totals: Float64Array
  private nodes: Int32Array
  private sides: Int32Array
  private readonly levelSlab: Slab
  private readonly nodeSlab: Slab

  constructor(sides: number) {
    this.levelSlab = new Slab(LEVEL_WORDS, 1_024)
    this.nodeSlab = new Slab(NODE_WORDS, 256)
    this.levels = this.levelSlab.words
    this.totals = new Float64Array(this.levels.buffer)
    this.nodes = this.nodeSlab.words
    this.sides = new Int32Array(Math.max(2, sides) * SIDE_WORDS)
  }

  get bytes(): number {
    return this.levelSlab.bytes + this.nodeSlab.bytes + this.sides.byteLength
  }

  /** Makes room for sides 0 to `count - 1`. */
  reserveSides(count: number): void {
    if (count * SIDE_WORDS <= this.sides.length) return
    const sides = new Int32Array(Math.max(count * SIDE_WORDS, this.sides.length * 2))
    sides.set(this.sides)
    this.sides = sides
  }

  /** The best level of a side, or NONE. A side that no room was made for yet is an empty one. */
  best(side: number): number {
    return this.sides[side * SIDE_WORDS + SIDE_BEST] ?? NONE
  }

  /** Occupied levels of a side. */
  levelCount(side: number): number {
    return this.sides[side * SIDE_WORDS + SIDE_LEVELS] ?? 0
  }

  price(level: number): number {
    return this.levels[level * LEVEL_WORDS + LEVEL_PRICE_TICKS]!
  }

  orders(level: number): number {
    return this.levels[level * LEVEL_WORDS + LEVEL_COUNT]!
  }

  totalLots(level: number): number {
    return this.totals[level * LEVEL_DOUBLES + LEVEL_TOTAL]!
  }

  addLots(level: number, lots: number): void {
    this.totals[level * LEVEL_DOUBLES + LEVEL_TOTAL]! += lots
  }

  /** The level of a price, or NONE. */
  find(side: number, priceTicks: number): number {
    const at = side * SIDE_WORDS
    const nodes = this.nodes
    let node = this.sides[at + SIDE_LEAF]! * NODE_WORDS
    if (node === NONE || nodes[node + NODE_KEY] !== priceTicks >>> RADIX_BITS) {
      let shift = this.sides[at + SIDE_SHIFT]!
      node = this.sides[at + SIDE_ROOT]! * NODE_WORDS
      if (node === NONE || nodes[node + NODE_KEY] !== keyAt(priceTicks, shift)) return NONE
      for (; shift > 0; shift -= RADIX_BITS) {
        const way = (priceTicks >>> shift) & RADIX_MASK
        if (((nodes[node + NODE_BITS]! >>> way) & 1) === 0) return NONE
        node = nodes[node + way]! * NODE_WORDS
      }
    }
    const way = priceTicks & RADIX_MASK
    return ((nodes[node + NODE_BITS]! >>> way) & 1) === 0 ? NONE : nodes[node + way]!
  }

  /** The level of a price, made if it is not there; NONE when no memory is left. */
  ensure(side: number, priceTicks: number): number {
    const leaf = this.ensureLeaf(side, priceTicks)
    if (leaf === NONE) return NONE
    const way = priceTicks & RADIX_MASK
    const node = leaf * NODE_WORDS
    const bits = this.nodes[node + NODE_BITS]!
    if (((bits >>> way) & 1) !== 0) return this.nodes[node + way]!
    const level = this.levelSlab.take()
    if (level === NONE) {
      this.prune(side, leaf)
      return NONE
    }
    if (this.levels !== this.levelSlab.words) {
      this.levels = this.levelSlab.words
      this.totals = new Float64Array(this.levels.buffer)
    }
    this.nodes[node + NODE_BITS] = bits | (1 << way)
    this.nodes[node + way] = level
    const at = level * LEVEL_WORDS
    const levels = this.levels
    levels[at + LEVEL_HEAD] = NONE
    levels[at + LEVEL_TAIL] = NONE
    levels[at + LEVEL_COUNT] = 0
    levels[at + LEVEL_LEAF] = leaf
    levels[at + LEVEL_PRICE_TICKS] = priceTicks
    levels[at + LEVEL_SIDE] = side
    this.totals[level * LEVEL_DOUBLES + LEVEL_TOTAL] = 0
    const sides = this.sides
    const sideAt = side * SIDE_WORDS
    sides[sideAt + SIDE_LEVELS]!++
    const best = sides[sideAt + SIDE_BEST]!
    if (best === NONE || isBetter(side, priceTicks, levels[best * LEVEL_WORDS + LEVEL_PRICE_TICKS]!))
      sides[sideAt + SIDE_BEST] = level
    return level
  }

  /** Takes an empty level off its side. */
  remove(level: number): void {
    const at = level * LEVEL_WORDS
    const side = this.levels[at + LEVEL_SIDE]!
    const leaf = this.levels[at + LEVEL_LEAF]!
    const sideAt = side * SIDE_WORDS
    if (this.sides[sideAt + SIDE_BEST] === level) this.sides[sideAt + SIDE_BEST] = this.next(level)
    this.sides[sideAt + SIDE_LEVELS]!--
    this.nodes[leaf * NODE_WORDS + NODE_BITS]! &= ~(1 << (this.levels[at + LEVEL_PRICE_TICKS]! & RADIX_MASK))
    if (this.nodes[leaf * NODE_WORDS + NODE_BITS] === 0) this.prune(side, leaf)
    this.levelSlab.give(level)
  }

  /** The next worse level of the same side, or NONE. */
  next(level: number): number {
    const at = level * LEVEL_WORDS
    const descending = (this.levels[at + LEVEL_SIDE]! & 1) === Side.buy
    const nodes = this.nodes
    let way = this.levels[at + LEVEL_PRICE_TICKS]! & RADIX_MASK
    let slot = this.levels[at + LEVEL_LEAF]!
    let depth = 0
    for (;;) {
      const node = slot * NODE_WORDS
      const bits = nodes[node + NODE_BITS]!
      const rest = descending ? bitsBelow(bits, way) : bitsAbove(bits, way)
      if (rest !== 0) {
        let child = nodes[node + (descending ? highestBit(rest) : lowestBit(rest))]!
        for (; depth > 0; depth--) {
          const down = child * NODE_WORDS
          const taken = nodes[down + NODE_BITS]!
          child = nodes[down + (descending ? highestBit(taken) : lowestBit(taken))]!
        }
        return child
      }
      way = nodes[node + NODE_KEY]! & RADIX_MASK
      slot = nodes[node + NODE_PARENT]!
      if (slot === NONE) return NONE
      depth++
    }
  }

  /** The leaf node for a price. The leaf found last is tried first: flow clusters around the best price. */
  private ensureLeaf(side: number, priceTicks: number): number {
    const sides = this.sides
    const at = side * SIDE_WORDS
    const recent = sides[at + SIDE_LEAF]!
    if (recent !== NONE && this.nodes[recent * NODE_WORDS + NODE_KEY] === priceTicks >>> RADIX_BITS)
      return recent
    let slot = sides[at + SIDE_ROOT]!
    if (slot === NONE) {
      slot = this.takeNode(NONE, priceTicks >>> RADIX_BITS)
      if (slot === NONE) return NONE
      sides[at + SIDE_ROOT] = slot
      sides[at + SIDE_SHIFT] = 0
    }
    let shift = sides[at + SIDE_SHIFT]!
    while (this.nodes[slot * NODE_WORDS + NODE_KEY] !== keyAt(priceTicks, shift)) {
      slot = this.raiseRoot(side, slot, shift)
      if (slot === NONE) {
        this.lowerRoot(at)
        return NONE
      }
      shift += RADIX_BITS
    }
    while (shift > 0) {
      const way = (priceTicks >>> shift) & RADIX_MASK
      shift -= RADIX_BITS
      const node = slot * NODE_WORDS
      if (((this.nodes[node + NODE_BITS]! >>> way) & 1) !== 0) {
        slot = this.nodes[node + way]!
        continue
      }
      const child = this.takeNode(slot, keyAt(priceTicks, shift))
      if (child === NONE) {
        this.prune(side, slot)
        return NONE
      }
      this.nodes[node + NODE_BITS]! |= 1 << way
      this.nodes[node + way] = child
      slot = child
    }
    sides[at + SIDE_LEAF] = slot
    return slot
  }

  /** Puts a node above the root, so that the tree covers 32 times the range. */
  private raiseRoot(side: number, root: number, shift: number): number {
    const key = this.nodes[root * NODE_WORDS + NODE_KEY]!
    const above = this.takeNode(NONE, key >>> RADIX_BITS)
    if (above === NONE) return NONE
    const way = key & RADIX_MASK
    this.nodes[above * NODE_WORDS + NODE_BITS] = 1 << way
    this.nodes[above * NODE_WORDS + way] = root
    this.nodes[root * NODE_WORDS + NODE_PARENT] = above
    this.sides[side * SIDE_WORDS + SIDE_ROOT] = above
    this.sides[side * SIDE_WORDS + SIDE_SHIFT] = shift + RADIX_BITS
    return above
  }

  private takeNode(parent: number, key: number): number {
    const slot = this.nodeSlab.take()
    if (slot === NONE) return NONE
    this.nodes = this.nodeSlab.words
    const at = slot * NODE_WORDS
    this.nodes[at + NODE_BITS] = 0
    this.nodes[at + NODE_PARENT] = parent
    this.nodes[at + NODE_KEY] = key
    return slot
  }

  /** Gives back an empty node, and those above it that it leaves empty; then lowers a root with a single way. */
  private prune(side: number, leaf: number): void {
    const sides = this.sides
    const nodes = this.nodes
    const at = side * SIDE_WORDS
    let slot = leaf
    while (nodes[slot * NODE_WORDS + NODE_BITS] === 0) {
      const node = slot * NODE_WORDS
      const parent = nodes[node + NODE_PARENT]!
      if (sides[at + SIDE_LEAF] === slot) sides[at + SIDE_LEAF] = NONE
      this.nodeSlab.give(slot)
      if (parent === NONE) {
        sides[at + SIDE_ROOT] = NONE
        return
      }
      nodes[parent * NODE_WORDS + NODE_BITS]! &= ~(1 << (nodes[node + NODE_KEY]! & RADIX_MASK))
      slot = parent
    }
    this.lowerRoot(at)
  }

  private lowerRoot(sideAt: number): void {
    const { sides, nodes } = this
    while (sides[sideAt + SIDE_SHIFT]! > 0) {
      const root = sides[sideAt + SIDE_ROOT]!
      const bits = nodes[root * NODE_WORDS + NODE_BITS]!
      if ((bits & (bits - 1)) !== 0) return
      const child = nodes[root * NODE_WORDS + lowestBit(bits)]!
      nodes[child * NODE_WORDS + NODE_PARENT] = NONE
      sides[sideAt + SIDE_ROOT] = child
      sides[sideAt + SIDE_SHIFT]! -= RADIX_BITS
      this.nodeSlab.give(root)
    }
  }
}

/** Whether a price is nearer the touch than another, on a side. */
export function isBetter(side: number, priceTicks: number, thanTicks: number): boolean {
  return (side & 1) === Side.buy ? priceTicks > thanTicks : priceTicks < thanTicks
}

/** The price bits above those that a node at `shift` splits: none above the top node, whose shift is 30. */
function keyAt(priceTicks: number, shift: number): number {
  return shift === 30 ? 0 : priceTicks >>> (shift + RADIX_BITS)
}
