import { decimalToUnits } from '../../book/decimal.ts'
import * as wide from '../wide.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { addWide, clearWide, quotient } = wide

/** Fees as fractions of what is traded, `'0.0003'` is 3 basis points; below 0 a rebate. At most six decimals. */
export interface FeeRates {
  /** Of the order that rested. */
  readonly maker: string
  /** Of the order that came. */
  readonly taker: string
  /** Of both in an auction, where nobody came; by default the maker's. */
  readonly auction?: string | undefined
}

export interface FeeTier extends FeeRates {
  /** From how much the client has traded in the period on, as a decimal amount. */
  readonly volume: string
}

/** A period is what volumes are counted over, in UTC by the log's time commands. */
export type FeePeriod = 'day' | 'month' | 'all'

export interface FeeSettings extends Partial<FeeRates> {
  /** Other rates for those who have traded more, from small to large. */
  readonly tiers?: readonly FeeTier[] | undefined
  readonly period?: FeePeriod | undefined
}

/** Which of a tier's rates: who rested, who came, or an auction. */
export const Liquidity = { maker: 0, taker: 1, auction: 2 } as const
export const LIQUIDITY_NAMES = ['maker', 'taker', 'auction'] as const

const PPM_DECIMALS = 6
const MILLION = 1_000_000
const HALF = 2_097_152

/** Rates in parts per million by tier, and the volumes they begin at. */
export class FeeSchedule {
  readonly period: FeePeriod
  /** Three for each tier, in the order of Liquidity. */
  readonly ppm: Int32Array
  /** In money units, from 0. */
  readonly volumes: Float64Array

  /**
   * @param decimals of a money unit
   * @throws RangeError naming what is wrong
   */
  constructor(
    { maker = '0', taker = '0', auction, tiers = [], period = 'all' }: FeeSettings,
    decimals: number,
  ) {
    const all = [{ volume: '0', maker, taker, auction }, ...tiers]
    this.period = period
    this.ppm = Int32Array.from(
      all.flatMap((each) => [
        partsPerMillion('maker', each.maker),
        partsPerMillion('taker', each.taker),
        partsPerMillion('auction', each.auction ?? each.maker),
      ]),
    )
    this.volumes = Float64Array.from(all, ({ volume }) => {
      const units = decimalToUnits(volume, decimals)
      if (typeof units === 'string' || units < 0) throw new RangeError(`fees volume: ${volume} is not one`)
      return units
    })
    for (let tier = 1; tier < all.length; tier++)
      if (this.volumes[tier]! <= this.volumes[tier - 1]!)
        throw new RangeError(`fees tiers: volume ${all[tier]!.volume} is not above the one before`)
  }

  /** The tier of a volume: the last one that begins at or below it. */
  tier(volume: number): number {
    let tier = this.volumes.length - 1
    while (tier > 0 && this.volumes[tier]! > volume) tier--
    return tier
  }

  rate(tier: number, liquidity: number): number {
    return this.ppm[tier * 3 + liquidity]!
  }
}

function partsPerMillion(name: string, text: string): number {
  const ppm = decimalToUnits(text, PPM_DECIMALS)
  if (typeof ppm === 'string' || Math.abs(ppm) > MILLION)
    throw new RangeError(`fees ${name}: ${text} is not a fraction from -1 to 1 of at most six decimals`)
  return ppm
}

/**
 * Writes amount * ppm / 10^6 to `out`, rounded up to a whole unit if it is charged and down if it is given back: in favour
 * of the venue by less than one unit. The amount is a wide number, not negative.
 */
export function writeFee(cells: Float64Array, at: number, ppm: number, out: Float64Array, to: number): void {
  clearWide(out, to)
  if (ppm === 0) return
  const sign = ppm < 0 ? -1 : 1
  const rate = ppm * sign
  // Long division by a million, 21 bits of the lower part at a time: every rest is below 2^20, every dividend below 2^42.
  const high = cells[at]!
  const low = cells[at + 1]!
  const highQuotient = quotient(high, MILLION)
  let rest = high - highQuotient * MILLION
  const upper = Math.floor(low / HALF)
  const upperPart = rest * HALF + upper
  const upperQuotient = Math.floor(upperPart / MILLION)
  rest = upperPart - upperQuotient * MILLION
  const lowerPart = rest * HALF + (low - upper * HALF)
  const lowerQuotient = Math.floor(lowerPart / MILLION)
  rest = lowerPart - lowerQuotient * MILLION
  out[to]! += sign * highQuotient * rate
  addWide(out, to, sign * upperQuotient * rate * HALF)
  addWide(out, to, sign * lowerQuotient * rate)
  const last = (rest * rate) / MILLION
  addWide(out, to, sign * (sign > 0 ? Math.ceil(last) : Math.floor(last)))
}
