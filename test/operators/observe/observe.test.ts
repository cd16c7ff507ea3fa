import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MatchingEngine, Instruments, newOrder, pushCommand, Batch, Side } from '../../../src/book/index.ts'
import { MappedFileError, openMappedFile } from '../../../src/memory/mapped-file.ts'
import { matchOperator } from '../../../src/operators/match.ts'
import { openBookView } from '../../../src/operators/observe/book-view.ts'
import * as layout from '../../../src/operators/observe/view-layout.ts'
import { ViewReader, type BookPage } from '../../../src/operators/observe/view-reader.ts'
import { Market } from '../../../src/pipeline/market.ts'
import type { Step } from '../../../src/pipeline/operator.ts'
import { millrace, start } from '../../support/cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-observe-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const SPECS = [
  { symbol: 'AAPL', tick: '0.01', lot: '1', referencePrice: '585.33' },
  { symbol: 'BTC', tick: '0.5', lot: '0.001' },
]

function engineWith(): MatchingEngine {
  return new MatchingEngine(new Instruments(SPECS))
}

let orders = 0
/** Enters limit orders and gives the events. */
function enter(
  engine: MatchingEngine,
  ...given: readonly (readonly [number, number, number, number])[]
): Batch {
  const batch = new Batch()
  for (const [instrument, side, priceTicks, lots] of given)
    pushCommand(batch, newOrder({ orderId: ++orders, instrument, client: 1, side, priceTicks, lots }))
  engine.events.count = 0
  for (let i = 0; i < batch.count; i++) engine.apply(batch.words, i * 16)
  return engine.events
}

/** What is wrong with a page in itself. */
function pageFault(
  { bids, offers, state, symbol }: BookPage,
  sums: { lots: number; orders: number },
): string | undefined {
  const all = [...bids, ...offers]
  const lots = all.reduce((sum, level) => sum + level.lots, 0)
  const orders = all.reduce((sum, level) => sum + level.orders, 0)
  if (lots !== sums.lots || orders !== sums.orders) return `levels come to ${lots} lots in ${orders} orders`
  if (bids.some((level, i) => i > 0 && level.priceTicks >= bids[i - 1]!.priceTicks))
    return 'bids out of order'
  if (offers.some((level, i) => i > 0 && level.priceTicks <= offers[i - 1]!.priceTicks))
    return 'offers out of order'
  if (bids.length > 0 && offers.length > 0 && bids[0]!.priceTicks >= offers[0]!.priceTicks) return 'crossed'
  if (all.some((level) => level.orders < 1 || level.lots < level.orders)) return 'a level without lots'
  return state === 3 && symbol === 'AAPL' ? undefined : 'another instrument'
}

test('view - it shows the best levels, the last trade and the sequence, and only what changed is written', async (t) => {
  const path = join(folder, 'plain')
  const engine = engineWith()
  const view = await openBookView(path, 2, engine.instruments)
  view.update(engine, new Int32Array(0), 0)
  const reader = new ViewReader(path)
  t.is(reader.instruments, 2)
  t.deepEqual(reader.page(1), {
    symbol: 'BTC',
    tick: '0.5',
    lot: '0.001',
    state: 3,
    lastTicks: 0,
    lastLots: 0,
    sequence: 0,
    bids: [],
    offers: [],
  })
  const events = enter(
    engine,
    [0, Side.buy, 100, 5],
    [0, Side.buy, 100, 7],
    [0, Side.buy, 99, 1],
    [0, Side.buy, 98, 1],
    [0, Side.sell, 103, 4],
    [0, Side.sell, 100, 2],
  )
  const before = [reader.version(0), reader.version(1)]
  view.update(engine, events.words, events.count)
  const page = reader.page(0)!
  t.deepEqual(page.bids, [
    { priceTicks: 100, lots: 10, orders: 2 },
    { priceTicks: 99, lots: 1, orders: 1 },
  ])
  t.deepEqual(page.offers, [{ priceTicks: 103, lots: 4, orders: 1 }])
  t.is(page.lastTicks, 100)
  t.is(page.lastLots, 2)
  t.deepEqual([reader.version(0), reader.version(1)], [before[0]! + 2, before[1]!])
  t.is(reader.writer.state, 'alive')
  t.is(reader.writer.pid, process.pid)
  view.close()
  t.is(reader.writer.state, 'absent')
  t.deepEqual(reader.page(0), page, 'what was shown last stays')
  reader.close()
})

