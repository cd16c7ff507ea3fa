import type { MatchingEngine } from '../book/index.ts'
import * as record from '../book/record.ts'
import * as rejectCode from '../book/reject-code.ts'
import type { Alerts } from './audit.ts'
import type { Breakers } from './breakers.ts'
import * as exposure from './exposure.ts'
import * as fields from './limit-field.ts'
import * as logTime from './log-time.ts'
import * as changes from './risk-command.ts'
import * as riskState from './risk-state.ts'
import type { RiskBook } from './risk-state.ts'
import * as rows from './rows.ts'
import { wouldMeetOwn } from './self-trade.ts'
import * as wide from './wide.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { OrderType, Side } = record
const { ACCEPTED, RejectCode } = rejectCode
const { sumUp, TOTAL_GROSS, TOTAL_NET_LONG, TOTAL_NET_SHORT, TOTAL_PROFIT, worstLots } = exposure
const { LIMIT_CELLS, LimitField, RiskState } = fields
const { UNITS_PER_SECOND } = logTime
const { BreachAction } = changes
const { INSTRUMENT_CELLS, INSTRUMENT_LAST, INSTRUMENT_LAST_SEQUENCE, INSTRUMENT_LAST_TIME } = riskState
const { INSTRUMENT_MARK, INSTRUMENT_SCALE, INSTRUMENT_TRIPPED } = riskState
const { CLIENT_LIMITS, CLIENT_MESSAGES, CLIENT_TOKENS, CLIENT_TOKENS_AT, CLIENT_TRADES } = rows
const { CLIENT_TRIPPED, POSITION_LAST_HEAD, POSITION_LAST_LOTS, POSITION_LAST_PRICE } = rows
const { POSITION_LAST_SEQUENCE, POSITION_LAST_STOP, POSITION_LAST_TIME, POSITION_LIMITS } = rows
const { POSITION_LOTS, POSITION_OPEN_BUY, POSITION_OPEN_SELL } = rows
const { addScaledProduct, clearWide, isWideAbove, isWideBelowMinus } = wide

const MAX_SAFE = Number.MAX_SAFE_INTEGER
/** Kind is left out of what makes two orders the same. */
const WITHOUT_KIND = ~0xff
const CODES = 128

/**
 * The checks of one order, one behind the other: the first limit that is passed gives its code. An order is what a new one
 * asks for, or what an amend or a replace would make of a live one.
 */
export class Checks {
  /** What the engine is asked: best prices and the orders that one would meet. */
  engine: MatchingEngine | undefined
  /** A BreachAction for each reject code. */
  readonly actions: Int32Array
  private readonly book: RiskBook
  private readonly breakers: Breakers
  private readonly alerts: Alerts
  /** The limits that hold for the order at hand: an array, and where in it they begin. */
  private limits: Float64Array
  private from: number
  /** The order at hand. */
  private client: number
  private owner: number
  private row: number
  private instrument: number
  private side: number
  private added: number
  /** Whether the totals of the client have been summed up for it. */
  private isSummed: boolean

  constructor(book: RiskBook, breakers: Breakers, alerts: Alerts) {
    this.engine = undefined
    this.actions = new Int32Array(CODES)
    this.book = book
    this.breakers = breakers
    this.alerts = alerts
    this.limits = book.instrumentLimits
    this.from = 0
    this.isSummed = false
    this.client = this.owner = this.row = this.instrument = this.side = this.added = 0
  }

