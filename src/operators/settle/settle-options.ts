import {
  decimal,
  listOf,
  mapOf,
  oneOf,
  options,
  positiveDecimal,
  text,
  wholeNumber,
  type Codec,
} from '../../pipeline/codec.ts'
import type { FeeSettings } from '../../risk/index.ts'

/** What a client begins with, as decimals; holdings by symbol. */
export interface Deposit {
  readonly cash?: string | undefined
  readonly holdings?: Readonly<Record<string, string>> | undefined
}

export interface SettleOptions {
  /** Maker, taker and auction rates, and tiers by volume. By default no fees. */
  readonly fees?: FeeSettings | undefined
  /** Decimals of a unit of money, from 0 to 12; 8 unless told otherwise. */
  readonly decimals?: number | undefined
  /** What clients begin with. */
  readonly accounts?: Readonly<Record<string, Deposit>> | undefined
  /** Where the execution reports go, a line of JSON each: a path, or `-`. */
  readonly reports?: { readonly file: string } | undefined
  /** Where the settlement of each day goes, as CSV. */
  readonly settlement?: { readonly file: string } | undefined
}

const rates = { maker: decimal, taker: decimal }
const tier = options({ volume: positiveDecimal, ...rates }, { auction: decimal })
const to = options({ file: text })

/** What a pipeline file says of a settle stage. */
export const settleOptions: Codec<SettleOptions> = options(
  {},
  {
    fees: options(
      {},
      { ...rates, auction: decimal, tiers: listOf(tier), period: oneOf('day', 'month', 'all') },
    ),
    decimals: wholeNumber({ min: 0, max: 12 }),
    accounts: mapOf(options({}, { cash: decimal, holdings: mapOf(decimal) })),
    reports: to,
    settlement: to,
  },
)
