import * as heapNames from '../memory/heap.ts'
import * as riskState from './risk-state.ts'
import type { RiskBook } from './risk-state.ts'
import { ROW_INSTRUMENT } from './pair-index.ts'
import * as rows from './rows.ts'
import * as wide from './wide.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { NONE } = heapNames
const { INSTRUMENT_CELLS, INSTRUMENT_MARK, INSTRUMENT_SCALE } = riskState
const { CLIENT_FIRST, POSITION_COST, POSITION_DAY_BASE, POSITION_LOTS, POSITION_NEXT } = rows
const { POSITION_OPEN_BUY, POSITION_OPEN_SELL, POSITION_REALISED } = rows
const { addScaled, addScaledProduct, clearWide } = wide
const INSTRUMENT_OF = ROW_INSTRUMENT

/**
 * Where in the book's scratch the totals of a client are, wide numbers of money units: the value of its positions at worst
 * (whichever side that is), net if all its buys trade, net if all its sells do, and the day's profit. 0 to 3 are for others.
 */
export const TOTAL_GROSS = 4
export const TOTAL_NET_LONG = 6
export const TOTAL_NET_SHORT = 8
export const TOTAL_PROFIT = 10

/**
 * Sums up a client's positions, each valued at its instrument's mark as it is now: exact, and a few nanoseconds for each
 * instrument that the client has ever been in.
 */
export function sumUp(book: RiskBook, client: number): void {
  const { words, totals, instrumentCells, scratch } = book
  clearWide(scratch, TOTAL_GROSS)
  clearWide(scratch, TOTAL_NET_LONG)
  clearWide(scratch, TOTAL_NET_SHORT)
  clearWide(scratch, TOTAL_PROFIT)
  for (let row = words[client + CLIENT_FIRST]!; row !== NONE; row = words[row + POSITION_NEXT]!) {
    book.touchPosition(row)
    const cells = row >> 1
    const of = words[row + INSTRUMENT_OF]! * INSTRUMENT_CELLS
    const mark = instrumentCells[of + INSTRUMENT_MARK]!
    const scale = instrumentCells[of + INSTRUMENT_SCALE]!
    const lots = totals[cells + POSITION_LOTS]!
    const long = lots + totals[cells + POSITION_OPEN_BUY]!
    const short = lots - totals[cells + POSITION_OPEN_SELL]!
    addScaledProduct(scratch, TOTAL_GROSS, worstLots(long, short), mark, scale)
    addScaledProduct(scratch, TOTAL_NET_LONG, long, mark, scale)
    addScaledProduct(scratch, TOTAL_NET_SHORT, short, mark, scale)
    addScaledProduct(scratch, TOTAL_PROFIT, lots, mark, scale)
    addScaled(scratch, TOTAL_PROFIT, totals, cells + POSITION_COST, -1, scale)
    addScaled(scratch, TOTAL_PROFIT, totals, cells + POSITION_REALISED, 1, scale)
    addScaled(scratch, TOTAL_PROFIT, totals, cells + POSITION_DAY_BASE, -1, scale)
  }
}

/** The larger of a position if all buys trade and of one if all sells do, either way. */
export function worstLots(long: number, short: number): number {
  return Math.max(Math.abs(long), Math.abs(short))
}