  /**
   * Judges an order.
   * @param head its side, type and time in force, as in a record
   * @param price 0 where there is none, as the stop price, which of a trailing stop is its distance
   * @param lots its total quantity, `open` what of it has not traded, `added` what it adds to the open lots of its side
   * @returns a reject code, or ACCEPTED
   */
  judge(
    client: number,
    instrument: number,
    head: number,
    price: number,
    given: number,
    lots: number,
    open: number,
    added: number,
    isNew: boolean,
    isMessage: boolean,
  ): number {
    const { book } = this
    const row = book.position(client, instrument)
    const owner = book.client(client)
    this.client = client
    this.owner = owner
    this.row = row
    this.instrument = instrument
    this.side = (head >>> 8) & 0xff
    this.added = added
    this.isSummed = false
    this.resolveLimits(owner, row, instrument)
    const stop = ((head >>> 16) & 0xff) === OrderType.trailingStop ? 0 : given
    const paced = isMessage ? this.pace() : ACCEPTED
    const standing = this.standing()
    if (standing !== ACCEPTED) return standing
    if (paced !== ACCEPTED) return paced
    const terms = this.orderTerms(head, price, stop, lots)
    if (terms !== ACCEPTED) return terms
    if (isNew && this.isRepeated(head, price, given, lots) && this.refuses(RejectCode.RISK_DUPLICATE))
      return RejectCode.RISK_DUPLICATE
    const money = added > 0 ? this.positionTerms(price === 0 ? stop : price) : ACCEPTED
    if (money !== ACCEPTED) return money
    return this.lossTerms(price, open, head)
  }

  /** Counts a message that is never refused: a cancel, of an order in an instrument that there is. */
  passMessage(client: number, instrument: number): void {
    const { book } = this
    this.client = client
    this.owner = book.client(client)
    this.instrument = instrument
    this.resolveLimits(this.owner, book.findPosition(client, instrument), instrument)
    book.touchClient(this.owner)
    book.totals[(this.owner >> 1) + CLIENT_MESSAGES]!++
    this.takeToken()
  }

  /** Remembers an order that was let in, for what comes just like it. */
  remember(head: number, price: number, stop: number, lots: number): void {
    const { words, totals, now, sequence } = this.book
    const { row } = this
    words[row + POSITION_LAST_HEAD] = head & WITHOUT_KIND
    words[row + POSITION_LAST_PRICE] = price
    words[row + POSITION_LAST_STOP] = stop
    words[row + POSITION_LAST_LOTS] = lots
    words[row + POSITION_LAST_SEQUENCE] = sequence
    totals[(row >> 1) + POSITION_LAST_TIME] = now
  }

  /** The narrowest limits: those of the instrument, with the client's and then those of the client in it over them. */
  private resolveLimits(owner: number, row: number, instrument: number): void {
    const { words, instrumentLimits, ownLimits, merged } = this.book
    const ofClient = words[owner + CLIENT_LIMITS]!
    const ofPosition = row === 0 ? 0 : words[row + POSITION_LIMITS]!
    const from = instrument * LIMIT_CELLS
    if ((ofClient | ofPosition) === 0) {
      this.limits = instrumentLimits
      this.from = from
      return
    }
    for (let field = 0; field < LIMIT_CELLS; field++) {
      const narrowest = ownLimits[ofPosition * LIMIT_CELLS + field]!
      const wider = ownLimits[ofClient * LIMIT_CELLS + field]!
      // NaN is not itself.
      merged[field] =
        narrowest === narrowest ? narrowest : wider === wider ? wider : instrumentLimits[from + field]!
    }
    this.limits = merged
    this.from = 0
  }

  private limit(field: number): number {
    return this.limits[this.from + field]!
  }

  /** Kill switch, trading state and breakers, and whether the instrument may be traded. */
  private standing(): number {
    const { book, breakers, owner, instrument } = this
    if (this.limit(LimitField.killSwitch) === 1 && this.refuses(RejectCode.RISK_KILL_SWITCH))
      return RejectCode.RISK_KILL_SWITCH
    let tripped = book.words[owner + CLIENT_TRIPPED]!
    if (tripped !== RiskState.active) tripped = breakers.clientState(owner)
    if (
      book.instrumentCells[instrument * INSTRUMENT_CELLS + INSTRUMENT_TRIPPED] !== 0 &&
      breakers.isInstrumentTripped(instrument)
    )
      tripped = RiskState.halted
    const set = this.limit(LimitField.tradingState)
    if (set === RiskState.halted && this.refuses(RejectCode.RISK_HALTED)) return RejectCode.RISK_HALTED
    if (tripped === RiskState.halted && this.refuses(RejectCode.RISK_BREAKER)) return RejectCode.RISK_BREAKER
    if (this.limit(LimitField.allowed) === 0 && this.refuses(RejectCode.RISK_INSTRUMENT))
      return RejectCode.RISK_INSTRUMENT
    const isReduceOnly = set === RiskState.reduceOnly || tripped === RiskState.reduceOnly
    if (isReduceOnly && !this.reduces() && this.refuses(RejectCode.RISK_REDUCE_ONLY))
      return RejectCode.RISK_REDUCE_ONLY
    return ACCEPTED
  }

