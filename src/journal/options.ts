/** What a pipeline file says under `journal`; see docs/journal.md. */
export interface JournalOptions {
  /** Directory of the journal; made if it is not there. */
  readonly dir: string
  /** What survives before an event leaves: nothing, the end of the process, or the end of the machine. By default `os`. */
  readonly durability?: Durability | undefined
  /** The most commands that are made durable together. By default 1,024, and 4,096 with `disk`. */
  readonly syncRecords?: number | undefined
  /** The least time from one sync to the next, in milliseconds, so that few commands are gathered. By default 0. */
  readonly syncEveryMs?: number | undefined
  /** Size of a segment. By default 64 MiB. */
  readonly segmentBytes?: number | undefined
  /** Commands from one snapshot to the next; 0 takes none. By default 5,000,000. */
  readonly snapshotEvery?: number | undefined
  /** Snapshots to keep. By default 3. */
  readonly keepSnapshots?: number | undefined
  /** What of the log may go once a snapshot stands in for it. By default nothing. */
  readonly retain?: RetainOptions | undefined
  /** How bytes get into files. By default `write`. */
  readonly files?: FileAccess | undefined
}

export interface RetainOptions {
  /** Segments that were begun longer ago may go. */
  readonly days?: number | undefined
  /** The oldest segments may go while all take more. */
  readonly bytes?: number | undefined
}

export const DURABILITIES = ['none', 'os', 'disk'] as const
export type Durability = (typeof DURABILITIES)[number]
export const FILE_ACCESSES = ['write', 'map'] as const
export type FileAccess = (typeof FILE_ACCESSES)[number]

/** The same with all defaults in. */
export interface JournalSettings {
  readonly dir: string
  readonly durability: Durability
  readonly syncRecords: number
  readonly syncEveryMs: number
  readonly segmentBytes: number
  /** Infinity where none are taken. */
  readonly snapshotEvery: number
  readonly keepSnapshots: number
  readonly retain: RetainOptions
  readonly files: FileAccess
}

export const DEFAULT_SYNC_RECORDS = { none: 1_024, os: 1_024, disk: 4_096 } as const
const DEFAULT_SEGMENT_BYTES = 67_108_864

export function settingsOf(options: JournalOptions): JournalSettings {
  const { durability = 'os', snapshotEvery = 5_000_000 } = options
  return {
    dir: options.dir,
    durability,
    syncRecords: options.syncRecords ?? DEFAULT_SYNC_RECORDS[durability],
    syncEveryMs: options.syncEveryMs ?? 0,
    segmentBytes: options.segmentBytes ?? DEFAULT_SEGMENT_BYTES,
    snapshotEvery: snapshotEvery === 0 ? Infinity : snapshotEvery,
    keepSnapshots: options.keepSnapshots ?? 3,
    retain: options.retain ?? {},
    files: options.files ?? 'write',
  }
}
