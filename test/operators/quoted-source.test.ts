import { basename, dirname, join } from 'node:path'
import { writeFileSync } from 'node:fs'
import test from 'ava'
import { Batch, MatchingEngine, RECORD_WORDS, Side } from '../../src/book/index.ts'
import { bookBeside, openQuoted } from '../../src/operators/lobster/quoted-source.ts'
import { Market } from '../../src/pipeline/market.ts'
import { dataFile, readDataLines } from '../support/data.ts'
import { messageFile, opened } from '../support/lobster.ts'

/** Plays a day into an engine and says what its best levels are whenever they have changed. */
async function states(
  messages: string,
  book: string,
  levels: number,
): Promise<{ seen: string[]; counts: Record<string, number>; rejected: number }> {
  const market = new Market()
  const source = await opened(openQuoted(market, { messages, book }))
  const engine = new MatchingEngine(market.instruments)
  const batch = new Batch(64)
  const seen: string[] = []
  let rejected = 0
  for (let more = true; more;) {
    batch.count = 0
    more = source.pull(batch, 64)
    for (let at = 0; at < batch.count * RECORD_WORDS; at += RECORD_WORDS) {
      engine.events.count = 0
      engine.apply(batch.words, at)
      if ((engine.events.words[0]! & 0xff) === 2) rejected++
      const side = (of: number): string =>
        engine
          .depth(source.instrument, of, levels)
          .map(({ priceTicks, lots }) => `${priceTicks}x${lots}`)
          .join(' ')
      const now = `${side(Side.buy)} | ${side(Side.sell)}`
      if (now !== seen.at(-1)) seen.push(now)
    }
    if (more && batch.count === 0) await source.ready()
  }
  await source.close()
  return { seen, counts: { ...source.counts }, rejected }
}

async function day(
  messages: readonly string[],
  rows: readonly string[],
): Promise<{ messages: string; book: string }> {
  const path = await messageFile(...messages)
  const book = join(dirname(path), basename(path).replace('message', 'orderbook'))
  writeFileSync(book, rows.map((row) => `${row}\n`).join(''))
  return { messages: path, book }
}

test('quoted day - the book is the published one: orders, trades, cancels, and levels that come into view and leave', async (t) => {
  const files = await day(
    [
      '1,1,1,10,100,1',
      '2,1,2,5,101,1',
      '3,4,9,3,110,-1',
      '4,3,2,5,101,1',
      '5,2,1,4,100,1',
      '6,5,0,3,105,1',
      '7,4,9,7,110,-1',
    ],
    [
      '110,10,100,10',
      '110,10,101,5',
      '110,7,101,5',
      '110,7,100,10',
      '110,7,100,6',
      '110,7,100,6',
      '115,4,100,6',
    ],
  )
  const { seen, counts, rejected } = await states(files.messages, files.book, 1)
  const bests = seen.map((each) => each.replaceAll(/ \| | /g, ' ')).slice(1)
  t.deepEqual(bests, [
    '100x10 110x10',
    '101x5 110x10',
    '101x5 110x7',
    '100x10 110x7',
    '100x6 110x7',
    '100x6 115x4',
  ])
  t.is(rejected, 0)
  t.like(counts, { rows: 7, commands: 5, quiet: 1, malformed: 0, adopted: 2, trimmed: 1, corrections: 0 })
})

test('quoted day - a row that cannot be read leaves the book what is published', async (t) => {
  const files = await day(
    ['1,1,1,10,100,1', 'rubbish', '3,1,3,2,100,1'],
    ['110,10,100,10', '110,10,100,15', '110,10,100,17'],
  )
  const { seen, counts } = await states(files.messages, files.book, 1)
  t.is(seen.at(-1), '100x17 | 110x10')
  t.like(counts, { malformed: 1, corrections: 1 })
})

test('quoted day - the book beside a message file is found by its name', async (t) => {
  const { messages, book } = await day(['1,1,1,10,100,1'], ['110,10,100,10'])
  t.is(await bookBeside(messages), book)
  t.is(await bookBeside(`${messages}.gz`), undefined)
})

test('quoted truth - AMZN, 5 levels: every level of every row, and no command is refused', async (t) => {
  const messages = dataFile(t, 'lobster/AMZN_L5_first1000_message.csv.gz')
  const book = dataFile(t, 'lobster/AMZN_L5_first1000_orderbook.csv.gz')
  if (messages === undefined || book === undefined) return
  const published = readDataLines(book).map((line) => {
    const row = line.split(',').map(Number)
    const side = (first: number): string =>
      [0, 1, 2, 3, 4].map((level) => `${row[level * 4 + first]}x${row[level * 4 + first + 1]}`).join(' ')
    return `${side(2)} | ${side(0)}`
  })
  const { seen, rejected } = await states(messages, book, 5)
  t.is(rejected, 0)
  // Between rows a level may come into view or leave; every published row must be seen, in order.
  let at = 0
  for (const [row, wanted] of published.entries()) {
    const found = seen.indexOf(wanted, at)
    t.true(found >= at, `row ${row}`)
    if (found < 0) break
    at = found
  }
})