  /** Message rate and order-to-trade ratio. */
  private pace(): number {
    const { book, owner } = this
    book.touchClient(owner)
    const cells = owner >> 1
    const messages = ++book.totals[cells + CLIENT_MESSAGES]!
    if (!this.takeToken() && this.refuses(RejectCode.RISK_MESSAGE_RATE)) return RejectCode.RISK_MESSAGE_RATE
    const ratio = this.limit(LimitField.maxOrderToTrade)
    if (ratio === Infinity) return ACCEPTED
    const allowed = this.limit(LimitField.orderToTradeAllowance) + ratio * book.totals[cells + CLIENT_TRADES]!
    return messages > allowed && this.refuses(RejectCode.RISK_ORDER_TO_TRADE)
      ? RejectCode.RISK_ORDER_TO_TRADE
      : ACCEPTED
  }

  /** Takes a token of the client's bucket, which fills with the log's time. Returns whether there was one. */
  private takeToken(): boolean {
    const rate = this.limit(LimitField.messagesPerSecond)
    if (rate === Infinity) return true
    const { totals, now } = this.book
    const cells = this.owner >> 1
    const burst = this.limit(LimitField.messageBurst)
    const room = (burst === 0 ? Math.max(1, rate) : burst) * UNITS_PER_SECOND
    const at = totals[cells + CLIENT_TOKENS_AT]!
    let tokens = at < 0 ? room : Math.min(room, totals[cells + CLIENT_TOKENS]! + (now - at) * rate)
    // A token may be there by less than a unit of time, 512 ns, early: the bucket then owes it.
    const has = tokens > UNITS_PER_SECOND - rate
    if (has) tokens -= UNITS_PER_SECOND
    totals[cells + CLIENT_TOKENS] = tokens
    totals[cells + CLIENT_TOKENS_AT] = now
    return has
  }

  /** Protection, size, notional and collars. */
  private orderTerms(head: number, price: number, stop: number, lots: number): number {
    const { limits, from, instrument } = this
    const type = (head >>> 16) & 0xff
    if (price === 0 && limits[from + LimitField.requireProtection] === 1 && type !== OrderType.limit)
      if (type !== OrderType.stopLimit && this.refuses(RejectCode.RISK_UNPROTECTED))
        return RejectCode.RISK_UNPROTECTED
    if (lots > limits[from + LimitField.maxOrderLots]! && this.refuses(RejectCode.RISK_ORDER_SIZE))
      return RejectCode.RISK_ORDER_SIZE
    const cells = this.book.instrumentCells
    const of = instrument * INSTRUMENT_CELLS
    const reference = this.book.instruments.referenceTicks[instrument]!
    let last = cells[of + INSTRUMENT_LAST]!
    const value = price !== 0 ? price : stop !== 0 ? stop : last === 0 ? reference : last
    const most = limits[from + LimitField.maxNotional]!
    if (most !== Infinity && this.isWorthMore(lots, value, most) && this.refuses(RejectCode.RISK_NOTIONAL))
      return RejectCode.RISK_NOTIONAL
    const isStale = last !== 0 && this.isStale(of)
    if (isStale) last = 0
    const compared = last === 0 ? reference : last
    if (isStale && compared === 0 && limits[from + LimitField.rejectStale] === 1)
      if (this.refuses(RejectCode.RISK_STALE_PRICE)) return RejectCode.RISK_STALE_PRICE
    return price === 0 ? ACCEPTED : this.collars(price, compared, reference)
  }

