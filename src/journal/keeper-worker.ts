// The thread that looks after a journal in use. Started by keeper.ts.
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import type { KeeperAnswer, KeeperRequest } from './keeper.ts'
import type { JournalSettings } from './options.ts'
import { indexSegment, unindexed } from './index-segment.ts'
import { writeIndex } from './index-file.ts'
import { snapshotFromLog } from './snapshot-from-log.ts'
import { retain } from './retention.ts'

const INDEX_EVERY_MS = 200
const settings = workerData as JournalSettings

try {
  // Of this thread alone, on Linux: it can wait for the one that matches.
  if (process.platform === 'linux') setPriority(0, 10)
} catch {
  // A system that does not let it goes on as it is.
}

// Between requests, one segment at a time, so that a snapshot never waits long.
const idle = setInterval(() => {
  try {
    const next = unindexed(settings.dir)[0]
    if (next !== undefined) writeIndex(next.path, indexSegment(next.path, next.kind))
  } catch {
    // Whoever asks for events is told what is wrong with the segment.
    clearInterval(idle)
  }
}, INDEX_EVERY_MS)

parentPort!.on('message', ({ sequence, stages }: KeeperRequest) => {
  const began = performance.now()
  let problem: string | undefined
  try {
    snapshotFromLog(settings.dir, sequence, stages)
    retain(settings.dir, settings.keepSnapshots, settings.retain, Date.now())
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error)
  }
  const seconds = (performance.now() - began) / 1e3
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort!.postMessage({ sequence, seconds, problem } satisfies KeeperAnswer)
})
