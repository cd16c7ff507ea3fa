import type { Batch } from '../book/batch.ts'
import { Instruments } from '../book/instruments.ts'
import { MatchingEngine } from '../book/matching-engine.ts'
import { readU64, RECORD_WORDS, SEQUENCE } from '../book/record.ts'
import { restoreSnapshot } from '../book/recovery/restore.ts'
import { takeSnapshot } from '../book/recovery/snapshot.ts'
import { changeProblem, type Configuration } from './configuration.ts'
import { AFTER_LOSS, BlockKind, SegmentKind } from './layout.ts'
import { LogReader } from './log-reader.ts'
import { JournalError } from './problem.ts'
import { blockRecords, blockText, listSegments, type Block } from './segment-reader.ts'
import { listSnapshots, readSnapshot, type Snapshot } from './snapshot-file.ts'
import { adoptInstruments, RecordedTables, type TableEntries } from './tables.ts'

export interface ReplayOptions {
  /** The last sequence to apply. */
  readonly to?: number | undefined
  /** Which snapshots may be begun with: those up to a sequence. By default all; 0 replays from the very beginning. */
  readonly snapshotsTo?: number | undefined
  /** Called with each command before it is applied. */
  readonly onCommand?: ((words: Int32Array, at: number) => void) | undefined
}

/**
 * The state that a journal leads to: the newest good snapshot, and the commands behind it. Applies a block of commands at a
 * time, so that whoever asks sees the events of each. Changes nothing on the disk.
 */
export class Replay {
  readonly dir: string
  engine: MatchingEngine
  tables: RecordedTables
  configuration: Configuration
  /** Of the last command applied. */
  sequence: number
  /** Commands that came up to there: fewer than the sequence if some were lost. */
  commands: number
  /** State of stages at the snapshot. */
  readonly stages: ReadonlyMap<string, Uint8Array>
  /** The sequence of the snapshot that it began with; 0 if with none. */
  readonly snapshotSequence: number
  /** What was found on the way that whoever runs this should know. */
  readonly notes: readonly string[]
  /** The records applied last, and how many. */
  words: Int32Array
  count: number
  private readonly reader: LogReader
  private readonly to: number
  private readonly onCommand: ((words: Int32Array, at: number) => void) | undefined
  private waiting: Block | undefined

  private constructor(
    dir: string,
    reader: LogReader,
    begin: Begin,
    notes: readonly string[],
    { to = Infinity, onCommand }: ReplayOptions,
  ) {
    this.dir = dir
    this.reader = reader
    this.engine = begin.engine
    this.tables = begin.tables
    this.configuration = begin.configuration
    this.sequence = begin.sequence
    this.commands = begin.commands
    this.stages = begin.stages
    this.snapshotSequence = begin.sequence
    this.notes = notes
    this.words = new Int32Array(0)
    this.count = 0
    this.to = to
    this.onCommand = onCommand
    this.waiting = begin.block
  }

  /**
   * @returns undefined if nothing was ever written to the directory
   * @throws JournalError if what is there cannot be replayed
   */
  static open(dir: string, options: ReplayOptions = {}): Replay | undefined {
    const notes: string[] = []
    const limit = Math.min(options.snapshotsTo ?? Infinity, options.to ?? Infinity)
    const snapshot = newestGood(dir, limit, notes)
    const first = listSegments(dir, SegmentKind.commands)[0]
    if (snapshot === undefined && first === undefined) return undefined
    if (snapshot === undefined && first!.firstSequence > 1) throw missingBeginning(dir, first!.firstSequence)
    const reader = new LogReader(dir, SegmentKind.commands, (snapshot?.sequence ?? 0) + 1)
    const block = reader.read()
    const { configuration } = reader
    if (snapshot !== undefined)
      return new Replay(dir, reader, fromSnapshot(dir, snapshot, block), notes, options)
    if (configuration === undefined) return undefined
    return new Replay(dir, reader, fromNothing(configuration, block), notes, options)
  }

  /** What the block applied last caused; good until the next one. */
  get events(): Batch {
    return this.engine.events
  }

  /** Where the log ends; known when `next` has given false because nothing more is there. */
  get end(): LogReader['end'] {
    return this.reader.end
  }

  /** The last sequence that the log itself holds. */
  get logSequence(): number {
    return this.reader.lastSequence
  }

  /**
   * Applies the next block of commands.
   * @returns false if there is none, or the last sequence that was asked for has been applied
   * @throws JournalError as LogReader does
   */
  next(): boolean {
    for (;;) {
      if (this.sequence >= this.to) return this.stop()
      const block = this.waiting ?? this.reader.read()
      this.waiting = undefined
      if (block === undefined) return this.stop()
      const { configuration } = this.reader
      if (configuration!.revision !== this.configuration.revision) this.reconfigure(configuration!)
      if (block.kind === BlockKind.tables) this.tables.adopt(JSON.parse(blockText(block)) as TableEntries)
      else {
        this.apply(block)
        if (this.count > 0) return true
      }
    }
  }

