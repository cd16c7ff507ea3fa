import { MatchingEngine, restoreSnapshot, takeSnapshot } from '../../src/book/index.ts'
import { median } from '../../src/cli/bench/median.ts'
import { workloadInstruments } from '../../src/cli/bench/workload.ts'
import { enterAll, SPREADS } from './growth.ts'

export interface SnapshotFigures {
  readonly orders: number
  readonly takeMs: number
  readonly restoreMs: number
  readonly bytes: number
}

const ROUNDS = 3

/** Taking and restoring a snapshot of a million orders, the middle of a few rounds. Each must leave the same state. */
export function measureSnapshot(): SnapshotFigures {
  const instruments = workloadInstruments()
  const engine = new MatchingEngine(instruments)
  enterAll(engine, SPREADS['one book, 200 ticks']!)
  const hash = engine.stateHash()
  const [takes, restores]: [number[], number[]] = [[], []]
  let bytes = 0
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now()
    const snapshot = takeSnapshot(engine)
    const taken = performance.now()
    const restored = restoreSnapshot(snapshot, instruments)
    restores.push(performance.now() - taken)
    takes.push(taken - began)
    if (typeof restored === 'string') throw new Error(restored)
    if (restored.stateHash() !== hash) throw new Error('what was restored is not what was taken')
    bytes = snapshot.length
  }
  return {
    orders: engine.liveOrders,
    takeMs: Math.round(median(takes)),
    restoreMs: Math.round(median(restores)),
    bytes,
  }
}
