import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunOptions } from '../../../src/pipeline/execution/run-options.ts'
import { formatProblem } from '../../../src/pipeline/problem.ts'
import type { Pipeline } from '../../../src/pipeline/runtime.ts'
import { prepareOnThreads } from '../../../src/pipeline/threads/threaded-pipeline.ts'
import { millrace } from '../../support/cli.ts'
import { definitionFor, moduleUrl } from './definition.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-threads-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const HEAD = `name: threads
instruments:
  AAPL: { tick: 0.01, lot: 1, referencePrice: 585.33 }
  MSFT: { tick: 0.01, lot: 1, referencePrice: 50 }
`

async function prepared(text: string, options: RunOptions = {}): Promise<E.Either<string[], Pipeline>> {
  const source = { module: moduleUrl, args: text }
  const made = await prepareOnThreads(await definitionFor(text), source, options)()
  return E.isLeft(made) ? E.left(made.left.problems.map(formatProblem)) : made
}

async function good(text: string, options?: RunOptions): Promise<Pipeline> {
  const made = await prepared(text, options)
  if (E.isLeft(made)) throw new Error(made.left.join('\n'))
  return made.right
}

/** The stages of an exchange, with and without threads. */
function exchange(source: string, file: string, engine: string, out: string): string {
  return `${HEAD}stages:
- { id: orders, operator: ingest, from: ${source} }
- { id: validate, operator: validate${engine} }
- { id: risk, operator: risk, limits: { maxOrderLots: 50000, collarTicks: 500 }${engine} }
- { id: match, operator: match${engine} }
- { id: sums, operator: publish, to: summary${engine} }
- { id: out, operator: publish, inputs: match, to: { ndjson: { file: ${JSON.stringify(file)} } }${out} }
`
}

const LOOKS =
  'validate looks at the order book of match: place both on the same thread, match is on the main thread'

const ENGINE = ', placement: { thread: engine }'
const WRITER = ', placement: { thread: writer }'

async function output(name: string, source: string, engine: string, out: string): Promise<string> {
  const file = join(folder, `${name}.ndjson`)
  const report = await (await good(exchange(source, file, engine, out))).run()
  const totals = report.sections.find(({ title }) => title === 'summary')!.figures['totals'] as {
    addsUp: boolean
  }
  if (!totals.addsUp) throw new Error('the counts do not add up')
  const left = report.stats.edges.filter(({ offered, read }) => offered !== read)
  if (left.length > 0) throw new Error(`left in edges: ${JSON.stringify(left)}`)
  return readFileSync(file, 'utf8')
}

const SIMULATED = '{ simulate: { seed: 7, orders: 60000 } }'

test('threads - the events are the very same as without placement, wherever the stages are', async (t) => {
  const plain = await output('plain', SIMULATED, '', '')
  t.true(plain.length > 1e6)
  t.true((await output('one', SIMULATED, ENGINE, '')) === plain)
  t.true((await output('out', SIMULATED, '', WRITER)) === plain)
  t.true((await output('two', SIMULATED, ENGINE, WRITER)) === plain)
})

test('threads - names, words on lines that cannot be read and symbols of later come to every thread', async (t) => {
  const file = join(folder, 'orders.ndjson')
  const lines = Array.from({ length: 12_000 }, (_, i) => {
    const symbol = ['AAPL', 'MSFT', `NEW${i % 50}`][i % 3]
    if (i % 100 === 7) return '{ this is not JSON'
    const side = i % 2 === 0 ? 'buy' : 'sell'
    return JSON.stringify({
      id: `order-${'long'.repeat(12)}-${i}`,
      client: `desk ${i % 70}`,
      symbol,
      side,
      price: '50.00',
      quantity: 1 + (i % 9),
    })
  })
  writeFileSync(file, `${lines.join('\n')}\n`)
  const source = `{ orders: { file: ${JSON.stringify(file)} } }`
  const withDefault = (text: string): string => `defaultInstrument: { tick: 0.01, lot: 1 }\n${text}`
  const outputOf = async (name: string, engine: string, out: string): Promise<string> => {
    const to = join(folder, `${name}.ndjson`)
    await (await good(withDefault(exchange(source, to, engine, out)))).run()
    return readFileSync(to, 'utf8')
  }
  const plain = await outputOf('named', '', '')
  t.true(plain.length > 1e6, 'more names than there is room for at a time')
  t.true(plain.includes('"desk 3"') && plain.includes('"detail"') && plain.includes('"NEW'))
  t.is(await outputOf('named-threads', ENGINE, WRITER), plain)
})

function troubled(how: string, afterRecords: number, orders: number, capacity = 4_096): string {
  return `${HEAD}stages:
