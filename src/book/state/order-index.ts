import { powerOfTwoAtLeast } from '../../memory/bits.ts'
import { NONE, type Heap } from '../../memory/heap.ts'
import type { Kernel } from './kernel.ts'
import { ORDER_CHAIN } from './order.ts'
import {
  INDEX_BUCKETS,
  INDEX_CARRIED,
  INDEX_IDS,
  INDEX_MASK,
  INDEX_OLD,
  INDEX_OLD_MASK,
} from './shared-words.ts'

/** Buckets for each order that there is room for: most are empty, so that a new id is seen to be new at a glance. */
const BUCKETS_PER_ORDER = 4
/** The part of a link that is a slot; ../kernel/index.ts draws the rest. */
const LINK_SLOT = ~15

/**
 * From order id to order slot: a table of buckets, each the first of a chain of orders that runs through the orders
 * themselves. An order is put at the head of its chain and taken out of it without a search of more than the chain,
 * which hardly ever has two.
 *
 * Growth is gradual: a table twice the size takes the new entries, and each insert carries a few buckets over. The
 * kernel does all of it but finding the memory.
 */
export class OrderIndex {
  private readonly heap: Heap
  private readonly kernel: Kernel

  /** @param capacity entries to make room for at first */
  constructor(capacity: number, heap: Heap, kernel: Kernel) {
    this.heap = heap
    this.kernel = kernel
    const buckets = powerOfTwoAtLeast(Math.max(64, capacity * BUCKETS_PER_ORDER))
    const at = heap.allocate(buckets)
    if (at === NONE) throw new RangeError(`no memory is left for an index of ${capacity} orders`)
    heap.words[INDEX_BUCKETS] = at
    heap.words[INDEX_MASK] = buckets - 1
  }

  /** Ids in it. */
  get count(): number {
    return this.heap.words[INDEX_IDS]!
  }

  /** Whether a table is being carried over to one twice its size. */
  get isGrowing(): boolean {
    return this.heap.words[INDEX_OLD] !== NONE
  }

  /** The slot of an id, or NONE. */
  find(low: number, high: number): number {
    return this.kernel.find(low, high)
  }

  /** Adds an order, whose id is not in the table. */
  insert(slot: number): void {
    this.kernel.insert(slot)
  }

  /** Removes an order that is in the table. */
  remove(slot: number): void {
    this.kernel.remove(slot)
  }

  /** The chains of all buckets that have one, as slots, in no promised order. */
  *chains(): Generator<number[]> {
    const { words } = this.heap
    const tables = [[words[INDEX_BUCKETS]!, words[INDEX_MASK]! + 1]]
    if (this.isGrowing) tables.push([words[INDEX_OLD]!, words[INDEX_OLD_MASK]! + 1])
    for (const [at, buckets] of tables as [number, number][])
      for (let bucket = at; bucket < at + buckets; bucket++) {
        const chain: number[] = []
        for (let link = words[bucket]!; link !== NONE; link = words[chain.at(-1)! + ORDER_CHAIN]!)
          chain.push(link & LINK_SLOT)
        if (chain.length > 0) yield chain
      }
  }

  /** For the kernel: begins to carry over to a table twice the size. Without memory for it, chains get longer. */
  grow(): void {
    const buckets = (this.heap.words[INDEX_MASK]! + 1) * 2
    const at = this.heap.allocate(buckets)
    if (at === NONE) return
    const { words } = this.heap
    words[INDEX_OLD] = words[INDEX_BUCKETS]!
    words[INDEX_OLD_MASK] = words[INDEX_MASK]!
    words[INDEX_CARRIED] = 0
    words[INDEX_BUCKETS] = at
    words[INDEX_MASK] = buckets - 1
  }

  /** For the kernel: the old table is carried over, and empty. */
  endGrowth(): void {
    const { words } = this.heap
    this.heap.recycle(words[INDEX_OLD]!, words[INDEX_OLD_MASK]! + 1)
    words[INDEX_OLD] = NONE
  }
}
