import { parseDecimal, type Decimal } from '../../book/decimal.ts'
import type { Instruments } from '../../book/index.ts'
import * as record from '../../book/record.ts'
import { Heap, NONE, Pool } from '../../memory/heap.ts'
import { PairIndex, ROW_CLIENT, ROW_INSTRUMENT } from '../pair-index.ts'
import * as wide from '../wide.ts'
import { EntryIndex } from './entry-index.ts'
import * as fees from './fees.ts'
import type { FeeSchedule } from './fees.ts'
import * as rows from './ledger-rows.ts'
import { LedgerClock } from './ledger-clock.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { BOTH_SIDES, CLIENT, CommandKind, EventKind, EVENT_STOP_TICKS, HEAD, headKind, headOrderType } = record
const { headSide, INSTRUMENT, LOTS, MAKER_CLIENT, MAKER_OPEN_LOTS, MAKER_ORDER_ID, OPEN_LOTS } = record
const { ORDER_ID, PRICE_TICKS, Side } = record
const { Liquidity, writeFee } = fees
const { addScaled, addScaledProduct, clearWide, copyWide, wideToNumber } = wide
const { ACCOUNT_CASH, ACCOUNT_FEES, ACCOUNT_HELD, ACCOUNT_PERIOD, ACCOUNT_VOLUME } = rows
const { HOLDING_BOUGHT, HOLDING_FEES, HOLDING_HELD, HOLDING_LOTS, HOLDING_PAID, HOLDING_SOLD } = rows
const { HOLDING_TRADES, LEDGER_ROW_WORDS } = rows
const { ENTRY_CLIENT, ENTRY_HELD, ENTRY_ID_HIGH, ENTRY_ID_LOW, ENTRY_INSTRUMENT, ENTRY_OPEN } = rows
const { ENTRY_PPM, ENTRY_PRICE, ENTRY_SIDE, ENTRY_TRADED, ENTRY_TRADED_LOTS } = rows
const [CLIENT_OF, INSTRUMENT_OF] = [ROW_CLIENT, ROW_INSTRUMENT]
const OF_CLIENT = -1
/**
 * Cells of the ledger's scratch: value of a trade, its fee, and what cash is to be held with its fee; what cash of all
 * accounts went up by in a trade, its high and its low parts.
 */
const [VALUE, FEE, WANTED, MOVED] = [0, 2, 4, 8] as const
const BASE = 4_398_046_511_104

/** One side of a trade, good while the hook that is given it runs. */
export interface Fill {
  /** The word that the trade begins at, in the events. */
  at: number
  side: number
  liquidity: number
  /** The order's row, after the trade, and the account's. */
  order: number
  account: number
  feePpm: number
}

/**
 * Money and lots of every client, moved by what the engine says: a trade pays its value and takes fees, an open order holds
 * the cash or the lots that it may come to need. Double entry: what one side pays the other gets, and fees go to the venue's
 * account; each posting is read back, and a sum that is not zero is an error at once.
 */
export class Ledger extends Heap {
  readonly accounts: PairIndex
  readonly holdings: PairIndex
  readonly orders: EntryIndex
  readonly instruments: Instruments
  readonly fees: FeeSchedule
  readonly clock: LedgerClock
  /** Decimals of a money unit. */
  readonly decimals: number
  /** Fees taken in all less those given back: the venue's account, a wide number; cells 2 and 3: cash put in. */
  readonly venue: Float64Array
  /** Lots put in, by instrument. */
  readonly deposited: Map<number, number>
  trades: number
  /** Called with each side of a trade, the taker's first. */
  onFill: ((words: Int32Array, fill: Fill) => void) | undefined
  /** Value and fee of the trade under way, wide numbers. */
  readonly scratch: Float64Array
  private scales: Float64Array
  private known: number
  private readonly pool: Pool
  private readonly fill: Fill

