import { connect, type NatsConnection } from '@nats-io/transport-node'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median } from '../../src/cli/bench/median.ts'
import { createRingFile, openRingReader, openRingWriter } from '../../src/memory/ring/index.ts'
import { RECORD_WORDS } from '../../src/memory/ring/layout.ts'
import { NatsServer } from '../../test/support/nats-server.ts'
import { drain, pingPong, type Trips } from './threads.ts'

export const RING_CAPACITY = 16_384
export const SUBJECT = 'millrace.bench.ring'
const ROUNDS = 3
const SPIN_TURNS = 10_000_000
/** Over NATS a round trip takes so much longer that fewer do. */
const NATS_TRIPS = 3_000
const SLEEPING_TRIPS = 100

function peer(...args: readonly (string | number)[]): ChildProcess {
  const path = fileURLToPath(new URL('process-peer.ts', import.meta.url))
  return spawn(process.execPath, [path, ...args.map(String)], { stdio: ['ignore', 'inherit', 'inherit'] })
}

/** Records between two processes: through a ring in a file, and over NATS on loopback, in turns. */
export async function benchProcesses(): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  // Where there is no nats-server the ring is measured alone.
  const server = await NatsServer.start().catch(() => undefined)
  const rates = new Map<string, number[]>()
  const note = (name: string, rate: number): void => {
    rates.set(name, [...(rates.get(name) ?? []), rate])
  }
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const [batch, records] of [
        [1, 3_000_000],
        [64, 10_000_000],
        [1_024, 10_000_000],
      ] as const)
        note(`ring batch ${batch}`, await ringRate(join(folder, `${round}-${batch}`), records, batch))
      if (server === undefined) continue
      note('nats batch 1', await natsRate(server.port, 200_000, 1))
      note('nats batch 256', await natsRate(server.port, 2_000_000, 256))
    }
    const trips = await ringTrips(folder)
    const nats = server === undefined ? undefined : await natsTrips(server.port)
    const asleep = {
      futex: await sleepingTrips(join(folder, 'futex'), 'futex'),
      timer: await sleepingTrips(join(folder, 'timer'), 'timer'),
    }
    return {
      recordsPerSecond: Object.fromEntries(
        [...rates].map(([name, each]) => [name, Math.round(median(each))]),
      ),
      oneRecord: {
        'ring one way p50Us': round2(trips.p50Us / 2),
        'ring round trip': trips,
        ...(nats && { 'nats round trip': nats, 'nats over ring p50': round2(nats.p50Us / trips.p50Us) }),
      },
      'round trip to a sleeper': asleep,
      ...(server === undefined && { nats: 'no nats-server on this machine: not compared' }),
    }
  } finally {
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function ringRate(file: string, records: number, batchRecords: number): Promise<number> {
  createRingFile(file, { capacity: RING_CAPACITY })
  const ring = await openRingReader(file)
  const writer = peer('write', file, records, batchRecords)
  const gone = once(writer, 'exit')
  const rate = drain(ring.side, records, batchRecords, 1)
  await gone
  await ring.close()
  return rate
}

async function ringTrips(folder: string): Promise<Trips> {
  const [there, back] = [join(folder, 'there'), join(folder, 'back')]
  const writer = await openRingWriter(there, RING_CAPACITY)
  createRingFile(back, { capacity: RING_CAPACITY })
  const reader = await openRingReader(back)
  const gone = once(peer('echo', there, back, SPIN_TURNS, 'spin'), 'exit')
  const trips = await pingPong(
    (words) => writer.side.write(words, 0, 1),
    (words) => {
      while (reader.side.read(words, 1) === 0);
    },
  )
  writer.side.end()
  await gone
  await Promise.all([writer.close(), reader.close()])
  return trips
}

/** The other side sleeps each time, and its event loop is free meanwhile. */
async function sleepingTrips(path: string, parking: string): Promise<Trips> {
  const writer = await openRingWriter(path, RING_CAPACITY)
  createRingFile(`${path}.back`, { capacity: RING_CAPACITY })
  const reader = await openRingReader(`${path}.back`)
  const gone = once(peer('echo', path, `${path}.back`, 0, parking), 'exit')
  const trips = await pingPong(
    (words) => writer.side.write(words, 0, 1),
    (words) => {
      while (reader.side.read(words, 1) === 0);
    },
    SLEEPING_TRIPS,
    () =>
      new Promise((resolve) => {
        setTimeout(resolve, 20)
      }),
  )
  writer.side.end()
  await gone
  await Promise.all([writer.close(), reader.close()])
  return trips
}

async function natsRate(port: number, records: number, batchRecords: number): Promise<number> {
  const connection = await connect({ port })
  let [done, began, from] = [0, 0, 0]
  const warmUp = records >> 2
  const all = new Promise<number>((resolve, reject) => {
    connection.subscribe(SUBJECT, {
      callback: (_, { data }) => {
        const view = new DataView(data.buffer, data.byteOffset, data.length)
        for (let at = 4; at < data.length; at += RECORD_WORDS * 4)
          if (view.getInt32(at, true) !== done++) reject(new Error('NATS: a record is out of order'))
        if (began === 0 && done >= warmUp) [began, from] = [performance.now(), done]
        if (done === records) resolve(((done - from) / (performance.now() - began)) * 1e3)
      },
    })
  })
  connection.subscribe(`${SUBJECT}.ready`, { callback: (_, message) => void message.respond() })
  await connection.flush()
  const gone = once(peer('nats-write', port, records, batchRecords), 'exit')
  const rate = await all
  await gone
  await connection.close()
  return rate
}

async function natsTrips(port: number): Promise<Trips> {
  const connection = await connect({ port, noAsyncTraces: true })
  const ready = new Promise<void>((resolve) => {
    connection.subscribe(`${SUBJECT}.ready`, { max: 1, callback: () => resolve() })
  })
  await connection.flush()
  const gone = once(peer('nats-echo', port), 'exit')
  await ready
  const trips = await natsPingPong(connection)
  connection.publish(SUBJECT)
  await gone
  await connection.close()
  return trips
}

async function natsPingPong(connection: NatsConnection): Promise<Trips> {
  let answer: (data: Uint8Array) => void = () => {}
  const inbox = `${SUBJECT}.back`
  connection.subscribe(inbox, { callback: (_, message) => answer(message.data) })
  await connection.flush()
  return pingPong(
    (words) => connection.publish(SUBJECT, new Uint8Array(words.buffer), { reply: inbox }),
    (words) =>
      new Promise((resolve) => {
        answer = (data) => {
          new Uint8Array(words.buffer).set(data)
          resolve()
        }
      }),
    NATS_TRIPS,
  )
}

function round2(value: number): number {
  return Math.round(value * 100) / 100
}
