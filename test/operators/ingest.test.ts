import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import test from 'ava'
import { take } from 'rxjs'
import { Batch } from '../../src/book/index.ts'
import { ingest, match } from '../../src/operators/index.ts'
import { ingestOperator } from '../../src/operators/ingest.ts'
import { Market } from '../../src/pipeline/market.ts'
import type { Source } from '../../src/pipeline/operator.ts'
import { ONE, simulate } from '../support/simulated.ts'
import { bytesOf, ended, sequencesOf, turns } from '../support/streams.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-ingest-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, ...lines: string[]): string {
  const path = join(folder, name)
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''))
  return path
}

test('ingest - a simulation is what its seed says, numbered', async (t) => {
  const options = { seed: 3, orders: 1_500 }
  const sequences: number[] = []
  const stream = ingest(new Market([ONE]), { simulate: options })
  await ended(stream, { next: (batch) => sequences.push(...sequencesOf(batch)) })
  t.deepEqual(
    sequences,
    Array.from({ length: 1_500 }, (_, i) => i + 1),
  )
  const simulated = simulate(options)
  const bytes = await bytesOf(ingest(new Market([ONE]), { simulate: options }))
  t.is(bytes.length, 1_500 * 64)
  t.deepEqual(bytes.subarray(24, 64), Buffer.from(simulated.words.buffer, 24, 40))
})

test('ingest - orders are read from NDJSON and from CSV', async (t) => {
  const ndjson = file('in.ndjson', '{"id":"a","symbol":"AAPL","side":"buy","price":"1.00","quantity":5}')
  const csv = file('in.csv', 'id,symbol,side,price,quantity', 'a,AAPL,buy,1.00,5')
  for (const path of [ndjson, csv]) {
    const market = new Market([ONE])
    await ended(ingest(market, { orders: { file: path } }).pipe(match(market)))
    t.deepEqual(market.engine!.depth(0, 0, 2), [{ priceTicks: 100, lots: 5, orders: 1 }])
  }
})

test('ingest - what cannot be opened is the error of the stream, and names the file', async (t) => {
  const path = join(folder, 'missing')
  const market = new Market([ONE])
  await t.throwsAsync(ended(ingest(market, { orders: { file: path } })), {
    message: `${path}: no such file or directory`,
  })
  await t.throwsAsync(ended(ingest(market, { lobster: { messages: path } })), { message: /missing/ })
  await t.throwsAsync(ended(ingest(new Market(), { simulate: {} })), { message: /^simulator: instruments: / })
})

test('ingest - nothing is opened before someone subscribes, and each time anew', async (t) => {
  const path = join(folder, 'later.csv')
  const stream = ingest(new Market([ONE]), { orders: { file: path } })
  file('later.csv', 'id,symbol,side,price,quantity', 'a,AAPL,buy,1.00,5')
  t.is((await bytesOf(stream)).length, 64)
  t.is((await bytesOf(stream)).length, 64)
})

test('ingest - it ends at a limit, at a signal, and when no one wants more', async (t) => {
  const endless = { simulate: { orders: Number.POSITIVE_INFINITY } }
  t.is((await bytesOf(ingest(new Market([ONE]), endless, { limit: 70 }))).length, 70 * 64)
  const stop = new AbortController()
  setImmediate(() => stop.abort())
  await t.notThrowsAsync(ended(ingest(new Market([ONE]), endless, { stop: stop.signal })))
  const market = new Market([ONE])
  await ended(ingest(market, endless, { batchRecords: 10 }).pipe(take(2)))
  await turns()
  t.is(market.sequence, 20)
})

test('ingest - who leaves while a file is being opened is given nothing', async (t) => {
  const path = file('left.csv', 'id,symbol,side,price,quantity', 'a,AAPL,buy,1.00,5')
  const market = new Market([ONE])
  ingest(market, { orders: { file: path } })
    .subscribe(() => t.fail('a batch'))
    .unsubscribe()
  await turns(100)
  t.is(market.sequence, 0)
})

test('ingest - a count for the whole run goes before that of a simulation', async (t) => {
  const given = async (records: number | undefined): Promise<number> => {
    const context = { id: 'orders', market: new Market([ONE]), records }
    const source = await ingestOperator.create({ from: { simulate: { orders: 30 } } }, context)()
    const batch = new Batch(200)
    if (E.isLeft(source)) throw new Error(source.left.message)
    ;(source.right as Source).pull(batch, 200)
    return batch.count
  }
  t.deepEqual([await given(undefined), await given(7), await given(90)], [30, 7, 90])
})
