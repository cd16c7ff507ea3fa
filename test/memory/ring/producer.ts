// A thread that writes numbered records into a ring, in batches of changing size, and ends its part of the stream.
import { workerData } from 'node:worker_threads'
import { CLOSED, Ring } from '../../../src/memory/ring/index.ts'
import { RECORD_WORDS } from '../../../src/memory/ring/layout.ts'
import { writeRecord } from './records.ts'

export interface ProducerData {
  readonly buffer: SharedArrayBuffer
  readonly producer: number
  readonly records: number
  readonly batchRecords: number
  /** First sequence number. */
  readonly from: number
}

const { buffer, producer, records, batchRecords, from } = workerData as ProducerData
const ring = new Ring(buffer)
const writer = ring.writer()
const words = new Int32Array(batchRecords * RECORD_WORDS)
let done = 0
let seed = producer + 1
while (done < records) {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff
  const count = Math.min(records - done, 1 + ((seed >>> 8) % batchRecords))
  for (let i = 0; i < count; i++) writeRecord(words, i, producer, (from + done + i) | 0)
  let written = 0
  while (written < count) {
    const more = writer.write(words, written, count - written)
    if (more === CLOSED) process.exit(3)
    written += more
    if (written < count) writer.blockForRoom(1)
  }
  done += count
}
writer.end()