  constructor(instruments: Instruments, schedule: FeeSchedule, decimals: number) {
    super(4_096 * LEDGER_ROW_WORDS)
    this.pool = new Pool(this, LEDGER_ROW_WORDS)
    this.accounts = new PairIndex(this, 256)
    this.holdings = new PairIndex(this, 1_024)
    this.orders = new EntryIndex(this, 4_096)
    this.instruments = instruments
    this.fees = schedule
    this.clock = new LedgerClock(schedule.period)
    this.decimals = decimals
    this.venue = new Float64Array(4)
    this.deposited = new Map()
    this.trades = 0
    this.onFill = undefined
    this.scratch = new Float64Array(10)
    this.scales = new Float64Array(16)
    this.known = 0
    this.fill = { at: 0, side: 0, liquidity: 0, order: 0, account: 0, feePpm: 0 }
  }

  /** Takes up an event of the engine. */
  apply(words: Int32Array, at: number): void {
    const kind = headKind(words[at + HEAD]!)
    if (kind === EventKind.trade) this.trade(words, at)
    else if (kind === EventKind.accepted) this.enter(words, at)
    else if (kind === EventKind.cancelled) {
      const row = this.orders.find(words[at + ORDER_ID]!, words[at + ORDER_ID + 1]!)
      if (row !== NONE) this.setOpen(row, words[at + OPEN_LOTS]!)
    } else if (kind === EventKind.amended) this.change(words, at, at + ORDER_ID)
    else if (kind === EventKind.replaced) this.change(words, at, at + MAKER_ORDER_ID)
    else if (kind === EventKind.applied && headOrderType(words[at + HEAD]!) === CommandKind.time)
      this.clock.set(words, at)
  }

  /** Puts cash into a client's account, or takes it out, as a whole number of money units. */
  deposit(client: number, units: number): void {
    const account = this.account(client)
    wide.addWide(this.totals, (account >> 1) + ACCOUNT_CASH, units)
    wide.addWide(this.venue, 2, units)
  }

  depositLots(client: number, instrument: number, lots: number): void {
    const holding = this.holding(client, instrument)
    this.totals[(holding >> 1) + HOLDING_LOTS]! += lots
    this.deposited.set(instrument, (this.deposited.get(instrument) ?? 0) + lots)
  }

  account(client: number): number {
    const row = this.accounts.find(client, OF_CLIENT)
    return row === NONE ? this.addRow(this.accounts, client, OF_CLIENT) : row
  }

  holding(client: number, instrument: number): number {
    const row = this.holdings.find(client, instrument)
    return row === NONE ? this.addRow(this.holdings, client, instrument) : row
  }

  /** Money units of one tick times one lot. */
  scale(instrument: number): number {
    if (instrument >= this.known) this.followInstruments()
    return this.scales[instrument]!
  }

  private addRow(index: PairIndex, client: number, instrument: number): number {
    const row = this.take()
    this.words[row + CLIENT_OF] = client
    this.words[row + INSTRUMENT_OF] = instrument
    index.insert(row)
    return row
  }

  private take(): number {
    const row = this.pool.take()
    if (row === NONE) throw new Error('ledger: no memory is left')
    this.words.fill(0, row, row + LEDGER_ROW_WORDS)
    return row
  }

  /** A new order is in: it holds cash at its price, at its stop price, or nothing if it has neither; or lots. */
  private enter(words: Int32Array, at: number): void {
    const row = this.take()
    this.fillEntry(row, words, at)
    this.orders.insert(row)
    this.setOpen(row, words[at + LOTS]!)
  }

  /** An order has another price or quantity, or another id. */
  private change(words: Int32Array, at: number, id: number): void {
    const row = this.orders.find(words[id]!, words[id + 1]!)
    if (row === NONE) return
    if (id !== at + ORDER_ID) {
      this.orders.remove(row)
      this.words[row + ENTRY_ID_LOW] = words[at + ORDER_ID]!
      this.words[row + ENTRY_ID_HIGH] = words[at + ORDER_ID + 1]!
      this.words[row + ENTRY_TRADED_LOTS] = 0
      clearWide(this.totals, (row >> 1) + ENTRY_TRADED)
      this.orders.insert(row)
    }
    this.words[row + ENTRY_PRICE] = heldPrice(words, at)
    this.setOpen(row, words[at + OPEN_LOTS]!)
  }

