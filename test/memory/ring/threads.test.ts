import test from 'ava'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { CLOSED, createRing, type RingReader } from '../../../src/memory/ring/index.ts'
import { RECORD_WORDS, type RingOptions } from '../../../src/memory/ring/layout.ts'
import type { ProducerData } from './producer.ts'
import { recordFault } from './records.ts'

function producer(workerData: ProducerData): Worker {
  return new Worker(new URL('producer.ts', import.meta.url), { workerData })
}

/** Reads a ring to its end and gives each producer's next sequence number, or what was wrong. */
async function readAll(reader: RingReader, sequences: number[]): Promise<string | undefined> {
  const words = new Int32Array(97 * RECORD_WORDS)
  let size = 0
  for (;;) {
    size = (size % 97) + 1
    const count = reader.read(words, size)
    if (count === CLOSED) return undefined
    if (count === 0) await reader.waitForRecords()
    for (let i = 0; i < count; i++) {
      const fault = recordFault(words, i, sequences)
      if (fault !== undefined) return fault
    }
  }
}

async function hammer(
  options: RingOptions,
  records: number,
  batchRecords: number,
  from = 0,
): Promise<string | undefined | number[]> {
  const ring = createRing(options)
  const { producers = 1 } = options
  const sequences = Array.from({ length: producers }, () => from)
  const threads = sequences.map((_, producerNumber) =>
    producer({
      buffer: ring.buffer as SharedArrayBuffer,
      producer: producerNumber,
      records,
      batchRecords,
      from,
    }),
  )
  const ended = threads.map((thread) => once(thread, 'exit'))
  const fault = await readAll(ring.reader(), sequences)
  if (fault !== undefined) await Promise.all(threads.map((thread) => thread.terminate()))
  await Promise.all(ended)
  return fault ?? sequences
}

test('ring - two threads: every record comes once, whole and in order', async (t) => {
  t.deepEqual(await hammer({ capacity: 1_024 }, 1_000_000, 200), [1_000_000])
})

test('ring - two threads: a ring of one record holds as well as a large one', async (t) => {
  t.deepEqual(await hammer({ capacity: 1 }, 5_000, 3), [5_000])
})

test('ring - two threads: positions that wrap at 2^32 lose nothing', async (t) => {
  t.deepEqual(await hammer({ capacity: 256, startAt: -100_000 }, 200_000, 60, 0x7fff_fff0), [
    (0x7fff_fff0 + 200_000) | 0,
  ])
})

test('ring - three producers: each one keeps its order, and nothing is lost or doubled', async (t) => {
  t.deepEqual(
    await hammer({ capacity: 512, producers: 3, startAt: -200_000 }, 200_000, 100),
    [200_000, 200_000, 200_000],
  )
})

test('ring - three producers: batches larger than the ring go through in parts', async (t) => {
  t.deepEqual(await hammer({ capacity: 4, producers: 3 }, 10_000, 11), [10_000, 10_000, 10_000])
})

test('ring - a consumer that breaks off ends a producer that waits for room', async (t) => {
  const ring = createRing({ capacity: 16 })
  const thread = producer({
    buffer: ring.buffer as SharedArrayBuffer,
    producer: 0,
    records: 1_000,
    batchRecords: 8,
    from: 0,
  })
  const ended = once(thread, 'exit')
  const reader = ring.reader()
  while (ring.depth() < 16) await new Promise(setImmediate)
  reader.abort()
  t.deepEqual(await ended, [3])
})
