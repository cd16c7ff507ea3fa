import { Worker } from 'node:worker_threads'
import test from 'ava'
import { RECORD_WORDS } from '../../src/book/index.ts'
import { EventRing, RingState } from '../../src/journal/event-ring.ts'

const ring = new URL('../../src/journal/event-ring.ts', import.meta.url).href

/** A thread that takes records so many at a time, with a rest in between, and answers with how many were in their order. */
function slowReader(shared: SharedArrayBuffer, atOnce: number, restMs: number): Worker {
  return new Worker(
    `const { parentPort, workerData } = require('node:worker_threads')
     import(${JSON.stringify(ring)}).then(({ EventRing, RingState }) => {
       const ring = new EventRing(workerData)
       const into = new Int32Array(${atOnce * RECORD_WORDS})
       const rest = new Int32Array(new SharedArrayBuffer(4))
       let next = 0
       for (;;) {
         const isOpen = ring.state === RingState.open
         const count = Math.min(ring.await(), ${atOnce})
         if (count === 0 && !isOpen) break
         ring.copy(into, count)
         for (let i = 0; i < count; i++) if (into[i * ${RECORD_WORDS}] === next) next++
         if (${restMs} > 0) Atomics.wait(rest, 0, 0, ${restMs})
         ring.release(count)
       }
       parentPort.postMessage(next)
     })`,
    { eval: true, workerData: shared },
  )
}

test('event ring - who finds it full waits for the reader, and nothing is lost or out of order', async (t) => {
  const events = new EventRing()
  const reader = slowReader(events.shared, 20_000, 1)
  const read = new Promise<number>((resolve) => reader.on('message', resolve))
  const records = new Int32Array(1_000 * RECORD_WORDS)
  const TOTAL = 700_000
  const before = process.memoryUsage().rss
  for (let sent = 0; sent < TOTAL; sent += 1_000) {
    for (let i = 0; i < 1_000; i++) records[i * RECORD_WORDS] = sent + i
    t.true(events.put(records, 1_000))
  }
  t.true(process.memoryUsage().rss - before < 64_000_000, 'what waits is in the ring and nowhere else')
  events.end(RingState.closing)
  t.is(await read, TOTAL)
})

test('event ring - more than it holds at once goes through it too', async (t) => {
  const events = new EventRing()
  const reader = slowReader(events.shared, 50_000, 0)
  const read = new Promise<number>((resolve) => reader.on('message', resolve))
  const many = new Int32Array(400_000 * RECORD_WORDS)
  for (let i = 0; i < 400_000; i++) many[i * RECORD_WORDS] = i
  t.true(events.put(many, 400_000))
  events.end(RingState.closing)
  t.is(await read, 400_000)
})

test('event ring - a reader that has failed ends the wait', (t) => {
  const events = new EventRing()
  t.true(events.put(new Int32Array(262_144 * RECORD_WORDS), 262_144), 'as many as it holds')
  events.end(RingState.failed)
  t.false(events.put(new Int32Array(RECORD_WORDS), 1))
})
