// The other thread of a ring bench: writes numbered records in batches, or sends back what it gets.
import { workerData } from 'node:worker_threads'
import { CLOSED, Ring } from '../../src/memory/ring/index.ts'
import { RECORD_WORDS } from '../../src/memory/ring/layout.ts'

export interface ThreadTask {
  readonly does: 'write' | 'echo'
  readonly buffer: SharedArrayBuffer
  /** Where an echo goes. */
  readonly back?: SharedArrayBuffer
  readonly records: number
  readonly batchRecords: number
  /** First word of each record; the second is its number. */
  readonly producer: number
}

const { does, buffer, back, records, batchRecords, producer } = workerData as ThreadTask
const words = new Int32Array(batchRecords * RECORD_WORDS)
if (does === 'write') write()
else echo()

function write(): void {
  const writer = new Ring(buffer).writer()
  for (let i = 0; i < batchRecords; i++) words[i * RECORD_WORDS] = producer
  for (let done = 0; done < records;) {
    const count = Math.min(batchRecords, records - done)
    for (let i = 0; i < count; i++) words[i * RECORD_WORDS + 1] = done + i
    for (let written = 0; written < count;) {
      written += writer.write(words, written, count - written)
      if (written < count) writer.blockForRoom(batchRecords)
    }
    done += count
  }
  writer.end()
}

function echo(): void {
  const reader = new Ring(buffer).reader(1_000_000)
  const writer = new Ring(back!).writer()
  for (;;) {
    const count = reader.read(words, batchRecords)
    if (count === CLOSED) return
    if (count === 0) reader.blockForRecords()
    else writer.write(words, 0, count)
  }
}
