import { parseDecimal, type Decimal } from '../book/decimal.ts'
import type { Instruments } from '../book/index.ts'
import { LIMIT_CELLS } from './limit-field.ts'
import { LimitBook, VENUE, writeDefaults, type LimitScope, type MoneyUnit } from './limit-book.ts'
import { UNITS_PER_DAY } from './log-time.ts'
import { ROW_INSTRUMENT } from './pair-index.ts'
import { RowStore, type RiskRoom } from './row-store.ts'
import * as rows from './rows.ts'
import * as wide from './wide.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { CLIENT_DAY, CLIENT_LIMITS, CLIENT_MESSAGES, CLIENT_TRADES, POSITION_COST, POSITION_DAY } = rows
const { POSITION_DAY_BASE, POSITION_LIMITS, POSITION_LOTS, POSITION_OFFSET, POSITION_REALISED } = rows
const { addProduct, addScaled, copyWide } = wide
/** This module's own: V8 folds it. */
const INSTRUMENT_OF = ROW_INSTRUMENT
const OF_CLIENT = -1

/** What is known of each instrument: cells of a row of 16. */
export const INSTRUMENT_CELLS = 16
/** Price of its latest trade, or 0; when that was: time of the log and sequence of the command. */
export const INSTRUMENT_LAST = 0
export const INSTRUMENT_LAST_TIME = 1
export const INSTRUMENT_LAST_SEQUENCE = 2
/** What positions are valued at: the latest trade, else the reference, else the latest price that was let in. */
export const INSTRUMENT_MARK = 3
/** The mark when the day began. */
export const INSTRUMENT_DAY_MARK = 4
/** Price that the breaker's window began with, and its number. */
export const INSTRUMENT_MOVE_BASE = 5
export const INSTRUMENT_MOVE_WINDOW = 6
/** 1 if the breaker has tripped, and until when: time of the log, or Infinity. */
export const INSTRUMENT_TRIPPED = 7
export const INSTRUMENT_TRIPPED_UNTIL = 8
/** Mean move from trade to trade, in 1/65536 ticks: each trade counts 1/32. */
export const INSTRUMENT_MOVE = 9
/** Units of money of one tick times one lot. Not state: it follows from the instruments. */
export const INSTRUMENT_SCALE = 10

/**
 * All that risk knows, in one flat object that the functions of this folder work on: positions and clients as rows of one
 * heap, found by open tables that grow a few buckets at a time; instruments and limits as dense rows of cells.
 */
export class RiskBook extends RowStore {
  readonly instruments: Instruments
  readonly limits: LimitBook
  /** INSTRUMENT_CELLS for each instrument. */
  instrumentCells: Float64Array
  /** Limits of each instrument with the venue's behind them, LIMIT_CELLS each; NaN in none. */
  instrumentLimits: Float64Array
  /** Limits of clients and of clients in an instrument, LIMIT_CELLS each; NaN where not set. Row 0 is nobody's. */
  ownLimits: Float64Array
  ownRows: number
  /** The limits that hold for the order at hand, where its client has own ones. */
  readonly merged: Float64Array
  /** Units of money of one tick times one lot of each instrument, and of one lot at its mark: what sums read. */
  scales: Float64Array
  markValues: Float64Array
  known: number
  /** The unit of money: the largest that one tick times one lot of every instrument is a whole number of. */
  money: MoneyUnit
  /** Time of the log, in units of 512 ns, and its day in UTC. */
  now: number
  day: number
  /** Sequence of the command at hand. */
  sequence: number
  /** Room for sums. */
  readonly scratch: Float64Array

  constructor(instruments: Instruments, room: RiskRoom = {}) {
    super(room)
    this.instruments = instruments
    this.limits = new LimitBook()
    this.instrumentCells = new Float64Array(16 * INSTRUMENT_CELLS)
    this.instrumentLimits = new Float64Array(16 * LIMIT_CELLS)
    this.ownLimits = new Float64Array(LIMIT_CELLS).fill(NaN)
    this.ownRows = 1
    this.merged = new Float64Array(LIMIT_CELLS)
    this.scales = new Float64Array(16)
    this.markValues = new Float64Array(16)
    this.known = 0
    this.money = { units: 1n, scale: 0 }
    this.now = 0
    this.day = 0
    this.sequence = 0
    this.scratch = new Float64Array(16)
    this.followInstruments()
  }

  /** Instruments may be added while running. */
  followInstruments(): void {
    const { count } = this.instruments
    if (count === this.known) return
    if (this.instrumentCells.length < count * INSTRUMENT_CELLS) {
      const room = Math.max(count, this.known * 2)
      this.instrumentCells = widened(this.instrumentCells, room * INSTRUMENT_CELLS)
      this.instrumentLimits = widened(this.instrumentLimits, room * LIMIT_CELLS)
      this.scales = widened(this.scales, room)
      this.markValues = widened(this.markValues, room)
    }
    for (let each = this.known; each < count; each++) {
      const at = each * INSTRUMENT_CELLS
      const reference = this.instruments.referenceTicks[each]!
      this.instrumentCells[at + INSTRUMENT_MARK] = this.instrumentCells[at + INSTRUMENT_DAY_MARK] = reference
      this.instrumentCells[at + INSTRUMENT_MOVE_WINDOW] = -1
    }
    this.known = count
    this.setScales()
    this.writeLimits()
  }

  /** Makes the rows that checks read from what has been written down. */
  writeLimits(): void {
    for (let instrument = 0; instrument < this.known; instrument++) {
      const from = instrument * LIMIT_CELLS
      writeDefaults(this.instrumentLimits, from)
      this.limits.writeOver(VENUE, this.instrumentLimits, from, this.money)
      this.limits.writeOver({ client: 0, instrument }, this.instrumentLimits, from, this.money)
    }
    for (const { scope } of this.limits.all()) if (scope.client !== 0) this.writeOwnLimits(scope)
  }

