import { Worker } from 'node:worker_threads'
import { Batch, RECORD_WORDS } from '../../src/book/index.ts'
import { median } from '../../src/cli/bench/median.ts'
import type { EdgeOptions } from '../../src/pipeline/edge/edge.ts'
import type { PlannedEdge } from '../../src/pipeline/plan/plan.ts'
import { Bell, bellMemory } from '../../src/pipeline/threads/bell.ts'
import { edgeMemory, type EdgeMemory } from '../../src/pipeline/threads/edge-memory.ts'
import { ThreadReader } from '../../src/pipeline/threads/thread-reader.ts'

/** As a pipeline has them unless its file says otherwise. */
export const EDGE: EdgeOptions = {
  id: 'a->b',
  from: 'a',
  to: 'b',
  fromIsland: 'a',
  toIsland: 'b',
  capacityRecords: 32_768,
  whenFull: { block: {} },
}

export interface EdgeTask {
  readonly memory: EdgeMemory
  /** Of the writing thread, and of the reading one. */
  readonly own: SharedArrayBuffer
  readonly other: SharedArrayBuffer
  readonly records: number
  readonly batchRecords: number
}

const ROUNDS = 3
const RECORDS = 8_192_000
const WARM_UP = 819_200

/** Records a second over an edge between two islands on two threads, with all that belongs to it. */
export async function benchEdge(): Promise<Record<string, number>> {
  const rates: Record<string, number[]> = {}
  for (let round = 0; round < ROUNDS; round++)
    for (const batchRecords of [64, 1_024])
      (rates[`batch ${batchRecords}`] ??= []).push(await rate(batchRecords))
  return Object.fromEntries(Object.entries(rates).map(([name, each]) => [name, Math.round(median(each))]))
}

async function rate(batchRecords: number): Promise<number> {
  const [memory, own, other] = [edgeMemory(EDGE.capacityRecords), bellMemory(), bellMemory()]
  const task: EdgeTask = { memory, own, other, records: RECORDS, batchRecords }
  const thread = new Worker(new URL('edge-peer.ts', import.meta.url), { workerData: task })
  const bell = new Bell(other)
  const reader = new ThreadReader({
    edge: EDGE as unknown as PlannedEdge,
    memory,
    bell: new Bell(own),
    beforeRecords: () => {},
    onWatermark: () => {},
  })
  bell.listen(() => reader.heard())
  const batch = new Batch(1_024)
  let [done, began, from] = [0, 0, 0]
  while (!(reader.isEnded && reader.depth === 0)) {
    if (reader.depth === 0) {
      await new Promise<void>((resolve) => {
        reader.onRecords(resolve)
      })
      continue
    }
    batch.count = 0
    const count = reader.read(batch, batch.capacity, 1)
    for (let i = 0; i < count; i++)
      if (batch.words[i * RECORD_WORDS + 1] !== done++) throw new Error('a record is out of order')
    if (began === 0 && done >= WARM_UP) [began, from] = [performance.now(), done]
  }
  const perSecond = ((done - from) / (performance.now() - began)) * 1e3
  if (done !== RECORDS) throw new Error(`${done} records came, ${RECORDS} were sent`)
  bell.stop()
  await thread.terminate()
  return perSecond
}
