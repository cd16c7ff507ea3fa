import { join } from 'node:path'
import test from 'ava'
import { firstValueFrom, lastValueFrom, toArray, map } from 'rxjs'
import {
  Batch,
  EventKind,
  newOrder,
  pushCommand,
  RECORD_WORDS,
  readEvents,
  Side,
} from '../../src/book/index.ts'
import { Journal } from '../../src/journal/journal.ts'
import { openWritten } from '../../src/journal/segment-file.ts'
import { JournaledMatch } from '../../src/operators/journaled-match.ts'
import { match, Market, observeSource, validate, type Source } from '../../src/operators/index.ts'
import { Island } from '../../src/pipeline/island.ts'
import { plainHost, stateOf, tempDir } from '../support/journal.ts'

const AAPL = { symbol: 'AAPL', tick: '0.01', lot: '1' }

/** Gives so many new orders, a few at a time, and counts what has been asked of it. */
class Orders implements Source {
  given = 0
  private readonly total: number
  private readonly atOnce: number
  private readonly firstId: number

  constructor(total: number, atOnce: number, firstId = 1) {
    this.total = total
    this.atOnce = atOnce
    this.firstId = firstId
  }

  pull(batch: Batch, upTo: number): boolean {
    for (let i = 0; i < this.atOnce && batch.count < upTo && this.given < this.total; i++) {
      const orderId = this.firstId + this.given++
      const side = orderId % 2 === 0 ? Side.buy : Side.sell
      pushCommand(batch, newOrder({ orderId, client: 1, instrument: 0, side, priceTicks: 100, lots: 1 }))
    }
    return this.given < this.total
  }
}

test('match - with a journal in a program: what was matched is there the next time', async (t) => {
  const journal = { dir: join(tempDir(t), 'journal') }
  const run = async (orders: number, firstId: number): Promise<{ market: Market; kinds: number[] }> => {
    const market = new Market([AAPL])
    const source = new Orders(orders, 10, firstId)
    const events = observeSource(source, market).pipe(
      validate(market),
      match(market, { journal }),
      map((batch) => readEvents(batch).map(({ kind }) => kind)),
      toArray(),
    )
    return { market, kinds: (await firstValueFrom(events)).flat() }
  }
  const first = await run(25, 1)
  t.is(first.kinds.filter((kind) => kind === EventKind.trade).length, 12)
  const second = await run(26, 26)
  t.is(second.market.sequence, 51)
  t.is(second.market.recovered.sequence, 25)
  t.is(second.market.recovered.orders, 1)
  t.is(second.market.engine!.trades, 25, 'the order that was left trades')
})

test('match - a journal that cannot be opened is the error of the stream', async (t) => {
  const dir = join(tempDir(t), 'journal')
  const held = Journal.open({ dir }, plainHost())
  const market = new Market([AAPL])
  const events = observeSource(new Orders(1, 1), market).pipe(match(market, { journal: { dir } }))
  await t.throwsAsync(lastValueFrom(events), { message: /is writing to this journal/ })
  await held.close()
})

test('match - a slow disk holds the source back: it is never asked for more than the batch at work', async (t) => {
  const dir = join(tempDir(t), 'journal')
  const market = new Market([AAPL])
  const source = new Orders(600, 20)
  const ahead: number[] = []
  const wait = new Int32Array(new SharedArrayBuffer(4))
  const journal = Journal.open(
    { dir, durability: 'disk' },
    plainHost({
      instruments: market.instruments,
      openSegment: (path) => {
        const file = openWritten(path)
        return {
          path,
          write: (bytes, at) => file.write(bytes, at),
          close: (bytes) => file.close(bytes),
          sync: () => {
            Atomics.wait(wait, 0, 0, 2)
            ahead.push(source.given - journal.sequence)
          },
        }
      },
    }),
  )
  market.engine = journal.engine
  const step = new JournaledMatch(market, journal)
  await lastValueFrom(new Island(observeSource(source, market), [() => step]))
  t.is(ahead.length, 31, 'each batch, and the end')
  t.deepEqual([...new Set(ahead.slice(0, 30))], [20])
  t.is(stateOf(dir).sequence, 600)
})

test('match - with a time between syncs what comes meanwhile goes into one', async (t) => {
  const dir = join(tempDir(t), 'journal')
  const market = new Market([AAPL])
  let holds = 0
  const { gate } = market
  const close = gate.close.bind(gate)
  gate.close = () => {
    holds++
    close()
  }
  const events = observeSource(new Orders(50, 10), market).pipe(
    match(market, { journal: { dir, durability: 'disk', syncEveryMs: 1 } }),
  )
  await lastValueFrom(events)
  t.is(holds, 5, 'the source was held after each batch that was not full')
  t.is(gate.wait(), undefined, 'and is no longer')
})

test('match - when nothing can be written any more no event leaves, and the stream says why', async (t) => {
  const dir = join(tempDir(t), 'journal')
  const market = new Market([AAPL])
  let writes = 0
  const journal = Journal.open(
    { dir },
    plainHost({
      instruments: market.instruments,
      openSegment: (path) => {
        const file = openWritten(path)
        return {
          path,
          write: (bytes, at) => {
            if (++writes > 4) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
            file.write(bytes, at)
          },
          close: (bytes) => file.close(bytes),
          sync: () => file.sync(),
        }
      },
    }),
  )
  market.engine = journal.engine
  const step = new JournaledMatch(market, journal)
  let left = 0
  const stream = new Island(observeSource(new Orders(200, 20), market), [() => step])
  await t.throwsAsync(
    new Promise<void>((complete, error) => {
      stream.subscribe({
        next: ({ words, count }) => {
          left = count === 0 ? left : words[(count - 1) * RECORD_WORDS + 4]!
        },
        complete,
        error,
      })
    }),
    { message: /nothing more can be written: no space is left on the device/ },
  )
  t.is(left, 60, 'the tables and three batches were written')
  t.is(stateOf(dir).sequence, 60)
})
