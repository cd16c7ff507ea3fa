import * as TE from 'fp-ts/lib/TaskEither.js'
import type { OperatorFunction } from 'rxjs'
import { MAX_LOTS, MAX_PRICE_TICKS, type Batch } from '../book/index.ts'
import * as record from '../book/record.ts'
import * as orderLayout from '../book/order.ts'
import * as rejectCode from '../book/reject-code.ts'
import { checked, decimal, options, wholeNumber } from '../pipeline/codec.ts'
import { fromStep } from '../pipeline/island.ts'
import type { Market } from '../pipeline/market.ts'
import type { Operator, Step } from '../pipeline/operator.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { ORDER_PRICE_TICKS, ORDER_TOTAL_LOTS, ORDER_WORDS, ORDER_INSTRUMENT } = orderLayout
const { CODE, CommandKind, HEAD, headKind, INSTRUMENT, LOTS, ORDER_ID, PRICE_TICKS } = record
const { ACCEPTED, RejectCode } = rejectCode

/** Of the word at CODE; the other half are flags. */
const REJECT_CODE_MASK = 0xffff

/** Limits for one order; those left out are not checked. */
export interface RiskLimits {
  /** Largest quantity, in lots. */
  readonly maxOrderLots?: number | undefined
  /** Largest price times quantity, as a decimal amount in the currency of the price. */
  readonly maxNotional?: string | undefined
  /** How far a price may be from the last trade, either way, in ticks. */
  readonly collarTicks?: number | undefined
}

/**
 * Writes a reject code into new orders and amends that go past a limit.
 *
 * The reference is the instrument's last trade; until there is one, its reference price; without either the collar is
 * open. A market order is valued at its protection price, or else at the reference. An amend is checked as the order it
 * would make.
 */
class Risk implements Step {
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
    if ((words[at + CODE]! & REJECT_CODE_MASK) !== ACCEPTED) return
    const kind = headKind(words[at + HEAD]!)
    if (kind === CommandKind.cancel) return
    let instrument = words[at + INSTRUMENT]!
    let price = words[at + PRICE_TICKS]!
    let lots = words[at + LOTS]!
    if (kind === CommandKind.amend) {
      const order = this.findOrder(words, at)
      if (order < 0) return // nothing to amend: the engine will say so
      const orders = this.market.engine!.book.words
      instrument = orders[order + ORDER_INSTRUMENT]!
      if (price === 0) price = orders[order + ORDER_PRICE_TICKS]!
      if (lots === 0) lots = orders[order + ORDER_TOTAL_LOTS]!
    }
    if (this.known !== this.market.instruments.count) this.followInstruments()
    words[at + CODE]! |= this.check(instrument, price, lots)
  }

  private check(instrument: number, price: number, lots: number): number {
    if (lots > this.maxOrderLots) return RejectCode.RISK_ORDER_SIZE
    const reference = this.market.lastTradeTicks(instrument)
    const value = price === 0 ? reference : price
    if (isAbove(lots, value, this.maxNotionalUnits[instrument]!)) return RejectCode.RISK_NOTIONAL
    if (price !== 0 && reference !== 0 && Math.abs(price - reference) > this.collarTicks)
      return RejectCode.RISK_PRICE_COLLAR
    return ACCEPTED
  }

  /** The word at which the order that an amend names begins, or -1. */
  private findOrder(words: Int32Array, at: number): number {
    const slot = this.market.engine?.book.find(words[at + ORDER_ID]!, words[at + ORDER_ID + 1]!) ?? 0
    return slot === 0 ? -1 : slot * ORDER_WORDS
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

/** Checks orders against limits. Stands before `match` in the same island, whose trades move the collar. */
export function risk(market: Market, limits: RiskLimits = {}): OperatorFunction<Batch, Batch> {
  const given = checked(limitsCodec, limits, 'risk')
  return fromStep(() => new Risk(market, given))
}

const limitsCodec = options(
  {},
  {
    maxOrderLots: wholeNumber({ min: 1, max: MAX_LOTS }),
    maxNotional: decimal,
    collarTicks: wholeNumber({ min: 0, max: MAX_PRICE_TICKS }),
  },
)

export const riskOperator: Operator<{ readonly limits?: RiskLimits | undefined }> = {
  name: 'risk',
  options: options({}, { limits: limitsCodec }),
  consumes: 'command',
  produces: 'command',
  create: ({ limits = {} }, { market }) => TE.right(new Risk(market, limits)),
}
