import test from 'ava'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { Batch, MatchingEngine, newOrder, pushCommand, readEvents, Side } from '../../src/book/index.ts'
import { openEventLines } from '../../src/operators/sinks/event-lines.ts'
import { openOutput } from '../../src/operators/sinks/output.ts'
import { Gate } from '../../src/pipeline/gate.ts'
import type { Market } from '../../src/pipeline/market.ts'
import { smallMarket } from '../support/text-input.ts'
import { collect, opened, parsed, writeAll } from '../support/text-output.ts'

const directory = mkdtempSync(join(tmpdir(), 'millrace-output-'))

/** Events of one resting order after another, as many as asked for. */
function manyEvents(market: Market, count: number): Batch {
  const engine = new MatchingEngine(market.instruments)
  const batch = new Batch(1)
  for (let i = 1; i <= count; i++) {
    batch.count = 0
    const orderId = market.orders.number(`order-${i}`)
    engine.apply(
      batch.words,
      pushCommand(batch, newOrder({ orderId, side: Side.buy, lots: i, priceTicks: 1000, sequence: i })),
    )
  }
  return engine.events
}

test('file - is emptied and holds every event in order once it is closed', async (t) => {
  const file = join(directory, 'events.ndjson')
  writeFileSync(file, 'what was there before\n'.repeat(10_000))
  const market = smallMarket()
  const events = manyEvents(market, 5_000)
  const sink = await opened(market, file)
  writeAll(sink, events)
  await sink.close()
  const written = parsed(readFileSync(file, 'utf8')) as { sequence: number }[]
  t.deepEqual(
    written.map(({ sequence }) => sequence),
    readEvents(events).map(({ sequence }) => sequence),
  )
  t.is(sink.lines, 5_000)
  t.is(sink.problem, undefined)
  t.is(market.gate.wait(), undefined)
})

test('file - one that cannot be written is named', async (t) => {
  const missing = join(directory, 'nowhere', 'events.ndjson')
  t.deepEqual(await problemOf(missing), `${missing}: no such file or directory`)
  t.deepEqual(await problemOf(directory), `${directory}: illegal operation on a directory`)
})

async function problemOf(file: string): Promise<string | undefined> {
  const result = await openEventLines(smallMarket(), { file })()
  return result._tag === 'Left' ? result.left : undefined
}

test('file - a disk that is full is said, and lets the source go', async (t) => {
  if (process.platform !== 'linux') {
    t.log('not checked: /dev/full, a disk that is always full, is there on Linux only')
    t.pass()
    return
  }
  const market = smallMarket()
  const sink = await opened(market, '/dev/full')
  writeAll(sink, manyEvents(market, 20_000))
  const problem = await sink.failed
  t.deepEqual(problem, { message: '/dev/full: no space left on device', isQuiet: false })
  t.is(sink.problem, problem)
  t.is(market.gate.wait(), undefined)
  await sink.close()
})

/** A reader that takes one write at a time, when told to. */
class Slow extends Writable {
  taken = 0
  private done: (error?: Error | null) => void = () => {}

  constructor() {
    super({ highWaterMark: 1 })
  }

  override _write(_chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.taken++
    this.done = done
  }

  release(error?: Error): void {
    this.done(error)
  }
}

test('backpressure - the gate is closed while the reader is slow, and open when it has caught up', async (t) => {
  const market = smallMarket()
  const stdout = new Slow()
  const sink = await opened(market, '-', stdout)
  t.true(market.stdoutTaken)
  writeAll(sink, manyEvents(market, 10))
  writeAll(sink, manyEvents(market, 10))
  const held = market.gate.wait()
  t.not(held, undefined)
  stdout.release()
  t.is(stdout.taken, 2)
  t.not(market.gate.wait(), undefined)
  stdout.release()
  await held
  t.is(market.gate.wait(), undefined)
})

test('backpressure - a reader that goes away is no fault, and the source is let go', async (t) => {
  const market = smallMarket()
  const stdout = new Slow()
  const sink = await opened(market, '-', stdout)
  const events = manyEvents(market, 10)
  writeAll(sink, events)
  t.not(market.gate.wait(), undefined)
  stdout.release(Object.assign(new Error('EPIPE: broken pipe, write'), { code: 'EPIPE' }))
  t.deepEqual(await sink.failed, { message: 'standard output: broken pipe', isQuiet: true })
  t.is(market.gate.wait(), undefined)
  writeAll(sink, events)
  await sink.close()
  t.is(stdout.taken, 1)
})

test('output - standard output stays open when the sink closes', async (t) => {
  const stdout = new PassThrough()
  const text = collect(stdout)
  const output = await openOutput('-', new Gate(), stdout)()
  if (output._tag === 'Left') throw new Error(output.left)
  output.right.write('one\n')
  await output.right.close()
  t.is(text(), 'one\n')
  t.true(stdout.writable)
})

test('output - whatever one command causes goes out in pieces that a system takes, and in order', async (t) => {
  const market = smallMarket()
  const written: string[] = []
  const stdout = new Writable({
    decodeStrings: false,
    highWaterMark: 1,
    write: (text: string, _, done) => {
      written.push(text)
      setImmediate(done)
    },
    writev: () => t.fail('many pieces at once'),
  })
  const output = await openOutput('-', market.gate, stdout)()
  if (output._tag === 'Left') return t.fail(output.left)
  const texts = Array.from({ length: 200 }, (_, i) => `${i} `.repeat(10_000))
  for (const text of texts) output.right.write(text)
  t.not(market.gate.wait(), undefined)
  await output.right.close()
  t.is(market.gate.wait(), undefined)
  t.true(written.join('') === texts.join(''))
  t.true(Math.max(...written.map(({ length }) => length)) < 2_000_000)
  return undefined
})