  private fillEntry(row: number, words: Int32Array, at: number): void {
    const entry = this.words
    const client = words[at + CLIENT]!
    entry[row + ENTRY_ID_LOW] = words[at + ORDER_ID]!
    entry[row + ENTRY_ID_HIGH] = words[at + ORDER_ID + 1]!
    entry[row + ENTRY_CLIENT] = client
    entry[row + ENTRY_INSTRUMENT] = words[at + INSTRUMENT]!
    entry[row + ENTRY_SIDE] = headSide(words[at + HEAD]!)
    entry[row + ENTRY_PRICE] = heldPrice(words, at)
    const tier = this.tierOf(this.account(client))
    const taker = this.fees.rate(tier, Liquidity.taker)
    this.words[row + ENTRY_PPM] = Math.max(0, taker, this.fees.rate(tier, Liquidity.maker))
  }

  /** Sets what an order has open, and holds what that may come to need: the difference is taken or released. */
  private setOpen(row: number, lots: number): void {
    const instrument = this.words[row + ENTRY_INSTRUMENT]!
    const client = this.words[row + ENTRY_CLIENT]!
    const side = this.words[row + ENTRY_SIDE]!
    const before = this.words[row + ENTRY_OPEN]!
    this.words[row + ENTRY_OPEN] = lots
    if (side === Side.buy) this.holdCash(row, client, instrument, lots)
    else {
      const holding = this.holding(client, instrument)
      this.totals[(holding >> 1) + HOLDING_HELD]! += lots - before
    }
    if (lots !== 0) return
    this.orders.remove(row)
    this.pool.give(row)
  }

  private holdCash(row: number, client: number, instrument: number, lots: number): void {
    const { scratch } = this
    const scale = this.scale(instrument)
    const account = this.account(client)
    const { totals, words } = this
    clearWide(scratch, WANTED)
    addScaledProduct(scratch, WANTED, lots, words[row + ENTRY_PRICE]!, scale)
    writeFee(scratch, WANTED, words[row + ENTRY_PPM]!, scratch, WANTED + 2)
    addScaled(scratch, WANTED, scratch, WANTED + 2, 1, 1)
    const held = (row >> 1) + ENTRY_HELD
    const sum = (account >> 1) + ACCOUNT_HELD
    addScaled(totals, sum, totals, held, -1, 1)
    addScaled(totals, sum, scratch, WANTED, 1, 1)
    copyWide(totals, held, scratch, WANTED)
  }

  /** Both sides of a trade: value and lots change hands, each pays its fee, holds shrink by what has traded. */
  private trade(words: Int32Array, at: number): void {
    const { scratch } = this
    const instrument = words[at + INSTRUMENT]!
    const price = words[at + PRICE_TICKS]!
    const lots = words[at + LOTS]!
    const side = headSide(words[at + HEAD]!)
    const isAuction = side === BOTH_SIDES
    const takerSide = isAuction ? Side.buy : side
    this.trades++
    clearWide(scratch, VALUE)
    addScaledProduct(scratch, VALUE, lots, price, this.scale(instrument))
    scratch[MOVED] = scratch[MOVED + 1] = 0
    const taker = isAuction ? Liquidity.auction : Liquidity.taker
    const maker = isAuction ? Liquidity.auction : Liquidity.maker
    this.tradeSide(words, at, takerSide, taker, at + ORDER_ID, words[at + OPEN_LOTS]!, words[at + CLIENT]!)
    const makerOpen = words[at + MAKER_OPEN_LOTS]!
    const makerClient = words[at + MAKER_CLIENT]!
    this.tradeSide(words, at, takerSide ^ 1, maker, at + MAKER_ORDER_ID, makerOpen, makerClient)
    const moved = scratch[MOVED] * BASE + scratch[MOVED + 1]!
    if (moved !== 0)
      throw new Error(`ledger: a trade of ${lots} at ${price} in instrument ${instrument} does not balance`)
  }

