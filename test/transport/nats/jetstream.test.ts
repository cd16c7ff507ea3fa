import test from 'ava'
import { match, publish, type PublishTo } from '../../../src/operators/index.ts'
import { EventKind, readEvent, RECORD_WORDS, type Batch } from '../../../src/book/index.ts'
import { Market } from '../../../src/pipeline/market.ts'
import { FrameReader, recordsOf } from '../../../src/transport/frame.ts'
import { connectNats, isProblem, type NatsLink } from '../../../src/transport/nats/connection.ts'
import { JetStreamOutlet } from '../../../src/transport/nats/jetstream-outlet.ts'
import { JetStreamReader } from '../../../src/transport/nats/jetstream-reader.ts'
import { openStream } from '../../../src/transport/nats/stream-setup.ts'
import { NatsServer } from '../../support/nats-server.ts'
import { numbered, ONE } from '../../support/simulated.ts'
import { ended, inBatches } from '../../support/streams.ts'

let server: NatsServer
let link: NatsLink
test.before(async () => {
  server = await NatsServer.start()
  const made = await connectNats({ servers: [server.url] })
  if (isProblem(made)) throw new Error(made.message)
  link = made
})
test.after.always(async () => {
  await link.close()
  await server.stop()
})

type To = NonNullable<PublishTo['jetstream']>

/** Matches commands and publishes what becomes of them, in batches of a size. */
async function run(commands: Batch, size: number, to: To): Promise<number> {
  const market = new Market([ONE])
  let events = 0
  const sizes = Array.from({ length: Math.ceil(commands.count / size) }, (_, i) =>
    Math.min(size, commands.count - i * size),
  )
  await ended(
    inBatches(commands, ...sizes).pipe(
      match(market),
      publish(market, ({ kind }) => {
        if (kind === EventKind.trade) events++
      }),
      publish(market, { jetstream: to }),
    ),
  )
  return events
}

/** Sequence and match number of every trade in a stream, in its order. */
async function trades(name: string): Promise<[number, number][]> {
  const stream = await openStream(link, name, [], {})
  const found: [number, number][] = []
  const reader = new FrameReader()
  const { last_seq: last } = stream.info.state
  for (let seq = 1; seq <= last; seq++) {
    const message = await stream.manager.streams.getMessage(name, { seq })
    if (message === null || reader.read(message.data) !== undefined) throw new Error('a bad frame')
    const words = recordsOf(message.data, reader)
    for (let i = 0; i < reader.count; i++) {
      const event = readEvent(words, i * RECORD_WORDS)
      if (event.kind === EventKind.trade) found.push([event.sequence, event.matchNumber])
    }
  }
  return found
}

test('jetstream - a run that begins again goes on behind what is there, however batches are cut', async (t) => {
  const commands = numbered({ seed: 8, orders: 3_000 })
  const shorter = commands.slice()
  shorter.count = 1_717
  const to: To = { servers: [server.url], stream: 'again', subject: 'again.{symbol}.trades', resume: true }
  await run(shorter, 100, to)
  await run(commands, 333, to)
  const events = await run(commands, 1_000, to)
  const found = await trades('again')
  t.is(found.length, events)
  t.deepEqual(
    found.map(([, number]) => number),
    found.map((_, i) => i + 1),
    'every match number once, in order',
  )
})

test('jetstream - a full stream holds the writer and refuses, and takes all when it has room', async (t) => {
  const stream = await openStream(link, 'full', ['full'], { maxMessages: 10 })
  const outlet = new JetStreamOutlet(link, stream, { exclusive: true, bufferBytes: 2_000 })
  let [isFull, opened] = [false, false]
  outlet.onFull = () => {
    isFull = true
  }
  outlet.onRoom = () => {
    opened = true
  }
  for (let i = 0; i < 30; i++) outlet.publish('full', new Uint8Array(100).fill(i), `id-${i}`)
  while (outlet.refusals < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  t.true(isFull)
  t.regex(String(outlet.lastRefusal), /maximum messages exceeded/)
  t.is((await stream.manager.streams.info('full')).state.messages, 10)
  await stream.manager.streams.update('full', { max_msgs: 1_000 })
  await outlet.drain(10_000)
  t.true(opened)
  for (let seq = 1; seq <= 30; seq++)
    t.is((await stream.manager.streams.getMessage('full', { seq }))!.data[0], seq - 1)
})

test('jetstream - a second writer of an exclusive stream is found out', async (t) => {
  const stream = await openStream(link, 'two', ['two'], {})
  const outlet = new JetStreamOutlet(link, stream, { exclusive: true, bufferBytes: 2_000 })
  const failed = new Promise<string>((resolve) => {
    outlet.onFailure = resolve
  })
  link.connection.publish('two', 'from someone else')
  await link.connection.flush()
  outlet.publish('two', new Uint8Array(1), 'one')
  t.regex(await failed, /stream two: another writer is at work/)
})

test('jetstream - several writers share a stream that is not exclusive', async (t) => {
  const stream = await openStream(link, 'shared', ['shared'], {})
  const outlets = [1, 2].map(
    () => new JetStreamOutlet(link, stream, { exclusive: false, bufferBytes: 100_000 }),
  )
  for (let i = 0; i < 40; i++) outlets[i % 2]!.publish('shared', new Uint8Array([i]), `${i}`)
  await Promise.all(outlets.map((outlet) => outlet.drain(10_000)))
  t.is((await stream.manager.streams.info('shared')).state.messages, 40)
})

test('jetstream - a reader whose consumer is taken away goes on without a gap', async (t) => {
  const stream = await openStream(link, 'gone', ['gone'], {})
  const got: number[] = []
  let room = 5
  const reader = new JetStreamReader(link, stream, 1, {
    messageRecords: 1,
    room: () => room,
    take: (_, sequence) => {
      got.push(sequence)
      return true
    },
  })
  for (let i = 0; i < 50; i++) link.connection.publish('gone', String(i))
  while (got.length < 20) await new Promise((resolve) => setTimeout(resolve, 5))
  for await (const consumer of stream.manager.consumers.list('gone'))
    await stream.manager.consumers.delete('gone', consumer.name)
  for (let i = 0; i < 50; i++) link.connection.publish('gone', String(i))
  room = 50
  while (got.length < 100) await new Promise((resolve) => setTimeout(resolve, 5))
  reader.stop()
  t.deepEqual(
    got,
    Array.from({ length: 100 }, (_, i) => i + 1),
  )
})

test('jetstream - what an old server cannot do is refused by name, before anything is made', async (t) => {
  await t.throwsAsync(openStream(link, 'three', ['three'], { replicas: 3 }), {
    message: /stream three: nats-server 2\.9\.10 does not have safe replicas.*2\.10\.27/,
  })
  await t.throwsAsync(openStream(link, 'zip', ['zip'], { compression: true }), {
    message: /stream compression: it needs 2\.10\.0/,
  })
})
