import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { OperatorFunction } from 'rxjs'
import { MAX_LOTS, MAX_PRICE_TICKS, type Batch } from '../book/index.ts'
import * as record from '../book/record.ts'
import * as rejectCode from '../book/reject-code.ts'
import { checked } from '../pipeline/codec.ts'
import { fromStep } from '../pipeline/island.ts'
import type { Market } from '../pipeline/market.ts'
import type { Operator, Step } from '../pipeline/operator.ts'
import type { RiskLimits } from '../risk/index.ts'
import { riskLimits, riskOptions, type RiskOptions } from './risk/risk-options.ts'
import { RiskStage } from './risk/risk-stage.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { CODE, CommandKind, HEAD, headKind, headOrderType, INSTRUMENT, LINKED_ORDER_ID, LOTS, ORDER_ID } =
  record
const { OrderType, PRICE_TICKS, readU64, STOP_TICKS } = record
const { ACCEPTED, RejectCode } = rejectCode

/** Of the word at CODE; the other half are flags. */
const REJECT_CODE_MASK = 0xffff

/**
 * Writes a reject code into new orders, amends and replaces that go past a limit: for the three limits that need no state,
 * size, notional and collar, where nothing else is asked for.
 *
 * The reference is the instrument's last trade; until there is one, its reference price; without either the collar is
 * open. An order without a limit or protection price is valued at its stop price if it has one that stays, or else at
 * the reference. An amend or a replace is checked as the order it would make.
 */
class OrderLimits implements Step {
  private readonly market: Market
  private readonly maxOrderLots: number
  private readonly collarTicks: number
  private readonly maxNotional: string | undefined
  /** Largest notional of each instrument, in units of one tick times one lot. */
  private maxNotionalUnits: Float64Array
  private known: number

  constructor(market: Market, limits: RiskLimits) {
    this.market = market
    this.maxOrderLots = limits.maxOrderLots ?? MAX_LOTS
    this.collarTicks = limits.collarTicks ?? MAX_PRICE_TICKS
    this.maxNotional = limits.maxNotional
    this.maxNotionalUnits = new Float64Array(0)
    this.known = 0
  }

  process(words: Int32Array, at: number): void {
    const kind = headKind(words[at + HEAD]!)
    if ((words[at + CODE]! & REJECT_CODE_MASK) !== ACCEPTED) return
    if (this.known !== this.market.instruments.count) this.followInstruments()
    if (kind === CommandKind.new) {
      const isTrailing = headOrderType(words[at + HEAD]!) === OrderType.trailingStop
      const stop = isTrailing ? 0 : words[at + STOP_TICKS]!
      const code = this.check(words[at + INSTRUMENT]!, words[at + PRICE_TICKS]!, stop, words[at + LOTS]!)
      words[at + CODE]! |= code
    } else if (kind === CommandKind.amend) words[at + CODE]! |= this.checkChange(words, at, ORDER_ID)
    else if (kind === CommandKind.replace) words[at + CODE]! |= this.checkChange(words, at, LINKED_ORDER_ID)
    // There is no state that a changed limit could be held against.
    else if (kind === CommandKind.risk) words[at + CODE]! |= RejectCode.INVALID_COMMAND
  }

  /**
   * Checks an amend or a replace as the order it would make.
   * @param idWord where the record has the id of the order that it names
   */
  private checkChange(words: Int32Array, at: number, idWord: number): number {
    const { engine } = this.market
    const slot = engine?.find(words[at + idWord]!, words[at + idWord + 1]!) ?? 0
    if (slot === 0) return ACCEPTED // nothing to change: the engine will say so
    const price = words[at + PRICE_TICKS] === 0 ? engine!.slotPriceTicks(slot) : words[at + PRICE_TICKS]!
    let lots = words[at + LOTS]!
    if (lots === 0) lots = idWord === ORDER_ID ? engine!.slotTotalLots(slot) : engine!.slotOpenLots(slot)
    let stop = 0
    if (price === 0) {
      const order = engine!.order(readU64(words, at + idWord))!
      if (order.orderType !== OrderType.trailingStop)
        stop = words[at + STOP_TICKS] === 0 ? order.stopTicks : words[at + STOP_TICKS]!
    }
    return this.check(engine!.slotInstrument(slot), price, stop, lots)
  }

  private check(instrument: number, price: number, stop: number, lots: number): number {
    if (lots > this.maxOrderLots) return RejectCode.RISK_ORDER_SIZE
    const reference = this.market.lastTradeTicks(instrument)
    let value = price
    if (value === 0) value = stop === 0 ? reference : stop
    if (isAbove(lots, value, this.maxNotionalUnits[instrument]!)) return RejectCode.RISK_NOTIONAL
    if (price !== 0 && reference !== 0 && Math.abs(price - reference) > this.collarTicks)
      return RejectCode.RISK_PRICE_COLLAR
    return ACCEPTED
  }

  private followInstruments(): void {
    const { instruments } = this.market
    const { maxNotional } = this
    this.known = instruments.count
    this.maxNotionalUnits = Float64Array.from({ length: this.known }, (_, instrument) =>
      maxNotional === undefined ? Infinity : Number(instruments.notionalUnits(instrument, maxNotional)),
    )
  }
}

/**
 * Whether lots times price is above a limit. A product past 2^53 is rounded; but a limit is a double itself, so rounding
 * never takes the product past it, at most on to it.
 */
function isAbove(lots: number, price: number, limit: number): boolean {
  const product = lots * price
  if (product !== limit || product <= Number.MAX_SAFE_INTEGER) return product > limit
  return BigInt(lots) * BigInt(price) > BigInt(limit)
}

/** Whether a stage with these options can do without state. */
function isPlain(options: RiskOptions): boolean {
  const { limits = {}, ...rest } = options
  const others = Object.values(rest).some((value) => value !== undefined)
  const asked = Object.entries(limits).filter(([, value]) => value !== undefined)
  return !others && asked.every(([name]) => PLAIN_LIMITS.has(name))
}

const PLAIN_LIMITS: ReadonlySet<string> = new Set(['maxOrderLots', 'maxNotional', 'collarTicks'])

/**
 * Checks orders against limits. Stands before `match` in the same island, whose trades move the collar, and whose events
 * are the positions.
 * @param asked the venue's limits, or a RiskStage of one's own, to change limits and look at positions while it runs
 * @param options narrower limits, what a breach leads to, breakers
 */
export function risk(
  market: Market,
  asked: RiskLimits | RiskStage = {},
  options: Omit<RiskOptions, 'limits'> = {},
): OperatorFunction<Batch, Batch> {
  if (asked instanceof RiskStage) return fromStep(() => asked)
  const limits = checked(riskLimits, asked, 'risk')
  const given = { ...checked(riskOptions, options, 'risk'), limits }
  return fromStep(() => makeStep(market, given))
}

function makeStep(market: Market, options: RiskOptions): Step {
  return isPlain(options) ? new OrderLimits(market, options.limits ?? {}) : new RiskStage(market, options)
}

export const riskOperator: Operator<RiskOptions> = {
  name: 'risk',
  description: 'Refuses orders that go past a limit.',
  options: riskOptions,
  consumes: 'command',
  produces: 'command',
  traits: () => ({ looksAtBook: true, costNs: 15 }),
  create: (options, { market }) =>
    pipe(
      E.tryCatch(
        () => makeStep(market, options),
        (error) => ({ path: [], message: (error as Error).message }),
      ),
      TE.fromEither,
    ),
}
