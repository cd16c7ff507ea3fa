import { newOrder, pushCommand, Side } from '../../book/index.ts'
import { Batch } from '../../book/batch.ts'
import {
  CommandKind,
  HEAD,
  headKind,
  headTimeInForce,
  LOTS,
  PRICE_TICKS,
  TimeInForce,
} from '../../book/record.ts'
import type { BookFeed } from '../features/book-feed.ts'
import { Silence } from '../prediction/prediction.ts'
import type { Predictor } from '../prediction/predictor.ts'
import { plainRiskScore } from '../routing/risk-score.ts'
import type { Router } from '../routing/router.ts'
import { TrainingRandom } from '../training/random.ts'
import { ShadowOrder } from './shadow-order.ts'

/** Seconds after a fill at which the mid is looked at. */
export const MARKOUT_SECONDS = [1, 10, 60] as const

export interface EvaluationOptions {
  /** An order is tried after every so many events. */
  readonly everyEvents: number
  readonly lots: number
  /** How long an order may rest; what is open then is taken from the other side. */
  readonly patienceSeconds: number
  /** No order before this event of the instrument: where the model was trained is no test. */
  readonly fromEvent: number
  readonly seed: number
}

/** What became of one order under one router. Prices in ticks; costs are above 0 where the order lost. */
export interface Outcome {
  readonly bits: number
  readonly lots: number
  filledLots: number
  /** Mean price of what was filled less the mid when the order came, in the order's direction. */
  cost: number
  /** The same with what was open at the end of its patience taken from the other side then. */
  costAllIn: number
  /** Mean price of what was filled less the order's own price as it was sent. */
  slippage: number
  /** By MARKOUT_SECONDS: the mid at the fill less the mid then, in the order's direction: what the fill lost since. */
  readonly adverse: number[]
}

/** An order under one router while it is at work. */
interface Trial {
  readonly outcome: Outcome
  readonly order: ShadowOrder
  readonly isUrgent: boolean
  readonly arrivalMid: number
  readonly sentTicks: number
}

interface Markout {
  readonly dueNs: number
  readonly outcome: Outcome
  readonly horizon: number
  readonly fillMid: number
  readonly sign: number
}

/**
 * Plays the same orders against a recorded day under several routers. Each order joins the best price of its side; the
 * router sees it as a record and may change it; what comes out is played as a ShadowOrder. The predictor follows the day
 * as it would in a pipeline, so nothing is known before it happened.
 */
export class Evaluation implements BookFeed {
  /** Router by router, the outcome of each order. */
  readonly outcomes: readonly Outcome[][]
  private readonly predictor: Predictor
  private readonly routers: readonly Router[]
  private readonly options: EvaluationOptions
  private readonly instrument: number
  private readonly random: TrainingRandom
  private readonly scratch: Batch
  private readonly active: Trial[]
  private readonly markouts: readonly Markout[][]
  private events: number
  private orders: number
  private lastTicks: number
  private bidTicks: number
  private offerTicks: number
  /** Twice the mid. */
  private mid: number

  /** @param routers what an order is tried under; one without options leaves it alone */
  constructor(
    predictor: Predictor,
    routers: readonly Router[],
    instrument: number,
    options: EvaluationOptions,
  ) {
    this.predictor = predictor
    this.routers = routers
    this.options = options
    this.instrument = instrument
    this.outcomes = routers.map(() => [])
    this.random = new TrainingRandom(options.seed)
    this.scratch = new Batch(1)
    this.active = []
    this.markouts = MARKOUT_SECONDS.map(() => [])
    this.events = 0
    this.orders = 0
    this.lastTicks = 0
    this.bidTicks = 0
    this.offerTicks = 0
    this.mid = 0
  }

  observe(
    instrument: number,
    bidTicks: number,
    bidLots: number,
    offerTicks: number,
    offerLots: number,
    signedLots: number,
    timeNs: number,
  ): void {
    const { predictor } = this
    const before = predictor.features.events(instrument)
    predictor.observe(instrument, bidTicks, bidLots, offerTicks, offerLots, signedLots, timeNs)
    if (instrument !== this.instrument || predictor.features.events(instrument) === before) return
    this.settleMarkouts(timeNs)
    if (signedLots !== 0) this.lastTicks = signedLots > 0 ? this.offerTicks : this.bidTicks
    this.followAll(bidTicks, bidLots, offerTicks, offerLots, signedLots, timeNs)
    this.bidTicks = bidTicks
    this.offerTicks = offerTicks
    this.mid = bidTicks + offerTicks
    const { everyEvents, fromEvent } = this.options
    const isDue = ++this.events % everyEvents === 0 && this.events >= fromEvent
    if (isDue && predictor.features.isWarm(instrument)) this.tryOrder(bidLots, offerLots, timeNs)
  }

  /** The day is over: what is still open is taken at the last prices. */
  end(): void {
    for (const trial of this.active) this.finish(trial)
    this.active.length = 0
  }

