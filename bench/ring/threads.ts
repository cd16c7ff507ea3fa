import { Worker } from 'node:worker_threads'
import { median } from '../../src/cli/bench/median.ts'
import { CLOSED, createRing, type RingReader } from '../../src/memory/ring/index.ts'
import { RECORD_WORDS } from '../../src/memory/ring/layout.ts'
import type { ThreadTask } from './thread-peer.ts'

const CAPACITY = 16_384
const ROUNDS = 3
const WARM_UP = 500_000
const UNPADDED_WORDS = 4

function thread(workerData: ThreadTask): Worker {
  return new Worker(new URL('thread-peer.ts', import.meta.url), { workerData })
}

/** Reads a ring to its end, sees that every record is the one expected, and gives records a second after the warm-up. */
export function drain(reader: RingReader, total: number, batchRecords: number, producers: number): number {
  const words = new Int32Array(batchRecords * RECORD_WORDS)
  const expected = new Int32Array(producers)
  let done = 0
  let began = 0
  let from = 0
  for (;;) {
    const count = reader.read(words, batchRecords)
    if (count === CLOSED) break
    if (count === 0) {
      reader.blockForRecords()
      continue
    }
    for (let at = 0; at < count * RECORD_WORDS; at += RECORD_WORDS) {
      const producer = words[at]!
      if (words[at + 1] !== expected[producer]) throw new Error(`record ${words[at + 1]} out of order`)
      expected[producer]!++
    }
    done += count
    if (began === 0 && done >= WARM_UP) {
      began = performance.now()
      from = done
    }
  }
  if (done !== total) throw new Error(`${done} records came, ${total} were sent`)
  return ((done - from) / (performance.now() - began)) * 1e3
}

function rate(batchRecords: number, records: number, producers: number, spacingWords?: number): number {
  const ring = createRing({ capacity: CAPACITY, producers, ...(spacingWords && { spacingWords }) })
  const buffer = ring.buffer as SharedArrayBuffer
  for (let producer = 0; producer < producers; producer++)
    thread({ does: 'write', buffer, records: records / producers, batchRecords, producer })
  return drain(ring.reader(), records, batchRecords, producers)
}

/** Sends one record there and back again, many times. */
async function roundTrips(): Promise<Trips> {
  const [there, back] = [createRing({ capacity: 64 }), createRing({ capacity: 64 })]
  const buffers = { buffer: there.buffer as SharedArrayBuffer, back: back.buffer as SharedArrayBuffer }
  thread({ does: 'echo', ...buffers, records: 0, batchRecords: 1, producer: 0 })
  const [writer, reader] = [there.writer(), back.reader()]
  const trips = await pingPong(
    (words) => writer.write(words, 0, 1),
    (words) => {
      while (reader.read(words, 1) === 0);
    },
  )
  writer.end()
  return trips
}

/** There and back again. */
export interface Trips {
  readonly p50Us: number
  readonly p99Us: number
}

/** Round trips of one record, after as many to warm up. `rest` comes between two of them and is not timed. */
export async function pingPong(
  send: (words: Int32Array) => void,
  receive: (words: Int32Array) => void | Promise<void>,
  trips = 20_000,
  rest?: () => Promise<void>,
): Promise<Trips> {
  const words = new Int32Array(RECORD_WORDS)
  const times = new Float64Array(trips)
  for (let round = 0; round < 2 * trips; round++) {
    words[1] = round
    const began = performance.now()
    send(words)
    const waiting = receive(words)
    if (waiting !== undefined) await waiting
    times[round % trips] = (performance.now() - began) * 1e3
    if (rest !== undefined) await rest()
    if (words[1] !== round) throw new Error(`record ${words[1]} came back, ${round} was sent`)
  }
  times.sort()
  return { p50Us: round2(times[trips >> 1]!), p99Us: round2(times[Math.floor(trips * 0.99)]!) }
}

function round2(value: number): number {
  return Math.round(value * 100) / 100
}

/** What a publication costs, in nanoseconds: with nobody asleep, and with someone to be woken each time. */
function wakeCost(): Record<string, number> {
  const ring = createRing({ capacity: 64 })
  const [writer, reader] = [ring.writer(), ring.reader()]
  const words = new Int32Array(RECORD_WORDS)
  const { consumerWants } = ring.layout
  const time = (isAsleep: boolean): number => {
    const calls = 200_000
    const began = performance.now()
    for (let i = 0; i < calls; i++) {
      if (isAsleep) Atomics.store(ring.words, consumerWants, 1)
      writer.write(words, 0, 1)
      reader.read(words, 1)
    }
    return Math.round(((performance.now() - began) / calls) * 1e6)
  }
  time(false)
  time(true)
  return { writeAndReadNs: time(false), withNotifyNs: time(true) }
}

/** Records a second from one thread to another, in batches, by number of producers and with the padding left out. */
export async function benchThreads(): Promise<Record<string, unknown>> {
  const kinds: readonly (readonly [
    name: string,
    batch: number,
    records: number,
    producers: number,
    spacing?: number,
  ])[] = [
    ['batch 1', 1, 4_000_000, 1],
    ['batch 1 unpadded', 1, 4_000_000, 1, UNPADDED_WORDS],
    ['batch 64', 64, 12_000_000, 1],
    ['batch 64 unpadded', 64, 12_000_000, 1, UNPADDED_WORDS],
    ['batch 1024', 1_024, 12_000_000, 1],
    ['batch 1024 unpadded', 1_024, 12_000_000, 1, UNPADDED_WORDS],
    ['batch 64 two producers', 64, 8_000_000, 2],
    ['batch 1024 two producers', 1_024, 8_000_000, 2],
  ]
  const rates = new Map<string, number[]>()
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, batch, records, producers, spacing] of kinds) {
      const found = rates.get(name) ?? []
      rates.set(name, [...found, rate(batch, records, producers, spacing)])
    }
  return {
    recordsPerSecond: Object.fromEntries([...rates].map(([name, each]) => [name, Math.round(median(each))])),
    roundTripOfOne: await roundTrips(),
    publish: wakeCost(),
  }
}
