import { CancelReason, EventKind, rejectName, Side } from '../../book/index.ts'
import * as record from '../../book/record.ts'
import type { Market } from '../../pipeline/market.ts'
import type { ReportSection, Step } from '../../pipeline/operator.ts'
import { table, thousands } from '../../telemetry/text-table.ts'
import { dashedNames } from '../text/dashed-name.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { CODE, HEAD, headKind, LOTS, MAKER_OPEN_LOTS, OPEN_LOTS, PREVIOUS_OPEN_LOTS, TradingState } = record

const DEPTH_LEVELS = 5
const INSTRUMENTS_SHOWN = 20
const CODES = 128
const STATES = dashedNames(TradingState)

/** What became of the commands of a run: counts by kind, and orders and lots by where they went. */
export interface Totals {
  readonly commands: number
  readonly accepted: number
  readonly amended: number
  readonly replaced: number
  /** Cancel commands that took an order off the book. */
  readonly cancels: number
  /** Commands that name no order and were carried out. */
  readonly applied: number
  readonly rejected: number
  /** Commands that a failing stage could not handle: they are in the dead letters. */
  readonly deadLettered?: number
  readonly rejectedBy: Readonly<Record<string, number>>
  readonly trades: number
  readonly orders: Readonly<{ filled: number; cancelled: number; resting: number }>
  readonly lots: Readonly<{ entered: number; filled: number; cancelled: number; resting: number }>
  /** Whether every command, order and lot is accounted for. */
  readonly addsUp: boolean
}

/** Counts what the engine says and shows, at the end, that nothing was lost. */
export class Summary implements Step {
  private readonly market: Market
  private readonly kinds = new Float64Array(16)
  private readonly rejects = new Float64Array(CODES)
  private readonly cancels = new Float64Array(CODES)
  /** Orders filled; lots entered, traded (once for each side) and cancelled; orders cancelled. Exact to 2^53. */
  private readonly sums = new Float64Array(5)

  constructor(market: Market) {
    this.market = market
  }

  process(words: Int32Array, at: number): void {
    const kind = headKind(words[at + HEAD]!)
    const { sums } = this
    this.kinds[kind & 15]!++
    if (kind === EventKind.accepted) sums[ENTERED]! += words[at + LOTS]!
    else if (kind === EventKind.trade) {
      sums[TRADED]! += 2 * words[at + LOTS]!
      if (words[at + OPEN_LOTS] === 0) sums[FILLED]!++
      if (words[at + MAKER_OPEN_LOTS] === 0) sums[FILLED]!++
    } else if (kind === EventKind.cancelled) {
      sums[CANCELLED]! += words[at + LOTS]!
      if (words[at + OPEN_LOTS] === 0) sums[GONE]!++
      this.cancels[words[at + CODE]! & (CODES - 1)]!++
    } else if (kind === EventKind.amended || kind === EventKind.replaced)
      sums[ENTERED]! += words[at + OPEN_LOTS]! - words[at + PREVIOUS_OPEN_LOTS]!
    else if (kind === EventKind.rejected) this.rejects[words[at + CODE]! & (CODES - 1)]!++
  }

  totals(): Totals {
    const { kinds, sums, market } = this
    const accepted = kinds[EventKind.accepted]!
    const amended = kinds[EventKind.amended]!
    const replaced = kinds[EventKind.replaced]!
    const applied = kinds[EventKind.applied]!
    const cancels = this.cancels[CancelReason.user]!
    const rejected = kinds[EventKind.rejected]!
    const deadLettered = market.deadLetteredCommands
    const resting = this.resting()
    const before = market.recovered
    const orders = { filled: sums[FILLED]!, cancelled: sums[GONE]!, resting: resting.orders }
    const lots = {
      entered: sums[ENTERED]!,
      filled: sums[TRADED]!,
      cancelled: sums[CANCELLED]!,
      resting: resting.lots,
    }
    const rejectedBy: Record<string, number> = {}
    this.rejects.forEach((count, code) => {
      if (count > 0) rejectedBy[rejectName(code)] = count
    })
    const told = accepted + amended + replaced + cancels + applied + rejected + deadLettered
    // Events of another process may be joined in the middle, and what rests there is not to be seen from here.
    const commands = this.hasBook ? market.sequence - before.sequence : told
    const addsUp =
      commands === told &&
      before.orders + accepted === orders.filled + orders.cancelled + orders.resting &&
      before.lots + lots.entered === lots.filled + lots.cancelled + lots.resting
    return {
      commands,
      accepted,
      amended,
      replaced,
      cancels,
      applied,
      rejected,
      ...(deadLettered === 0 ? {} : { deadLettered }),
      rejectedBy,
      trades: kinds[EventKind.trade]!,
      orders,
      lots,
      addsUp,
    }
  }

  report(): ReportSection {
    const totals = this.totals()
    const instruments = this.instruments()
    return {
      title: 'summary',
      lines: [
        ...totalLines(totals),
        ...(this.hasBook ? [] : ['the book is elsewhere: resting is what came in and has not left']),
        '',
        ...instrumentLines(instruments),
      ],
      figures: { totals, instruments },
    }
  }

