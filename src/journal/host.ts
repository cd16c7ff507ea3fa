import type { Instruments } from '../book/instruments.ts'
import type { MatchingEngine } from '../book/matching-engine.ts'
import type { OpenSegmentFile } from './segment-file.ts'
import type { LiveTables } from './tables.ts'

/** What a journal needs of the pipeline that it is part of. */
export interface JournalHost {
  readonly instruments: Instruments
  readonly marketData: boolean
  readonly tables: LiveTables
  /** Takes up the state of stages, with the engine as it is at the snapshot. */
  readonly restoreStages: (stages: ReadonlyMap<string, Uint8Array>, engine: MatchingEngine) => void
  /** Lets stages see a command that is replayed, before the engine does. */
  readonly onCommand?: ((words: Int32Array, at: number, engine: MatchingEngine) => void) | undefined
  /** Called when a block of commands has been replayed, before its events are emptied. */
  readonly onBlockEnd?: (() => void) | undefined
  /** The state of the stages between two batches. */
  readonly stages: () => ReadonlyMap<string, Uint8Array>
  /** How segments of commands are written, where it is not as the options say. */
  readonly openSegment?: OpenSegmentFile | undefined
}
