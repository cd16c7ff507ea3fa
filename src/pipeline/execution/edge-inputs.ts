import type { Batch } from '../../book/index.ts'
import type { EdgeReader } from '../edge/ports.ts'

/** The edges that an island reads from, and the order in which their records come together. */
export interface Inputs {
  /** Moves up to `max` records into a batch. Returns how many. */
  read(into: Batch, max: number, nowMs: number): number
  /** Nothing that has not been read has a sequence up to this one. */
  watermark(): number
  /** Whether everything has been read and nothing more comes. */
  isOver(): boolean
  /** Whether a record is there to be read. */
  hasRecords(): boolean
}

/** What every way to read has in common. */
export abstract class EdgeInputs implements Inputs {
  protected readonly edges: readonly EdgeReader[]

  constructor(edges: readonly EdgeReader[]) {
    this.edges = edges
  }

  abstract read(into: Batch, max: number, nowMs: number): number

  watermark(): number {
    let least = Infinity
    for (const edge of this.edges) {
      const reached = edge.depth > 0 ? edge.oldestSequence() - 1 : edge.watermark
      if (reached < least) least = reached
    }
    return least
  }

  isOver(): boolean {
    for (const edge of this.edges) if (!edge.isEnded || edge.depth > 0) return false
    return true
  }

  hasRecords(): boolean {
    for (const edge of this.edges) if (edge.depth > 0) return true
    return false
  }
}
