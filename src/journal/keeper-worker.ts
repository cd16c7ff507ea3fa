// The thread that looks after a journal in use. Started by keeper.ts.
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import type { KeeperAnswer, KeeperRequest } from './keeper.ts'
import type { JournalSettings } from './options.ts'
import { snapshotFromLog } from './snapshot-from-log.ts'
import { dropSnapshots } from './snapshot-file.ts'

const settings = workerData as JournalSettings

try {
  // Of this thread alone, on Linux: it can wait for the one that matches.
  if (process.platform === 'linux') setPriority(0, 10)
} catch {
  // A system that does not let it goes on as it is.
}

parentPort!.on('message', ({ sequence, stages }: KeeperRequest) => {
  const began = performance.now()
  let problem: string | undefined
  try {
    snapshotFromLog(settings.dir, sequence, stages)
    dropSnapshots(settings.dir, settings.keepSnapshots)
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error)
  }
  const seconds = (performance.now() - began) / 1e3
  parentPort!.postMessage({ sequence, seconds, problem } satisfies KeeperAnswer)
})
