import { decimalToUnits } from '../../book/decimal.ts'
import * as record from '../../book/record.ts'
import type { Market } from '../../pipeline/market.ts'
import type { ReportSection, Step, StepFailure } from '../../pipeline/operator.ts'
import {
  decimalText,
  FeeSchedule,
  imbalance,
  Ledger,
  readReport,
  settleDay,
  SETTLEMENT_HEADER,
  settlementEnd,
  type ExecutionReport,
} from '../../risk/index.ts'
import { dayOfTime } from '../../risk/settlement/ledger-clock.ts'
import { readWide } from '../../risk/wide.ts'
import { thousands } from '../../telemetry/text-table.ts'
import type { Output } from '../sinks/output.ts'
import { reportLine } from './report-line.ts'
import type { Deposit, SettleOptions } from './settle-options.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { CommandKind, EventKind, HEAD, headKind, headOrderType } = record

export type ReportCallback = (report: ExecutionReport) => void

interface Outputs {
  readonly reports?: Output | undefined
  readonly settlement?: Output | undefined
}

const DEFAULT_DECIMALS = 8
const WRITE_CHARACTERS = 65_536

/** The ledger as a step behind `match`. */
export class SettleStage implements Step {
  readonly ledger: Ledger
  /** Called with each execution report, the taker's first. */
  onReport: ReportCallback | undefined
  readonly failed?: Promise<StepFailure>
  /** Days settled so far, and the text of the file up to now. */
  days: number
  private readonly market: Market
  private readonly outputs: Outputs
  private waiting: string
  private settled: string
  private isClosed: boolean

  /** @throws RangeError that says what is wrong with the options */
  constructor(market: Market, given: SettleOptions = {}, outputs: Outputs = {}) {
    const { decimals = DEFAULT_DECIMALS, fees = {}, accounts = {} } = given
    this.market = market
    this.outputs = outputs
    this.ledger = new Ledger(market.instruments, new FeeSchedule(fees, decimals), decimals)
    this.onReport = undefined
    this.days = 0
    this.waiting = ''
    this.settled = SETTLEMENT_HEADER
    this.isClosed = false
    for (const [name, deposit] of Object.entries(accounts)) this.deposit(name, deposit)
    this.ledger.onFill = (words, fill) => {
      if (this.onReport === undefined && outputs.reports === undefined) return
      const report = readReport(this.ledger, words, fill)
      this.onReport?.(report)
      if (outputs.reports === undefined) return
      this.waiting += reportLine(this.market, this.ledger.decimals, report)
      if (this.waiting.length >= WRITE_CHARACTERS) this.flush()
    }
    const failures = [outputs.reports, outputs.settlement].flatMap((output) => output?.failed ?? [])
    if (failures.length > 0) this.failed = Promise.race(failures)
  }

  process(words: Int32Array, at: number): void {
    const head = words[at + HEAD]!
    if (headKind(head) === EventKind.applied && headOrderType(head) === CommandKind.time) {
      const { clock } = this.ledger
      if (clock.seconds !== 0 && dayOfTime(words, at) > clock.day) this.endDay()
    }
    this.ledger.apply(words, at)
  }

  flush(): void {
    if (this.waiting === '') return
    this.outputs.reports?.write(this.waiting)
    this.waiting = ''
  }

  /** Puts a client's money and holdings in. @throws RangeError for amounts that are none, or are finer than can be */
  deposit(name: string, { cash = '0', holdings = {} }: Deposit): void {
    const { ledger, market } = this
    const client = market.clients.number(name)
    const units = decimalToUnits(cash, ledger.decimals)
    if (typeof units === 'string')
      throw new RangeError(`accounts ${name}: cash ${cash} is no whole number of units`)
    ledger.deposit(client, units)
    for (const [symbol, quantity] of Object.entries(holdings)) {
      const instrument = market.instruments.find(symbol)
      if (instrument === undefined) throw new RangeError(`accounts ${name}: no instrument ${symbol}`)
      const lots = market.instruments.toLots(instrument, quantity)
      if (typeof lots === 'string')
        throw new RangeError(`accounts ${name}: ${quantity} ${symbol} is not on the lot`)
      ledger.depositLots(client, instrument, lots)
    }
  }

  /**
   * Nets the day that ends here and begins the next.
   * @throws Error if anything does not add up
   */
  endDay(): void {
    const { ledger, market } = this
    const broken = imbalance(ledger)
    if (broken !== undefined) throw new Error(`settle: ${broken}`)
    const names = { instruments: market.instruments, client: (client: number) => market.clients.text(client) }
    const lines = settleDay(ledger, names)
    if (lines === '') return
    this.days++
    if (this.outputs.settlement !== undefined) this.settled += lines
  }

  report(): ReportSection {
    const { ledger } = this
    const balance = imbalance(ledger) ?? 'everything adds up'
    const fees = decimalText(readWide(ledger.venue, 0), ledger.decimals)
    const { trades, accounts, orders } = ledger
    const lines = [
      `${thousands(trades)} trades, ${thousands(trades * 2)} execution reports, ${thousands(accounts.count)} accounts, ${thousands(orders.count)} orders hold cash or lots`,
      `fees ${fees}; ${balance}`,
    ]
    const figures = { trades, accounts: accounts.count, openOrders: orders.count, fees, balance }
    return { title: 'settlement', lines, figures }
  }

  async close(): Promise<void> {
    if (this.isClosed) return
    this.isClosed = true
    this.flush()
    try {
      this.endDay()
      this.outputs.settlement?.write(this.settled + settlementEnd(this.settled, this.ledger.trades))
    } finally {
      await Promise.all([this.outputs.reports?.close(), this.outputs.settlement?.close()])
    }
  }
}
