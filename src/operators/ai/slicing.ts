import { ImpactModel, lotsWithin, worstTicks } from '../../ai/impact/impact-model.ts'
import { Slicer, SLICE_ID_BASE, type SliceSchedule } from '../../ai/impact/slicer.ts'
import type { BookFeed } from '../../ai/features/book-feed.ts'
import type { ModelFile } from '../../ai/models/model-file.ts'
import * as record from '../../book/record.ts'
import type { Market } from '../../pipeline/market.ts'
import { thousands } from '../../telemetry/text-table.ts'

const { HEAD, headOrderType, headSide, headTimeInForce, INSTRUMENT, LOTS, ORDER_ID, OrderType, readU64 } =
  record
const { PRICE_TICKS, Side, TimeInForce } = record

export interface SlicingOptions {
  /** Impact beyond which an order is cut. */
  readonly maxTicks: number
  readonly schedule: SliceSchedule
}

/** Levels of the book that an order is walked through. */
const LEVELS = 50

/**
 * Cuts orders that would move the price past a bound: of those that take at once (market and immediate-or-cancel, also
 * those that were made urgent), the first slice goes on and the rest goes through the market's inlet when it is due, as
 * orders of their own. Orders that rest move nothing by coming, and orders to be filled whole are not cut.
 */
export class Slicing implements BookFeed {
  readonly impact: ImpactModel
  readonly slicer: Slicer
  private readonly market: Market
  private readonly maxTicks: number
  private estimated: number
  private readonly sums: [walk: number, flow: number, root: number]

  constructor(market: Market, coefficients: ModelFile['impact'], { maxTicks, schedule }: SlicingOptions) {
    this.market = market
    this.maxTicks = maxTicks
    this.impact = new ImpactModel(coefficients)
    this.slicer = new Slicer(schedule, (instrument) => this.impact.volumeLots(instrument))
    this.estimated = 0
    this.sums = [0, 0, 0]
  }

  observe(...event: Parameters<ImpactModel['observe']>): void {
    this.impact.observe(...event)
  }

  /** Sends slices that are due at a time of the stream. */
  send(nowNs: number): void {
    if (this.slicer.open > 0) this.slicer.due(nowNs, (words, at) => this.market.inlet.push(words, at))
  }

  /** Whether the order that begins at a word is a slice that was sent from here. */
  isSlice(words: Int32Array, at: number): boolean {
    return readU64(words, at + ORDER_ID) >= SLICE_ID_BASE
  }

  /**
   * Cuts an order that would move the price past the bound. Returns whether it did.
   * @param depthLots lots at both best prices
   */
  cut(words: Int32Array, at: number, depthLots: number, nowNs: number): boolean {
    const { engine } = this.market
    const lots = words[at + LOTS]!
    if (engine === undefined || lots < 2 || !takesAtOnce(words, at)) return false
    const instrument = words[at + INSTRUMENT]!
    const isBuy = headSide(words[at + HEAD]!) === Side.buy
    const limit = words[at + PRICE_TICKS]!
    const levels = engine
      .depth(instrument, isBuy ? Side.sell : Side.buy, LEVELS)
      .filter(({ priceTicks }) => limit === 0 || (isBuy ? priceTicks <= limit : priceTicks >= limit))
    if (levels.length === 0) return false
    const of = (some: number) => this.impact.estimate(instrument, some, levels, depthLots / 2)
    const whole = of(lots)
    this.estimated++
    this.sums[0] += whole.walkTicks
    this.sums[1] += whole.flowTicks
    this.sums[2] += whole.rootTicks
    if (worstTicks(whole) <= this.maxTicks) return false
    return this.slicer.slice(
      words,
      at,
      lotsWithin(this.maxTicks, lots, (some) => worstTicks(of(some))),
      nowNs,
    )
  }

  lines(): readonly string[] {
    const { slicer, estimated } = this
    const [walk, flow, root] = this.sums.map((sum) => (estimated === 0 ? 0 : sum / estimated).toFixed(2))
    return [
      `impact of ${thousands(estimated)} orders that take at once, in ticks on average: book walk ${walk}, order flow ${flow}, square root ${root}`,
      `  ${thousands(slicer.slices)} slices sent; ${thousands(slicer.leftLots)} lots of ${thousands(slicer.open)} orders still to be sent when the stream ended`,
    ]
  }

  figures(): Readonly<Record<string, unknown>> {
    const { slicer, estimated, sums } = this
    return {
      estimated,
      walkTicks: sums[0] / Math.max(1, estimated),
      flowTicks: sums[1] / Math.max(1, estimated),
      rootTicks: sums[2] / Math.max(1, estimated),
      slices: slicer.slices,
      openOrders: slicer.open,
      openLots: slicer.leftLots,
    }
  }
}

function takesAtOnce(words: Int32Array, at: number): boolean {
  const head = words[at + HEAD]!
  const type = headOrderType(head)
  const inForce = headTimeInForce(head)
  if (inForce === TimeInForce.fok) return false
  const isPlain = words[at + record.CODE]! >>> 16 === 0 && words[at + record.MIN_LOTS] === 0
  return isPlain && (type === OrderType.market || (type === OrderType.limit && inForce === TimeInForce.ioc))
}
