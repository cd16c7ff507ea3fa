import type { BookFeed } from '../../ai/features/book-feed.ts'
import { EngineFeed, timestampNs } from '../../ai/features/engine-feed.ts'
import type { ModelBreaker } from '../../ai/prediction/breaker.ts'
import { type Prediction, Silence } from '../../ai/prediction/prediction.ts'
import type { Predictor } from '../../ai/prediction/predictor.ts'
import { DecisionBit, writeDecision } from '../../ai/routing/decision.ts'
import { plainRiskScore } from '../../ai/routing/risk-score.ts'
import type { Router, Surroundings } from '../../ai/routing/router.ts'
import * as record from '../../book/record.ts'
import * as rejectCode from '../../book/reject-code.ts'
import type { Market } from '../../pipeline/market.ts'
import type { ReportSection, Step } from '../../pipeline/operator.ts'
import { thousands } from '../../telemetry/text-table.ts'
import type { DecisionLog } from './decision-log.ts'
import type { Slicing } from './slicing.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { CODE, CommandKind, HEAD, headKind, headSide, INSTRUMENT, LOTS, RECORD_WORDS, Side } = record
const { ACCEPTED } = rejectCode

/** Of the word at CODE; the other half are flags. */
const REJECT_CODE_MASK = 0xffff

/** From 0 to 1: how risky the order is that begins at a word. */
export type RiskScore = (words: Int32Array, at: number) => number

export interface EnhanceParts {
  readonly market: Market
  readonly predictor: Predictor
  readonly router: Router
  readonly breaker: ModelBreaker
  /** By default that of a risk stage that gives one, or else `plainRiskScore`. */
  readonly riskScore?: RiskScore | undefined
  /** What cuts orders that would move the price too far. */
  readonly slicing?: Slicing | undefined
  /** Where decisions are written down too. */
  readonly log?: DecisionLog | undefined
}

/**
 * Asks a predictor about each new order and lets the router act on it. Stands before risk and match in their island: it
 * reads what the engine did for the commands before, and its decisions go among the engine's events, each before the
 * events of its order. Never waits, never refuses an order.
 */
export class EnhanceStep implements Step {
  protected readonly parts: EnhanceParts
  private readonly feed: EngineFeed
  private readonly surroundings: Surroundings
  private readonly modelNumber: number
  /** Orders seen, by what became of them; by Silence, how often nothing was predicted. */
  private orders: number
  private readonly bitCounts: Float64Array
  private readonly silences: Float64Array
  private blocked: number
  /** Of the order at work: how likely the price moves against it; 0.5 where nothing is predicted. */
  private against: number

  constructor(parts: EnhanceParts) {
    this.parts = parts
    const { predictor, slicing } = parts
    this.feed = new EngineFeed(slicing === undefined ? predictor : new BothFeeds(predictor, slicing))
    this.surroundings = { bidTicks: 0, offerTicks: 0, lastTicks: 0, riskScore: 0.5, deviationTicks: 0.5 }
    this.modelNumber = modelNumberOf(parts.predictor.modelId)
    this.orders = 0
    this.bitCounts = new Float64Array(16)
    this.silences = new Float64Array(8)
    this.blocked = 0
    this.against = 0.5
    parts.market.scores.against = () => this.against
  }

  process(words: Int32Array, at: number): void {
    const { engine, instruments } = this.parts.market
    if (engine !== undefined) this.feed.follow(engine, words, at)
    this.parts.slicing?.send(timestampNs(words, at))
    if (headKind(words[at + HEAD]!) !== CommandKind.new) return
    if ((words[at + CODE]! & REJECT_CODE_MASK) !== ACCEPTED) return
    if (words[at + INSTRUMENT]! >>> 0 >= instruments.count) return
    this.orders++
    if (this.decide(words, at) !== 0) this.tell(words, at)
  }

  flush(): void {
    const { engine } = this.parts.market
    if (engine !== undefined) this.feed.endBatch(engine)
    this.parts.predictor.betweenBatches?.()
    this.parts.log?.flush()
  }

  async close(): Promise<void> {
    this.parts.log?.close()
    await this.parts.predictor.close?.()
  }

