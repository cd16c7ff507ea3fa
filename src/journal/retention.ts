import { rmSync, statSync } from 'node:fs'
import { indexPath } from './index-file.ts'
import { SegmentKind } from './layout.ts'
import type { RetainOptions } from './options.ts'
import { listSegments, SegmentReader, type SegmentName } from './segment-reader.ts'
import { dropSnapshots, listSnapshots } from './snapshot-file.ts'

const MS_PER_DAY = 86_400_000

/**
 * Drops snapshots beyond those to keep, and the oldest segments that are too old or too much. A segment only goes when the
 * oldest snapshot that is kept stands in for it, so the state can always be brought back.
 * @returns the names of the segments that went
 */
export function retain(dir: string, keepSnapshots: number, options: RetainOptions, nowMs: number): string[] {
  dropSnapshots(dir, keepSnapshots)
  const oldest = listSnapshots(dir).at(-1)
  const { days, bytes } = options
  if (oldest === undefined || (days === undefined && bytes === undefined)) return []
  const logs = [SegmentKind.commands, SegmentKind.events].map((kind) => listSegments(dir, kind))
  let total = logs.flat().reduce((sum, { path }) => sum + statSync(path).size, 0)
  const dropped: string[] = []
  for (const segment of droppable(logs, oldest.sequence)) {
    const isTooOld = days !== undefined && createdMs(segment) < nowMs - days * MS_PER_DAY
    if (!isTooOld && !(bytes !== undefined && total > bytes)) break
    total -= statSync(segment.path).size
    rmSync(segment.path)
    rmSync(indexPath(segment.path), { force: true })
    dropped.push(segment.name)
  }
  return dropped
}

/** Segments of both logs whose sequences all are up to one, the oldest first. */
function droppable(logs: readonly SegmentName[][], sequence: number): SegmentName[] {
  return logs
    .flatMap((log) => log.filter((_, i) => i + 1 < log.length && log[i + 1]!.firstSequence <= sequence))
    .sort((a, b) => a.firstSequence - b.firstSequence || a.number - b.number)
}

function createdMs({ path }: SegmentName): number {
  const reader = new SegmentReader(path, 65_536)
  reader.close()
  return reader.header.createdMs
}
