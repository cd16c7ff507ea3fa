import * as record from '../book/record.ts'
import * as riskState from './risk-state.ts'
import type { RiskBook } from './risk-state.ts'
import * as rows from './rows.ts'
import * as wide from './wide.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { CLIENT, EventKind, HEAD, headKind, headSide, INSTRUMENT, LOTS, MAKER_CLIENT, OPEN_LOTS } = record
const { PREVIOUS_OPEN_LOTS, PRICE_TICKS, readU64, SEQUENCE, Side } = record
const { INSTRUMENT_CELLS, INSTRUMENT_LAST, INSTRUMENT_LAST_SEQUENCE, INSTRUMENT_LAST_TIME } = riskState
const { INSTRUMENT_MOVE } = riskState
const { CLIENT_TRADES, POSITION_COST, POSITION_LOTS, POSITION_OPEN_BUY, POSITION_OPEN_SELL } = rows
const { POSITION_REALISED } = rows
const { addProduct, addScaled, clearWide, sharePart } = wide

/** One trade counts 1/32 in the mean move; moves are counted in 1/65536 ticks. */
const MOVE_SHARE = 1 / 32
const MOVE_UNITS = 65_536

/** Takes up what an event of the engine says of positions, open orders and prices. */
export function followEvent(book: RiskBook, words: Int32Array, at: number): void {
  const kind = headKind(words[at + HEAD]!)
  if (kind === EventKind.trade) followTrade(book, words, at)
  else if (kind === EventKind.accepted) {
    const instrument = words[at + INSTRUMENT]!
    const row = book.position(words[at + CLIENT]!, instrument)
    open(book, row, headSide(words[at + HEAD]!), words[at + LOTS]!)
    followPrice(book, instrument, words[at + PRICE_TICKS]!)
  } else if (kind === EventKind.cancelled) {
    const row = book.position(words[at + CLIENT]!, words[at + INSTRUMENT]!)
    open(book, row, headSide(words[at + HEAD]!), -words[at + LOTS]!)
  } else if (kind === EventKind.amended || kind === EventKind.replaced) {
    const row = book.position(words[at + CLIENT]!, words[at + INSTRUMENT]!)
    open(book, row, headSide(words[at + HEAD]!), words[at + OPEN_LOTS]! - words[at + PREVIOUS_OPEN_LOTS]!)
  }
}

/** Adds to the open lots of a side. */
function open(book: RiskBook, row: number, side: number, lots: number): void {
  book.totals[(row >> 1) + (side === Side.buy ? POSITION_OPEN_BUY : POSITION_OPEN_SELL)]! += lots
}

/** The price that positions are valued at while there is neither a trade nor a reference. */
function followPrice(book: RiskBook, instrument: number, ticks: number): void {
  const { instrumentCells, instruments } = book
  const at = instrument * INSTRUMENT_CELLS
  if (instrumentCells[at + INSTRUMENT_LAST] !== 0 || ticks === 0) return
  if (instruments.referenceTicks[instrument] === 0) book.setMark(instrument, ticks)
}

/** In a trade of an auction, too, the order that comes first is the buy order. */
function followTrade(book: RiskBook, words: Int32Array, at: number): void {
  const instrument = words[at + INSTRUMENT]!
  const price = words[at + PRICE_TICKS]!
  const lots = words[at + LOTS]!
  const taken = headSide(words[at + HEAD]!) === Side.sell ? -lots : lots
  followSide(book, words[at + CLIENT]!, instrument, taken, price)
  followSide(book, words[at + MAKER_CLIENT]!, instrument, -taken, price)
  const cells = book.instrumentCells
  const of = instrument * INSTRUMENT_CELLS
  const before = cells[of + INSTRUMENT_LAST]!
  const move = before === 0 ? 0 : Math.abs(price - before)
  const mean = cells[of + INSTRUMENT_MOVE]!
  cells[of + INSTRUMENT_MOVE] = mean + Math.floor((move * MOVE_UNITS - mean) * MOVE_SHARE)
  cells[of + INSTRUMENT_LAST] = price
  book.setMark(instrument, price)
  cells[of + INSTRUMENT_LAST_TIME] = book.now
  cells[of + INSTRUMENT_LAST_SEQUENCE] = readU64(words, at + SEQUENCE)
}

function followSide(book: RiskBook, client: number, instrument: number, lots: number, price: number): void {
  const row = book.position(client, instrument)
  const owner = book.client(client)
  book.touchPosition(row)
  book.touchClient(owner)
  book.totals[(owner >> 1) + CLIENT_TRADES]!++
  open(book, row, lots > 0 ? Side.buy : Side.sell, lots > 0 ? -lots : lots)
  fill(book, row, lots, price)
  book.setOffset(row)
}

/**
 * Trades lots (above 0: bought) into a position. What closes takes its share of the cost, rounded down to a unit; cost and
 * realised profit together are exact always, and a position that is closed leaves no cost behind.
 */
export function fill(book: RiskBook, row: number, lots: number, price: number): void {
  const { totals, scratch } = book
  const cells = row >> 1
  const position = totals[cells + POSITION_LOTS]!
  const after = position + lots
  totals[cells + POSITION_LOTS] = after
  if (position >= 0 === lots > 0 || position === 0) {
    addProduct(totals, cells + POSITION_COST, lots, price)
    return
  }
  const sign = position > 0 ? 1 : -1
  const whole = position * sign
  const closed = Math.min(whole, lots * -sign)
  addProduct(totals, cells + POSITION_REALISED, sign * closed, price)
  if (closed === whole) {
    addScaled(totals, cells + POSITION_REALISED, totals, cells + POSITION_COST, -1, 1)
    clearWide(totals, cells + POSITION_COST)
    if (after !== 0) addProduct(totals, cells + POSITION_COST, after, price)
    return
  }
  // The cost is signed as the position is: sharePart wants it without.
  clearWide(scratch, 0)
  addScaled(scratch, 0, totals, cells + POSITION_COST, sign, 1)
  sharePart(scratch, 0, closed, whole, scratch, 2)
  addScaled(totals, cells + POSITION_COST, scratch, 2, -sign, 1)
  addScaled(totals, cells + POSITION_REALISED, scratch, 2, -sign, 1)
}

/** What an instrument's price moves by from trade to trade, in ticks: a mean of which each trade is 1/32. */
export function meanMoveTicks({ instrumentCells }: RiskBook, instrument: number): number {
  return instrumentCells[instrument * INSTRUMENT_CELLS + INSTRUMENT_MOVE]! / MOVE_UNITS
}
