import type { Batch } from '../../book/index.ts'
import * as record from '../../book/record.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { CLIENT, CODE, EventKind, HEAD, INSTRUMENT, LOTS, OPEN_LOTS, ORDER_ID, PRICE_TICKS, RECORD_WORDS } =
  record
const { SEQUENCE } = record

/** What a router did to an order, and what it would have done had it not been kept from it. Bits: they go together. */
export const DecisionBit = {
  /** Confidence over the bound in the order's direction: immediate-or-cancel at the collar. */
  urgent: 1,
  /** Risk score over the bound: half the size. */
  halved: 2,
  /** Made smaller by position sizing. */
  sized: 4,
  /** Cut into slices, of which this is the first, or one of the later ones. */
  sliced: 8,
  slice: 16,
  /** Would have been urgent, but the expected move does not pay for the spread. */
  guarded: 256,
  /** Would have been urgent, but there is no price to set a collar by. */
  noCollar: 512,
} as const

/** The bits that change an order. */
export const CHANGES = 31

/**
 * A decision as a record: an event of kind `decision`, which stands before the other events of its command.
 *
 *  word
 *   0  kind, side, orderType, timeInForce of the order after the decision
 *   1  code: DecisionBits, and in the upper half the confidence in 65,535ths
 *   2  instrument  3 client  4 sequence  6 orderId
 *   8  priceTicks  9 lots     of the order after the decision
 *  10  lots  11 priceTicks    before it
 *  12  expected move in thousandths of a tick, above 0 in the order's direction
 *  13  risk score in millionths
 *  14  timeInForce and order type before it, as in a head
 *  15  first 32 bits of the model's checksum
 */
const DECISION_LOTS_BEFORE = OPEN_LOTS
const DECISION_PRICE_BEFORE = 11
const DECISION_MOVE = 12
const DECISION_RISK = 13
const DECISION_HEAD_BEFORE = 14
const DECISION_MODEL = 15
const TERMS_MASK = 0xffffff00 | 0

/** What a decision says, as an object. */
export interface Decision {
  readonly sequence: number
  readonly orderId: number
  readonly instrument: number
  readonly client: number
  /** A Side. */
  readonly side: number
  /** DecisionBits. */
  readonly bits: number
  readonly priceTicks: number
  readonly lots: number
  readonly timeInForce: number
  readonly lotsBefore: number
  readonly priceTicksBefore: number
  readonly timeInForceBefore: number
  readonly confidence: number
  readonly expectedMoveTicks: number
  readonly riskScore: number
  /** Eight hexadecimal digits. */
  readonly model: string
}

/** What goes into a decision beside the command as it is now. The same object each time. */
export interface DecisionGrounds {
  bits: number
  lotsBefore: number
  priceTicksBefore: number
  headBefore: number
  confidence: number
  /** In the order's direction. */
  expectedMoveTicks: number
  riskScore: number
}

/** Appends a decision about the command that begins at a word. */
export function writeDecision(
  events: Batch,
  words: Int32Array,
  at: number,
  grounds: DecisionGrounds,
  model: number,
): void {
  if (events.count === events.capacity) events.grow()
  const to = events.count++ * RECORD_WORDS
  const out = events.words
  out[to + HEAD] = (words[at + HEAD]! & TERMS_MASK) | EventKind.decision
  out[to + CODE] = grounds.bits | (Math.round(grounds.confidence * 65_535) << 16)
  out[to + INSTRUMENT] = words[at + INSTRUMENT]!
  out[to + CLIENT] = words[at + CLIENT]!
  out[to + SEQUENCE] = words[at + SEQUENCE]!
  out[to + SEQUENCE + 1] = words[at + SEQUENCE + 1]!
  out[to + ORDER_ID] = words[at + ORDER_ID]!
  out[to + ORDER_ID + 1] = words[at + ORDER_ID + 1]!
  out[to + PRICE_TICKS] = words[at + PRICE_TICKS]!
  out[to + LOTS] = words[at + LOTS]!
  out[to + DECISION_LOTS_BEFORE] = grounds.lotsBefore
  out[to + DECISION_PRICE_BEFORE] = grounds.priceTicksBefore
  out[to + DECISION_MOVE] = Math.round(grounds.expectedMoveTicks * 1_000)
  out[to + DECISION_RISK] = Math.round(grounds.riskScore * 1e6)
  out[to + DECISION_HEAD_BEFORE] = grounds.headBefore
  out[to + DECISION_MODEL] = model
}

/** The decision record that begins at a word, as an object. */
export function readDecision(words: Int32Array, at: number): Decision {
  const head = words[at + HEAD]!
  return {
    sequence: record.readU64(words, at + SEQUENCE),
    orderId: record.readU64(words, at + ORDER_ID),
    instrument: words[at + INSTRUMENT]!,
    client: words[at + CLIENT]! >>> 0,
    side: record.headSide(head),
    bits: words[at + CODE]! & 0xffff,
    priceTicks: words[at + PRICE_TICKS]!,
    lots: words[at + LOTS]!,
    timeInForce: record.headTimeInForce(head),
    lotsBefore: words[at + DECISION_LOTS_BEFORE]!,
    priceTicksBefore: words[at + DECISION_PRICE_BEFORE]!,
    timeInForceBefore: record.headTimeInForce(words[at + DECISION_HEAD_BEFORE]!),
    confidence: (words[at + CODE]! >>> 16) / 65_535,
    expectedMoveTicks: words[at + DECISION_MOVE]! / 1_000,
    riskScore: words[at + DECISION_RISK]! / 1e6,
    model: (words[at + DECISION_MODEL]! >>> 0).toString(16).padStart(8, '0'),
  }
}

/** The reasons that bits stand for, in words. */
export function reasonsOf(bits: number): string[] {
  return Object.entries(DecisionBit)
    .filter(([, bit]) => (bits & bit) !== 0)
    .map(([name]) => name)
}
