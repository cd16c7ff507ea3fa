import * as bitsNames from '../memory/bits.ts'
import type { Slab } from '../memory/slab.ts'
import * as orderLayout from './order.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { powerOfTwoAtLeast } = bitsNames
const { ORDER_ID_HIGH, ORDER_WORDS } = orderLayout

const EMPTY = 0
/** Was here, is gone: a look-up goes on past it. Only in a table that is being emptied. */
const GONE = -1
const MIGRATE_CELLS = 32

/**
 * From order id to order slot: an open-addressed table with linear probing, never more than half full.
 *
 * A cell is two words: the id's low half and the slot. The high half is compared in the order itself, which a
 * hit touches anyway. Eight ids in a row share a cache line: ids are mostly given out in sequence, so an
 * insert finds its line warm; the multiplication spreads the groups. Removal shifts the entries behind it back, so there
 * are no tombstones to clean up.
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
    const cells = this.cells
    const mask = this.mask
    let at = hash(low, high) & mask
    for (;;) {
      const slot = cells[at * 2 + 1]!
      if (slot === EMPTY) break
      if (cells[at * 2] === low && this.highOf(slot) === high) return slot
      at = (at + 1) & mask
    }
    return this.old === undefined ? EMPTY : this.findOld(low, high)
  }

  /** Adds an id that is not in the table. */
  insert(low: number, high: number, slot: number): void {
    if (this.old !== undefined) this.migrate()
    else if (this.count * 2 > this.mask) this.grow()
    put(this.cells, this.mask, low, high, slot)
    this.count++
  }

  /** Removes an id that is in the table. */
  remove(low: number, high: number): void {
    const cells = this.cells
    const mask = this.mask
    let at = hash(low, high) & mask
    for (;;) {
      const slot = cells[at * 2 + 1]!
      if (slot === EMPTY) return this.removeOld(low, high)
      if (cells[at * 2] === low && this.highOf(slot) === high) break
      at = (at + 1) & mask
    }
    this.count--
    let hole = at
    for (;;) {
      at = (at + 1) & mask
      const slot = cells[at * 2 + 1]!
      if (slot === EMPTY) break
      const low = cells[at * 2]!
      const home = hash(low, this.highOf(slot)) & mask
      // The entry may fill the hole only if its home is not behind it.
      if (((at - home) & mask) < ((at - hole) & mask)) continue
      cells[hole * 2] = low
      cells[hole * 2 + 1] = slot
      hole = at
    }
    cells[hole * 2 + 1] = EMPTY
  }

  private highOf(slot: number): number {
    return this.orders.words[slot * ORDER_WORDS + ORDER_ID_HIGH]!
  }

  private findOld(low: number, high: number): number {
    const cells = this.old!
    const mask = this.oldMask
    let at = hash(low, high) & mask
    for (;;) {
      const slot = cells[at * 2 + 1]!
      if (slot === EMPTY) return EMPTY
      if (slot !== GONE && cells[at * 2] === low && this.highOf(slot) === high) return slot
      at = (at + 1) & mask
    }
  }

  private removeOld(low: number, high: number): void {
    const cells = this.old!
    const mask = this.oldMask
    let at = hash(low, high) & mask
    while (cells[at * 2 + 1] === GONE || cells[at * 2] !== low || this.highOf(cells[at * 2 + 1]!) !== high)
      at = (at + 1) & mask
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
      const low = old[at * 2]!
      put(this.cells, this.mask, low, this.highOf(slot), slot)
      old[at * 2 + 1] = GONE
    }
    this.migrated = end
    if (end > this.oldMask) this.old = undefined
  }
}

function put(cells: Int32Array, mask: number, low: number, high: number, slot: number): void {
  let at = hash(low, high) & mask
  while (cells[at * 2 + 1] !== EMPTY) at = (at + 1) & mask
  cells[at * 2] = low
  cells[at * 2 + 1] = slot
}

/** Fibonacci hashing (Knuth, TAOCP 3, 6.4) of the id without its last three bits, which stay as they are. */
function hash(low: number, high: number): number {
  const group = Math.imul((low >>> 3) ^ Math.imul(high, 0x85eb_ca6b), 0x9e37_79b1)
  return ((group ^ (group >>> 15)) << 3) | (low & 7)
}
