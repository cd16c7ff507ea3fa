import type { MatchingEngine } from '../book/index.ts'
import * as bookSide from '../book/matching/book-side.ts'
import * as record from '../book/record.ts'
import * as levelLayout from '../book/state/level.ts'
import * as ladder from '../book/state/price-ladder.ts'
import * as heapNames from '../memory/heap.ts'
import * as following from './follow.ts'
import * as riskState from './risk-state.ts'
import type { RiskEngine } from './risk-engine.ts'
import * as rows from './rows.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { NONE } = heapNames
const { oppositeSide } = bookSide
const { CLIENT, HEAD, headSide, INSTRUMENT, LOTS, Side } = record
const { LEVEL_SHOWN } = levelLayout
const { nextLevel, SIDE_BEST } = ladder
const { meanMoveTicks } = following
const { INSTRUMENT_CELLS, INSTRUMENT_MARK } = riskState
const { POSITION_LOTS, POSITION_OPEN_BUY, POSITION_OPEN_SELL } = rows

/** What a risk score is made of. Each raises it, and none lowers it. */
export interface RiskParts {
  /** Lots of the order, and displayed lots of the other side in its best levels. */
  readonly lots: number
  readonly depthLots: number
  /** Mean move of the price from trade to trade, over the price: 0.0001 is a basis point. */
  readonly volatility: number
  /** The position if the order and all open orders of its side trade, whichever side that is, in lots. */
  readonly positionLots: number
  /** From 0 to 1: how probable it is that the price moves against the order. */
  readonly against: number
}

/** How much each part may raise the score by itself, and where it is half of that. */
export interface ScoreWeights {
  /** From 0 to 1 each. By default 0.5, 0.5, 0.4 and 0.6. */
  readonly size?: number | undefined
  readonly volatility?: number | undefined
  readonly concentration?: number | undefined
  readonly against?: number | undefined
  /** Volatility at which its part is one half; by default 0.0005: 5 basis points a trade. */
  readonly halfVolatility?: number | undefined
  /** Position at which its part is one half, in lots; by default 10,000. */
  readonly halfPositionLots?: number | undefined
}

/** Levels of the other side that count as depth. */
const DEPTH_LEVELS = 5

/**
 * The risk of an order from 0 (none) to 1: 1 - (1 - a)(1 - b)(1 - c)(1 - d), as if each part were the chance of an
 * independent harm. A part is its weight times
 *
 *  size           lots / (lots + depth): one half where the order is as large as the depth
 *  volatility     v / (v + half)
 *  concentration  p / (p + half)
 *  prediction     (against - 1/2) * 2, and nothing below one half
 *
 * Every part rises with what it is of (size falls with depth), and the score with every part.
 */
export function riskScore(parts: RiskParts, weights: ScoreWeights = {}): number {
  const { size = 0.5, volatility = 0.5, concentration = 0.4, against = 0.6 } = weights
  const { halfVolatility = 0.0005, halfPositionLots = 10_000 } = weights
  const a = size * share(parts.lots, parts.depthLots)
  const b = volatility * share(parts.volatility, halfVolatility)
  const c = concentration * share(parts.positionLots, halfPositionLots)
  const d = against * Math.min(1, Math.max(0, parts.against * 2 - 1))
  return 1 - (1 - a) * (1 - b) * (1 - c) * (1 - d)
}

/** x / (x + half), 0 of nothing: from 0 to 1. */
function share(x: number, half: number): number {
  return x <= 0 ? 0 : x / (x + half)
}

/**
 * The score of new orders as records, by what risk and the book know when it is asked: for a step that stands before `match`
 * in the same island, behind risk. 0 of a record that is no order in an instrument that there is.
 * @param against how probable it is that the price moves against the order, from 0 to 1; without a prediction, one half
 */
export function riskScorer(
  risk: RiskEngine,
  weights: ScoreWeights = {},
  against: (words: Int32Array, at: number) => number = () => 0.5,
): (words: Int32Array, at: number) => number {
  const parts = { lots: 0, depthLots: 0, volatility: 0, positionLots: 0, against: 0 }
  return (words, at) => {
    const { book } = risk
    const instrument = words[at + INSTRUMENT]!
    if (instrument >>> 0 >= book.known) return 0
    const side = headSide(words[at + HEAD]!)
    const mark = book.instrumentCells[instrument * INSTRUMENT_CELLS + INSTRUMENT_MARK]!
    parts.lots = words[at + LOTS]!
    parts.depthLots = depthOf(risk.checks.engine, instrument, side)
    parts.volatility = mark === 0 ? 0 : meanMoveTicks(book, instrument) / mark
    parts.positionLots = positionAfter(risk, words[at + CLIENT]!, instrument, side, parts.lots)
    parts.against = against(words, at)
    return riskScore(parts, weights)
  }
}

/** Displayed lots of the best levels that an order of a side would trade with. */
function depthOf(engine: MatchingEngine | undefined, instrument: number, side: number): number {
  const block = engine?.state.blocks[instrument]
  if (block === undefined || block === NONE) return 0
  const { words, totals } = engine!.state
  let lots = 0
  let level = words[oppositeSide(block, side) + SIDE_BEST]!
  for (let seen = 0; level !== NONE && seen < DEPTH_LEVELS; seen++) {
    lots += totals[(level >> 1) + LEVEL_SHOWN]!
    level = nextLevel(words, level)
  }
  return lots
}

function positionAfter(
  { book }: RiskEngine,
  client: number,
  instrument: number,
  side: number,
  lots: number,
): number {
  const row = book.findPosition(client, instrument)
  const cells = row >> 1
  const position = row === NONE ? 0 : book.totals[cells + POSITION_LOTS]!
  const open =
    row === NONE ? 0 : book.totals[cells + (side === Side.buy ? POSITION_OPEN_BUY : POSITION_OPEN_SELL)]!
  return Math.abs(side === Side.buy ? position + open + lots : position - open - lots)
}
