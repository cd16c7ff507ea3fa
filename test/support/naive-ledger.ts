import type { EngineEvent, Instruments } from '../../src/book/index.ts'
import { BOTH_SIDES, EventKind, Side } from '../../src/book/record.ts'

/** Rates in parts per million. */
export interface NaiveFees {
  readonly maker: bigint
  readonly taker: bigint
  readonly auction: bigint
}

const MILLION = 1_000_000n

/** Cash, holdings and fees once more, with maps and big integers, from trades alone. */
export class NaiveLedger {
  readonly cash = new Map<number, bigint>()
  readonly lots = new Map<string, bigint>()
  fees = 0n
  private readonly instruments: Instruments
  private readonly rates: NaiveFees
  private readonly decimals: number

  constructor(instruments: Instruments, rates: NaiveFees, decimals: number) {
    this.instruments = instruments
    this.rates = rates
    this.decimals = decimals
  }

  follow(event: EngineEvent): void {
    if (event.kind !== EventKind.trade) return
    const { instrument, side, client, makerClient, lots, priceTicks } = event
    const value = BigInt(lots) * BigInt(priceTicks) * this.scale(instrument)
    const isAuction = side === BOTH_SIDES
    const takerBuys = side !== Side.sell
    this.post(
      client,
      instrument,
      takerBuys,
      BigInt(lots),
      value,
      isAuction ? this.rates.auction : this.rates.taker,
    )
    this.post(
      makerClient,
      instrument,
      !takerBuys,
      BigInt(lots),
      value,
      isAuction ? this.rates.auction : this.rates.maker,
    )
  }

  /** Money units of one tick times one lot. */
  scale(instrument: number): bigint {
    const units = (text: string): bigint => BigInt(Math.round(Number(text) * 10 ** 4))
    const product =
      units(this.instruments.formatPrice(instrument, 1)) *
      units(this.instruments.formatQuantity(instrument, 1))
    return (product * 10n ** BigInt(this.decimals)) / 10n ** 8n
  }

  feeOf(value: bigint, rate: bigint): bigint {
    const product = value * rate
    // Up to the next whole unit, which of a rebate is the smaller one.
    return product >= 0n ? (product + MILLION - 1n) / MILLION : product / MILLION
  }

  private post(
    client: number,
    instrument: number,
    buys: boolean,
    lots: bigint,
    value: bigint,
    rate: bigint,
  ): void {
    const fee = this.feeOf(value, rate)
    this.cash.set(client, (this.cash.get(client) ?? 0n) + (buys ? -value : value) - fee)
    const key = `${client}/${instrument}`
    this.lots.set(key, (this.lots.get(key) ?? 0n) + (buys ? lots : -lots))
    this.fees += fee
  }
}