  private tryOrder(bidLots: number, offerLots: number, timeNs: number): void {
    const side = this.random.uniform() < 0.5 ? Side.buy : Side.sell
    const { instrument } = this
    this.orders++
    for (const [at, router] of this.routers.entries()) {
      const words = this.record(side, timeNs)
      const prediction = this.predictor.predict(instrument, timeNs)
      const { features } = this.predictor
      const deviationTicks = features.eventVolatilityTicks(instrument)
      const spread = this.offerTicks - this.bidTicks
      const isAdvice = prediction.silence === Silence.none
      const against = !isAdvice ? 0 : side === Side.buy ? prediction.down : prediction.up
      const bits = router.decide(words, 0, isAdvice ? prediction : undefined, {
        bidTicks: this.bidTicks,
        offerTicks: this.offerTicks,
        lastTicks: this.lastTicks,
        deviationTicks,
        riskScore: plainRiskScore(words[LOTS]!, bidLots + offerLots, deviationTicks, spread, against),
      })
      this.outcomes[at]!.push(this.start(words, side, bits, bidLots, offerLots, timeNs))
    }
  }

  /** A plain order at the best price of its side. */
  private record(side: number, timeNs: number): Int32Array {
    const { scratch, instrument, options } = this
    scratch.count = 0
    const priceTicks = side === Side.buy ? this.bidTicks : this.offerTicks
    pushCommand(
      scratch,
      newOrder({
        orderId: this.orders,
        instrument,
        side,
        priceTicks,
        lots: options.lots,
        timestampNs: Math.round(timeNs),
      }),
    )
    if (headKind(scratch.words[HEAD]!) !== CommandKind.new) throw new Error('evaluation: not a new order')
    return scratch.words
  }

  private start(
    words: Int32Array,
    side: number,
    bits: number,
    bidLots: number,
    offerLots: number,
    timeNs: number,
  ): Outcome {
    const isBuy = side === Side.buy
    const lots = words[LOTS]!
    const outcome: Outcome = {
      bits,
      lots,
      filledLots: 0,
      cost: NaN,
      costAllIn: NaN,
      slippage: NaN,
      adverse: MARKOUT_SECONDS.map(() => NaN),
    }
    const isUrgent = headTimeInForce(words[HEAD]!) === TimeInForce.ioc
    const order = new ShadowOrder(
      side,
      words[PRICE_TICKS]!,
      lots,
      isBuy ? bidLots : offerLots,
      timeNs + this.options.patienceSeconds * 1e9,
    )
    const sentTicks = isBuy ? this.bidTicks : this.offerTicks
    const trial = { outcome, order, isUrgent, arrivalMid: this.mid, sentTicks }
    this.active.push(trial)
    const other = isBuy ? this.offerTicks : this.bidTicks
    const reaches = isBuy ? words[PRICE_TICKS]! >= other : words[PRICE_TICKS]! <= other
    if (isUrgent && reaches) this.take(trial, Math.min(lots, isBuy ? offerLots : bidLots), other, timeNs)
    return outcome
  }

  private followAll(
    bidTicks: number,
    bidLots: number,
    offerTicks: number,
    offerLots: number,
    signedLots: number,
    timeNs: number,
  ): void {
    let kept = 0
    for (const trial of this.active) {
      const { order } = trial
      // What is over by now must not profit from the event that comes after.
      const isOver = timeNs > order.deadlineNs
      if (!isOver && !trial.isUrgent) {
        const filled = order.follow(
          this.bidTicks,
          this.offerTicks,
          bidTicks,
          bidLots,
          offerTicks,
          offerLots,
          signedLots,
        )
        if (filled > 0) this.markFill(trial, timeNs, bidTicks + offerTicks)
      }
      if (isOver || order.openLots === 0) this.finish(trial)
      else this.active[kept++] = trial
    }
    this.active.length = kept
  }

  private take(trial: Trial, lots: number, priceTicks: number, timeNs: number): void {
    trial.order.fill(lots, priceTicks)
    this.markFill(trial, timeNs, this.mid)
  }

  /** The first fill of an order is what its adverse selection counts from. */
  private markFill({ outcome, order }: Trial, timeNs: number, fillMid: number): void {
    if (outcome.filledLots > 0) return
    outcome.filledLots = order.filledLots
    const sign = order.side === Side.buy ? 1 : -1
    for (const [horizon, seconds] of MARKOUT_SECONDS.entries())
      this.markouts[horizon]!.push({ dueNs: timeNs + seconds * 1e9, outcome, horizon, fillMid, sign })
  }

  private settleMarkouts(timeNs: number): void {
    for (const queue of this.markouts)
      while (queue.length > 0 && queue[0]!.dueNs < timeNs) {
        const { outcome, horizon, fillMid, sign } = queue.shift()!
        outcome.adverse[horizon] = (sign * (fillMid - this.mid)) / 2
      }
  }

  private finish({ outcome, order, arrivalMid, sentTicks }: Trial): void {
    const isBuy = order.side === Side.buy
    const sign = isBuy ? 1 : -1
    const { filledLots, filledValue, openLots, lots } = order
    outcome.filledLots = filledLots
    if (filledLots > 0) {
      outcome.cost = sign * (filledValue / filledLots - arrivalMid / 2)
      outcome.slippage = sign * (filledValue / filledLots - sentTicks)
    }
    const other = isBuy ? this.offerTicks : this.bidTicks
    outcome.costAllIn = sign * ((filledValue + openLots * other) / lots - arrivalMid / 2)
  }
}
