import { mkdirSync, statSync } from 'node:fs'
import { Instruments, MatchingEngine, restoreSnapshot, takeSnapshot } from '../../src/book/index.ts'
import { median } from '../../src/cli/bench/median.ts'
import { workloadInstruments } from '../../src/cli/bench/workload.ts'
import { configurationOf } from '../../src/journal/configuration.ts'
import { readSnapshot, writeSnapshot } from '../../src/journal/snapshot-file.ts'
import { RecordedTables } from '../../src/journal/tables.ts'
import { enterAll, SPREADS } from '../scale/growth.ts'
import { playRound, recordOrders } from './pipeline.ts'

const ROUNDS = 3
const FLOW = 1_500_000

/** A snapshot of a million live orders to the disk and back; and how long matching stands still while one is taken. */
export async function measureJournalSnapshot(dir: string): Promise<Record<string, number>> {
  mkdirSync(dir, { recursive: true })
  const instruments = workloadInstruments()
  const engine = new MatchingEngine(instruments)
  enterAll(engine, SPREADS['one book, 200 ticks']!)
  const hash = engine.stateHash()
  const tables = new RecordedTables(new Instruments()).all()
  const [writes, loads]: [number[], number[]] = [[], []]
  let bytes = 0
  for (let round = 1; round <= ROUNDS; round++) {
    const began = performance.now()
    const path = writeSnapshot(dir, {
      sequence: round,
      commands: round,
      configuration: configurationOf(1, false, instruments),
      tables,
      engine: takeSnapshot(engine),
      stages: new Map(),
    })
    const written = performance.now()
    const snapshot = readSnapshot(path)
    if ('message' in snapshot) throw new Error(snapshot.message)
    const restored = restoreSnapshot(snapshot.engine, instruments)
    loads.push(performance.now() - written)
    writes.push(written - began)
    if (typeof restored === 'string' || restored.stateHash() !== hash) throw new Error('the state is another')
    bytes = statSync(path).size
  }
  const { figures } = await playRound(recordOrders(FLOW), { dir: `${dir}/live`, snapshotEvery: 300_000 })
  return {
    orders: engine.liveOrders,
    writeMs: Math.round(median(writes)),
    loadMs: Math.round(median(loads)),
    bytes,
    snapshotsWhileRunning: figures!['snapshots'] as number,
    longestPauseMs: Number((figures!['longestSnapshotPauseMs'] as number).toFixed(2)),
  }
}
