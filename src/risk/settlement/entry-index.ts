import * as bits from '../../memory/bits.ts'
import type { Heap } from '../../memory/heap.ts'
import * as idHash from '../../memory/id-hash.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { powerOfTwoAtLeast } = bits
const { idKey, keyHash } = idHash

const EMPTY = 0
const MIGRATE_BUCKETS = 32
/** Where rows keep their chain and the halves of their id, as in ledger-rows.ts. */
const [CHAIN, ID_LOW, ID_HIGH] = [0, 1, 2] as const

/** From order id to the row of an open order: buckets and chains through the rows, as OrderIndex of the book. */
export class EntryIndex {
  count: number
  private buckets: Int32Array
  private old: Int32Array | undefined
  private migrated: number
  private readonly heap: Heap

  constructor(heap: Heap, capacity: number) {
    this.count = 0
    this.buckets = new Int32Array(powerOfTwoAtLeast(Math.max(64, capacity * 2)))
    this.old = undefined
    this.migrated = 0
    this.heap = heap
  }

  /** The row of an id, or 0. */
  find(low: number, high: number): number {
    const hash = keyHash(idKey(low, high))
    const row = this.findIn(this.buckets, hash, low, high)
    return row === EMPTY && this.old !== undefined ? this.findIn(this.old, hash, low, high) : row
  }

  /** Adds a row, which has its id and is not in the table. */
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

  /** Removes a row that is in the table. */
  remove(row: number): void {
    const { words } = this.heap
    const hash = keyHash(idKey(words[row + ID_LOW]!, words[row + ID_HIGH]!))
    this.count--
    if (this.unlink(this.buckets, hash, row)) return
    if (this.old === undefined || !this.unlink(this.old, hash, row))
      throw new Error('ledger: an order is lost')
  }

  /** All rows, in no promised order. */
  *rows(): Generator<number> {
    const { words } = this.heap
    for (const table of [this.buckets, this.old ?? []])
      for (const first of table) for (let row = first; row !== EMPTY; row = words[row + CHAIN]!) yield row
  }

  private findIn(table: Int32Array, hash: number, low: number, high: number): number {
    const { words } = this.heap
    let row = table[hash & (table.length - 1)]!
    while (row !== EMPTY && (words[row + ID_LOW] !== low || words[row + ID_HIGH] !== high))
      row = words[row + CHAIN]!
    return row
  }

  private link(row: number): void {
    const { words } = this.heap
    const hash = keyHash(idKey(words[row + ID_LOW]!, words[row + ID_HIGH]!))
    const bucket = hash & (this.buckets.length - 1)
    words[row + CHAIN] = this.buckets[bucket]!
    this.buckets[bucket] = row
  }

  private unlink(table: Int32Array, hash: number, row: number): boolean {
    const { words } = this.heap
    const bucket = hash & (table.length - 1)
    const next = words[row + CHAIN]!
    if (table[bucket] === row) {
      table[bucket] = next
      return true
    }
    let before = table[bucket]!
    while (before !== EMPTY && words[before + CHAIN] !== row) before = words[before + CHAIN]!
    if (before === EMPTY) return false
    words[before + CHAIN] = next
    return true
  }

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
