import { NONE } from '../memory/heap.ts'
import { sumUp, TOTAL_GROSS, TOTAL_NET_LONG, TOTAL_NET_SHORT, TOTAL_PROFIT } from './exposure.ts'
import { ROW_CLIENT, ROW_INSTRUMENT } from './pair-index.ts'
import { INSTRUMENT_CELLS, INSTRUMENT_MARK, type RiskBook } from './risk-state.ts'
import {
  POSITION_COST,
  POSITION_LOTS,
  POSITION_OPEN_BUY,
  POSITION_OPEN_SELL,
  POSITION_REALISED,
} from './rows.ts'
import { readWide } from './wide.ts'

/** A client's position in an instrument. Money in units of one tick times one lot of it. */
export interface PositionView {
  readonly client: number
  readonly instrument: number
  /** Above 0 if long. */
  readonly lots: number
  readonly openBuyLots: number
  readonly openSellLots: number
  /** What the lots cost, signed as they are: divided by them, the average price in ticks, exactly. */
  readonly cost: bigint
  readonly realised: bigint
  /** At the instrument's mark: its latest trade, reference price, or latest price let in. */
  readonly unrealised: bigint
  readonly markTicks: number
}

/** A client's totals in the book's units of money. */
export interface ClientView {
  readonly gross: bigint
  readonly netLong: bigint
  readonly netShort: bigint
  /** Since the day began. */
  readonly profit: bigint
}

/** A position as an object, for programs and tests; all zero where there is none. */
export function readPosition(book: RiskBook, client: number, instrument: number): PositionView {
  const row = book.findPosition(client | 0, instrument)
  const markTicks = book.instrumentCells[instrument * INSTRUMENT_CELLS + INSTRUMENT_MARK] ?? 0
  if (row === NONE) return { ...NOTHING, client, instrument, markTicks }
  const { totals } = book
  const cells = row >> 1
  const lots = totals[cells + POSITION_LOTS]!
  const cost = readWide(totals, cells + POSITION_COST)
  return {
    client,
    instrument,
    lots,
    openBuyLots: totals[cells + POSITION_OPEN_BUY]!,
    openSellLots: totals[cells + POSITION_OPEN_SELL]!,
    cost,
    realised: readWide(totals, cells + POSITION_REALISED),
    unrealised: BigInt(lots) * BigInt(markTicks) - cost,
    markTicks,
  }
}

const NOTHING = { lots: 0, openBuyLots: 0, openSellLots: 0, cost: 0n, realised: 0n, unrealised: 0n }

/** All positions that there have been, by client and instrument. */
export function readPositions(book: RiskBook): PositionView[] {
  return book
    .positionRows()
    .map((row) => readPosition(book, book.words[row + ROW_CLIENT]! >>> 0, book.words[row + ROW_INSTRUMENT]!))
}

export function readClient(book: RiskBook, client: number): ClientView {
  const row = book.clients.find(client | 0, -1)
  if (row === NONE) return { gross: 0n, netLong: 0n, netShort: 0n, profit: 0n }
  sumUp(book, row)
  const total = (at: number): bigint => readWide(book.scratch, at)
  return {
    gross: total(TOTAL_GROSS),
    netLong: total(TOTAL_NET_LONG),
    netShort: total(TOTAL_NET_SHORT),
    profit: total(TOTAL_PROFIT),
  }
}
