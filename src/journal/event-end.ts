import { readU64, RECORD_WORDS, SEQUENCE } from '../book/record.ts'
import { SegmentKind } from './layout.ts'
import { LogReader, type LogEnd } from './log-reader.ts'
import { blockRecords, listSegments } from './segment-reader.ts'

/** How far the log of events goes. */
export interface EventEnd {
  /** Of the command whose events come last; 0 if there are none. */
  readonly sequence: number
  /** How many events of that command there are: the rest may be missing. */
  readonly ofLast: number
  readonly end: LogEnd | undefined
}

/** @throws JournalError if the end of the log is damaged */
export function endOfEvents(dir: string): EventEnd {
  const segments = listSegments(dir, SegmentKind.events)
  // The last segment may be empty, and the one before then has the last event.
  const reader = new LogReader(
    dir,
    SegmentKind.events,
    (segments.at(-2) ?? segments.at(-1))?.firstSequence ?? 1,
  )
  let [sequence, ofLast] = [0, 0]
  for (let block = reader.read(); block !== undefined; block = reader.read()) {
    const words = blockRecords(block)
    if (block.lastSequence !== sequence) ofLast = 0
    sequence = block.lastSequence
    let at = words.length - RECORD_WORDS
    for (; at >= 0 && readU64(words, at + SEQUENCE) === sequence; at -= RECORD_WORDS) ofLast++
  }
  return { sequence, ofLast, end: reader.end }
}
