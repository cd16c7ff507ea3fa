import { RowIndex } from './row-index.ts'

const EMPTY = 0

/** Where every row that is found by client and instrument keeps them; its chain stands before. */
export const ROW_CLIENT = 1
export const ROW_INSTRUMENT = 2

/** The same, this module's own. */
const [CHAIN, CLIENT, INSTRUMENT] = [0, 1, 2] as const

/** From client and instrument to a row of a heap. Nothing is ever removed. */
export class PairIndex extends RowIndex {
  /** The row of a key, or 0. */
  find(client: number, instrument: number): number {
    const hash = pairHash(client, instrument)
    const row = this.findIn(this.buckets, hash, client, instrument)
    return row === EMPTY && this.old !== undefined ? this.findIn(this.old, hash, client, instrument) : row
  }

  /** A row that is in the table has been copied to another place, chain and all. */
  move(from: number, to: number): void {
    this.redirect(this.hashOf(to), from, to)
  }

  /** All rows, by client and then by instrument. */
  sorted(): number[] {
    const { words } = this.heap
    const client = (row: number): number => words[row + CLIENT]! >>> 0
    return [...this.rows()].sort(
      (a, b) => client(a) - client(b) || words[a + INSTRUMENT]! - words[b + INSTRUMENT]!,
    )
  }

  protected hashOf(row: number): number {
    const { words } = this.heap
    return pairHash(words[row + CLIENT]!, words[row + INSTRUMENT]!)
  }

  private findIn(table: Int32Array, hash: number, client: number, instrument: number): number {
    const { words } = this.heap
    let row = table[hash & (table.length - 1)]!
    while (row !== EMPTY && (words[row + CLIENT] !== client || words[row + INSTRUMENT] !== instrument))
      row = words[row + CHAIN]!
    return row
  }
}

/** Multiplicative hashing (Knuth, TAOCP 3, 6.4) of both halves, mixed down. */
function pairHash(client: number, instrument: number): number {
  const mixed = Math.imul(client ^ Math.imul(instrument + 1, 0x85eb_ca6b), 0x9e37_79b1)
  return mixed ^ (mixed >>> 15)
}
