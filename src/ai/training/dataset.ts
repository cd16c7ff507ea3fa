import { FEATURE_COUNT } from '../features/feature-list.ts'
import type { Features } from '../features/features.ts'

/**
 * Rows of features as they were observed, in the order of time, column by column beside a matrix of features: what a
 * model is trained on. Grows as rows come.
 */
export class Dataset {
  count: number
  /** Row `i` begins at `i * FEATURE_COUNT`. */
  features: Float32Array
  instruments: Int32Array
  /** Event of its instrument that a row was observed after, from 1. */
  events: Float64Array
  /** Sum of the best prices in ticks, and the bid. */
  doubleMids: Int32Array
  bidTicks: Int32Array
  timesNs: Float64Array
  /** What the event was: order flow, signed lots traded, and the lots at both best prices after it. */
  flows: Float64Array
  volumes: Float64Array
  depths: Float64Array

  constructor(capacityRows = 4_096) {
    this.count = 0
    this.features = new Float32Array(capacityRows * FEATURE_COUNT)
    this.instruments = new Int32Array(capacityRows)
    this.events = new Float64Array(capacityRows)
    this.doubleMids = new Int32Array(capacityRows)
    this.bidTicks = new Int32Array(capacityRows)
    this.timesNs = new Float64Array(capacityRows)
    this.flows = new Float64Array(capacityRows)
    this.volumes = new Float64Array(capacityRows)
    this.depths = new Float64Array(capacityRows)
  }

  /**
   * Appends what is known of an instrument after an event of it.
   * @param offset what is added to its number, where other flow has its own instruments
   */
  add(from: Features, instrument: number, timeNs: number, offset = 0): void {
    if (this.count === this.instruments.length) this.grow()
    const row = this.count++
    this.instruments[row] = instrument + offset
    this.events[row] = from.events(instrument)
    this.doubleMids[row] = from.doubleMid(instrument)
    this.bidTicks[row] = from.bidTicks(instrument)
    this.timesNs[row] = timeNs
    this.flows[row] = from.lastFlow(instrument)
    this.volumes[row] = from.lastVolume(instrument)
    this.depths[row] = from.bidLots(instrument) + from.offerLots(instrument)
    from.write(instrument, this.features, row * FEATURE_COUNT)
  }

  /** One feature of a row. */
  at(row: number, feature: number): number {
    return this.features[row * FEATURE_COUNT + feature]!
  }

  private grow(): void {
    const rows = this.instruments.length * 2
    this.features = copied(new Float32Array(rows * FEATURE_COUNT), this.features)
    this.instruments = copied(new Int32Array(rows), this.instruments)
    this.events = copied(new Float64Array(rows), this.events)
    this.doubleMids = copied(new Int32Array(rows), this.doubleMids)
    this.bidTicks = copied(new Int32Array(rows), this.bidTicks)
    this.timesNs = copied(new Float64Array(rows), this.timesNs)
    this.flows = copied(new Float64Array(rows), this.flows)
    this.volumes = copied(new Float64Array(rows), this.volumes)
    this.depths = copied(new Float64Array(rows), this.depths)
  }
}

function copied<A extends Float32Array | Int32Array | Float64Array>(to: A, from: A): A {
  to.set(from)
  return to
}
