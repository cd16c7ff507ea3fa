import * as bits from '../memory/bits.ts'
import type { Heap } from '../memory/heap.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { powerOfTwoAtLeast } = bits

const EMPTY = 0
const MIGRATE_BUCKETS = 32

/** Where every row that is found by an index keeps its chain and its key. */
export const ROW_CHAIN = 0
export const ROW_CLIENT = 1
export const ROW_INSTRUMENT = 2

/** The same, this module's own. */
const [CHAIN, CLIENT, INSTRUMENT] = [0, 1, 2] as const

/**
 * From client and instrument to a row of a heap: buckets, each the first of a chain that runs through the rows. Nothing is
 * ever removed. Growth is gradual: a table twice the size takes the new rows, and each insert carries a few buckets over.
 */
export class PairIndex {
  count: number
  private buckets: Int32Array
  private mask: number
  private old: Int32Array | undefined
  private migrated: number
  private readonly heap: Heap

  /** @param capacity rows to make room for at first */
  constructor(heap: Heap, capacity: number) {
    const buckets = powerOfTwoAtLeast(Math.max(64, capacity * 2))
    this.count = 0
    this.buckets = new Int32Array(buckets)
    this.mask = buckets - 1
    this.old = undefined
    this.migrated = 0
    this.heap = heap
  }

  get bytes(): number {
    return this.buckets.byteLength + (this.old?.byteLength ?? 0)
  }

  /** The row of a key, or 0. */
  find(client: number, instrument: number): number {
    const { words } = this.heap
    const hash = pairHash(client, instrument)
    for (let row = this.buckets[hash & this.mask]!; row !== EMPTY; row = words[row + CHAIN]!)
      if (words[row + CLIENT] === client && words[row + INSTRUMENT] === instrument) return row
    return this.old === undefined ? EMPTY : this.findOld(hash, client, instrument)
  }

  /** Adds a row, which has its key and is not in the table. */
  insert(row: number): void {
    if (this.old !== undefined) this.migrate()
    else if (this.count > this.mask) this.grow()
    const { words } = this.heap
    const bucket = pairHash(words[row + CLIENT]!, words[row + INSTRUMENT]!) & this.mask
    words[row + CHAIN] = this.buckets[bucket]!
    this.buckets[bucket] = row
    this.count++
  }

  /** A row that is in the table has been copied to another place, chain and all. */
  move(from: number, to: number): void {
    const { words } = this.heap
    const hash = pairHash(words[to + CLIENT]!, words[to + INSTRUMENT]!)
    if (this.moveIn(this.buckets, hash, from, to)) return
    if (this.old !== undefined) this.moveIn(this.old, hash, from, to)
  }

  private moveIn(table: Int32Array, hash: number, from: number, to: number): boolean {
    const { words } = this.heap
    const bucket = hash & (table.length - 1)
    if (table[bucket] === from) {
      table[bucket] = to
      return true
    }
    let row = table[bucket]!
    while (row !== EMPTY && words[row + CHAIN] !== from) row = words[row + CHAIN]!
    if (row !== EMPTY) words[row + CHAIN] = to
    return row !== EMPTY
  }

  /** All rows, by client and then by instrument. */
  sorted(): number[] {
    const { words } = this.heap
    const rows: number[] = []
    for (const table of [this.buckets, this.old ?? []])
      for (const first of table)
        for (let row = first; row !== EMPTY; row = words[row + CHAIN]!) rows.push(row)
    const client = (row: number): number => words[row + CLIENT]! >>> 0
    return rows.sort((a, b) => client(a) - client(b) || words[a + INSTRUMENT]! - words[b + INSTRUMENT]!)
  }

  private findOld(hash: number, client: number, instrument: number): number {
    const { words } = this.heap
    const old = this.old!
    let row = old[hash & (old.length - 1)]!
    while (row !== EMPTY && (words[row + CLIENT] !== client || words[row + INSTRUMENT] !== instrument))
      row = words[row + CHAIN]!
    return row
  }

  private grow(): void {
    this.old = this.buckets
    this.migrated = 0
    this.buckets = new Int32Array(this.buckets.length * 2)
    this.mask = this.buckets.length - 1
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
        const bucket = pairHash(words[row + CLIENT]!, words[row + INSTRUMENT]!) & this.mask
        words[row + CHAIN] = this.buckets[bucket]!
        this.buckets[bucket] = row
        row = next
      }
    }
    this.migrated = end
    if (end === old.length) this.old = undefined
  }
}

/** Multiplicative hashing (Knuth, TAOCP 3, 6.4) of both halves, mixed down. */
function pairHash(client: number, instrument: number): number {
  const mixed = Math.imul(client ^ Math.imul(instrument + 1, 0x85eb_ca6b), 0x9e37_79b1)
  return mixed ^ (mixed >>> 15)
}
