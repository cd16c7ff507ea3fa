import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { measureAudit } from './journal/audit.ts'
import { measureDurability } from './journal/durability.ts'
import { measureFiles } from './journal/files.ts'
import { measureReplay } from './journal/replay.ts'
import { measureJournalSnapshot } from './journal/snapshot.ts'

export interface JournalBenchOptions {
  /** A folder on the disk that is to be measured. */
  readonly dir?: string | undefined
  /** Events of the log that one order is looked for in. */
  readonly events?: string | undefined
}

const AUDIT_EVENTS = 20_000_000

/** What a journal costs a pipeline, how long an acknowledgement takes, and how fast its log is read. */
export async function benchJournal({
  dir = tmpdir(),
  events,
}: JournalBenchOptions): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(dir, 'millrace-bench-'))
  try {
    return {
      files: measureFiles(join(folder, 'files')),
      ...(await measureDurability(join(folder, 'durability'))),
      replay: await measureReplay(join(folder, 'replay')),
      snapshot: await measureJournalSnapshot(join(folder, 'snapshot')),
      audit: await measureAudit(join(folder, 'audit'), events === undefined ? AUDIT_EVENTS : Number(events)),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
