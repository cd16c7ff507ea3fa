// The thread that writes events down as they come out of the ring. Started by event-log.ts.
import { renameSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import { BATCH_RECORDS } from '../book/batch.ts'
import { RECORD_BYTES, RECORD_WORDS } from '../book/record.ts'
import { EventRing, RingState } from './event-ring.ts'
import { BlockKind, getU64, SegmentKind } from './layout.ts'
import { BlockBuffer, LogWriter, preparedPath } from './log-writer.ts'
import { openWritten, prepareSegment } from './segment-file.ts'
import type { EventWorkerData } from './event-log.ts'

const SEQUENCE = 4

const { shared, dir, number, segmentBytes, isSynced, configuration, problems } = workerData as EventWorkerData
const ring = new EventRing(shared)
const block = new BlockBuffer(BATCH_RECORDS)
const writer = new LogWriter({
  dir,
  kind: SegmentKind.events,
  number,
  segmentBytes,
  isSynced: false,
  open: openWritten,
  configuration: () => configuration,
  now: Date.now,
})

try {
  while (step());
  if (isSynced) writer.sync()
  writer.close()
} catch (error) {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  problems.postMessage(error instanceof Error ? error.message : String(error))
  ring.end(RingState.failed)
}

/** Writes what is at hand. Returns false when all of it is written and no more will come. */
function step(): boolean {
  // Read before the count: what was put in before the end is still written.
  const isOpen = ring.state === RingState.open
  const count = Math.min(ring.await(), BATCH_RECORDS)
  if (ring.takeAsk()) prepareCommands()
  if (count === 0) return isOpen
  ring.copy(block.records, count)
  writer.append(block.bytes, block.header, {
    kind: BlockKind.events,
    count,
    payloadBytes: count * RECORD_BYTES,
    firstSequence: getU64(block.records, SEQUENCE),
    lastSequence: getU64(block.records, (count - 1) * RECORD_WORDS + SEQUENCE),
    flags: 0,
    follows: 0,
  })
  ring.release(count)
  return true
}

/** Makes the file that the next segment of commands will be, so that the thread that matches need not wait for it. */
function prepareCommands(): void {
  const path = preparedPath(dir, SegmentKind.commands)
  prepareSegment(`${path}.part`, segmentBytes, isSynced)
  renameSync(`${path}.part`, path)
}