  /** Whether orders are matched in this pipeline, or these are the events of another one. */
  private get hasBook(): boolean {
    return this.market.engines.length > 0
  }

  /** Live orders and their open lots, with what is hidden or waits for a stop price. */
  private resting(): { orders: number; lots: number } {
    const { sums, kinds } = this
    if (!this.hasBook)
      return {
        orders: kinds[EventKind.accepted]! - sums[FILLED]! - sums[GONE]!,
        lots: sums[ENTERED]! - sums[TRADED]! - sums[CANCELLED]!,
      }
    const resting = { orders: 0, lots: 0 }
    for (const engine of this.market.engines) {
      resting.orders += engine.liveOrders
      resting.lots += engine.openLots()
    }
    return resting
  }

  private instruments(): InstrumentSummary[] {
    const { instruments } = this.market
    return Array.from({ length: instruments.count }, (_, instrument) => {
      const engine = this.market.engineOf(instrument)
      const side = (of: number): Quote[] =>
        (engine?.depth(instrument, of, DEPTH_LEVELS) ?? []).map((level) => ({
          price: instruments.formatPrice(instrument, level.priceTicks),
          quantity: instruments.formatQuantity(instrument, level.lots),
          orders: level.orders,
        }))
      const last = this.market.lastTradeTicks(instrument)
      return {
        symbol: instruments.symbol(instrument),
        state: STATES[engine?.tradingState(instrument) ?? TradingState.continuous]!,
        last: last === 0 ? undefined : instruments.formatPrice(instrument, last),
        bids: side(Side.buy),
        offers: side(Side.sell),
      }
    })
  }
}

const FILLED = 0
const ENTERED = 1
const TRADED = 2
const CANCELLED = 3
const GONE = 4

/** A price level in decimals. */
export interface Quote {
  readonly price: string
  readonly quantity: string
  readonly orders: number
}

export interface InstrumentSummary {
  readonly symbol: string
  /** Its trading state: `continuous`, `halted` and so on. */
  readonly state: string
  readonly last: string | undefined
  /** Best first, five at most. */
  readonly bids: readonly Quote[]
  readonly offers: readonly Quote[]
}

function totalLines(totals: Totals): string[] {
  const { orders, lots } = totals
  const rejects = Object.entries(totals.rejectedBy).sort(([, a], [, b]) => b - a)
  const n = thousands
  const rare = (count: number, name: string): string => (count === 0 ? '' : ` + ${n(count)} ${name}`)
  return [
    `commands in        ${n(totals.commands)} = ${n(totals.accepted)} accepted + ${n(totals.amended)} amended${rare(totals.replaced, 'replaced')} + ${n(totals.cancels)} cancelled${rare(totals.applied, 'applied')} + ${n(totals.rejected)} rejected${rare(totals.deadLettered ?? 0, 'dead-lettered')}`,
    ...rejects.map(([name, count]) => `  rejected ${name.padEnd(24)} ${n(count).padStart(12)}`),
    `trades             ${n(totals.trades)}`,
    `orders accepted    ${n(totals.accepted)} = ${n(orders.filled)} filled + ${n(orders.cancelled)} cancelled + ${n(orders.resting)} resting`,
    `lots entered       ${n(lots.entered)} = ${n(lots.filled)} filled + ${n(lots.cancelled)} cancelled + ${n(lots.resting)} resting`,
    totals.addsUp ? 'the counts add up' : 'THE COUNTS DO NOT ADD UP',
  ]
}

function instrumentLines(instruments: readonly InstrumentSummary[]): string[] {
  const lines: string[] = []
  for (const { symbol, state, last, bids, offers } of instruments.slice(0, INSTRUMENTS_SHOWN)) {
    const best = (quotes: readonly Quote[]): string =>
      quotes[0] === undefined ? 'none' : `${quotes[0].price} x ${quotes[0].quantity}`
    const shown = state === 'continuous' ? '' : `  ${state}`
    lines.push(
      `${symbol}  best bid ${best(bids)}  best offer ${best(offers)}  last ${last ?? 'none'}${shown}`,
    )
    const rows: string[][] = []
    for (let i = 0; i < Math.max(bids.length, offers.length); i++) {
      const [bid, offer] = [bids[i], offers[i]]
      rows.push([
        bid === undefined ? '' : String(bid.orders),
        bid?.quantity ?? '',
        bid?.price ?? '',
        offer?.price ?? '',
        offer?.quantity ?? '',
        offer === undefined ? '' : String(offer.orders),
      ])
    }
    if (rows.length > 0)
      lines.push(...table(['orders', 'quantity', 'bid', 'offer', 'quantity', 'orders'], rows), '')
  }
  const hidden = instruments.length - INSTRUMENTS_SHOWN
  if (hidden > 0) lines.push(`and ${hidden} more instruments: --format json shows all`)
  return lines
}
