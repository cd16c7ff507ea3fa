import type { Decimal } from '../book/decimal.ts'
import { parseDecimal } from '../book/decimal.ts'
import { rejectName } from '../book/reject-code.ts'
import * as rejectCode from '../book/reject-code.ts'
import type { Audit, AuditRecord } from './audit.ts'
import { moneyUnits } from './limit-book.ts'
import { RiskState } from './limit-field.ts'
import * as logTime from './log-time.ts'
import { ROW_CLIENT } from './pair-index.ts'
import * as riskState from './risk-state.ts'
import type { RiskBook } from './risk-state.ts'
import * as rows from './rows.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { UNITS_PER_SECOND } = logTime
const { RejectCode } = rejectCode
const { INSTRUMENT_CELLS, INSTRUMENT_LAST, INSTRUMENT_MOVE_BASE, INSTRUMENT_MOVE_WINDOW } = riskState
const { INSTRUMENT_TRIPPED, INSTRUMENT_TRIPPED_UNTIL } = riskState
const { CLIENT_REJECTS, CLIENT_REJECT_WINDOW, CLIENT_TRIP_CODE, CLIENT_TRIPPED, CLIENT_TRIPPED_UNTIL } = rows

/** What trips a circuit breaker. Without a cool-down it holds until it is reset. */
export interface BreakerSettings {
  /** Orders of one client refused within a window of the log's time, by risk or by the engine: halts the client. */
  readonly rejects?:
    | { readonly most: number; readonly seconds: number; readonly coolDownSeconds?: number | undefined }
    | undefined
  /** Loss of one client since the day began, as a decimal amount: halts the client. */
  readonly loss?: { readonly amount: string; readonly coolDownSeconds?: number | undefined } | undefined
  /** Move of an instrument's price within a window, from the price before it: halts the instrument. */
  readonly priceMove?:
    | { readonly ticks: number; readonly seconds: number; readonly coolDownSeconds?: number | undefined }
    | undefined
}

/**
 * Breakers are state machines over the log: what trips them, when they cool down and who resets them is all in it, so a
 * replay trips the same ones at the same records.
 */
export class Breakers {
  settings: BreakerSettings
  hasRejects: boolean
  hasMoves: boolean
  /** In money units; Infinity: no such breaker. */
  lossUnits: number
  private readonly book: RiskBook
  private readonly audit: Audit
  private mostRejects: number
  private rejectWindow: number
  private rejectCoolDown: number
  private moveTicks: number
  private moveWindow: number
  private moveCoolDown: number
  private loss: Decimal | undefined
  private lossCoolDown: number

  constructor(book: RiskBook, audit: Audit, settings: BreakerSettings = {}) {
    this.book = book
    this.audit = audit
    this.settings = {}
    this.hasRejects = this.hasMoves = false
    this.lossUnits = Infinity
    this.mostRejects = this.rejectWindow = this.rejectCoolDown = Infinity
    this.moveTicks = this.moveWindow = this.moveCoolDown = Infinity
    this.loss = undefined
    this.lossCoolDown = Infinity
    this.set(settings)
  }

  set(settings: BreakerSettings): void {
    const { rejects, loss, priceMove } = settings
    this.settings = settings
    this.hasRejects = rejects !== undefined
    this.mostRejects = rejects?.most ?? Infinity
    this.rejectWindow = (rejects?.seconds ?? 1) * UNITS_PER_SECOND
    this.rejectCoolDown = (rejects?.coolDownSeconds ?? Infinity) * UNITS_PER_SECOND
    this.hasMoves = priceMove !== undefined
    this.moveTicks = priceMove?.ticks ?? Infinity
    this.moveWindow = (priceMove?.seconds ?? 1) * UNITS_PER_SECOND
    this.moveCoolDown = (priceMove?.coolDownSeconds ?? Infinity) * UNITS_PER_SECOND
    const amount = loss === undefined ? undefined : parseDecimal(loss.amount)
    if (typeof amount === 'string') throw new RangeError(`breakers loss amount: ${loss!.amount} is not one`)
    this.loss = amount
    this.lossCoolDown = (loss?.coolDownSeconds ?? Infinity) * UNITS_PER_SECOND
    this.followMoney()
  }

  /** The unit of money may have become another. */
  followMoney(): void {
    this.lossUnits = this.loss === undefined ? Infinity : moneyUnits(this.loss, this.book.money)
  }

  /** An order of a client was refused. */
  rejected(client: number): void {
    const { book } = this
    const { totals } = book
    const row = book.client(client)
    const cells = row >> 1
    const window = Math.floor(book.now / this.rejectWindow)
    if (totals[cells + CLIENT_REJECT_WINDOW] !== window) {
      totals[cells + CLIENT_REJECT_WINDOW] = window
      totals[cells + CLIENT_REJECTS] = 0
    }
    if (++totals[cells + CLIENT_REJECTS]! > this.mostRejects)
      this.trip(row, RiskState.halted, RejectCode.RISK_BREAKER, this.rejectCoolDown, 'rejects')
  }

