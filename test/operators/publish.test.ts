import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { EventKind, readEvents, RejectCode, type EngineEvent } from '../../src/book/index.ts'
import { match, publish, Summary } from '../../src/operators/index.ts'
import { Market } from '../../src/pipeline/market.ts'
import { buy, sell } from '../support/both-engines.ts'
import { ended, inBatches, recordsOf } from '../support/streams.ts'

const SPEC = { symbol: 'AAPL', tick: '0.01', lot: '1' }
const commands = [sell(1, 5, 100), buy(2, 3, 101), buy(2, 3, 101), buy(3, 1, 99), buy(4, 0, 99)]
const folder = mkdtempSync(join(tmpdir(), 'millrace-publish-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

test('publish - a function is called with each event, in order, as an object', async (t) => {
  const market = new Market([SPEC])
  const events: EngineEvent[] = []
  const passed: EngineEvent[] = []
  await ended(
    inBatches(recordsOf(commands), 2, 3).pipe(
      match(market),
      publish(market, (event) => events.push(event)),
    ),
    { next: (batch) => passed.push(...readEvents(batch)) },
  )
  t.deepEqual(
    events.map(({ kind, sequence }) => [kind, sequence]),
    [
      [EventKind.accepted, 1],
      [EventKind.accepted, 2],
      [EventKind.trade, 2],
      [EventKind.accepted, 3],
      [EventKind.trade, 3],
      [EventKind.accepted, 4],
      [EventKind.rejected, 5],
    ],
  )
  t.deepEqual(passed, events, 'and they are passed on')
  t.like(events[2], {
    orderId: 2,
    makerOrderId: 1,
    lots: 3,
    priceTicks: 100,
    openLots: 0,
    makerOpenLots: 2,
    matchNumber: 1,
  })
  t.like(events[6], { code: RejectCode.INVALID_QUANTITY, orderId: 4 })
})

test('publish - a function that throws is the error of the stream', async (t) => {
  const market = new Market([SPEC])
  const stream = inBatches(recordsOf(commands), 5).pipe(
    match(market),
    publish(market, ({ kind }) => {
      if (kind === EventKind.trade) throw new Error('cannot take trades')
    }),
  )
  await t.throwsAsync(ended(stream), { message: 'cannot take trades' })
})

test('publish - several in a row are given the same events', async (t) => {
  const market = new Market([SPEC])
  const [first, second] = [[], []] as [EngineEvent[], EngineEvent[]]
  const summary = new Summary(market)
  await ended(
    inBatches(recordsOf(commands), 5).pipe(
      match(market),
      publish(market, (event) => first.push(event)),
      publish(market, summary),
      publish(market, (event) => second.push(event)),
    ),
  )
  t.is(first.length, 7)
  t.deepEqual(second, first)
  t.is(summary.totals().accepted, 4)
})

test('publish - a file holds every event when the stream is complete', async (t) => {
  const market = new Market([SPEC])
  const file = join(folder, 'events.ndjson')
  await ended(inBatches(recordsOf(commands), 2, 3).pipe(match(market), publish(market, { ndjson: { file } })))
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  t.deepEqual(
    lines.map((line) => (JSON.parse(line) as { event: string }).event),
    ['accepted', 'accepted', 'trade', 'accepted', 'trade', 'accepted', 'rejected'],
  )
})

test('publish - a file that cannot be written is the error of the stream, and names it', async (t) => {
  const market = new Market([SPEC])
  const file = join(folder, 'nowhere', 'events.ndjson')
  const stream = inBatches(recordsOf(commands), 5).pipe(match(market), publish(market, { ndjson: { file } }))
  await t.throwsAsync(ended(stream), { message: `${file}: no such file or directory` })
})
