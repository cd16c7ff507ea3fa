import * as bits from '../memory/bits.ts'
import type { Heap } from '../memory/heap.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { powerOfTwoAtLeast } = bits

const EMPTY = 0
const MIGRATE_BUCKETS = 32
/** Every row that is found by an index begins with its chain. */
const CHAIN = 0

/**
 * From a key to a row of a heap: buckets, each the first of a chain that runs through the rows. Growth is gradual: a table
 * twice the size takes the new rows, and each insert carries a few buckets over.
 */
export abstract class RowIndex {
  count: number
  protected buckets: Int32Array
  /** The table before, while rows are carried over. */
  protected old: Int32Array | undefined
  protected readonly heap: Heap
  private migrated: number

  /** @param capacity rows to make room for at first */
  constructor(heap: Heap, capacity: number) {
    this.count = 0
    this.buckets = new Int32Array(powerOfTwoAtLeast(Math.max(64, capacity * 2)))
    this.old = undefined
    this.heap = heap
    this.migrated = 0
  }

  get bytes(): number {
    return this.buckets.byteLength + (this.old?.byteLength ?? 0)
  }

  /** Adds a row, which has its key and is not in the table. */
  insert(row: number): void {
    if (this.old !== undefined) this.migrate()
    else if (this.count >= this.buckets.length) {
      this.old = this.buckets
      this.migrated = 0
      this.buckets = new Int32Array(this.old.length * 2)
    }
    this.link(row)
    this.count++
  }

  /** All rows, in no promised order. */
  *rows(): Generator<number> {
    const { words } = this.heap
    for (const table of [this.buckets, this.old ?? []])
      for (const first of table) for (let row = first; row !== EMPTY; row = words[row + CHAIN]!) yield row
  }

  /** The hash of the key that a row has. */
  protected abstract hashOf(row: number): number

  /** What points to a row points to another, or to nothing, from here on. Returns false where nothing does. */
  protected redirect(hash: number, from: number, to: number): boolean {
    if (this.redirectIn(this.buckets, hash, from, to)) return true
    return this.old !== undefined && this.redirectIn(this.old, hash, from, to)
  }

  private redirectIn(table: Int32Array, hash: number, from: number, to: number): boolean {
    const { words } = this.heap
    const bucket = hash & (table.length - 1)
    if (table[bucket] === from) {
      table[bucket] = to
      return true
    }
    let before = table[bucket]!
    while (before !== EMPTY && words[before + CHAIN] !== from) before = words[before + CHAIN]!
    if (before !== EMPTY) words[before + CHAIN] = to
    return before !== EMPTY
  }

  private link(row: number): void {
    const bucket = this.hashOf(row) & (this.buckets.length - 1)
    this.heap.words[row + CHAIN] = this.buckets[bucket]!
    this.buckets[bucket] = row
  }

  /** Carries a few buckets over: done long before the new table is full. */
  private migrate(): void {
    const old = this.old!
    const { words } = this.heap
    const end = Math.min(this.migrated + MIGRATE_BUCKETS, old.length)
    for (let at = this.migrated; at < end; at++) {
      let row = old[at]!
      old[at] = EMPTY
      while (row !== EMPTY) {
        const next = words[row + CHAIN]!
        this.link(row)
        row = next
      }
    }
    this.migrated = end
    if (end === old.length) this.old = undefined
  }
}
