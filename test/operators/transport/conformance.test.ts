import test from 'ava'
import { Observable } from 'rxjs'
import type { Batch } from '../../../src/book/index.ts'
import { SEQUENCE } from '../../../src/book/record.ts'
import { ingest, match, publish } from '../../../src/operators/index.ts'
import { Market } from '../../../src/pipeline/market.ts'
import { ONE, numbered } from '../../support/simulated.ts'
import { ended, inBatches } from '../../support/streams.ts'
import {
  commandFrame,
  jetStreamTransport,
  joined,
  natsTransport,
  redisTransport,
  webSocketTransport,
  type Sender,
  type Transport,
} from '../../support/transports.ts'

const ORDERS = 6_000
const FRAME = 200
const commands = numbered({ seed: 11, orders: ORDERS })

/** Records without their sequence, which the pipeline gives anew. */
function unnumbered(words: Int32Array): Buffer {
  const copy = words.slice()
  for (let at = 0; at < copy.length; at += 16) copy.fill(0, at + SEQUENCE, at + SEQUENCE + 2)
  return Buffer.from(copy.buffer)
}

async function sendAll(sender: Sender, from = 0, to = ORDERS): Promise<void> {
  for (let at = from; at < to; at += FRAME) await sender.send(commands.words, at, Math.min(to, at + FRAME))
}

/** Runs a source to `limit` records. */
function received(
  transport: Transport,
  name: string,
  market: Market,
  limit: number,
): { batches: Batch[]; over: Promise<void> } {
  const batches: Batch[] = []
  const stream = ingest(market, transport.from(name), { limit })
  return { batches, over: ended(stream, { next: (batch) => batches.push(batch.slice()) }) }
}

function sizes(count: number): number[] {
  return Array.from({ length: Math.ceil(count / FRAME) }, (_, i) => Math.min(FRAME, count - i * FRAME))
}

/** Batches one after the other with time in between, so that readers can come, go and come again. */
function slowly(records: Batch, counts: readonly number[]): Observable<Batch> {
  return new Observable((subscriber) => {
    const all: Batch[] = []
    inBatches(records, ...counts).subscribe((batch) => all.push(batch))
    let next = 0
    const timer = setInterval(() => {
      if (next < all.length) return subscriber.next(all[next++]!)
      clearInterval(timer)
      subscriber.complete()
    }, 15)
    return () => clearInterval(timer)
  })
}

for (const open of [natsTransport, jetStreamTransport, redisTransport, webSocketTransport]) {
  const of = open.name.replace('Transport', '')
  let transport: Transport
  test.before(async () => {
    transport = await open()
  })
  test.after.always(() => transport.stop())

  test.serial(`${of} - in: order is kept and counts are equal`, async (t) => {
    const { batches, over } = received(transport, 'plain', new Market([ONE]), ORDERS)
    const sender = await transport.sender('plain')
    await sendAll(sender)
    await over
    t.deepEqual(unnumbered(joined(batches)), unnumbered(commands.words))
    await sender.close()
  })

  test.serial(
    `${of} - in: a pipeline that is held holds the sender, and all arrives when it goes on`,
    async (t) => {
      const market = new Market([ONE])
      market.gate.close()
      const { batches, over } = received(transport, 'held', market, 5 * ORDERS)
      const sender = await transport.sender('held')
      let sent = 0
      const sending = (async () => {
        for (let round = 0; round < 5; round++) {
          await sendAll(sender)
          sent++
        }
      })()
      await new Promise((resolve) => setTimeout(resolve, 500))
      t.is(joined(batches).length, 0)
      if (of === 'nats') t.true(sent < 5, 'the sender waits')
      market.gate.open()
      await sending
      await over
      const all = unnumbered(joined(batches))
      for (let round = 0; round < 5; round++)
        t.true(
          all.subarray(round * ORDERS * 64, (round + 1) * ORDERS * 64).equals(unnumbered(commands.words)),
        )
      await sender.close()
    },
  )

  test.serial(`${of} - in: after a cut nothing is lost and nothing comes twice`, async (t) => {
    const { batches, over } = received(transport, 'cut', new Market([ONE]), ORDERS)
    const sender = await transport.sender('cut')
    await sendAll(sender, 0, 3_000)
    await transport.cut()
    await sendAll(sender, 3_000, ORDERS)
    await over
    t.deepEqual(unnumbered(joined(batches)), unnumbered(commands.words))
    await sender.close()
  })

  test.serial(`${of} - in: bad frames are counted and set aside, and the good ones pass`, async (t) => {
    const market = new Market([ONE])
    const stop = new AbortController()
    const batches: Batch[] = []
    const over = ended(ingest(market, transport.from('bad'), { limit: ORDERS, stop: stop.signal }), {
      next: (batch) => batches.push(batch.slice()),
    })
    const sender = await transport.sender('bad')
    const broken = commandFrame(commands.words, 0, 3)
    broken[77]! ^= 4
    for (let at = 0; at < ORDERS; at += 1_000) {
      await sendAll(sender, at, at + 1_000)
      await sender.sendBad(broken)
      await sender.sendBad(broken.subarray(0, 50))
    }
    await over
    t.deepEqual(unnumbered(joined(batches)), unnumbered(commands.words))
    await sender.close()
  })

  test.serial(`${of} - in: a stop ends the stream, and what has come is given`, async (t) => {
    const market = new Market([ONE])
    const stop = new AbortController()
    const batches: Batch[] = []
    const over = ended(ingest(market, transport.from('stop'), { stop: stop.signal }), {
      next: (batch) => {
        batches.push(batch.slice())
        if (market.sequence >= 1_000) stop.abort()
      },
    })
    const sender = await transport.sender('stop')
    await sendAll(sender, 0, 2_000)
    await over
    const got = joined(batches)
    t.true(got.length >= 1_000 * 16)
    t.deepEqual(unnumbered(got), unnumbered(commands.words.slice(0, got.length)))
    await sender.close()
  })

  test.serial(`${of} - out: every event once and in order, over a cut too`, async (t) => {
    const market = new Market([ONE])
    const reader = await transport.reader?.('events')
    if (reader === undefined) {
      t.pass('its streams are several: see redis-sink.test.ts')
      return
    }
    const batches: Batch[] = []
    let total = 0
    const half = slowly(commands, sizes(ORDERS))
    let cutting: Promise<void> | undefined
    await ended(half.pipe(match(market), publish(market, transport.to!('events'))), {
      next: (batch) => {
        batches.push(batch.slice())
        total += batch.count
        if (total > 3_000) cutting ??= transport.cut()
      },
    })
    await cutting
    await reader.until(total)
    t.deepEqual(Buffer.from(reader.words().buffer), Buffer.from(joined(batches).buffer))
    await reader.close()
  })
}