- { id: orders, operator: ingest, from: { simulate: { seed: 7, orders: ${orders} } } }
- { id: match, operator: match }
- { id: trouble, operator: trouble, how: ${how}, afterRecords: ${afterRecords}, placement: { thread: far } }
edges:
- { from: match, to: trouble, capacity: ${capacity}, whenFull: block }
`
}

test('threads - a thread that takes no more holds the source back, and is named as the cause', async (t) => {
  const stop = new AbortController()
  const pipeline = await good(troubled('stall', 1, 2_000_000), { stop: stop.signal, drainTimeoutMs: 200 })
  const running = pipeline.run()
  const edge = (): { depth: number; offered: number } => pipeline.stats().edges[0] ?? { depth: 0, offered: 0 }
  let before = -1
  for (;;) {
    const { commands, rootCause } = pipeline.stats()
    if (edge().depth > 3_000 && commands === before && rootCause?.island === 'trouble') break
    before = commands
    await new Promise((resolve) => {
      setTimeout(resolve, 50)
    })
  }
  t.true(before < 20_000, `${before} commands were taken in`)
  t.true(edge().depth <= 4_096 + 2_048, 'only what a batch led to goes over the capacity')
  t.is(pipeline.stats().rootCause?.why, 'held')
  stop.abort()
  const report = await running
  t.true(report.undrained.some(({ where }) => where === 'match->trouble'))
})

test('threads - a thread that is held up for a while loses nothing', async (t) => {
  const pipeline = await good(troubled('pause', 1_000, 50_000, 64))
  const report = await pipeline.run()
  const [edge] = report.stats.edges
  t.is(report.commands, 50_000)
  t.is(edge!.offered, edge!.read)
  t.true(edge!.read > 50_000)
  t.is(edge!.depth, 0)
  t.deepEqual(
    report.stats.islands.map(({ id, thread }) => [id, thread]),
    [
      ['orders', undefined],
      ['trouble', 'far'],
    ],
  )
})

test('threads - what a policy leaves out on the way to a thread is counted, and the rest comes', async (t) => {
  for (const [policy, dropped] of [
    ['dropNewest', 'droppedNewest'],
    ['dropOldest', 'droppedOldest'],
  ]) {
    const text = troubled('pause', 200, 60_000, 512).replace(
      'whenFull: block',
      `whenFull: ${policy}, allowLoss: true`,
    )
    const report = await (await good(text)).run()
    const [edge] = report.stats.edges
    const lost = edge!.drops[dropped!]!
    t.true(lost > 1_000, `${policy}: ${JSON.stringify(edge!.drops)}`)
    t.is(edge!.read + lost, edge!.offered)
    t.is(report.sections.find(({ title }) => title === 'trouble')!.figures['count'], edge!.read)
  }
})

test('threads - streams of two threads come together by sequence', async (t) => {
  const merged = (one: string, two: string, file: string): string => `${HEAD}stages:
- { id: orders, operator: ingest, from: ${SIMULATED} }
- { id: match, operator: match }
- id: parts
  operator: switch
  branches: { trades: { when: { kind: trade } }, rest: {} }
