import { RECORD_WORDS } from '../../book/index.ts'
import * as record from '../../book/record.ts'

const { INSTRUMENT, LOTS, ORDER_ID, TIMESTAMP_NS, writeU64 } = record

/** Ids of slices begin here: far above what a feed numbers its orders with, and exact in a double. */
export const SLICE_ID_BASE = 2 ** 52

/** How the slices of an order follow one another. */
export type SliceSchedule =
  /** Equal slices, one in so many nanoseconds of the stream (time-weighted average price). */
  | { readonly kind: 'twap'; readonly slices: number; readonly everyNs: number }
  /** As much as a share of what others trade (percentage of volume). */
  | { readonly kind: 'pov'; readonly share: number }

/** An order of which slices are still to come. */
interface Parent {
  readonly record: Int32Array
  leftLots: number
  readonly sliceLots: number
  nextNs: number
  volumeLots: number
}

/** An order becomes no more slices than that, however thin the book. */
const MOST_SLICES = 100
/** Parents at work at most; beyond that an order is not sliced. */
const MOST_PARENTS = 1_024

/**
 * Keeps the later slices of orders and gives each when it is due. Time is that of the stream and volume what has traded
 * in the instrument, so the same stream gives the same slices. Slices add up to the order, lot by lot.
 */
export class Slicer {
  /** Lots that are still to be sent, of orders not done with. */
  leftLots: number
  slices: number
  private readonly schedule: SliceSchedule
  private readonly volumeOf: (instrument: number) => number
  private readonly parents: Parent[]
  private nextId: number

  constructor(schedule: SliceSchedule, volumeOf: (instrument: number) => number) {
    this.schedule = schedule
    this.volumeOf = volumeOf
    this.parents = []
    this.nextId = SLICE_ID_BASE
    this.leftLots = 0
    this.slices = 0
  }

  /** Orders of which slices are still to come. */
  get open(): number {
    return this.parents.length
  }

  /**
   * Makes the order that begins at a word its own first slice and keeps the rest.
   * @param mostLots of a slice
   * @returns whether it did: not with too many at work, nor where nothing would be left to keep
   */
  slice(words: Int32Array, at: number, mostLots: number, nowNs: number): boolean {
    const lots = words[at + LOTS]!
    const { schedule } = this
    const wanted = schedule.kind === 'twap' ? Math.ceil(lots / schedule.slices) : mostLots
    const sliceLots = Math.max(Math.ceil(lots / MOST_SLICES), Math.min(wanted, mostLots))
    if (sliceLots >= lots || this.parents.length >= MOST_PARENTS) return false
    const instrument = words[at + INSTRUMENT]!
    this.parents.push({
      record: words.slice(at, at + RECORD_WORDS),
      leftLots: lots - sliceLots,
      sliceLots,
      nextNs: schedule.kind === 'twap' ? nowNs + schedule.everyNs : 0,
      volumeLots: this.volumeOf(instrument),
    })
    this.leftLots += lots - sliceLots
    words[at + LOTS] = sliceLots
    return true
  }

  /**
   * Gives every slice that is due at a time to `send`, which may refuse it: it is then due the next time.
   */
  due(nowNs: number, send: (words: Int32Array, at: number) => boolean): void {
    let kept = 0
    for (const parent of this.parents) {
      const lots = this.dueLots(parent, nowNs)
      if (lots > 0) {
        const slice = parent.record
        slice[LOTS] = lots
        writeU64(slice, ORDER_ID, this.nextId)
        writeU64(slice, TIMESTAMP_NS, Math.max(0, Math.min(Math.round(nowNs), Number.MAX_SAFE_INTEGER)))
        if (send(slice, 0)) this.sent(parent, lots, nowNs)
      }
      if (parent.leftLots > 0) this.parents[kept++] = parent
    }
    this.parents.length = kept
  }

  private dueLots(parent: Parent, nowNs: number): number {
    const { schedule } = this
    if (schedule.kind === 'twap')
      return nowNs >= parent.nextNs ? Math.min(parent.sliceLots, parent.leftLots) : 0
    const traded = this.volumeOf(parent.record[INSTRUMENT]!) - parent.volumeLots
    return Math.min(Math.floor(traded * schedule.share), parent.sliceLots, parent.leftLots)
  }

  private sent(parent: Parent, lots: number, nowNs: number): void {
    this.nextId++
    this.slices++
    parent.leftLots -= lots
    this.leftLots -= lots
    if (this.schedule.kind === 'twap') parent.nextNs = nowNs + this.schedule.everyNs
    else parent.volumeLots = this.volumeOf(parent.record[INSTRUMENT]!)
  }
}
