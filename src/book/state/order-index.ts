import * as bits from '../../memory/bits.ts'
import type { Heap } from '../../memory/heap.ts'
import * as idHash from '../../memory/id-hash.ts'
import * as orderLayout from './order.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { powerOfTwoAtLeast } = bits
const { idKey, keyHash } = idHash
const { ORDER_CHAIN, ORDER_ID_HIGH, ORDER_ID_LOW } = orderLayout

const EMPTY = 0
/** Buckets for each order that there is room for: most are empty, so that a new id is seen to be new at a glance. */
const BUCKETS_PER_ORDER = 4
const MIGRATE_BUCKETS = 32

/**
 * From order id to order slot: a table of buckets, each the first of a chain of orders that runs through the orders
 * themselves. An order is put at the head of its chain and taken out of it without a search of more than the chain,
 * which hardly ever has two.
 *
 * Growth is gradual: a table twice the size takes the new entries, and each insert carries a few buckets over.
 */
export class OrderIndex {
  count: number
  private buckets: Int32Array
  private mask: number
  private old: Int32Array | undefined
  private oldMask: number
  private migrated: number
  private readonly orders: Heap

  /**
   * @param capacity entries to make room for at first
   * @param orders the heap that the slots are in
   */
  constructor(capacity: number, orders: Heap) {
    const buckets = powerOfTwoAtLeast(Math.max(64, capacity * BUCKETS_PER_ORDER))
    this.count = 0
    this.buckets = new Int32Array(buckets)
    this.mask = buckets - 1
    this.old = undefined
    this.oldMask = 0
    this.migrated = 0
    this.orders = orders
  }

  get bytes(): number {
    return this.buckets.byteLength + (this.old?.byteLength ?? 0)
  }

  /** The slot of an id, or 0. */
  find(low: number, high: number): number {
    const hash = keyHash(idKey(low, high))
    let slot = this.buckets[hash & this.mask]!
    if (slot === EMPTY && this.old === undefined) return EMPTY
    const { words } = this.orders
    while (slot !== EMPTY) {
      if (words[slot + ORDER_ID_LOW] === low && words[slot + ORDER_ID_HIGH] === high) return slot
      slot = words[slot + ORDER_CHAIN]!
    }
    return this.old === undefined ? EMPTY : this.findOld(hash, low, high)
  }

  /** Adds the id of a slot, which is not in the table. */
  insert(low: number, high: number, slot: number): void {
    if (this.old !== undefined) this.migrate()
    else if (this.count * (BUCKETS_PER_ORDER / 2) > this.mask) this.grow()
    const bucket = keyHash(idKey(low, high)) & this.mask
    this.orders.words[slot + ORDER_CHAIN] = this.buckets[bucket]!
    this.buckets[bucket] = slot
    this.count++
  }

  /** Removes an id that is in the table, with its slot. */
  remove(low: number, high: number, slot: number): void {
    const hash = keyHash(idKey(low, high))
    const { words } = this.orders
    const next = words[slot + ORDER_CHAIN]!
    this.count--
    const first = this.buckets[hash & this.mask]!
    if (first === slot) this.buckets[hash & this.mask] = next
    else this.removeFurther(hash, first, slot, next)
  }

  /** The slots of all entries, in no promised order. */
  *slots(): Generator<number> {
    const { words } = this.orders
    for (const table of [this.buckets, this.old ?? []])
      for (const first of table)
        for (let slot = first; slot !== EMPTY; slot = words[slot + ORDER_CHAIN]!) yield slot
  }

  /** Removes a slot that is not the first of its chain, or is in the old table. */
  private removeFurther(hash: number, first: number, slot: number, next: number): void {
    const { words } = this.orders
    let before = first
    while (before !== EMPTY && words[before + ORDER_CHAIN] !== slot) before = words[before + ORDER_CHAIN]!
    if (before === EMPTY) {
      const old = this.old!
      const bucket = hash & this.oldMask
      if (old[bucket] === slot) {
        old[bucket] = next
        return
      }
      before = old[bucket]!
      while (words[before + ORDER_CHAIN] !== slot) before = words[before + ORDER_CHAIN]!
    }
    words[before + ORDER_CHAIN] = next
  }

  private findOld(hash: number, low: number, high: number): number {
    const { words } = this.orders
    let slot = this.old![hash & this.oldMask]!
    while (slot !== EMPTY && (words[slot + ORDER_ID_LOW] !== low || words[slot + ORDER_ID_HIGH] !== high))
      slot = words[slot + ORDER_CHAIN]!
    return slot
  }

  private grow(): void {
    this.old = this.buckets
    this.oldMask = this.mask
    this.migrated = 0
    this.buckets = new Int32Array(this.buckets.length * 2)
    this.mask = this.buckets.length - 1
  }

  /** Carries a few buckets over. Done long before the new table is full: it needs one insert for 32 old buckets. */
  private migrate(): void {
    const old = this.old!
    const { words } = this.orders
    const end = Math.min(this.migrated + MIGRATE_BUCKETS, this.oldMask + 1)
    for (let at = this.migrated; at < end; at++) {
      let slot = old[at]!
      old[at] = EMPTY
      while (slot !== EMPTY) {
        const next = words[slot + ORDER_CHAIN]!
        const bucket = keyHash(idKey(words[slot + ORDER_ID_LOW]!, words[slot + ORDER_ID_HIGH]!)) & this.mask
        words[slot + ORDER_CHAIN] = this.buckets[bucket]!
        this.buckets[bucket] = slot
        slot = next
      }
    }
    this.migrated = end
    if (end > this.oldMask) this.old = undefined
  }
}
