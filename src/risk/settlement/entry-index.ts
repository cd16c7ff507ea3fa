import * as idHash from '../../memory/id-hash.ts'
import { RowIndex } from '../row-index.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { idKey, keyHash } = idHash

const EMPTY = 0
/** Where rows keep their chain and the halves of their id, as in ledger-rows.ts. */
const [CHAIN, ID_LOW, ID_HIGH] = [0, 1, 2] as const

/** From order id to the row of an open order. */
export class EntryIndex extends RowIndex {
  /** The row of an id, or 0. */
  find(low: number, high: number): number {
    const hash = keyHash(idKey(low, high))
    const row = this.findIn(this.buckets, hash, low, high)
    return row === EMPTY && this.old !== undefined ? this.findIn(this.old, hash, low, high) : row
  }

  /** Removes a row that is in the table. */
  remove(row: number): void {
    this.count--
    if (!this.redirect(this.hashOf(row), row, this.heap.words[row + CHAIN]!))
      throw new Error('ledger: an order is lost')
  }

  protected hashOf(row: number): number {
    const { words } = this.heap
    return keyHash(idKey(words[row + ID_LOW]!, words[row + ID_HIGH]!))
  }

  private findIn(table: Int32Array, hash: number, low: number, high: number): number {
    const { words } = this.heap
    let row = table[hash & (table.length - 1)]!
    while (row !== EMPTY && (words[row + ID_LOW] !== low || words[row + ID_HIGH] !== high))
      row = words[row + CHAIN]!
    return row
  }
}
