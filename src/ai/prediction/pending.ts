import { Direction, type Horizon } from '../models/horizon.ts'

/** Events of one instrument whose outcome is waited for at most; beyond that new ones are not followed. */
const CAPACITY = 64

/**
 * The predictions of one instrument that wait for their outcome, oldest first, in rings. Serving learns what came of a
 * prediction in the same way as training labels a row.
 */
export class Pending {
  readonly scores: Float64Array
  readonly chances: Float64Array
  private readonly outputs: number
  private readonly classes: number
  private readonly mids: Int32Array
  private readonly events: Float64Array
  private readonly timesNs: Float64Array
  private first: number
  private count: number

  constructor(outputs: number, classes: number) {
    this.outputs = outputs
    this.classes = classes
    this.scores = new Float64Array(CAPACITY * outputs)
    this.chances = new Float64Array(CAPACITY * classes)
    this.mids = new Int32Array(CAPACITY)
    this.events = new Float64Array(CAPACITY)
    this.timesNs = new Float64Array(CAPACITY)
    this.first = 0
    this.count = 0
  }

  /** Adds a prediction. Returns its place, or -1 if there is no room. */
  add(doubleMid: number, event: number, timeNs: number): number {
    if (this.count === CAPACITY) return -1
    const at = (this.first + this.count) % CAPACITY
    this.mids[at] = doubleMid
    this.events[at] = event
    this.timesNs[at] = timeNs
    this.count++
    return at
  }

  /** Where the scores and the chances of a place begin. */
  scoresAt(place: number): number {
    return place * this.outputs
  }

  chancesAt(place: number): number {
    return place * this.classes
  }

  /** The place of the oldest prediction if its horizon is reached at an event, or -1. */
  reached(horizon: Horizon, doubleMid: number, event: number, timeNs: number): number {
    if (this.count === 0) return -1
    const at = this.first
    if (horizon.kind === 'next-move') return doubleMid === this.mids[at] ? -1 : at
    if (horizon.kind === 'events') return event - this.events[at]! >= horizon.events ? at : -1
    return timeNs - this.timesNs[at]! > horizon.seconds * 1e9 ? at : -1
  }

  /** Takes the oldest away. Returns what the mid did since. @param doubleMid at the horizon */
  take(doubleMid: number): number {
    const before = this.mids[this.first]!
    this.first = (this.first + 1) % CAPACITY
    this.count--
    return doubleMid > before ? Direction.up : doubleMid < before ? Direction.down : Direction.flat
  }
}