  report(): ReportSection {
    const { predictor, breaker, slicing } = this.parts
    const count = (bit: number): number => this.bitCounts[Math.log2(bit)]!
    const decisions = Object.fromEntries(Object.entries(DecisionBit).map(([name, bit]) => [name, count(bit)]))
    const silences = Object.fromEntries(
      Object.entries(Silence)
        .filter(([, why]) => why !== Silence.none)
        .map(([name, why]) => [name, this.silences[why]!]),
    )
    const words = (counts: Readonly<Record<string, number>>): string =>
      Object.entries(counts)
        .filter(([, n]) => n > 0)
        .map(([name, n]) => `${thousands(n)} ${name}`)
        .join(', ') || 'none'
    return {
      title: 'ai',
      lines: [
        ...predictor.lines(),
        `${thousands(this.orders)} new orders; decisions: ${words(decisions)}`,
        `left as they were for want of advice: ${words(silences)}${this.blocked > 0 ? `, ${thousands(this.blocked)} while the breaker was open` : ''}${breaker.opened > 0 ? ` (opened ${breaker.opened} times)` : ''}`,
        ...(slicing?.lines() ?? []),
      ],
      figures: {
        ...predictor.figures(),
        orders: this.orders,
        decisions,
        silences,
        breaker: { opened: breaker.opened, isOpen: breaker.isOpen, blocked: this.blocked },
        impact: slicing?.figures(),
      },
    }
  }

  /** @returns DecisionBits */
  private decide(words: Int32Array, at: number): number {
    const { market, router, predictor, slicing } = this.parts
    const riskScore = this.parts.riskScore ?? market.scores.risk
    const { features } = predictor
    const { surroundings } = this
    const instrument = words[at + INSTRUMENT]!
    const prediction = this.predict(instrument, words, at)
    this.against = prediction === undefined ? 0.5 : chanceAgainst(prediction, words, at)
    surroundings.bidTicks = features.bidTicks(instrument)
    surroundings.offerTicks = features.offerTicks(instrument)
    surroundings.lastTicks = market.lastTradeTicks(instrument)
    surroundings.deviationTicks = features.eventVolatilityTicks(instrument)
    surroundings.riskScore = riskScore === undefined ? this.plainScore(words, at) : riskScore(words, at)
    if (slicing === undefined) return router.decide(words, at, prediction, surroundings)
    if (slicing.isSlice(words, at)) return router.pass(words, at, DecisionBit.slice)
    router.decide(words, at, prediction, surroundings)
    const depth = features.bidLots(instrument) + features.offerLots(instrument)
    const isCut = slicing.cut(words, at, depth, timestampNs(words, at))
    if (isCut) router.grounds.bits |= DecisionBit.sliced
    return router.grounds.bits
  }

  /** Undefined where nothing is to be had: the order then stays as it is, but for its size. */
  private predict(instrument: number, words: Int32Array, at: number): Prediction | undefined {
    const { predictor, breaker } = this.parts
    if (!breaker.lets()) {
      this.blocked++
      return undefined
    }
    let prediction: Prediction
    try {
      prediction = predictor.predict(instrument, timestampNs(words, at))
    } catch {
      this.silences[Silence.broken]!++
      breaker.failed()
      return undefined
    }
    const { silence } = prediction
    if (silence === Silence.broken || silence === Silence.late) breaker.failed()
    else if (silence !== Silence.cold) breaker.succeeded()
    if (silence === Silence.none) return prediction
    this.silences[silence]!++
    return undefined
  }

  private plainScore(words: Int32Array, at: number): number {
    const { bidTicks, offerTicks, deviationTicks } = this.surroundings
    const { features } = this.parts.predictor
    const instrument = words[at + INSTRUMENT]!
    const depth = features.bidLots(instrument) + features.offerLots(instrument)
    return plainRiskScore(words[at + LOTS]!, depth, deviationTicks, offerTicks - bidTicks, this.against)
  }

  private tell(words: Int32Array, at: number): void {
    const { market, router, log } = this.parts
    const { grounds } = router
    for (let bits = grounds.bits; bits !== 0; bits &= bits - 1)
      this.bitCounts[31 - Math.clz32(bits & -bits)]!++
    const { engine } = market
    if (engine === undefined) return
    writeDecision(engine.events, words, at, grounds, this.modelNumber)
    log?.add(engine.events.words, (engine.events.count - 1) * RECORD_WORDS)
  }
}

function chanceAgainst(prediction: Prediction, words: Int32Array, at: number): number {
  return headSide(words[at + HEAD]!) === Side.buy ? prediction.down : prediction.up
}

/** The eight hexadecimal digits that a model's id ends with, as 32 bits; 0 if it has none. */
export function modelNumberOf(modelId: string): number {
  const digits = /([0-9a-f]{8})$/.exec(modelId)
  return digits === null ? 0 : Number.parseInt(digits[1]!, 16) | 0
}

/** Tells two feeds the same. */
class BothFeeds implements BookFeed {
  private readonly first: BookFeed
  private readonly second: BookFeed

  constructor(first: BookFeed, second: BookFeed) {
    this.first = first
    this.second = second
  }

  observe(...event: Parameters<BookFeed['observe']>): void {
    this.first.observe(...event)
    this.second.observe(...event)
  }
}
