import {
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
} from '../state/level.ts'
import {
  NODE_BITS,
  NODE_KEY,
  NODE_PARENT,
  NODE_WORDS,
  RADIX_BITS,
  RADIX_MASK,
  SIDE_BEST,
  SIDE_LEAF,
  SIDE_LEVELS,
  SIDE_RISING,
  SIDE_ROOT,
  SIDE_SHIFT,
} from '../state/ladder-layout.ts'
import { LEVELS_POOL, NODES_POOL } from '../state/shared-words.ts'
import { byteOf, wordOf } from './address.ts'
import { give, take } from './pool.ts'

/** The level of a price, or 0. */
export function findLevel(side: usize, priceTicks: i32): usize {
  let node = byteOf(load<i32>(side, SIDE_LEAF << 2))
  if (node == 0 || load<i32>(node, NODE_KEY << 2) != priceTicks >>> RADIX_BITS) {
    let shift = load<i32>(side, SIDE_SHIFT << 2)
    node = byteOf(load<i32>(side, SIDE_ROOT << 2))
    if (node == 0 || load<i32>(node, NODE_KEY << 2) != keyAt(priceTicks, shift)) return 0
    for (; shift > 0; shift -= RADIX_BITS) {
      const way = (priceTicks >>> shift) & RADIX_MASK
      if (((load<i32>(node, NODE_BITS << 2) >>> way) & 1) == 0) return 0
      node = byteOf(load<i32>(node + byteOf(way)))
    }
  }
  const way = priceTicks & RADIX_MASK
  return ((load<i32>(node, NODE_BITS << 2) >>> way) & 1) == 0 ? 0 : byteOf(load<i32>(node + byteOf(way)))
}

/** The level of a price, made if it is not there; 0 when no memory is left. */
// @ts-ignore: decorator
@inline
export function ensureLevel(side: usize, priceTicks: i32): usize {
  let leaf = byteOf(load<i32>(side, SIDE_LEAF << 2))
  if (leaf == 0 || load<i32>(leaf, NODE_KEY << 2) != priceTicks >>> RADIX_BITS) {
    leaf = ensureLeaf(side, priceTicks)
    if (leaf == 0) return 0
  }
  const way = priceTicks & RADIX_MASK
  return ((load<i32>(leaf, NODE_BITS << 2) >>> way) & 1) != 0
    ? byteOf(load<i32>(leaf + byteOf(way)))
    : addLevel(side, leaf, priceTicks)
}

function addLevel(side: usize, leaf: usize, priceTicks: i32): usize {
  const level = take(LEVELS_POOL << 2, LEVEL_WORDS << 2)
  if (level == 0) {
    prune(side, leaf)
    return 0
  }
  const slot = wordOf(level)
  const way = priceTicks & RADIX_MASK
  store<i32>(leaf, load<i32>(leaf, NODE_BITS << 2) | (1 << way), NODE_BITS << 2)
  store<i32>(leaf + byteOf(way), slot)
  store<i32>(level, slot, LEVEL_HEAD << 2)
  store<i32>(level, slot, LEVEL_TAIL << 2)
  store<i32>(level, 0, LEVEL_COUNT << 2)
  store<i32>(level, wordOf(leaf), LEVEL_LEAF << 2)
  store<i32>(level, priceTicks, LEVEL_PRICE_TICKS << 2)
  store<i32>(level, wordOf(side), LEVEL_SIDE << 2)
  store<i32>(level, 0, LEVEL_HIDDEN_HEAD << 2)
  store<i32>(level, 0, LEVEL_HIDDEN_COUNT << 2)
  store<i32>(level, 0, LEVEL_TOUCHED << 2)
  store<f64>(level, 0, LEVEL_SHOWN << 3)
  store<f64>(level, 0, LEVEL_CONCEALED << 3)
  store<i32>(side, load<i32>(side, SIDE_LEVELS << 2) + 1, SIDE_LEVELS << 2)
  const best = byteOf(load<i32>(side, SIDE_BEST << 2))
  if (best == 0 || isBetter(side, priceTicks, load<i32>(best, LEVEL_PRICE_TICKS << 2)))
    store<i32>(side, slot, SIDE_BEST << 2)
  return level
}

/** Takes an empty level off its side. */
export function removeLevel(level: usize): void {
  const side = byteOf(load<i32>(level, LEVEL_SIDE << 2))
  const leaf = byteOf(load<i32>(level, LEVEL_LEAF << 2))
  if (load<i32>(side, SIDE_BEST << 2) == wordOf(level))
    store<i32>(side, wordOf(nextLevel(level)), SIDE_BEST << 2)
  store<i32>(side, load<i32>(side, SIDE_LEVELS << 2) - 1, SIDE_LEVELS << 2)
  const way = load<i32>(level, LEVEL_PRICE_TICKS << 2) & RADIX_MASK
  const bits = load<i32>(leaf, NODE_BITS << 2) & ~(1 << way)
  store<i32>(leaf, bits, NODE_BITS << 2)
  if (bits == 0) prune(side, leaf)
  give(LEVELS_POOL << 2, level)
}