  private isStale(of: number): boolean {
    const { instrumentCells: cells, now, sequence } = this.book
    const seconds = this.limit(LimitField.staleAfterSeconds)
    if (now - cells[of + INSTRUMENT_LAST_TIME]! > seconds * UNITS_PER_SECOND) return true
    return sequence - cells[of + INSTRUMENT_LAST_SEQUENCE]! > this.limit(LimitField.staleAfterCommands)
  }

  private collars(price: number, compared: number, reference: number): number {
    const { limits, from, instrument, side } = this
    if (compared !== 0 && Math.abs(price - compared) > limits[from + LimitField.collarTicks]!)
      if (this.refuses(RejectCode.RISK_PRICE_COLLAR)) return RejectCode.RISK_PRICE_COLLAR
    const beyond = limits[from + LimitField.collarBestTicks]!
    if (beyond !== Infinity && this.engine !== undefined) {
      let best = this.engine.bestPrice(instrument, side ^ 1)
      if (best === 0) best = this.engine.bestPrice(instrument, side)
      const ticks = side === Side.buy ? price - best : best - price
      if (best !== 0 && ticks > beyond && this.refuses(RejectCode.RISK_COLLAR_BEST))
        return RejectCode.RISK_COLLAR_BEST
    }
    const away = limits[from + LimitField.collarReferenceTicks]!
    if (reference !== 0 && Math.abs(price - reference) > away)
      if (this.refuses(RejectCode.RISK_COLLAR_REFERENCE)) return RejectCode.RISK_COLLAR_REFERENCE
    return ACCEPTED
  }

  /** Whether the order is the client's order before in the instrument once more. */
  private isRepeated(head: number, price: number, stop: number, lots: number): boolean {
    const seconds = this.limit(LimitField.duplicateSeconds)
    const commands = this.limit(LimitField.duplicateCommands)
    if (seconds < 0 && commands < 0) return false
    const { words, totals, now, sequence } = this.book
    const { row } = this
    if (
      words[row + POSITION_LAST_HEAD] !== (head & WITHOUT_KIND) ||
      words[row + POSITION_LAST_PRICE] !== price ||
      words[row + POSITION_LAST_STOP] !== stop ||
      words[row + POSITION_LAST_LOTS] !== lots
    )
      return false
    return (
      now - totals[(row >> 1) + POSITION_LAST_TIME]! <= seconds * UNITS_PER_SECOND ||
      (sequence - words[row + POSITION_LAST_SEQUENCE]!) >>> 0 <= commands
    )
  }

  /** Position and exposure at worst, for an order that adds to what is open. */
  private positionTerms(price: number): number {
    const { book, limits, from, row, side, added } = this
    const cells = row >> 1
    const lots = book.totals[cells + POSITION_LOTS]!
    const long = lots + book.totals[cells + POSITION_OPEN_BUY]!
    const short = lots - book.totals[cells + POSITION_OPEN_SELL]!
    const most = limits[from + LimitField.maxPositionLots]!
    const isBuy = side === Side.buy
    if ((isBuy ? long + added : added - short) > most && this.refuses(RejectCode.RISK_POSITION))
      return RejectCode.RISK_POSITION
    const gross = limits[from + LimitField.maxGrossExposure]!
    const net = limits[from + LimitField.maxNetExposure]!
    if (gross === Infinity && net === Infinity) return ACCEPTED
    sumUp(book, this.owner)
    this.isSummed = true
    const { scratch, instrumentCells } = book
    const of = this.instrument * INSTRUMENT_CELLS
    const marked = instrumentCells[of + INSTRUMENT_MARK]!
    const mark = marked === 0 ? price : marked
    const scale = instrumentCells[of + INSTRUMENT_SCALE]!
    const worse =
      (isBuy ? worstLots(long + added, short) : worstLots(long, short - added)) - worstLots(long, short)
    addScaledProduct(scratch, TOTAL_GROSS, worse, mark, scale)
    if (worse > 0 && isWideAbove(scratch, TOTAL_GROSS, gross) && this.refuses(RejectCode.RISK_GROSS_EXPOSURE))
      return RejectCode.RISK_GROSS_EXPOSURE
    const total = isBuy ? TOTAL_NET_LONG : TOTAL_NET_SHORT
    addScaledProduct(scratch, total, isBuy ? added : -added, mark, scale)
    const isPast = isBuy ? isWideAbove(scratch, total, net) : isWideBelowMinus(scratch, total, net)
    return isPast && this.refuses(RejectCode.RISK_NET_EXPOSURE) ? RejectCode.RISK_NET_EXPOSURE : ACCEPTED
  }

