import type { Latency } from '../../telemetry/latency.ts'

/** Batches that can wait with a stamp of their own. A power of two. */
const STAMPS = 4_096

/**
 * When the records of a queue came, one stamp for each batch: a clock call for every record would cost as much as the
 * work. Of more batches than there are stamps, the later ones share one.
 */
export class Stamps {
  /** Positions up to which the batches reach, and when they came, in milliseconds. */
  private readonly positions = new Float64Array(STAMPS)
  private readonly times = new Float64Array(STAMPS)
  private first = 0
  private last = 0
  private reached = 0

  /** A batch is in; the queue now reaches to a position, counted from its beginning. */
  written(position: number, nowMs: number): void {
    if (position <= this.reached) return
    this.reached = position
    if (this.last - this.first === STAMPS) {
      this.positions[(this.last - 1) & (STAMPS - 1)] = position
      return
    }
    this.positions[this.last & (STAMPS - 1)] = position
    this.times[this.last & (STAMPS - 1)] = nowMs
    this.last++
  }

  /** All before a position is out: notes how long each batch that is out whole has waited. */
  read(position: number, nowMs: number, waits: Latency): void {
    while (this.first < this.last && this.positions[this.first & (STAMPS - 1)]! <= position) {
      waits.record(nowMs - this.times[this.first & (STAMPS - 1)]!)
      this.first++
    }
  }

  /** How long the record at a position has waited. */
  oldestAgeNs(position: number, nowMs: number): number {
    let at = this.first
    while (at < this.last && this.positions[at & (STAMPS - 1)]! <= position) at++
    return at === this.last ? 0 : Math.max(0, Math.round((nowMs - this.times[at & (STAMPS - 1)]!) * 1e6))
  }
}
