// The writing thread of the bench of an edge between threads: numbered records in batches, as an island gives them.
import { workerData } from 'node:worker_threads'
import { RECORD_WORDS } from '../../src/book/index.ts'
import { Bell } from '../../src/pipeline/threads/bell.ts'
import { ThreadWriter } from '../../src/pipeline/threads/thread-writer.ts'
import { EDGE, type EdgeTask } from './edge.ts'

const { memory, own, other, records, batchRecords } = workerData as EdgeTask
const bell = new Bell(own)
const writer = new ThreadWriter({ edge: EDGE, memory, bell: new Bell(other), beforeRecords: () => true })
bell.listen(() => writer.heard())
const words = new Int32Array(batchRecords * RECORD_WORDS)
for (let done = 0; done < records; done += batchRecords) {
  for (let i = 0; i < batchRecords; i++) words[i * RECORD_WORDS + 1] = done + i
  while (writer.room() < batchRecords)
    await new Promise<void>((resolve) => {
      writer.onRoom(resolve)
    })
  writer.processBatch(words, 0, batchRecords)
  writer.advance(done + batchRecords, 0)
}
writer.end()
await writer.close()
bell.stop()
