import { decimalToUnits, parseDecimal, unitsToDecimal, type Decimal, type DecimalFault } from './decimal.ts'
import { MAX_LOTS, MAX_PRICE_TICKS, SelfTrade } from './record.ts'

/** An instrument as people write it: decimals as text. */
export interface InstrumentSpec {
  readonly symbol: string
  /** Smallest price step, such as `'0.01'`. */
  readonly tick: string
  /** Smallest quantity step, such as `'1'`. */
  readonly lot: string
  /** Price that stands for the last trade until there is one. */
  readonly referencePrice?: string | undefined
  /** Lowest and highest price an order may have. By default one tick, and as many ticks as a record holds. */
  readonly minPrice?: string | undefined
  readonly maxPrice?: string | undefined
  /** Largest quantity of one order. By default 1,000,000 lots. */
  readonly maxQuantity?: string | undefined
  /**
   * How far from the band's centre a trade may be, up or down. An order that would trade further away pauses the
   * instrument. The centre is the reference price (without one the first trade), then the price of each auction.
   */
  readonly priceBand?: string | undefined
  /** Seconds after which a time command ends such a pause; by default it lasts until a state command. */
  readonly pauseSeconds?: number | undefined
  /** What happens when an order that does not say meets one of its own client or group. By default they trade. */
  readonly selfTrade?: SelfTradeName | undefined
}

/** Self-trade prevention by name, and its number in a record. */
export const SELF_TRADES = {
  allow: SelfTrade.allow,
  'cancel-newest': SelfTrade.cancelNewest,
  'cancel-oldest': SelfTrade.cancelOldest,
  'cancel-both': SelfTrade.cancelBoth,
  decrement: SelfTrade.decrement,
} as const
export type SelfTradeName = keyof typeof SELF_TRADES

/** What is wrong with a price or quantity that should have become ticks or lots. */
export type ConversionFault = DecimalFault | 'step'

export const DEFAULT_MAX_ORDER_LOTS = 1_000_000
const MAX_PAUSE_SECONDS = 86_400
/** In a cancel or an amend: whichever instrument the order is in. */
export const ANY_INSTRUMENT = -1

/** The limits of an instrument, side by side. */
export const LIMITS_WORDS = 4
export const LIMIT_MIN_PRICE = 0
export const LIMIT_MAX_PRICE = 1
export const LIMIT_MAX_LOTS = 2

interface Names {
  readonly symbol: string
  readonly tick: Decimal
  readonly lot: Decimal
}

/**
 * The instrument table: a number for every symbol, and for that number the limits (typed arrays, for the hot
 * path) and the exact conversion between decimal text and whole ticks and lots (for the edges).
 */
export class Instruments {
  count: number
  /** What every order is held to, for the hot path: the next three again, LIMITS_WORDS for each instrument. */
  limits: Int32Array
  minPriceTicks: Int32Array
  maxPriceTicks: Int32Array
  maxOrderLots: Int32Array
  /** 0 where none was given. */
  referenceTicks: Int32Array
  /** Half the width of the price band; 0 where there is none. */
  bandTicks: Int32Array
  /** 0 where a pause lasts until a state command. */
  pauseSeconds: Int32Array
  /** A SelfTrade other than the default. */
  selfTrade: Int32Array
  private readonly names: Names[]
  private readonly bySymbol: Map<string, number>

  constructor(specs: Iterable<InstrumentSpec> = []) {
    this.count = 0
    this.limits = new Int32Array(16 * LIMITS_WORDS)
    this.minPriceTicks = new Int32Array(16)
    this.maxPriceTicks = new Int32Array(16)
    this.maxOrderLots = new Int32Array(16)
    this.referenceTicks = new Int32Array(16)
    this.bandTicks = new Int32Array(16)
    this.pauseSeconds = new Int32Array(16)
    this.selfTrade = new Int32Array(16)
    this.names = []
    this.bySymbol = new Map()
    for (const spec of specs) this.add(spec)
  }

  /**
   * Adds an instrument and returns its number: 0, 1, 2 and so on.
   * @throws RangeError naming the field, if a decimal is not one, is not above 0 or is not on the tick or lot, or the
   *   symbol is empty or taken
   */
  add(spec: InstrumentSpec): number {
    const { symbol } = spec
    if (symbol === '') throw new RangeError('instrument: symbol is empty')
    if (this.bySymbol.has(symbol)) throw new RangeError(`instrument ${symbol}: symbol is already there`)
    const names: Names = { symbol, tick: step(symbol, 'tick', spec.tick), lot: step(symbol, 'lot', spec.lot) }
    const price = (field: string, text: string | undefined, otherwise: number): number =>
      text === undefined ? otherwise : limit(symbol, field, text, names.tick, MAX_PRICE_TICKS)
    const min = price('minPrice', spec.minPrice, 1)
    const max = price('maxPrice', spec.maxPrice, MAX_PRICE_TICKS)
    const reference = price('referencePrice', spec.referencePrice, 0)
    const lots =
      spec.maxQuantity === undefined
        ? DEFAULT_MAX_ORDER_LOTS
        : limit(symbol, 'maxQuantity', spec.maxQuantity, names.lot, MAX_LOTS)
    if (min > max) throw new RangeError(`instrument ${symbol}: minPrice is above maxPrice`)
    if (reference !== 0 && (reference < min || reference > max))
      throw new RangeError(`instrument ${symbol}: referencePrice is outside minPrice and maxPrice`)
    const band = price('priceBand', spec.priceBand, 0)
    const { pauseSeconds = 0, selfTrade = 'allow' } = spec
    if (!Number.isInteger(pauseSeconds) || pauseSeconds < 0 || pauseSeconds > MAX_PAUSE_SECONDS)
      throw new RangeError(
        `instrument ${symbol}: pauseSeconds is not a whole number from 0 to ${MAX_PAUSE_SECONDS}, got ${pauseSeconds}`,
      )
    if (!Object.hasOwn(SELF_TRADES, selfTrade))
      throw new RangeError(
        `instrument ${symbol}: selfTrade is none of ${Object.keys(SELF_TRADES).join(', ')}, got ${JSON.stringify(selfTrade)}`,
      )
    const at = this.count
    this.makeRoom(at + 1)
    this.minPriceTicks[at] = min
    this.maxPriceTicks[at] = max
    this.maxOrderLots[at] = lots
    this.limits.set([min, max, lots], at * LIMITS_WORDS)
    this.referenceTicks[at] = reference
    this.bandTicks[at] = band
    this.pauseSeconds[at] = pauseSeconds
    this.selfTrade[at] = SELF_TRADES[selfTrade]
    this.names.push(names)
    this.bySymbol.set(symbol, at)
    this.count++
    return at
  }

