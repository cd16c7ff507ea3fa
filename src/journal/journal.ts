import { mkdirSync } from 'node:fs'
import type { Batch } from '../book/batch.ts'
import type { MatchingEngine } from '../book/matching-engine.ts'
import { readU64, RECORD_BYTES, RECORD_WORDS, SEQUENCE } from '../book/record.ts'
import { takeSnapshot } from '../book/recovery/snapshot.ts'
import type { Configuration } from './configuration.ts'
import { endOfEvents } from './event-end.ts'
import { openEventLog, type EventLog } from './event-log.ts'
import { cutEnd, nextNumber, NOTHING_FOUND, recover, type Found, type Recovery } from './found.ts'
import type { JournalHost } from './host.ts'
import { Keeper } from './keeper.ts'
import { AFTER_LOSS, BlockKind, HEADER_BYTES, padded, SegmentKind } from './layout.ts'
import { lockDirectory, type DirectoryLock } from './lock.ts'
import { BlockBuffer, LogWriter } from './log-writer.ts'
import { settingsOf, type JournalOptions, type JournalSettings } from './options.ts'
import { JournalError, systemMessage } from './problem.ts'
import { openMapped } from './mapped-segment-file.ts'
import { openWritten, removeDrafts } from './segment-file.ts'
import { writeSnapshot } from './snapshot-file.ts'
import type { TableEntries } from './tables.ts'

/** With `none`: words of commands that may wait for being written. */
const UNWRITTEN_WORDS = 65_536
/** Commands of a run after which the keeper's thread starts, at the latest. */
const KEEPER_AFTER = 250_000

/** Counts and durations of a journal in use. */
export interface JournalFigures {
  readonly sequence: number
  readonly commandBytes: number
  readonly syncs: number
  readonly syncSeconds: number
  readonly snapshots: number
  /** The longest that the matching stood still for a snapshot. */
  readonly longestSnapshotPauseMs: number
}

/**
 * The log of one engine: commands are appended and made durable before the events that they cause may leave, so that
 * nothing which was ever told is missing after a crash. docs/journal.md says what is where.
 */
export class Journal {
  readonly settings: JournalSettings
  /** The engine, as it was when the journal was last in use. */
  readonly engine: MatchingEngine
  /** Of the last command that was committed. */
  sequence: number
  /** Commands that came up to there: fewer than the sequence if some were lost. */
  commands: number
  private found: Recovery
  private readonly host: JournalHost
  private readonly lock: DirectoryLock
  private readonly configuration: Configuration
  private readonly log: LogWriter
  private readonly eventLog: EventLog
  private readonly keeper: Keeper
  private block: BlockBuffer
  private pending: number
  private snapshotAt: number
  /** From which sequence on the keeper's thread runs: short runs do without. */
  private readonly keeperAt: number
  private flags: number
  private bytes = 0
  private syncs = 0
  private syncMs = 0
  private snapshots = 0
  private longestPauseMs = 0
  private isFailed = false

  /**
   * Opens a journal, and brings back the state it leads to.
   * @throws JournalError if another process has it, or it cannot be read or written, or what is in it is damaged
   */
  static open(options: JournalOptions, host: JournalHost): Journal {
    const settings = settingsOf(options)
    try {
      mkdirSync(settings.dir, { recursive: true })
    } catch (error) {
      throw new JournalError(settings.dir, `the directory cannot be made: ${systemMessage(error)}`)
    }
    const began = performance.now()
    const lock = lockDirectory(settings.dir)
    let eventLog: EventLog | undefined
    try {
      removeDrafts(settings.dir)
      const events = endOfEvents(settings.dir)
      const notes = events.end === undefined ? [] : cutEnd(events.end)
      eventLog = openEventLog(settings, host, nextNumber(events.end))
      const log = eventLog
      const found = recover(settings.dir, host, events, (batch) => log.put(batch))
      const journal = new Journal(settings, host, lock, eventLog, found)
      const { snapshotSequence, replayed } = found
      const seconds = (performance.now() - began) / 1e3
      journal.found = { snapshotSequence, replayed, seconds, notes: [...notes, ...found.notes] }
      return journal
    } catch (error) {
      void eventLog?.close()
      lock.release()
      throw error
    }
  }

  private constructor(
    settings: JournalSettings,
    host: JournalHost,
    lock: DirectoryLock,
    eventLog: EventLog,
    found: Found,
  ) {
    this.settings = settings
    this.host = host
    this.lock = lock
    this.eventLog = eventLog
    this.engine = found.engine
    this.sequence = found.sequence
    this.commands = found.commands
    this.configuration = found.configuration
    this.flags = found.isAfterLoss ? AFTER_LOSS : 0
    this.block = new BlockBuffer(settings.syncRecords)
    this.pending = 0
    this.snapshotAt = this.sequence + settings.snapshotEvery
    this.keeperAt = this.sequence + Math.min(KEEPER_AFTER, settings.snapshotEvery / 2)
    this.log = new LogWriter({
      dir: settings.dir,
      segmentBytes: settings.segmentBytes,
      isSynced: settings.durability === 'disk',
      kind: SegmentKind.commands,
      number: found.nextSegment,
      open: host.openSegment ?? (settings.files === 'map' ? openMapped : openWritten),
      configuration: () => JSON.stringify(this.configuration),
      now: Date.now,
      prepare: () => this.eventLog.askForSegment(),
    })
    this.keeper = new Keeper(settings)
    if (found.isChanged) this.snapshotHere()
    this.log.begin(this.sequence + 1)
    this.found = NOTHING_FOUND
  }

  /** What was found and done when it was opened. */
  get recovery(): Recovery {
    return this.found
  }

