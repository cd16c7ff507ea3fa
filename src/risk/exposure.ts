import * as riskState from './risk-state.ts'
import type { RiskBook } from './risk-state.ts'
import { ROW_INSTRUMENT } from './pair-index.ts'
import * as rows from './rows.ts'
import * as wide from './wide.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { INSTRUMENT_CELLS, INSTRUMENT_MARK, INSTRUMENT_SCALE } = riskState
const { CLIENT_POSITIONS, POSITION_COST, POSITION_DAY, POSITION_DAY_BASE, POSITION_LOTS } = rows
const { POSITION_OFFSET, POSITION_OPEN_BUY, POSITION_OPEN_SELL, POSITION_REALISED, ROW_WORDS } = rows
const { addScaled, addScaledProduct, addWide, clearWide } = wide
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
 * instrument that the client has ever been in. Floats do it where what they add up to has 52 bits, which then holds for every
 * part of the sums too; or else it is done once more with wide numbers.
 */
export function sumUp(book: RiskBook, client: number): void {
  const { words, totals, markValues, scales, day } = book
  let [gross, netLong, netShort, profit, size] = [0, 0, 0, 0, 0]
  const end = client + words[client + CLIENT_POSITIONS]! * ROW_WORDS
  for (let row = client + ROW_WORDS; row <= end; row += ROW_WORDS) {
    if (words[row + POSITION_DAY] !== day) book.touchPosition(row)
    const cells = row >> 1
    const instrument = words[row + INSTRUMENT_OF]!
    const value = markValues[instrument]!
    const lots = totals[cells + POSITION_LOTS]!
    const offset = totals[cells + POSITION_OFFSET]! * scales[instrument]!
    const up = lots + totals[cells + POSITION_OPEN_BUY]!
    const down = lots - totals[cells + POSITION_OPEN_SELL]!
    const worst = worstLots(up, down) * value
    gross += worst
    netLong += up * value
    netShort += down * value
    profit += lots * value + offset
    size += worst + worst + worst + Math.abs(offset)
  }
  // NaN, of an offset that is too large, is not below anything.
  if (!(size < PLAIN_SIZE)) return sumUpWide(book, client)
  const { scratch } = book
  setPlain(scratch, TOTAL_GROSS, gross)
  setPlain(scratch, TOTAL_NET_LONG, netLong)
  setPlain(scratch, TOTAL_NET_SHORT, netShort)
  setPlain(scratch, TOTAL_PROFIT, profit)
}

/** The same where floats do not do. */
function sumUpWide(book: RiskBook, client: number): void {
  const { words, totals, instrumentCells, scratch } = book
  for (const total of TOTALS) clearWide(scratch, total)
  const end = client + words[client + CLIENT_POSITIONS]! * ROW_WORDS
  for (let row = client + ROW_WORDS; row <= end; row += ROW_WORDS) {
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

const TOTALS = [TOTAL_GROSS, TOTAL_NET_LONG, TOTAL_NET_SHORT, TOTAL_PROFIT] as const
/** 2^52: sums of whole numbers that are smaller are exact. */
const PLAIN_SIZE = 4_503_599_627_370_496

function setPlain(cells: Float64Array, at: number, value: number): void {
  clearWide(cells, at)
  addWide(cells, at, value)
}

/** The larger of a position if all buys trade and of one if all sells do, either way. */
export function worstLots(long: number, short: number): number {
  return Math.max(Math.abs(long), Math.abs(short))
}