  /** Makes the row of a client's own limits, anew if it has one. */
  writeOwnLimits(scope: LimitScope): void {
    const isClient = scope.instrument < 0
    if (!isClient && scope.instrument >= this.known) return
    const slot = isClient ? this.client(scope.client | 0) : this.position(scope.client | 0, scope.instrument)
    const word = slot + (isClient ? CLIENT_LIMITS : POSITION_LIMITS)
    if (this.words[word] === 0) {
      this.words[word] = this.ownRows
      this.ownRows++
      if (this.ownLimits.length < this.ownRows * LIMIT_CELLS)
        this.ownLimits = widened(this.ownLimits, this.ownRows * 2 * LIMIT_CELLS)
    }
    const from = this.words[word]! * LIMIT_CELLS
    this.ownLimits.fill(NaN, from, from + LIMIT_CELLS)
    this.limits.writeOver(scope, this.ownLimits, from, this.money)
  }

  /** Moves the log's time on; it never goes back. */
  advance(time: number): void {
    if (time <= this.now) return
    this.now = time
    const day = Math.floor(time / UNITS_PER_DAY)
    if (day === this.day) return
    this.day = day
    for (let each = 0; each < this.known; each++) {
      const at = each * INSTRUMENT_CELLS
      this.instrumentCells[at + INSTRUMENT_DAY_MARK] = this.instrumentCells[at + INSTRUMENT_MARK]!
    }
  }

  /** Sets a position's profit at the beginning of the day, before it changes or is looked at for the first time of it. */
  touchPosition(row: number): void {
    if (this.words[row + POSITION_DAY] === this.day) return
    this.words[row + POSITION_DAY] = this.day
    const { totals } = this
    const cells = row >> 1
    const mark =
      this.instrumentCells[this.words[row + INSTRUMENT_OF]! * INSTRUMENT_CELLS + INSTRUMENT_DAY_MARK]!
    copyWide(totals, cells + POSITION_DAY_BASE, totals, cells + POSITION_REALISED)
    addProduct(totals, cells + POSITION_DAY_BASE, totals[cells + POSITION_LOTS]!, mark)
    addScaled(totals, cells + POSITION_DAY_BASE, totals, cells + POSITION_COST, -1, 1)
    this.setOffset(row)
  }

  /** Sums up what of a position's profit does not move with its price. */
  setOffset(row: number): void {
    const { totals } = this
    const cells = row >> 1
    const high =
      totals[cells + POSITION_REALISED]! - totals[cells + POSITION_COST]! - totals[cells + POSITION_DAY_BASE]!
    const low =
      totals[cells + POSITION_REALISED + 1]! -
      totals[cells + POSITION_COST + 1]! -
      totals[cells + POSITION_DAY_BASE + 1]!
    // The low parts are below 2^42 each: with so small a high one the sum is exact.
    totals[cells + POSITION_OFFSET] = high < HIGH_OFFSET && high > -HIGH_OFFSET ? high * WIDE_BASE + low : NaN
  }

  /** Sets what positions of an instrument are valued at. */
  setMark(instrument: number, ticks: number): void {
    this.instrumentCells[instrument * INSTRUMENT_CELLS + INSTRUMENT_MARK] = ticks
    this.markValues[instrument] = ticks * this.scales[instrument]!
  }

  /** Begins a client's counts of the day anew if it is another. */
  touchClient(row: number): void {
    if (this.words[row + CLIENT_DAY] === this.day) return
    this.words[row + CLIENT_DAY] = this.day
    this.totals[(row >> 1) + CLIENT_MESSAGES] = 0
    this.totals[(row >> 1) + CLIENT_TRADES] = 0
  }

  protected override begin(row: number): void {
    this.words[row + (this.words[row + INSTRUMENT_OF] === OF_CLIENT ? CLIENT_DAY : POSITION_DAY)] = this.day
  }

  /** The unit of money is the largest that one tick times one lot of each instrument is a whole number of. */
  private setScales(): void {
    const { instruments } = this
    const steps = Array.from({ length: this.known }, (_, each): [Decimal, Decimal] => [
      parseDecimal(instruments.formatPrice(each, 1)) as Decimal,
      parseDecimal(instruments.formatQuantity(each, 1)) as Decimal,
    ])
    const scale = Math.max(0, ...steps.map(([tick, lot]) => tick.scale + lot.scale))
    const units = steps.map(
      ([tick, lot]) => BigInt(tick.units) * BigInt(lot.units) * 10n ** BigInt(scale - tick.scale - lot.scale),
    )
    const unit = units.reduce(greatestDivisor, 0n)
    this.money = { units: unit === 0n ? 1n : unit, scale }
    for (const [each, of] of units.entries()) {
      const cell = Number(of / this.money.units)
      if (cell > MAX_SCALE)
        throw new RangeError(
          `risk: instrument ${instruments.symbol(each)}: its steps of money are too far from those of others`,
        )
      this.instrumentCells[each * INSTRUMENT_CELLS + INSTRUMENT_SCALE] = this.scales[each] = cell
      this.setMark(each, this.instrumentCells[each * INSTRUMENT_CELLS + INSTRUMENT_MARK]!)
    }
  }
}

function greatestDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestDivisor(b, a % b)
}

const MAX_SCALE = 2 ** 31
const WIDE_BASE = 4_398_046_511_104
const HIGH_OFFSET = 512

function widened(cells: Float64Array, length: number): Float64Array {
  const next = new Float64Array(length)
  next.set(cells)
  return next
}