  /** Takes in the command records from one word up to another. They are in the log when `commit` returns. */
  append(words: Int32Array, from: number, to: number): void {
    const room = this.pending + to - from
    if (room > this.block.records.length) this.growTo(room)
    this.block.records.set(words.subarray(from, to), this.pending)
    this.pending = room
  }

  /**
   * Makes what was appended as durable as was asked for; only then may the events leave.
   * @throws JournalError if that cannot be done: then nothing of it may leave
   */
  commit(events: Batch): void {
    if (this.pending === 0) return
    if (this.isFailed) throw new JournalError(this.settings.dir, 'the journal has failed before')
    try {
      if (this.settings.durability !== 'none' || this.pending >= UNWRITTEN_WORDS) this.write()
      this.eventLog.put(events)
    } catch (error) {
      this.isFailed = true
      throw error
    }
  }

  /** Between two batches, when the stages have taken in all that the last one led to: has a snapshot taken if one is due. */
  endBatch(): void {
    if (this.sequence >= this.keeperAt) this.keeper.start()
    if (this.sequence >= this.snapshotAt && this.pending === 0) this.askForSnapshot()
  }

  /** Resolves when no snapshot is being taken. */
  settled(): Promise<void> {
    return this.keeper.settled()
  }

  figures(): JournalFigures {
    return {
      sequence: this.sequence,
      commandBytes: this.bytes,
      syncs: this.syncs,
      syncSeconds: this.syncMs / 1e3,
      snapshots: this.snapshots + this.keeper.snapshots,
      longestSnapshotPauseMs: this.longestPauseMs,
    }
  }

  /** Ends the journal in good order: all is written, and the next start finds a snapshot of the last state. */
  async close(): Promise<void> {
    const problems: unknown[] = []
    const attempt = async (part: () => void | Promise<void>): Promise<void> => {
      try {
        await part()
      } catch (error) {
        problems.push(error)
      }
    }
    await attempt(() => this.keeper.close())
    if (!this.isFailed) await attempt(() => this.write())
    await attempt(() => this.eventLog.close())
    await attempt(() => this.log.close())
    await attempt(() => removeDrafts(this.settings.dir))
    const isNew = this.sequence > this.keeper.lastSnapshot && this.bytes > 0
    if (!this.isFailed && isNew && this.settings.snapshotEvery !== Infinity && problems.length === 0)
      await attempt(() => this.snapshotHere())
    await attempt(() => this.lock.release())
    if (problems.length > 0) throw problems[0]
  }

  private write(): void {
    if (this.pending === 0) return
    this.writeTables()
    this.writeCommands()
  }

  private writeTables(): void {
    const { tables } = this.host
    const added = tables.takeNew()
    if (added !== undefined) this.writeEntries(added)
    // Every segment begins with all names but those of orders, so that it can be read without the ones before it.
    else if (this.log.beginsSegment(this.pending * 4)) this.writeEntries({})
  }

  private writeEntries(added: TableEntries): void {
    let text = Buffer.from(JSON.stringify(added))
    if (this.log.beginsSegment(HEADER_BYTES + padded(text.length) + this.pending * 4)) {
      this.log.endSegment()
      text = Buffer.from(JSON.stringify({ ...added, ...this.host.tables.names() }))
    }
    const block = new BlockBuffer(Math.ceil(text.length / RECORD_BYTES))
    block.bytes.set(text, HEADER_BYTES)
    const sequence = readU64(this.block.records, SEQUENCE)
    this.log.append(block.bytes, block.header, {
      kind: BlockKind.tables,
      count: text.length,
      payloadBytes: padded(text.length),
      firstSequence: sequence,
      lastSequence: sequence,
      flags: 0,
      follows: this.sequence,
    })
    this.bytes += HEADER_BYTES + padded(text.length)
  }

  private writeCommands(): void {
    const { records } = this.block
    const count = this.pending / RECORD_WORDS
    const lastSequence = readU64(records, this.pending - RECORD_WORDS + SEQUENCE)
    this.pending = 0
    this.log.append(this.block.bytes, this.block.header, {
      kind: BlockKind.commands,
      count,
      payloadBytes: count * RECORD_BYTES,
      firstSequence: readU64(records, SEQUENCE),
      lastSequence,
      flags: this.flags,
      follows: this.sequence,
    })
    this.flags = 0
    if (this.settings.durability === 'disk') this.sync()
    this.bytes += HEADER_BYTES + count * RECORD_BYTES
    this.commands += lastSequence - this.sequence
    this.sequence = lastSequence
  }

  private sync(): void {
    const began = performance.now()
    this.log.sync()
    this.syncMs += performance.now() - began
    this.syncs++
  }

  /** Lets the keeper take a snapshot of the state up to here from the log; only the stages stop to say theirs. */
  private askForSnapshot(): void {
    this.snapshotAt = this.sequence + this.settings.snapshotEvery
    if (this.keeper.isBusy) return
    const began = performance.now()
    this.keeper.takeSnapshot(this.sequence, this.host.stages())
    this.longestPauseMs = Math.max(this.longestPauseMs, performance.now() - began)
  }

  /** Takes a snapshot of the engine itself: where nothing runs that it could hold up. */
  private snapshotHere(): void {
    const { sequence, commands, configuration, engine, host } = this
    const { dir } = this.settings
    writeSnapshot(dir, {
      sequence,
      commands,
      configuration,
      tables: host.tables.all(),
      engine: takeSnapshot(engine),
      stages: host.stages(),
    })
    this.snapshots++
    this.keeper.tidy()
  }

  private growTo(words: number): void {
    const larger = new BlockBuffer(Math.ceil((words * 1.5) / RECORD_WORDS))
    larger.records.set(this.block.records)
    this.block = larger
  }
}
