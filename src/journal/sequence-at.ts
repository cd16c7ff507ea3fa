import { readTimestamp } from '../book/event.ts'
import { readU64, RECORD_WORDS, SEQUENCE } from '../book/record.ts'
import { BlockKind, SegmentKind } from './layout.ts'
import { blockRecords, listSegments, SegmentReader } from './segment-reader.ts'

/**
 * The first sequence whose command carries a time or a later one; one above the last where none does. Commands are taken
 * to come in the order of their times; those that carry none (0) are passed over.
 */
export function sequenceAt(dir: string, timestampNs: bigint): number {
  const segments = listSegments(dir, SegmentKind.commands)
  // The last segment that begins before the time: what is sought is in there, or right behind it.
  let begin = segments.length - 1
  while (begin > 0 && !beginsBefore(segments[begin]!.path, timestampNs)) begin--
  let last = 0
  for (const { path } of segments.slice(Math.max(0, begin))) {
    const reader = new SegmentReader(path)
    try {
      for (let block = reader.read(); block !== undefined; block = reader.read()) {
        if (block.kind !== BlockKind.commands) continue
        last = block.lastSequence
        const words = blockRecords(block)
        for (let at = 0; at < words.length; at += RECORD_WORDS)
          if (readTimestamp(words, at) >= timestampNs) return readU64(words, at + SEQUENCE)
      }
    } finally {
      reader.close()
    }
  }
  return last + 1
}

function beginsBefore(path: string, timestampNs: bigint): boolean {
  const reader = new SegmentReader(path, 262_144)
  try {
    for (let block = reader.read(); block !== undefined; block = reader.read()) {
      if (block.kind !== BlockKind.commands) continue
      const words = blockRecords(block)
      for (let at = 0; at < words.length; at += RECORD_WORDS) {
        const time = readTimestamp(words, at)
        if (time !== 0n) return time < timestampNs
      }
    }
    return true
  } finally {
    reader.close()
  }
}