  /** The instrument's number, or undefined for a symbol that is not in the table. */
  find(symbol: string): number | undefined {
    return this.bySymbol.get(symbol)
  }

  /** The symbol of a number, or the empty string for one that is not in the table. */
  symbol(instrument: number): string {
    return this.names[instrument]?.symbol ?? ''
  }

  /** Decimal text to whole ticks, exactly; zero and negative prices are converted too, for the caller to judge. */
  toTicks(instrument: number, text: string): number | ConversionFault {
    return toSteps(text, this.names[instrument]!.tick)
  }

  /** Decimal text to whole lots, exactly. */
  toLots(instrument: number, text: string): number | ConversionFault {
    return toSteps(text, this.names[instrument]!.lot)
  }

  /** A price as decimal text with the tick's decimals. */
  formatPrice(instrument: number, ticks: number): string {
    const { tick } = this.names[instrument]!
    return unitsToDecimal(ticks * tick.units, tick.scale)
  }

  /** A quantity as decimal text with the lot's decimals. Exact for totals of lots up to 2^53 units. */
  formatQuantity(instrument: number, lots: number): string {
    const { lot } = this.names[instrument]!
    return unitsToDecimal(lots * lot.units, lot.scale)
  }

  /**
   * An amount of money in units of one tick times one lot, rounded down: what `priceTicks * lots` is compared with.
   * Exact up to 2^53 units; above, rounded down to a number that a double holds, so a limit is never loosened.
   */
  notionalUnits(instrument: number, amount: string): number | DecimalFault {
    const { tick, lot } = this.names[instrument]!
    const decimal = parseDecimal(amount)
    if (typeof decimal === 'string') return decimal
    const numerator = BigInt(decimal.units) * 10n ** BigInt(tick.scale + lot.scale)
    const denominator = 10n ** BigInt(decimal.scale) * BigInt(tick.units) * BigInt(lot.units)
    const units = numerator / denominator
    const nearest = Number(units)
    return BigInt(nearest) > units ? nearest - 2 ** (Math.floor(Math.log2(nearest)) - 52) : nearest
  }

  private makeRoom(count: number): void {
    if (count <= this.minPriceTicks.length) return
    const wider = (column: Int32Array): Int32Array => {
      const next = new Int32Array(column.length * 2)
      next.set(column)
      return next
    }
    this.limits = wider(this.limits)
    this.minPriceTicks = wider(this.minPriceTicks)
    this.maxPriceTicks = wider(this.maxPriceTicks)
    this.maxOrderLots = wider(this.maxOrderLots)
    this.bandTicks = wider(this.bandTicks)
    this.pauseSeconds = wider(this.pauseSeconds)
    this.selfTrade = wider(this.selfTrade)
    this.referenceTicks = wider(this.referenceTicks)
  }
}

/** A tick or lot in words that say what is wrong with it, or undefined if it is good. */
export function stepProblem(text: string): string | undefined {
  const decimal = parseDecimal(text)
  if (typeof decimal === 'string') return 'expected a decimal number above 0'
  if (decimal.units <= 0) return 'expected a number above 0'
  // Keeps ticks times units exact: 31 bits of ticks and 21 of units fit the 53 of a safe integer.
  if (decimal.units >= 2 ** 21) return 'has too many digits to be converted exactly'
  return undefined
}

function step(symbol: string, field: string, text: string): Decimal {
  const problem = stepProblem(text)
  if (problem !== undefined)
    throw new RangeError(`instrument ${symbol}: ${field} ${problem}, got ${JSON.stringify(text)}`)
  return parseDecimal(text) as Decimal
}

function limit(symbol: string, field: string, text: string, unit: Decimal, max: number): number {
  const steps = toSteps(text, unit)
  if (typeof steps === 'string' || steps <= 0 || steps > max)
    throw new RangeError(
      `instrument ${symbol}: ${field} is not a whole number of steps of ${unitsToDecimal(unit.units, unit.scale)} from 1 to ${max}, got ${JSON.stringify(text)}`,
    )
  return steps
}

function toSteps(text: string, unit: Decimal): number | ConversionFault {
  const units = decimalToUnits(text, unit.scale)
  if (typeof units === 'string') return units
  return units % unit.units === 0 ? units / unit.units : 'step'
}