  private tradeSide(
    words: Int32Array,
    at: number,
    side: number,
    liquidity: number,
    id: number,
    openLots: number,
    client: number,
  ): void {
    const { scratch, fill, venue } = this
    const instrument = words[at + INSTRUMENT]!
    const lots = words[at + LOTS]!
    const account = this.account(client)
    const holding = this.holding(client, instrument)
    const row = this.orders.find(words[id]!, words[id + 1]!)
    if (row === NONE) throw new Error('ledger: a trade is of an order that never came')
    const ppm = this.fees.rate(this.tierOf(account), liquidity)
    writeFee(scratch, VALUE, ppm, scratch, FEE)
    const sign = side === Side.buy ? -1 : 1
    const { totals } = this
    const cash = (account >> 1) + ACCOUNT_CASH
    const cells = holding >> 1
    scratch[MOVED]! -= totals[cash]! + venue[0]!
    scratch[MOVED + 1]! -= totals[cash + 1]! + venue[1]!
    addScaled(totals, cash, scratch, VALUE, sign, 1)
    addScaled(totals, cash, scratch, FEE, -1, 1)
    addScaled(venue, 0, scratch, FEE, 1, 1)
    scratch[MOVED]! += totals[cash]! + venue[0]!
    scratch[MOVED + 1]! += totals[cash + 1]! + venue[1]!
    addScaled(totals, (account >> 1) + ACCOUNT_VOLUME, scratch, VALUE, 1, 1)
    addScaled(totals, (account >> 1) + ACCOUNT_FEES, scratch, FEE, 1, 1)
    totals[cells + HOLDING_LOTS]! -= sign * lots
    totals[cells + (side === Side.buy ? HOLDING_BOUGHT : HOLDING_SOLD)]! += lots
    addScaled(totals, cells + HOLDING_PAID, scratch, VALUE, sign, 1)
    addScaled(totals, cells + HOLDING_FEES, scratch, FEE, 1, 1)
    this.words[holding + HOLDING_TRADES]!++
    this.words[row + ENTRY_TRADED_LOTS]! += lots
    addScaled(totals, (row >> 1) + ENTRY_TRADED, scratch, VALUE, 1, 1)
    if (this.onFill !== undefined) {
      fill.at = at
      fill.side = side
      fill.liquidity = liquidity
      fill.order = row
      fill.account = account
      fill.feePpm = ppm
      this.onFill(words, fill)
    }
    this.setOpen(row, openLots)
  }

  /** The fee tier of an account, by what it has traded in the period. */
  private tierOf(account: number): number {
    if (this.fees.volumes.length === 1) return 0
    if (this.words[account + ACCOUNT_PERIOD] !== this.clock.period) {
      this.words[account + ACCOUNT_PERIOD] = this.clock.period
      clearWide(this.totals, (account >> 1) + ACCOUNT_VOLUME)
    }
    return this.fees.tier(wideToNumber(this.totals, (account >> 1) + ACCOUNT_VOLUME))
  }

  private followInstruments(): void {
    const { instruments, decimals } = this
    if (this.scales.length < instruments.count) {
      const scales = new Float64Array(instruments.count * 2)
      scales.set(this.scales)
      this.scales = scales
    }
    for (; this.known < instruments.count; this.known++) {
      const tick = parseDecimal(instruments.formatPrice(this.known, 1)) as Decimal
      const lot = parseDecimal(instruments.formatQuantity(this.known, 1)) as Decimal
      const scale = tick.units * lot.units * 10 ** (decimals - tick.scale - lot.scale)
      if (!Number.isInteger(scale) || scale < 1 || scale > MAX_SCALE)
        throw new RangeError(
          `ledger: one tick times one lot of ${instruments.symbol(this.known)} is no whole number of units of 10^-${decimals}, or too many`,
        )
      this.scales[this.known] = scale
    }
  }
}

const MAX_SCALE = 2 ** 31

/** The price that cash is held at: the limit, or else the stop price. */
function heldPrice(words: Int32Array, at: number): number {
  return words[at + PRICE_TICKS] === 0 ? words[at + EVENT_STOP_TICKS]! : words[at + PRICE_TICKS]!
}
