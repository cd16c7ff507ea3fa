import { RECORD_WORDS, readU64, SEQUENCE } from '../../book/record.ts'
import type { EventPosition } from '../event-lanes.ts'
import { FrameReader, recordsOf } from '../frame.ts'
import type { OpenStream } from './stream-setup.ts'

/**
 * The last event that each subject of a stream has, by the last frame of each: what a publisher that begins again, with
 * the same input, need not publish.
 * @param pattern the subjects, wildcards and all
 */
export async function lastPositions(
  stream: OpenStream,
  pattern: string,
): Promise<Map<string, EventPosition>> {
  const { manager, info } = stream
  const { name } = info.config
  const listed = await manager.streams.info(name, { subjects_filter: pattern })
  const positions = new Map<string, EventPosition>()
  const reader = new FrameReader()
  for (const subject of Object.keys(listed.state.subjects ?? {})) {
    const last = await manager.streams.getMessage(name, { last_by_subj: subject })
    if (last === null || reader.read(last.data) !== undefined || reader.count === 0) continue
    positions.set(subject, lastPosition(recordsOf(last.data, reader), reader))
  }
  return positions
}

/** Where the last record of a frame stands. */
export function lastPosition(words: Int32Array, reader: FrameReader): EventPosition {
  const { count } = reader
  const cause = readU64(words, (count - 1) * RECORD_WORDS + SEQUENCE)
  let same = 0
  while (same < count && readU64(words, (count - 1 - same) * RECORD_WORDS + SEQUENCE) === cause) same++
  return { cause, causeIndex: same - 1 + (same === count ? reader.causeIndex : 0) }
}