  /** A client has lost more than the breaker allows. */
  lost(row: number): void {
    this.trip(row, RiskState.halted, RejectCode.RISK_BREAKER, this.lossCoolDown, 'loss')
  }

  /** A trade moves an instrument's price. To be called before the trade is taken up. */
  traded(instrument: number, price: number): void {
    const { instrumentCells: cells, now } = this.book
    const at = instrument * INSTRUMENT_CELLS
    const window = Math.floor(now / this.moveWindow)
    if (cells[at + INSTRUMENT_MOVE_WINDOW] !== window) {
      cells[at + INSTRUMENT_MOVE_WINDOW] = window
      const last = cells[at + INSTRUMENT_LAST]!
      cells[at + INSTRUMENT_MOVE_BASE] = last === 0 ? this.book.instruments.referenceTicks[instrument]! : last
    }
    const base = cells[at + INSTRUMENT_MOVE_BASE]!
    if (base === 0) cells[at + INSTRUMENT_MOVE_BASE] = price
    else if (Math.abs(price - base) > this.moveTicks && cells[at + INSTRUMENT_TRIPPED] === 0) {
      cells[at + INSTRUMENT_TRIPPED] = 1
      cells[at + INSTRUMENT_TRIPPED_UNTIL] = now + this.moveCoolDown
      this.note('breaker', 'tripped', 0, instrument, 'priceMove', 'active', 'halted')
    }
  }

  /** Sets what a client may do until the cool-down is over. A narrower state stays. */
  trip(row: number, state: number, code: number, coolDown: number, name: string): void {
    const { words, totals, now } = this.book
    const before = words[row + CLIENT_TRIPPED]!
    if (before >= state) return
    words[row + CLIENT_TRIPPED] = state
    words[row + CLIENT_TRIP_CODE] = code
    totals[(row >> 1) + CLIENT_TRIPPED_UNTIL] = now + coolDown
    const by = code === RejectCode.RISK_BREAKER ? 'breaker' : 'breach'
    this.note(by, 'tripped', words[row + ROW_CLIENT]! >>> 0, -1, name, STATES[before]!, STATES[state]!)
  }

  /** A client that a breach takes to reduce-only stays there until it is reset. */
  flip(row: number, code: number): void {
    this.trip(row, RiskState.reduceOnly, code, Infinity, rejectName(code))
  }

  /** Lets a client go on whose cool-down is over. Returns the state that is left. */
  clientState(row: number): number {
    const { words, totals, now } = this.book
    const state = words[row + CLIENT_TRIPPED]!
    if (now < totals[(row >> 1) + CLIENT_TRIPPED_UNTIL]!) return state
    this.resetClient(row, 'time')
    return RiskState.active
  }

  isInstrumentTripped(instrument: number): boolean {
    const { instrumentCells: cells, now } = this.book
    const at = instrument * INSTRUMENT_CELLS
    if (now < cells[at + INSTRUMENT_TRIPPED_UNTIL]!) return true
    this.resetInstrument(instrument, 'time')
    return false
  }

  resetClient(row: number, by: AuditRecord['by']): void {
    const { words, totals } = this.book
    const before = words[row + CLIENT_TRIPPED]!
    if (before === RiskState.active) return
    words[row + CLIENT_TRIPPED] = RiskState.active
    words[row + CLIENT_TRIP_CODE] = 0
    totals[(row >> 1) + CLIENT_TRIPPED_UNTIL] = 0
    // What tripped it is not to trip it again at once.
    totals[(row >> 1) + CLIENT_REJECTS] = 0
    this.note(by, 'reset', words[row + ROW_CLIENT]! >>> 0, -1, 'client', STATES[before]!, 'active')
  }

  resetInstrument(instrument: number, by: AuditRecord['by']): void {
    const { instrumentCells: cells } = this.book
    const at = instrument * INSTRUMENT_CELLS
    if (cells[at + INSTRUMENT_TRIPPED] === 0) return
    cells[at + INSTRUMENT_TRIPPED] = 0
    cells[at + INSTRUMENT_TRIPPED_UNTIL] = 0
    cells[at + INSTRUMENT_MOVE_BASE] = cells[at + INSTRUMENT_LAST]!
    this.note(by, 'reset', 0, instrument, 'instrument', 'halted', 'active')
  }

  private note(
    by: AuditRecord['by'],
    what: AuditRecord['what'],
    client: number,
    instrument: number,
    name: string,
    before: string,
    after: string,
  ): void {
    const { sequence, now } = this.book
    const seconds = now / UNITS_PER_SECOND
    this.audit.add({ sequence, seconds, by, what, client, instrument, name, before, after })
  }
}

const STATES = ['active', 'reduce-only', 'halted'] as const