- { id: a, operator: trouble, how: none, afterRecords: 0, inputs: parts.trades${one} }
- { id: b, operator: trouble, how: none, afterRecords: 0, inputs: parts.rest${two} }
- { id: all, operator: merge, order: sequence, inputs: [a, b] }
- { id: out, operator: publish, to: { ndjson: { file: ${JSON.stringify(file)} } } }
`
  const run = async (name: string, one: string, two: string): Promise<string> => {
    const file = join(folder, `${name}.ndjson`)
    await (await good(merged(one, two, file))).run()
    return readFileSync(file, 'utf8')
  }
  const plain = await run('merged', '', '')
  t.true(plain.includes('"trade"'))
  t.true((await run('merged-one', ', placement: { thread: a }', '')) === plain)
  t.true((await run('merged-two', ', placement: { thread: a }', ', placement: { thread: b }')) === plain)
})

test('threads - what a stage on a thread throws ends the run with its message', async (t) => {
  const pipeline = await good(troubled('throw', 500, 2_000_000))
  await t.throwsAsync(pipeline.run(), { message: /trouble has come/ })
})

test('threads - a thread that dies is told of, and the run ends', async (t) => {
  const pipeline = await good(troubled('exit', 500, 2_000_000))
  await t.throwsAsync(pipeline.run(), {
    message: 'the thread far ended in the middle of the run, with code 7',
  })
})

test('threads - a stop drains all threads', async (t) => {
  const stop = new AbortController()
  const file = join(folder, 'stopped.ndjson')
  const text = exchange('{ simulate: { seed: 7, orders: 100000000 } }', file, ENGINE, WRITER)
  const pipeline = await good(text, { stop: stop.signal })
  const running = pipeline.run()
  while (pipeline.market.sequence < 20_000) await new Promise(setImmediate)
  stop.abort()
  const report = await running
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  const last = JSON.parse(lines.at(-1)!) as { sequence: number }
  t.is(last.sequence, report.commands)
  t.deepEqual(report.undrained, [])
})

test('threads - stages that look at the book stay with it, and sources on the main thread', async (t) => {
  const out = join(folder, 'never')
  const apart = exchange(SIMULATED, out, '', '').replace('validate }', 'validate, placement: { thread: x } }')
  const made = await prepared(apart)
  t.deepEqual(E.isLeft(made) ? made.left : [], [`threads.yaml:7:50 validate.placement: ${LOOKS}`])
  const file = join(folder, 'apart.yaml')
  writeFileSync(file, apart)
  for (const command of ['validate', 'run']) {
    const { code, stderr } = await millrace([command, file])
    t.is(code, 78)
    t.is(stderr, `${file}:7:50 validate.placement: ${LOOKS}\n`)
  }
  const away = exchange(SIMULATED, out, '', '').replace(
    '60000 } } }',
    '60000 } }, placement: { thread: x } }',
  )
  const moved = await prepared(away)
  t.regex(E.isLeft(moved) ? moved.left.join('\n') : '', /a source stays on the main thread/)
})

test('threads - a stage that cannot be set up on its thread is told at its place, and no thread stays', async (t) => {
  const made = await prepared(exchange(SIMULATED, join(folder, 'no', 'such', 'folder'), ENGINE, WRITER))
  t.regex(
    E.isLeft(made) ? made.left.join('\n') : '',
    /^threads\.yaml:11:\d+ out\.to\.ndjson\.file: .*no such file or directory$/,
  )
})

test.serial('threads - while nothing comes, no thread keeps a processor busy', async (t) => {
  const stop = new AbortController()
  const file = join(folder, 'idle.ndjson')
  // There and back again: two threads that each can wake the other.
  const text = exchange(SIMULATED, file, ENGINE, '').replace(
    `operator: ingest, from: ${SIMULATED}`,
    'operator: quiet',
  )
  const pipeline = await good(text, { stop: stop.signal })
  const running = pipeline.run()
  while (pipeline.stats().islands.length < 3) await new Promise((resolve) => setTimeout(resolve, 50))
  const before = process.cpuUsage()
  const began = performance.now()
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  const { user, system } = process.cpuUsage(before)
  const waitedUs = (performance.now() - began) * 1e3
  t.true(user + system < waitedUs / 3, `${user + system} us of processor time in ${waitedUs} us`)
  stop.abort()
  await running
})
