import * as record from '../../book/record.ts'
import { readWide } from '../wide.ts'
import { LIQUIDITY_NAMES } from './fees.ts'
import type { Fill, Ledger } from './ledger.ts'
import {
  ACCOUNT_CASH,
  ENTRY_CLIENT,
  ENTRY_ID_HIGH,
  ENTRY_ID_LOW,
  ENTRY_TRADED,
  ENTRY_TRADED_LOTS,
} from './ledger-rows.ts'

const { CODE, INSTRUMENT, LOTS, MAKER_OPEN_LOTS, MATCH_LOW, OPEN_LOTS, ORDER_ID, PRICE_TICKS, readU64 } =
  record
const { SEQUENCE, Side } = record

/** What one side of a trade is told. Whole ticks, lots and money units. */
export interface ExecutionReport {
  /** Of the command that caused the trade. */
  readonly sequence: number
  readonly matchNumber: number
  readonly orderId: number
  readonly client: number
  readonly instrument: number
  /** A Side. */
  readonly side: number
  readonly liquidity: (typeof LIQUIDITY_NAMES)[number]
  readonly priceTicks: number
  readonly lots: number
  /** Of the order, after the trade. */
  readonly openLots: number
  readonly tradedLots: number
  /** Value of all that the order has traded: divided by the lots, its average price. */
  readonly tradedValue: bigint
  readonly value: bigint
  readonly feePpm: number
  /** Below 0 a rebate. */
  readonly fee: bigint
  /** The client's cash after the trade. */
  readonly cash: bigint
}

const HIGH_HALF = 4_294_967_296

/** The report of a fill, while its hook runs. For sinks, not for hot paths. */
export function readReport(ledger: Ledger, events: Int32Array, fill: Fill): ExecutionReport {
  const { at, order, account, side, feePpm } = fill
  const { words, totals, scratch } = ledger
  const isFirst =
    words[order + ENTRY_ID_LOW] === events[at + ORDER_ID] &&
    words[order + ENTRY_ID_HIGH] === events[at + ORDER_ID + 1]
  return {
    sequence: readU64(events, at + SEQUENCE),
    matchNumber: (events[at + CODE]! >>> 16) * HIGH_HALF + (events[at + MATCH_LOW]! >>> 0),
    orderId: readU64(words, order + ENTRY_ID_LOW),
    client: words[order + ENTRY_CLIENT]! >>> 0,
    instrument: events[at + INSTRUMENT]!,
    side,
    liquidity: LIQUIDITY_NAMES[fill.liquidity]!,
    priceTicks: events[at + PRICE_TICKS]!,
    lots: events[at + LOTS]!,
    openLots: events[at + (isFirst ? OPEN_LOTS : MAKER_OPEN_LOTS)]!,
    tradedLots: words[order + ENTRY_TRADED_LOTS]!,
    tradedValue: readWide(totals, (order >> 1) + ENTRY_TRADED),
    value: readWide(scratch, 0),
    feePpm,
    fee: readWide(scratch, 2),
    cash: readWide(totals, (account >> 1) + ACCOUNT_CASH),
  }
}

export function sideName(side: number): string {
  return side === Side.buy ? 'buy' : 'sell'
}