test('view - what an engine takes up before the first batch is shown with it', async (t) => {
  const market = new Market(SPECS)
  const file = join(folder, 'restored')
  const created = await matchOperator.create({ observe: { file } }, { id: 'match', market })()
  if (E.isLeft(created)) throw new Error(created.left.message)
  const step = created.right as Step
  const batch = new Batch()
  pushCommand(
    batch,
    newOrder({ orderId: 1, instrument: 1, client: 1, side: Side.buy, priceTicks: 7, lots: 3 }),
  )
  market.engine!.apply(batch.words, 0)
  step.output!.count = 0 // as if it had come from a snapshot: no event tells of it
  step.flush!()
  const reader = new ViewReader(file)
  t.deepEqual(reader.page(1)!.bids, [{ priceTicks: 7, lots: 3, orders: 1 }])
  await step.close!()
  reader.close()
})

test('view - a page that is being written, or is torn, is not given', async (t) => {
  const path = join(folder, 'torn')
  const engine = engineWith()
  const view = await openBookView(path, 2, engine.instruments)
  view.update(engine, new Int32Array(0), 0)
  const reader = new ViewReader(path)
  const file = openMappedFile(path)
  const words = new Int32Array(file.buffer)
  const page = layout.HEADER_WORDS
  t.truthy(reader.page(0))
  words[page + layout.PAGE_VERSION]! += 1
  t.is(reader.page(0), undefined)
  words[page + layout.PAGE_VERSION]! += 1
  t.truthy(reader.page(0))
  words[page + layout.LAST_TICKS]! += 1
  t.is(reader.page(0), undefined, 'one word of it is from another time')
  view.close()
  reader.close()
  file.close()
})

test('view - the next writer takes it up, and who looks on sees what that one shows', async (t) => {
  const path = join(folder, 'again')
  const before = engineWith()
  const first = await openBookView(path, 2, before.instruments)
  first.update(before, new Int32Array(0), 0)
  await t.throwsAsync(() => openBookView(path, 2, engineWith().instruments), {
    instanceOf: MappedFileError,
    message: /EBUSY/,
  })
  await t.throwsAsync(() => openBookView(path, 3, engineWith().instruments), {
    instanceOf: MappedFileError,
    message: /EBUSY/,
  })
  const reader = new ViewReader(path)
  first.close()
  const engine = new MatchingEngine(new Instruments([{ symbol: 'MSFT', tick: '0.1', lot: '1' }]))
  const second = await openBookView(path, 2, engine.instruments)
  second.update(engine, new Int32Array(0), 0)
  t.is(reader.instruments, 1)
  t.is(reader.page(0)!.symbol, 'MSFT')
  second.close()
  const third = await openBookView(path, 5, engine.instruments)
  third.update(engine, new Int32Array(0), 0)
  const other = new ViewReader(path)
  t.is(other.page(0)!.symbol, 'MSFT')
  third.close()
  reader.close()
  other.close()
})

test('view - what is no view is neither read nor written over', async (t) => {
  const text = join(folder, 'text')
  writeFileSync(text, 'orders\n')
  t.throws(() => new ViewReader(text), {
    instanceOf: MappedFileError,
    message: /is not a view of order books/,
  })
  await t.throwsAsync(() => openBookView(text, 2, engineWith().instruments), {
    instanceOf: MappedFileError,
    message: /is there and is not a view of order books/,
  })
  t.throws(() => new ViewReader(join(folder, 'missing')), { message: /no such file or directory \(ENOENT\)/ })
})

function pipeline(
  name: string,
  orderCount: number,
  levels = 20,
  rate?: number,
): { file: string; view: string } {
  const [file, view] = [join(folder, `${name}.json`), join(folder, `${name}.view`)]
  const stages = [
    { id: 'orders', operator: 'ingest', from: { simulate: { seed: 3, orders: orderCount, rate } } },
    { id: 'match', operator: 'match', observe: { file: view, levels } },
    { id: 'report', operator: 'publish', to: 'summary' },
  ]
  const instruments = { AAPL: { tick: 0.01, lot: 1, referencePrice: 585.33 } }
  writeFileSync(file, JSON.stringify({ name, instruments, stages }))
  return { file, view }
}

/** Waits for a view with an instrument in it. */
async function firstReader(view: string): Promise<ViewReader> {
  for (;;) {
    try {
      const reader = new ViewReader(view)
      if (reader.instruments > 0) return reader
      reader.close()
    } catch (error) {
      if ((error as MappedFileError).code !== 'ENOENT') throw error
    }
    await new Promise(setImmediate)
  }
}

