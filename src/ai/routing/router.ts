import * as record from '../../book/record.ts'
import { Direction } from '../models/horizon.ts'
import * as predictions from '../prediction/prediction.ts'
import type { Prediction } from '../prediction/prediction.ts'
import * as decisions from './decision.ts'
import type { DecisionGrounds } from './decision.ts'
import type { RouterOptions } from './router-options.ts'
import { sizedLots } from './sizing.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { CODE, DISPLAY_LOTS, HEAD, headOrderType, headSide, headTimeInForce, LOTS, MIN_LOTS } = record
const { OrderFlag, OrderType, PRICE_TICKS, Side, STOP_TICKS, TimeInForce } = record
const { DecisionBit } = decisions
const { Silence } = predictions

/** Flags that say nothing about how an order trades: what it does when it meets one of its own. */
const HARMLESS_FLAGS = 7 << 6
const UP = Direction.up
const DOWN = Direction.down

/** What a router looks at beside the order and the prediction. The same object each time. */
export interface Surroundings {
  bidTicks: number
  offerTicks: number
  /** Price of the last trade, or the reference price; 0 if there is neither. */
  lastTicks: number
  /** From 0 to 1. */
  riskScore: number
  /** Deviation of the mid's move to the horizon, in ticks. */
  deviationTicks: number
}

/**
 * Decides what becomes of a new order, in its record: the rule that was asked for, the guard that keeps it from paying
 * more than it gains, and sizing. It changes price, quantity and time in force, nothing else; whatever it makes must
 * pass risk behind it. An order about which nothing is predicted stays as it is, but for its size.
 */
export class Router {
  /** What the latest decision rests on. */
  readonly grounds: DecisionGrounds
  private readonly options: RouterOptions

  constructor(options: RouterOptions) {
    this.options = options
    this.grounds = {
      bits: 0,
      lotsBefore: 0,
      priceTicksBefore: 0,
      headBefore: 0,
      confidence: 0.5,
      expectedMoveTicks: 0.5,
      riskScore: 0.5,
    }
  }

  /**
   * Decides about the new order that begins at a word.
   * @param prediction undefined if none was wanted
   * @returns DecisionBits; 0 if the order stays as it is and nothing is to be told
   */
  decide(
    words: Int32Array,
    at: number,
    prediction: Prediction | undefined,
    { bidTicks, offerTicks, lastTicks, riskScore, deviationTicks }: Surroundings,
  ): number {
    const { grounds, options } = this
    const isBuy = headSide(words[at + HEAD]!) === Side.buy
    const isAdvice = prediction !== undefined && prediction.silence === Silence.none
    const move = isAdvice ? prediction.expectedMoveTicks * (isBuy ? 1 : -1) : 0
    this.pass(words, at, 0)
    grounds.confidence = isAdvice ? prediction.confidence : 0
    grounds.expectedMoveTicks = move
    grounds.riskScore = riskScore
    const halfSpread = (offerTicks - bidTicks) / 2
    if (options.halving !== undefined && riskScore > options.halving.riskScore) this.shrink(words, at, 2)
    if (options.sizing !== undefined && deviationTicks > 0) {
      const cost = halfSpread + (options.guard?.feeTicks ?? 0)
      const most = sizedLots(words[at + LOTS]!, options.sizing, move - cost, deviationTicks)
      if (most < words[at + LOTS]!) {
        setLots(words, at, most)
        grounds.bits |= DecisionBit.sized
      }
    }
    const { urgency, guard } = options
    if (
      urgency !== undefined &&
      isAdvice &&
      prediction.confidence > urgency.confidence &&
      prediction.direction === (isBuy ? UP : DOWN) &&
      this.canHurry(words, at, bidTicks, offerTicks)
    ) {
      if (guard !== undefined && !(move > halfSpread + guard.feeTicks + guard.marginTicks))
        grounds.bits |= DecisionBit.guarded
      else if (lastTicks === 0) grounds.bits |= DecisionBit.noCollar
      else this.hurry(words, at, isBuy, lastTicks, urgency.collarTicks)
    }
    return grounds.bits
  }

  /** Leaves an order as it is, with bits that say what it is. Returns them. */
  pass(words: Int32Array, at: number, bits: number): number {
    const { grounds } = this
    grounds.bits = bits
    grounds.lotsBefore = words[at + LOTS]!
    grounds.priceTicksBefore = words[at + PRICE_TICKS]!
    grounds.headBefore = words[at + HEAD]!
    grounds.confidence = 0
    grounds.expectedMoveTicks = 0
    grounds.riskScore = 0
    return bits
  }

  /** Whether an order would rest, has no terms of its own, and is priced behind the other side. */
  private canHurry(words: Int32Array, at: number, bidTicks: number, offerTicks: number): boolean {
    const head = words[at + HEAD]!
    const inForce = headTimeInForce(head)
    if (headOrderType(head) !== OrderType.limit) return false
    if (inForce !== TimeInForce.gtc && inForce !== TimeInForce.day) return false
    const flags = words[at + CODE]! >>> 16
    if ((flags & ~HARMLESS_FLAGS) !== 0) return false
    if (words[at + DISPLAY_LOTS] !== 0 || words[at + MIN_LOTS] !== 0 || words[at + STOP_TICKS] !== 0)
      return false
    if (bidTicks === 0 || offerTicks === 0) return false
    const price = words[at + PRICE_TICKS]!
    return headSide(head) === Side.buy ? price < offerTicks : price > bidTicks
  }

  /** Immediate-or-cancel at the collar: the price moves towards the other side, never away from it. */
  private hurry(words: Int32Array, at: number, isBuy: boolean, lastTicks: number, collarTicks: number): void {
    const price = words[at + PRICE_TICKS]!
    const collar = isBuy ? lastTicks + collarTicks : lastTicks - collarTicks
    const bounded = collar < 1 ? 1 : collar > record.MAX_PRICE_TICKS ? record.MAX_PRICE_TICKS : collar
    words[at + PRICE_TICKS] = isBuy ? Math.max(price, bounded) : Math.min(price, bounded)
    words[at + HEAD] = (words[at + HEAD]! & 0x00ffffff) | (TimeInForce.ioc << 24)
    this.grounds.bits |= DecisionBit.urgent
  }

  private shrink(words: Int32Array, at: number, by: number): void {
    const lots = words[at + LOTS]!
    const less = Math.max(1, Math.floor(lots / by))
    if (lots <= 1) return
    setLots(words, at, less)
    this.grounds.bits |= DecisionBit.halved
  }
}

function setLots(words: Int32Array, at: number, lots: number): void {
  words[at + LOTS] = lots
  setTerms(words, at)
}

/** Makes the terms of an order fit a quantity made smaller: what shows and what must trade at once are no more than it. */
export function setTerms(words: Int32Array, at: number): void {
  const flags = words[at + CODE]! >>> 16
  const lots = words[at + LOTS]!
  if ((flags & OrderFlag.reduceOnly) === 0 && words[at + DISPLAY_LOTS]! >= lots) words[at + DISPLAY_LOTS] = 0
  if ((flags & OrderFlag.linked) === 0 && words[at + MIN_LOTS]! > lots) words[at + MIN_LOTS] = lots
}
