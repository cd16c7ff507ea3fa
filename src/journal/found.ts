import { rmSync, truncateSync } from 'node:fs'
import { basename } from 'node:path'
import { Batch } from '../book/batch.ts'
import { MatchingEngine } from '../book/matching-engine.ts'
import { readU64, RECORD_WORDS, SEQUENCE } from '../book/record.ts'
import { configurationOf, isSame, type Configuration } from './configuration.ts'
import type { EventEnd } from './event-end.ts'
import type { JournalHost } from './host.ts'
import { SegmentKind } from './layout.ts'
import type { LogEnd } from './log-reader.ts'
import { JournalError, systemMessage } from './problem.ts'
import { carryOver, Replay } from './replay.ts'
import { listSegments } from './segment-reader.ts'
import { listSnapshots } from './snapshot-file.ts'
import { specsOf } from './tables.ts'

/** What was found and done when a journal was opened. */
export interface Recovery {
  readonly snapshotSequence: number
  /** Commands applied behind the snapshot. */
  readonly replayed: number
  readonly seconds: number
  readonly notes: readonly string[]
}

export const NOTHING_FOUND: Recovery = { snapshotSequence: 0, replayed: 0, seconds: 0, notes: [] }

/** What a journal was found to hold, once all that was broken off has been cut away. */
export interface Found {
  readonly engine: MatchingEngine
  readonly sequence: number
  readonly commands: number
  readonly configuration: Configuration
  /** Whether the terms differ from those that were in force before. */
  readonly isChanged: boolean
  /** Whether commands are missing whose events were recorded. */
  readonly isAfterLoss: boolean
  readonly nextSegment: number
  readonly snapshotSequence: number
  readonly replayed: number
  readonly notes: readonly string[]
}

/**
 * Brings back what a journal leads to, into the tables and stages of the host; cuts away a write that was broken off;
 * and makes up for events that were not recorded any more.
 * @param giveEvents takes events that belong behind those recorded
 * @throws JournalError if what is there is damaged, or does not fit the host
 */
export function recover(
  dir: string,
  host: JournalHost,
  events: EventEnd,
  giveEvents: (events: Batch) => void,
): Found {
  const { instruments, marketData } = host
  const configured = instruments.count
  const current = configurationOf(1, marketData, instruments)
  const follow = (words: Int32Array, at: number): void => {
    if (replay!.tables.instruments.count > instruments.count) adoptAdded(host, replay!)
    host.onCommand?.(words, at, replay!.engine)
  }
  const replay = Replay.open(dir, { snapshotsTo: usableSnapshots(dir, events), onCommand: follow })
  if (replay === undefined) return fresh(current, instruments, marketData)
  try {
    const notes = [...replay.notes]
    adoptAdded(host, replay)
    host.restoreStages(replay.stages, replay.engine)
    const before = replay.commands
    const rest = new MissingEvents(events)
    while (replay.next()) {
      rest.give(replay.events, giveEvents)
      host.onBlockEnd?.()
    }
    host.tables.adopt(replay.tables.all())
    const end = replay.end
    if (end !== undefined) notes.push(...cutEnd(end))
    const sequence = Math.max(replay.sequence, events.sequence)
    const isAfterLoss = sequence > replay.logSequence
    if (isAfterLoss) notes.push(lossNote(replay, sequence, events))
    const { revision } = replay.configuration
    const recorded = { ...replay.configuration, revision: 1 }
    const isChanged = !isSame(recorded, {
      ...current,
      instruments: specsOf(instruments).slice(0, configured),
    })
    return {
      engine: carryOver(dir, replay.engine, instruments, marketData),
      sequence,
      commands: replay.commands,
      configuration: { ...current, revision: isChanged ? revision + 1 : revision },
      isChanged,
      isAfterLoss,
      nextSegment: nextNumber(end),
      snapshotSequence: replay.snapshotSequence,
      replayed: replay.commands - before,
      notes,
    }
  } finally {
    replay.close()
  }
}

/** The number of the segment to be written next. */
export function nextNumber(end: LogEnd | undefined): number {
  if (end === undefined) return 1
  return end.isEmpty ? end.number : end.number + 1
}

/** Cuts what is behind the last whole block; a segment without any goes. Returns what is to be told of it. */
export function cutEnd({ path, offset, isEmpty, tornBytes }: LogEnd): string[] {
  try {
    if (isEmpty) rmSync(path)
    else truncateSync(path, offset)
  } catch (error) {
    throw new JournalError(path, `what was broken off cannot be cut: ${systemMessage(error)}`)
  }
  const name = basename(path)
  if (offset === 0) return [`${name} was empty and has been taken away`]
  if (tornBytes === 0) return []
  return [
    `the last write to ${name} was broken off: ${tornBytes} bytes from byte ${offset} on were no whole block and have been cut`,
  ]
}

/** Events are missing from the last one recorded on; so no snapshot may be begun with that is further. */
function usableSnapshots(dir: string, { sequence }: EventEnd): number {
  const first = listSegments(dir, SegmentKind.commands)[0]?.firstSequence
  const isUsable = first === 1 || listSnapshots(dir).some((snapshot) => snapshot.sequence <= sequence)
  return isUsable ? sequence : Infinity
}

function fresh(
  configuration: Configuration,
  instruments: JournalHost['instruments'],
  marketData: boolean,
): Found {
  return {
    engine: new MatchingEngine(instruments, { marketData }),
    sequence: 0,
    commands: 0,
    configuration,
    isChanged: false,
    isAfterLoss: false,
    nextSegment: 1,
    snapshotSequence: 0,
    replayed: 0,
    notes: [],
  }
}

function adoptAdded(host: JournalHost, { tables, configuration }: Replay): void {
  const configured = configuration.instruments.length
  host.tables.adopt({ instruments: [configured, specsOf(tables.instruments, configured)] })
}

function lossNote(replay: Replay, sequence: number, events: EventEnd): string {
  const known = events.sequence === sequence ? 'events were recorded' : 'a snapshot was taken'
  return `commands from ${replay.logSequence + 1} to ${sequence} are missing from the log, although ${known} up to there: numbering goes on behind them`
}

/** Picks the events that are not recorded yet from those that a replay gives. */
class MissingEvents {
  private readonly recorded: EventEnd
  private toSkip: number

  constructor(recorded: EventEnd) {
    this.recorded = recorded
    this.toSkip = recorded.ofLast
  }

  give(events: Batch, to: (events: Batch) => void): void {
    const { words, count } = events
    const { sequence } = this.recorded
    let first = 0
    for (; first < count; first++) {
      const of = readU64(words, first * RECORD_WORDS + SEQUENCE)
      if (of > sequence) break
      if (of === sequence && this.toSkip-- <= 0) break
    }
    if (first === count) return
    if (first === 0) return to(events)
    const rest = new Batch(count - first)
    rest.words.set(words.subarray(first * RECORD_WORDS, count * RECORD_WORDS))
    rest.count = count - first
    to(rest)
  }
}