  /** What the client has lost, and whether the order would trade with one of its own. */
  private lossTerms(price: number, open: number, head: number): number {
    const { book, breakers, owner } = this
    const most = this.limit(LimitField.maxDailyLoss)
    if (most !== Infinity || breakers.lossUnits !== Infinity) {
      if (!this.isSummed) sumUp(book, owner)
      if (isWideBelowMinus(book.scratch, TOTAL_PROFIT, breakers.lossUnits)) {
        breakers.lost(owner)
        if (this.refuses(RejectCode.RISK_BREAKER)) return RejectCode.RISK_BREAKER
      }
      const isPast = isWideBelowMinus(book.scratch, TOTAL_PROFIT, most)
      if (isPast && !this.reduces() && this.refuses(RejectCode.RISK_DAILY_LOSS))
        return RejectCode.RISK_DAILY_LOSS
    }
    if (this.limit(LimitField.rejectSelfTrade) !== 1 || this.engine === undefined) return ACCEPTED
    const type = (head >>> 16) & 0xff
    if (type > OrderType.market || !this.hasOwnAcross()) return ACCEPTED
    return wouldMeetOwn(this.engine, this.instrument, this.client, this.side, price, open) &&
      this.refuses(RejectCode.RISK_SELF_TRADE)
      ? RejectCode.RISK_SELF_TRADE
      : ACCEPTED
  }

  /** Whether the client may have an order on the other side: it has, or it is in a group. */
  private hasOwnAcross(): boolean {
    const cell = this.side === Side.buy ? POSITION_OPEN_SELL : POSITION_OPEN_BUY
    return this.book.totals[(this.row >> 1) + cell] !== 0 || this.engine!.state.groups.size !== 0
  }

  /** Whether the order can only bring the position nearer to nothing, whatever else of its side trades. */
  private reduces(): boolean {
    const { totals } = this.book
    const cells = this.row >> 1
    if (this.added <= 0) return true
    const lots = totals[cells + POSITION_LOTS]!
    return this.side === Side.buy
      ? lots + totals[cells + POSITION_OPEN_BUY]! + this.added <= 0
      : lots - totals[cells + POSITION_OPEN_SELL]! - this.added >= 0
  }

  private isWorthMore(lots: number, value: number, most: number): boolean {
    const { instrumentCells, scratch } = this.book
    const scale = instrumentCells[this.instrument * INSTRUMENT_CELLS + INSTRUMENT_SCALE]!
    const units = lots * value * scale
    if (units <= MAX_SAFE) return units > most
    clearWide(scratch, 0)
    addScaledProduct(scratch, 0, lots, value, scale)
    return isWideAbove(scratch, 0, most)
  }

  /** A limit is passed: does what that leads to. Returns whether the order is refused for it. */
  private refuses(code: number): boolean {
    const action = this.actions[code]!
    if (action === BreachAction.reject) return true
    if (action === BreachAction.off) return false
    this.alerts.add(this.book.sequence, this.client, this.instrument, code)
    if (action === BreachAction.alert) return false
    this.breakers.flip(this.owner, code)
    return !this.reduces()
  }
}
