import type { Batch } from '../../book/index.ts'
import type { EdgeStats } from '../../telemetry/pipeline-stats.ts'
import type { Step } from '../operator.ts'

/**
 * The end of an edge that an island writes to: a step among its steps, so that records are copied where they stand in
 * the loop. A ring between threads has one end on each.
 */
export interface EdgeWriter extends Step {
  readonly id: string
  /** Whether the island must not take more input while there is no room. All policies but `block` never hold it up. */
  readonly holdsWriter: boolean
  /** Records that can be written before the edge is over its capacity; 0 and below when it is full. */
  room(): number
  /** Least room with which an island that was held up goes on, so that it is not woken for every record. */
  readonly resumeRoom: number
  /**
   * The records of a batch are written: makes them known to the reader.
   * @param watermark nothing that comes later has a sequence up to this one
   * @param nowMs by `performance.now()`
   */
  advance(watermark: number, nowMs: number): void
  /** Nothing more will be written. */
  end(): void
  /** Has a function called when there may be room again. */
  onRoom(wake: () => void): void
}

/** The end of an edge that an island reads from. */
export interface EdgeReader {
  readonly id: string
  /** Records that can be read now. */
  readonly depth: number
  /** Moves up to `max` records behind those in a batch. Returns how many. */
  read(into: Batch, max: number, nowMs: number): number
  /** Sequence of the oldest record; only where there is one. */
  oldestSequence(): number
  /** What is not here yet has a sequence above this. */
  readonly watermark: number
  /** Whether nothing more will come; what is here can still be read. */
  readonly isEnded: boolean
  /** Has a function called when there is something to read, or the end. */
  onRecords(wake: () => void): void
}

/** What both ends share. */
export interface EdgeLink {
  stats(nowMs: number): EdgeStats
  /** Lets go of files and memory. What still waits is lost, and was counted by `stats`. */
  close(): Promise<void>
}
