// The other process of a ring bench: `process-peer.ts DOES ...`.
//   write FILE RECORDS BATCH     writes numbered records into the ring in FILE, and ends
//   echo FILE BACK SPIN PARKING  sends back each record that comes, after SPIN looks and then asleep in `futex` or `timer`
//   nats-write PORT RECORDS BATCH, nats-echo PORT   the same over NATS
import { connect } from '@nats-io/transport-node'
import { CLOSED, openRingReader, openRingWriter } from '../../src/memory/ring/index.ts'
import { RECORD_WORDS } from '../../src/memory/ring/layout.ts'
import { TimedParking } from '../../src/memory/ring/parking.ts'
import { SpscReader } from '../../src/memory/ring/spsc-reader.ts'
import { RING_CAPACITY, SUBJECT } from './processes.ts'

/** Bytes that NATS may hold before they are flushed. */
const FLUSH_BYTES = 262_144

const [does, where = '', first = '', second = '', third = ''] = process.argv.slice(2)
if (does === 'write') await write(where, Number(first), Number(second))
else if (does === 'echo') await echo(where, first, Number(second), third)
else if (does === 'nats-write') await natsWrite(Number(where), Number(first), Number(second))
else await natsEcho(Number(where))

async function write(file: string, records: number, batchRecords: number): Promise<void> {
  const ring = await openRingWriter(file, RING_CAPACITY)
  const words = new Int32Array(batchRecords * RECORD_WORDS)
  for (let done = 0; done < records;) {
    const count = Math.min(batchRecords, records - done)
    for (let i = 0; i < count; i++) words[i * RECORD_WORDS + 1] = done + i
    for (let written = 0; written < count;) {
      written += ring.side.write(words, written, count - written)
      if (written < count) ring.side.blockForRoom(batchRecords)
    }
    done += count
  }
  ring.side.end()
  await ring.close()
}

async function echo(file: string, back: string, spinTurns: number, parking: string): Promise<void> {
  const ring = await openRingReader(file)
  const answers = await openRingWriter(back, RING_CAPACITY)
  const { words: memory, layout } = ring.ring
  const reader =
    parking === 'timer' ? new SpscReader(memory, layout, new TimedParking(memory), spinTurns) : ring.side
  const words = new Int32Array(RECORD_WORDS)
  for (;;) {
    const count = reader.read(words, 1)
    if (count === CLOSED) break
    if (count !== 0) answers.side.write(words, 0, 1)
    else if (parking === 'spin') spinFor(reader, spinTurns)
    else await reader.waitForRecords()
  }
  await answers.close()
  await ring.close()
}

/** Looks for a long while before it sleeps. */
function spinFor(reader: SpscReader, turns: number): void {
  for (let turn = 0; turn < turns; turn++) if (reader.depth() > 0) return
  reader.blockForRecords(1_000)
}

async function natsWrite(port: number, records: number, batchRecords: number): Promise<void> {
  const connection = await connect({ port })
  await connection.request(`${SUBJECT}.ready`, '', { timeout: 5_000 })
  const words = new Int32Array(batchRecords * RECORD_WORDS)
  let bytes = 0
  for (let done = 0; done < records;) {
    const count = Math.min(batchRecords, records - done)
    for (let i = 0; i < count; i++) words[i * RECORD_WORDS + 1] = done + i
    connection.publish(SUBJECT, new Uint8Array(words.slice(0, count * RECORD_WORDS).buffer))
    done += count
    bytes += count * RECORD_WORDS * 4
    if (bytes < FLUSH_BYTES) continue
    bytes = 0
    await connection.flush()
  }
  await connection.drain()
}

async function natsEcho(port: number): Promise<void> {
  const connection = await connect({ port })
  connection.subscribe(SUBJECT, {
    callback: (_, message) => {
      if (message.data.length === 0) void connection.drain()
      else message.respond(message.data)
    },
  })
  await connection.flush()
  connection.publish(`${SUBJECT}.ready`)
  await connection.closed()
}
