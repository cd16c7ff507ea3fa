import { readFileSync } from 'node:fs'
import test from 'ava'
import { Batch, EventKind, readEvent, RECORD_WORDS } from '../../../src/book/index.ts'
import { ingest, match, publish } from '../../../src/operators/index.ts'
import { Market } from '../../../src/pipeline/market.ts'
import { encodeFrame, FrameKind, FrameReader, recordsOf } from '../../../src/transport/frame.ts'
import { NatsServer } from '../../support/nats-server.ts'
import { ONE, simulate } from '../../support/simulated.ts'
import { ended, inBatches, recordsOf as commandRecords } from '../../support/streams.ts'
import { buy, sell } from '../../support/both-engines.ts'

let server: NatsServer
test.before(async () => {
  server = await NatsServer.start()
})
test.after.always(() => server.stop())

test('nats - frames in and events out over a real server, every record in order', async (t) => {
  const commands = simulate({ seed: 3, orders: 5_000 })
  const market = new Market([ONE])
  const other = await server.connect()
  const events: number[] = []
  let got = new Batch(1)
  const reader = new FrameReader()
  let expected = 1
  other.subscribe('out.events', {
    callback: (_, message) => {
      t.is(reader.read(message.data), undefined)
      t.is(reader.firstSequence, expected)
      expected += reader.count
      const words = recordsOf(message.data, reader)
      for (let i = 0; i < reader.count; i++) events.push(readEvent(words, i * RECORD_WORDS).sequence)
    },
  })
  await other.flush()
  const stop = new AbortController()
  const seen: number[] = []
  const run = ended(
    ingest(market, { nats: { servers: [server.url], subject: 'in.orders' } }, { limit: 5_000, stop: stop.signal }).pipe(
      match(market),
      publish(market, { nats: { servers: [server.url], subject: 'out.events' } }),
    ),
    { next: (batch) => { for (let i = 0; i < batch.count; i++) seen.push(readEvent(batch.words, i * RECORD_WORDS).sequence) } },
  )
  for (;;) {
    const probe = await other.request('in.orders', new Uint8Array(3), { timeout: 200 }).catch(() => undefined)
    if (probe !== undefined) break
  }
  for (let from = 0; from < 5_000; from += 250)
    other.publish('in.orders', encodeFrame({ kind: FrameKind.commands, firstSequence: from + 1, source: 1n }, commands.words, from, from + 250))
  await run
  await other.flush()
  t.deepEqual(events, seen)
  t.is(market.sequence, 5_000)
  void [got, buy, sell, EventKind, inBatches, commandRecords, readFileSync]
})