  close(): void {
    this.reader.close()
  }

  private stop(): false {
    this.count = 0
    this.engine.events.count = 0
    return false
  }

  private apply(block: Block): void {
    const { engine, onCommand, to } = this
    let words = blockRecords(block)
    let end = block.count * RECORD_WORDS
    let at = 0
    if (block.firstSequence <= this.sequence)
      while (at < end && readU64(words, at + SEQUENCE) <= this.sequence) at += RECORD_WORDS
    if (block.lastSequence > to)
      while (end > at && readU64(words, end - RECORD_WORDS + SEQUENCE) > to) end -= RECORD_WORDS
    words = words.subarray(at, end)
    engine.events.count = 0
    if (onCommand === undefined)
      for (let record = 0; record < words.length; record += RECORD_WORDS) engine.apply(words, record)
    else
      for (let record = 0; record < words.length; record += RECORD_WORDS) {
        onCommand(words, record)
        engine.apply(words, record)
      }
    this.words = words
    this.count = words.length / RECORD_WORDS
    if (this.count === 0) return
    const last = readU64(words, words.length - RECORD_WORDS + SEQUENCE)
    this.commands += last - ((block.flags & AFTER_LOSS) === 0 ? this.sequence : block.follows)
    this.sequence = last
  }

  /** From here on other terms are in force: the state is carried over to an engine of those. */
  private reconfigure(configuration: Configuration): void {
    const added = this.tables.all()
    const tables = new RecordedTables(new Instruments(configuration.instruments))
    tables.adopt(added)
    this.engine = carryOver(this.dir, this.engine, tables.instruments, configuration.marketData)
    this.tables = tables
    this.configuration = configuration
    watchLive(this.tables, this.engine)
  }
}

/**
 * The state of an engine in a new one, over other terms.
 * @throws JournalError if it cannot be under those
 */
export function carryOver(
  dir: string,
  engine: MatchingEngine,
  instruments: Instruments,
  marketData: boolean,
): MatchingEngine {
  const problem = changeProblem(engine.instruments, instruments)
  if (problem !== undefined) throw new JournalError(dir, problem)
  const restored = restoreSnapshot(takeSnapshot(engine), instruments, { marketData })
  if (typeof restored === 'string')
    throw new JournalError(dir, `its state does not fit the limits that are in force now: ${restored}`)
  return restored
}

interface Begin {
  readonly engine: MatchingEngine
  readonly tables: RecordedTables
  readonly configuration: Configuration
  readonly sequence: number
  readonly commands: number
  readonly stages: ReadonlyMap<string, Uint8Array>
  readonly block: Block | undefined
}

function fromNothing(configuration: Configuration, block: Block | undefined): Begin {
  const tables = new RecordedTables(new Instruments(configuration.instruments))
  const { marketData } = configuration
  const engine = new MatchingEngine(tables.instruments, { marketData })
  watchLive(tables, engine)
  return { engine, tables, configuration, sequence: 0, commands: 0, stages: new Map(), block }
}

function fromSnapshot(dir: string, snapshot: Snapshot, block: Block | undefined): Begin {
  const { configuration, sequence, commands, stages } = snapshot
  const tables = new RecordedTables(new Instruments(configuration.instruments))
  adoptInstruments(tables.instruments, snapshot.tables.instruments)
  tables.adopt(snapshot.tables)
  const { marketData } = configuration
  const engine = restoreSnapshot(snapshot.engine, tables.instruments, { marketData })
  if (typeof engine === 'string')
    throw new JournalError(
      dir,
      `the snapshot at ${sequence} cannot be taken up: ${engine}; move it away to replay the log from an older one`,
    )
  watchLive(tables, engine)
  return { engine, tables, configuration, sequence, commands, stages, block }
}

function watchLive(tables: RecordedTables, engine: MatchingEngine): void {
  tables.isLive = (orderId) => engine.find(orderId | 0, Math.floor(orderId / 4_294_967_296)) !== 0
}

/** The newest snapshot up to a sequence that is good. Those that are damaged are passed over, and noted. */
function newestGood(dir: string, limit: number, notes: string[]): Snapshot | undefined {
  if (limit <= 0) return undefined
  for (const { path, sequence } of listSnapshots(dir)) {
    if (sequence > limit) continue
    const snapshot = readSnapshot(path)
    if (!('message' in snapshot)) return snapshot
    if (!snapshot.isDamage) throw new JournalError(dir, snapshot.message)
    notes.push(`${snapshot.message}: passed over, an older one or the whole log stands in for it`)
  }
  return undefined
}

function missingBeginning(dir: string, firstSequence: number): JournalError {
  return new JournalError(
    dir,
    `the log begins with sequence ${firstSequence}, and there is no good snapshot before that: put a snapshot or the missing segments back from a backup`,
  )
}
