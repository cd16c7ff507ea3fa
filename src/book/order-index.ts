import * as bits from '../memory/bits.ts'
import * as idHash from '../memory/id-hash.ts'
import type { Slab } from '../memory/slab.ts'
import * as orderLayout from './order.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { powerOfTwoAtLeast } = bits
const { idKey, keyHash } = idHash
const { ORDER_ID_HIGH, ORDER_ID_LOW, ORDER_WORDS } = orderLayout

const EMPTY = 0
/** Was here, is gone: a look-up goes on past it. Only in a table that is being emptied. */
const GONE = -1
const MIGRATE_CELLS = 32

/**
 * From order id to order slot: an open-addressed table with linear probing, never more than half full.
 *
 * A cell is two words: the id's key and the slot. The id itself stands in the order, which a hit touches anyway; to
 * insert, to remove and to grow, the key is enough and no order is read. Removal shifts the entries behind it back, so
 * there are no tombstones to clean up.
 *
 * Growth is gradual: a table twice the size takes the new entries, and each insert carries a few cells over.
 */
export class OrderIndex {
  count: number
  private cells: Int32Array
  private mask: number
  private old: Int32Array | undefined
  private oldMask: number
  private migrated: number
  private readonly orders: Slab

  /**
   * @param capacity entries to make room for at first
   * @param orders the slab that the slots are of
   */
  constructor(capacity: number, orders: Slab) {
    const cells = powerOfTwoAtLeast(Math.max(64, capacity * 2))
    this.count = 0
    this.cells = new Int32Array(cells * 2)
    this.mask = cells - 1
    this.old = undefined
    this.oldMask = 0
    this.migrated = 0
    this.orders = orders
  }

  get bytes(): number {
    return this.cells.byteLength + (this.old?.byteLength ?? 0)
  }

  /** The slot of an id, or 0. */
  find(low: number, high: number): number {
    const { cells, mask } = this
    const key = idKey(low, high)
    let at = keyHash(key) & mask
    for (;;) {
      const slot = cells[at * 2 + 1]!
      if (slot === EMPTY) break
      if (cells[at * 2] === key && this.isOf(slot, low, high)) return slot
      at = (at + 1) & mask
    }
    return this.old === undefined ? EMPTY : this.findOld(low, high)
  }

  /** Adds an id that is not in the table. */
  insert(low: number, high: number, slot: number): void {
    if (this.old !== undefined) this.migrate()
    else if (this.count * 2 > this.mask) this.grow()
    put(this.cells, this.mask, idKey(low, high), slot)
    this.count++
  }

  /** Removes an id that is in the table, with its slot. */
  remove(low: number, high: number, slot: number): void {
    const { cells, mask } = this
    const key = idKey(low, high)
    let hole = keyHash(key) & mask
    for (;;) {
      const here = cells[hole * 2 + 1]!
      if (here === slot) break
      if (here === EMPTY) return this.removeOld(key, slot)
      hole = (hole + 1) & mask
    }
    this.count--
    for (let at = (hole + 1) & mask; cells[at * 2 + 1] !== EMPTY; at = (at + 1) & mask) {
      const moved = cells[at * 2]!
      // An entry may fill the hole only if its home is not behind it.
      if (((at - keyHash(moved)) & mask) < ((at - hole) & mask)) continue
      cells[hole * 2] = moved
      cells[hole * 2 + 1] = cells[at * 2 + 1]!
      hole = at
    }
    cells[hole * 2 + 1] = EMPTY
  }

  private isOf(slot: number, low: number, high: number): boolean {
    const { words } = this.orders
    const at = slot * ORDER_WORDS
    return words[at + ORDER_ID_LOW] === low && words[at + ORDER_ID_HIGH] === high
  }

  private findOld(low: number, high: number): number {
    const cells = this.old!
    const key = idKey(low, high)
    let at = keyHash(key) & this.oldMask
    for (;;) {
      const slot = cells[at * 2 + 1]!
      if (slot === EMPTY) return EMPTY
      if (slot !== GONE && cells[at * 2] === key && this.isOf(slot, low, high)) return slot
      at = (at + 1) & this.oldMask
    }
  }

  private removeOld(key: number, slot: number): void {
    const cells = this.old!
    let at = keyHash(key) & this.oldMask
    while (cells[at * 2 + 1] !== slot) at = (at + 1) & this.oldMask
    cells[at * 2 + 1] = GONE
    this.count--
  }

  private grow(): void {
    this.old = this.cells
    this.oldMask = this.mask
    this.migrated = 0
    this.cells = new Int32Array(this.cells.length * 2)
    this.mask = this.cells.length / 2 - 1
  }

  /** Carries a few cells over. Done long before the new table is half full: it needs one insert for 32 old cells. */
  private migrate(): void {
    const old = this.old!
    const end = Math.min(this.migrated + MIGRATE_CELLS, this.oldMask + 1)
    for (let at = this.migrated; at < end; at++) {
      const slot = old[at * 2 + 1]!
      if (slot === EMPTY || slot === GONE) continue
      put(this.cells, this.mask, old[at * 2]!, slot)
      old[at * 2 + 1] = GONE
    }
    this.migrated = end
    if (end > this.oldMask) this.old = undefined
  }
}

function put(cells: Int32Array, mask: number, key: number, slot: number): void {
  let at = keyHash(key) & mask
  while (cells[at * 2 + 1] !== EMPTY) at = (at + 1) & mask
  cells[at * 2] = key
  cells[at * 2 + 1] = slot
}
