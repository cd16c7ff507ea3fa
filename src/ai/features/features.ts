import type { BookFeed } from './book-feed.ts'
import { WARM_EVENTS } from './feature-list.ts'

/**
 * What is known of one instrument: 16 scalars, then five rings of 256 events. Mids are the sum of both best prices, so
 * half ticks; all but times are whole numbers below 2^53, so that rolling sums are exact and can be kept by adding
 * what comes and taking away what goes.
 *
 *    0 bidTicks  1 bidLots  2 offerTicks  3 offerLots
 *    4 events    5 eventAtLastMove        6 lastMove   7 lastTradeSign
 *    8 flow10    9 flow50  10 flow200    11 volume10  12 volume50
 *   13 squares50 14 depth50 15 (unused)
 *   16 ring of order flow, 272 of depth, 528 of mids, 784 of signed volume, 1040 of times
 */
const BID_TICKS = 0
const BID_LOTS = 1
const OFFER_TICKS = 2
const OFFER_LOTS = 3
const EVENTS = 4
const MOVED_AT = 5
const LAST_MOVE = 6
const TRADE_SIGN = 7
const FLOW_10 = 8
const FLOW_50 = 9
const FLOW_200 = 10
const VOLUME_10 = 11
const VOLUME_50 = 12
const SQUARES_50 = 13
const DEPTH_50 = 14
const RING = 256
const RING_MASK = RING - 1
const FLOWS = 16
const DEPTHS = FLOWS + RING
const MIDS = DEPTHS + RING
const VOLUMES = MIDS + RING
const TIMES = VOLUMES + RING
const STATE_NUMBERS = TIMES + RING

/**
 * The features of every instrument, brought up to date event by event. One implementation for training and serving:
 * both call `observe` for what happens and `write` where they want a feature vector.
 *
 * An observation that changes nothing is no event. One with a side missing, or with crossed prices as in an auction, is
 * left out: the next good one is compared with the last good one. Nothing is allocated once an instrument is known.
 */
export class Features implements BookFeed {
  private readonly states: (Float64Array | undefined)[]
  /** Called when an event of an instrument has been taken in. */
  private readonly onEvent: ((instrument: number, timeNs: number) => void) | undefined

  constructor(onEvent?: (instrument: number, timeNs: number) => void) {
    this.states = []
    this.onEvent = onEvent
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
    if (bidTicks <= 0 || offerTicks <= bidTicks) return
    const state = this.states[instrument] ?? this.begin(instrument)
    if (
      signedLots === 0 &&
      state[BID_TICKS] === bidTicks &&
      state[BID_LOTS] === bidLots &&
      state[OFFER_TICKS] === offerTicks &&
      state[OFFER_LOTS] === offerLots
    )
      return
    const events = state[EVENTS]!
    const flow = events === 0 ? 0 : orderFlow(state, bidTicks, bidLots, offerTicks, offerLots)
    const mid = bidTicks + offerTicks
    const move = events === 0 ? 0 : mid - state[MIDS + ((events - 1) & RING_MASK)]!
    roll(state, events, flow, bidLots + offerLots, move, signedLots)
    const at = events & RING_MASK
    state[FLOWS + at] = flow
    state[DEPTHS + at] = bidLots + offerLots
    state[MIDS + at] = mid
    state[VOLUMES + at] = signedLots
    state[TIMES + at] = timeNs
    state[BID_TICKS] = bidTicks
    state[BID_LOTS] = bidLots
    state[OFFER_TICKS] = offerTicks
    state[OFFER_LOTS] = offerLots
    state[EVENTS] = events + 1
    if (move !== 0) {
      state[MOVED_AT] = events + 1
      state[LAST_MOVE] = move > 0 ? 1 : -1
    }
    if (signedLots !== 0) state[TRADE_SIGN] = signedLots > 0 ? 1 : -1
    if (this.onEvent !== undefined) this.onEvent(instrument, timeNs)
  }

  /** Events of an instrument so far. */
  events(instrument: number): number {
    return this.states[instrument]?.[EVENTS] ?? 0
  }

  /** Whether an instrument has seen enough for its features to be what they are called. */
  isWarm(instrument: number): boolean {
    return this.events(instrument) >= WARM_EVENTS
  }

  /** Sum of the best prices, so twice the mid in ticks; 0 before the first event. */
  doubleMid(instrument: number): number {
    const state = this.states[instrument]
    return state === undefined ? 0 : state[BID_TICKS]! + state[OFFER_TICKS]!
  }

  /** Best prices of the last event, and the lots there. */
  bidTicks(instrument: number): number {
    return this.states[instrument]?.[BID_TICKS] ?? 0
  }

  offerTicks(instrument: number): number {
    return this.states[instrument]?.[OFFER_TICKS] ?? 0
  }

  bidLots(instrument: number): number {
    return this.states[instrument]?.[BID_LOTS] ?? 0
  }