/** The next worse level of the same side, or 0. */
export function nextLevel(level: usize): usize {
  const isRising = load<i32>(byteOf(load<i32>(level, LEVEL_SIDE << 2)), SIDE_RISING << 2) == 1
  let way = load<i32>(level, LEVEL_PRICE_TICKS << 2) & RADIX_MASK
  let node = byteOf(load<i32>(level, LEVEL_LEAF << 2))
  let depth = 0
  while (true) {
    const bits = load<i32>(node, NODE_BITS << 2)
    const rest = isRising ? bits & (-2 << way) : bits & ((1 << way) - 1)
    if (rest != 0) {
      let child = byteOf(load<i32>(node + byteOf(firstBit(rest, isRising))))
      for (; depth > 0; depth--)
        child = byteOf(load<i32>(child + byteOf(firstBit(load<i32>(child, NODE_BITS << 2), isRising))))
      return child
    }
    way = load<i32>(node, NODE_KEY << 2) & RADIX_MASK
    node = byteOf(load<i32>(node, NODE_PARENT << 2))
    if (node == 0) return 0
    depth++
  }
}

function firstBit(bits: i32, isRising: bool): i32 {
  return isRising ? ctz(bits) : 31 - clz(bits)
}

/** The leaf node for a price, made if it is not there; 0 when no memory is left. */
function ensureLeaf(side: usize, priceTicks: i32): usize {
  let node = byteOf(load<i32>(side, SIDE_ROOT << 2))
  if (node == 0) {
    node = takeNode(0, priceTicks >>> RADIX_BITS)
    if (node == 0) return 0
    store<i32>(side, wordOf(node), SIDE_ROOT << 2)
    store<i32>(side, 0, SIDE_SHIFT << 2)
  }
  let shift = load<i32>(side, SIDE_SHIFT << 2)
  while (load<i32>(node, NODE_KEY << 2) != keyAt(priceTicks, shift)) {
    node = raiseRoot(side, node, shift)
    if (node == 0) {
      lowerRoot(side)
      return 0
    }
    shift += RADIX_BITS
  }
  while (shift > 0) {
    const way = (priceTicks >>> shift) & RADIX_MASK
    shift -= RADIX_BITS
    const bits = load<i32>(node, NODE_BITS << 2)
    if (((bits >>> way) & 1) != 0) {
      node = byteOf(load<i32>(node + byteOf(way)))
      continue
    }
    const child = takeNode(wordOf(node), keyAt(priceTicks, shift))
    if (child == 0) {
      prune(side, node)
      return 0
    }
    store<i32>(node, bits | (1 << way), NODE_BITS << 2)
    store<i32>(node + byteOf(way), wordOf(child))
    node = child
  }
  store<i32>(side, wordOf(node), SIDE_LEAF << 2)
  return node
}

/** Puts a node above the root, so that the tree covers 32 times the range. */
function raiseRoot(side: usize, root: usize, shift: i32): usize {
  const key = load<i32>(root, NODE_KEY << 2)
  const above = takeNode(0, key >>> RADIX_BITS)
  if (above == 0) return 0
  const way = key & RADIX_MASK
  store<i32>(above, 1 << way, NODE_BITS << 2)
  store<i32>(above + byteOf(way), wordOf(root))
  store<i32>(root, wordOf(above), NODE_PARENT << 2)
  store<i32>(side, wordOf(above), SIDE_ROOT << 2)
  store<i32>(side, shift + RADIX_BITS, SIDE_SHIFT << 2)
  return above
}

function takeNode(parent: i32, key: i32): usize {
  const node = take(NODES_POOL << 2, NODE_WORDS << 2)
  if (node == 0) return 0
  store<i32>(node, 0, NODE_BITS << 2)
  store<i32>(node, parent, NODE_PARENT << 2)
  store<i32>(node, key, NODE_KEY << 2)
  return node
}

/** Gives back an empty node, and those above it that it leaves empty; then lowers a root with a single way. */
function prune(side: usize, leaf: usize): void {
  let node = leaf
  while (load<i32>(node, NODE_BITS << 2) == 0) {
    const parent = byteOf(load<i32>(node, NODE_PARENT << 2))
    const way = load<i32>(node, NODE_KEY << 2) & RADIX_MASK
    if (load<i32>(side, SIDE_LEAF << 2) == wordOf(node)) store<i32>(side, 0, SIDE_LEAF << 2)
    give(NODES_POOL << 2, node)
    if (parent == 0) {
      store<i32>(side, 0, SIDE_ROOT << 2)
      return
    }
    store<i32>(parent, load<i32>(parent, NODE_BITS << 2) & ~(1 << way), NODE_BITS << 2)
    node = parent
  }
  lowerRoot(side)
}

function lowerRoot(side: usize): void {
  let shift = load<i32>(side, SIDE_SHIFT << 2)
  for (; shift > 0; shift -= RADIX_BITS) {
    const root = byteOf(load<i32>(side, SIDE_ROOT << 2))
    const bits = load<i32>(root, NODE_BITS << 2)
    if ((bits & (bits - 1)) != 0) return
    const child = load<i32>(root + byteOf(ctz(bits)))
    store<i32>(byteOf(child), 0, NODE_PARENT << 2)
    store<i32>(side, child, SIDE_ROOT << 2)
    store<i32>(side, shift - RADIX_BITS, SIDE_SHIFT << 2)
    give(NODES_POOL << 2, root)
  }
}

function isBetter(side: usize, priceTicks: i32, thanTicks: i32): bool {
  return load<i32>(side, SIDE_RISING << 2) == 1 ? priceTicks < thanTicks : priceTicks > thanTicks
}

/** The price bits above those that a node at `shift` splits: none above the top node, whose shift is 30. */
function keyAt(priceTicks: i32, shift: i32): i32 {
  return shift == 30 ? 0 : priceTicks >>> (shift + RADIX_BITS)
}