test.serial(
  'view - every page that is read under load is whole in itself, and none is older than the one before',
  async (t) => {
    const { file, view } = pipeline('load', 400_000)
    const running = start(['run', file, '--format', 'json'])
    const reader = await firstReader(view)
    let [pages, sequence] = [0, -1]
    while (running.child.exitCode === null) {
      for (let i = 0; i < 50; i++) {
        const page = reader.page(0)
        if (page === undefined) continue
        const fault = pageFault(page, reader.sums())
        if (fault !== undefined) t.fail(fault)
        if (page.sequence < sequence) t.fail(`sequence ${page.sequence} after ${sequence}`)
        if (page.sequence > sequence) pages++
        sequence = page.sequence
      }
      await new Promise(setImmediate)
    }
    t.is((await running.ended).code, 0)
    t.log(`${pages} different pages, ${reader.retries} read again`)
    t.true(pages > 20)
    reader.close()
  },
)

test.serial('book - it shows the very levels that the run reports at its end', async (t) => {
  const { file, view } = pipeline('shown', 20_000)
  const run = await millrace(['run', file, '--format', 'json'])
  t.is(run.code, 0, run.stderr)
  const { summary } = JSON.parse(run.stdout) as {
    summary: { instruments: { symbol: string; last: string; bids: unknown[]; offers: unknown[] }[] }
  }
  const json = await millrace(['book', '--attach', view, '--format', 'json'])
  t.is(json.code, 0, json.stderr)
  const { instruments, writer } = JSON.parse(json.stdout) as {
    instruments: { symbol: string; last: string; bids: unknown[]; offers: unknown[] }[]
    writer: { state: string }
  }
  const [reported, shown] = [summary.instruments[0]!, instruments[0]!]
  t.is(writer.state, 'absent')
  t.is(shown.last, reported.last)
  t.deepEqual(shown.bids.slice(0, 5), reported.bids)
  t.deepEqual(shown.offers.slice(0, 5), reported.offers)
  const text = await millrace(['book', '--attach', view, '--symbol', 'AAPL'])
  t.regex(
    text.stdout,
    /^the process that wrote this has ended\n\nAAPL {2}continuous {2}last 585\.\d\d x \d+ {2}sequence/,
  )
  const none = await millrace(['book', '--attach', view, '--symbol', 'MSFT'])
  t.is(none.code, 65)
  t.regex(none.stderr, /no instrument "MSFT" among the 1 that are shown/)
  const missing = await millrace(['book', '--attach', join(folder, 'none')])
  t.is(missing.code, 66)
})

test.serial('book - the workers of a partition show their instruments in one view', async (t) => {
  const [file, view] = [join(folder, 'workers.json'), join(folder, 'workers.view')]
  const terms = { tick: 0.01, lot: 1, referencePrice: 50 }
  const stages = [
    { id: 'orders', operator: 'ingest', from: { simulate: { seed: 3, orders: 20_000 } } },
    { id: 'match', operator: 'match', observe: { file: view }, partition: { workers: 2 } },
    { id: 'report', operator: 'publish', to: 'summary' },
  ]
  writeFileSync(
    file,
    JSON.stringify({ name: 'workers', instruments: { A: terms, B: terms, C: terms }, stages }),
  )
  const run = await millrace(['run', file, '--format', 'json'])
  t.is(run.code, 0, run.stderr)
  const { summary } = JSON.parse(run.stdout) as { summary: { instruments: Shown[] } }
  const json = await millrace(['book', '--attach', view, '--format', 'json'])
  const { instruments } = JSON.parse(json.stdout) as { instruments: Shown[] }
  t.is(instruments.length, 3)
  for (const [index, { symbol, last, bids, offers }] of instruments.entries()) {
    const reported = summary.instruments[index]!
    t.true(bids.length > 5)
    t.deepEqual(
      { symbol, last, bids: bids.slice(0, 5), offers: offers.slice(0, 5) },
      {
        symbol: reported.symbol,
        last: reported.last,
        bids: reported.bids,
        offers: reported.offers,
      },
    )
  }
})

interface Shown {
  readonly symbol: string
  readonly last: string
  readonly bids: readonly unknown[]
  readonly offers: readonly unknown[]
}

test.serial('book - with --watch it goes on while the view changes, and ends when told', async (t) => {
  // At a pace, so that it is still at it when the other process looks.
  const { file, view } = pipeline('watched', 100_000_000, 20, 20_000)
  const run = start(['run', file, '--quiet'])
  ;(await firstReader(view)).close()
  const watching = start(['book', '--attach', view, '--watch', '--interval', '5'])
  await watching.until(({ stdout }) => (stdout.match(/^AAPL/gm) ?? []).length >= 3)
  run.child.kill('SIGINT')
  await run.ended
  await watching.until(({ stdout }) => stdout.includes('the process that wrote this has ended'))
  watching.child.kill('SIGINT')
  t.is((await watching.ended).code, 0)
})