  offerLots(instrument: number): number {
    return this.states[instrument]?.[OFFER_LOTS] ?? 0
  }

  /** Order flow and signed lots of the last event. */
  lastFlow(instrument: number): number {
    const state = this.states[instrument]
    return state === undefined ? 0 : state[FLOWS + ((state[EVENTS]! - 1) & RING_MASK)]!
  }

  lastVolume(instrument: number): number {
    const state = this.states[instrument]
    return state === undefined ? 0 : state[VOLUMES + ((state[EVENTS]! - 1) & RING_MASK)]!
  }

  /** Root of the mean squared mid move of an event, over the last 50, in ticks. */
  eventVolatilityTicks(instrument: number): number {
    const state = this.states[instrument]
    return state === undefined ? 0 : Math.sqrt(state[SQUARES_50]! / 4 / 50)
  }

  /** Writes the features of an instrument, in the order of FEATURES. It must have seen an event. */
  write(instrument: number, vector: Float32Array, at = 0): void {
    const state = this.states[instrument]!
    const bidLots = state[BID_LOTS]!
    const offerLots = state[OFFER_LOTS]!
    const depth = bidLots + offerLots
    const imbalance = (bidLots - offerLots) / depth
    const spread = state[OFFER_TICKS]! - state[BID_TICKS]!
    const last = state[EVENTS]! - 1
    const mid = state[MIDS + (last & RING_MASK)]!
    // Half of what both sides show: the depth that order flow and volume are measured against.
    const perDepth = (2 * Math.min(50, last + 1)) / state[DEPTH_50]!
    vector[at] = imbalance
    vector[at + 1] = (imbalance * spread) / 2
    vector[at + 2] = spread
    vector[at + 3] = state[FLOW_10]! * perDepth
    vector[at + 4] = state[FLOW_50]! * perDepth
    vector[at + 5] = state[FLOW_200]! * perDepth
    vector[at + 6] = (mid - state[MIDS + (Math.max(0, last - 10) & RING_MASK)]!) / 2
    vector[at + 7] = (mid - state[MIDS + (Math.max(0, last - 50) & RING_MASK)]!) / 2
    vector[at + 8] = Math.sqrt(state[SQUARES_50]!) / 2
    vector[at + 9] = Math.log(1 + depth)
    vector[at + 10] = state[TRADE_SIGN]!
    vector[at + 11] = state[VOLUME_10]! * perDepth
    vector[at + 12] = state[VOLUME_50]! * perDepth
    const durationNs =
      state[TIMES + (last & RING_MASK)]! - state[TIMES + (Math.max(0, last - 10) & RING_MASK)]!
    vector[at + 13] = Math.log(1 + Math.max(0, durationNs) / 1_000)
    vector[at + 14] = Math.log(1 + last + 1 - state[MOVED_AT]!)
    vector[at + 15] = state[LAST_MOVE]!
  }

  private begin(instrument: number): Float64Array {
    const state = new Float64Array(STATE_NUMBERS)
    while (this.states.length <= instrument) this.states.push(undefined)
    this.states[instrument] = state
    return state
  }
}

/** What an event adds to bids and takes from offers at the best prices (Cont, Kukanov, Stoikov 2014, equation 4). */
function orderFlow(
  state: Float64Array,
  bidTicks: number,
  bidLots: number,
  offerTicks: number,
  offerLots: number,
): number {
  const bidBefore = state[BID_TICKS]!
  const offerBefore = state[OFFER_TICKS]!
  let flow = 0
  if (bidTicks >= bidBefore) flow += bidLots
  if (bidTicks <= bidBefore) flow -= state[BID_LOTS]!
  if (offerTicks <= offerBefore) flow -= offerLots
  if (offerTicks >= offerBefore) flow += state[OFFER_LOTS]!
  return flow
}

/** Brings the rolling sums up to date: adds the event that comes, takes away those that leave their windows. */
function roll(
  state: Float64Array,
  events: number,
  flow: number,
  depth: number,
  move: number,
  volume: number,
): void {
  const ago10 = (events - 10) & RING_MASK
  const ago50 = (events - 50) & RING_MASK
  // Rings begin with zeros, which are what goes until a window is full.
  state[FLOW_10]! += flow - state[FLOWS + ago10]!
  state[FLOW_50]! += flow - state[FLOWS + ago50]!
  state[FLOW_200]! += flow - state[FLOWS + ((events - 200) & RING_MASK)]!
  state[VOLUME_10]! += volume - state[VOLUMES + ago10]!
  state[VOLUME_50]! += volume - state[VOLUMES + ago50]!
  state[DEPTH_50]! += depth - state[DEPTHS + ago50]!
  const gone = events > 50 ? state[MIDS + ago50]! - state[MIDS + ((events - 51) & RING_MASK)]! : 0
  state[SQUARES_50]! += move * move - gone * gone
}
