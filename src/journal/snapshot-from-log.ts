import { takeSnapshot } from '../book/recovery/snapshot.ts'
import { JournalError } from './problem.ts'
import { Replay } from './replay.ts'
import { writeSnapshot } from './snapshot-file.ts'

/**
 * Writes a snapshot of the state behind a sequence, which it brings about from the last snapshot and the log.
 * @param stages the state of stages there
 * @returns the path of the snapshot
 * @throws JournalError if the log does not go that far or cannot be read, or the snapshot cannot be written
 */
export function snapshotFromLog(
  dir: string,
  sequence: number,
  stages: ReadonlyMap<string, Uint8Array>,
): string {
  const replay = Replay.open(dir, { to: sequence })
  if (replay === undefined) throw new JournalError(dir, 'there is nothing to take a snapshot of')
  try {
    while (replay.next());
    if (replay.sequence !== sequence)
      throw new JournalError(dir, `the log ends with sequence ${replay.sequence}, before ${sequence}`)
    const { commands, configuration, tables, engine } = replay
    return writeSnapshot(dir, {
      sequence,
      commands,
      configuration,
      tables: tables.all(),
      engine: takeSnapshot(engine),
      stages,
    })
  } finally {
    replay.close()
  }
}
