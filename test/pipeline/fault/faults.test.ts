import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { newOrder, readEvents, Side, type Batch, type Command } from '../../../src/book/index.ts'
import { EventKind, ORDER_ID } from '../../../src/book/record.ts'
import { rejectName } from '../../../src/book/reject-code.ts'
import { registry as operators } from '../../../src/operators/registry.ts'
import { Summary } from '../../../src/operators/index.ts'
import { DeadLetterSource } from '../../../src/pipeline/fault/dead-letter-source.ts'
import { readDeadLetters } from '../../../src/pipeline/fault/dead-letters.ts'
import { Market } from '../../../src/pipeline/market.ts'
import type { AsyncStep, Registry, Step } from '../../../src/pipeline/operator.ts'
import type { RunOptions } from '../../../src/pipeline/runtime.ts'
import { ListSource, recordsOf, stepOf } from '../../support/streams.ts'
import { Collector, fileOf, prepared, registryOf, type Made } from '../fixtures/run.ts'

const ORDERS: Command[] = Array.from({ length: 20 }, (_, i) =>
  newOrder({ orderId: i + 1, side: Side.buy, lots: 1, priceTicks: 100 }),
)

/** Throws at some orders. */
const throwingAt = (...ids: number[]): Step =>
  stepOf((words, at) => {
    if (ids.includes(words[at + ORDER_ID]!)) throw new Error(`cannot bear ${words[at + ORDER_ID]}`)
  })

const INSTRUMENTS = 'instruments: { A: { tick: 1, lot: 1 } }'

/** Orders through a stage that may fail, and the engine. */
async function run(frail: Made, settings: string, options: RunOptions = {}, rest: readonly string[] = []) {
  const events = new Collector()
  let summary: Summary | undefined
  const own = registryOf({
    source: { gives: 'command', make: () => new ListSource(recordsOf(ORDERS)) },
    frail: { takes: 'command', gives: 'command', ...frail },
    sink: { takes: 'event', traits: { readsOnly: true }, make: () => events },
    summary: {
      takes: 'event',
      traits: { readsOnly: true },
      make: ({ market }) => (summary = new Summary(market)),
    },
  })
  const registry: Registry = new Map([...operators, ...own])
  const stages = [
    'id: source, operator: source',
    `id: frail, operator: frail${settings}`,
    'id: match, operator: match',
    'id: sink, operator: sink',
    'id: sum, operator: summary, inputs: match',
  ]
  const pipeline = await prepared(fileOf(stages, [INSTRUMENTS, ...rest]), registry, options)
  const report = await pipeline.run()
  const outcomes = readEvents(events.all).map((event) =>
    event.kind === EventKind.rejected ? `${event.orderId} ${rejectName(event.code)}` : `${event.orderId}`,
  )
  return { report, outcomes, totals: summary!.totals() }
}

const allBut = (...ids: number[]): string[] =>
  ORDERS.map(({ orderId }) => String(orderId)).filter((id) => !ids.includes(Number(id)))

for (const backend of ['fused', 'reference'] as const) {
  test(`faults - a record that a stage throws at goes no further, and the counts add up (${backend})`, async (t) => {
    const frail = { make: () => throwingAt(3, 7) }
    const { report, outcomes, totals } = await run(frail, ', onError: bypass', { backend })
    t.deepEqual(outcomes, allBut(3, 7))
    t.is(report.stats.deadLettered, 2)
    t.is(totals.deadLettered, 2)
    t.true(totals.addsUp)
    const [stage] = report.stats.stages.filter(({ id }) => id === 'frail')
    t.deepEqual([stage!.failures, stage!.deadLettered, stage!.breaker], [2, 2, 'closed'])
  })

  test(`faults - an open breaker lets records pass the stage by, until it has recovered (${backend})`, async (t) => {
    let seen = 0
    let nowMs = 0
    const frail = {
      make: () =>
        stepOf((words: Int32Array, at: number) => {
          seen++
          if (words[at + ORDER_ID]! <= 2) throw new Error('not yet')
        }),
    }
    const settings = ', onError: bypass, breaker: { failures: 2, recovery: 5ms }'
    const { outcomes, report } = await run(frail, settings, { backend, now: () => nowMs++ })
    t.deepEqual(outcomes, allBut(1, 2))
    const stage = report.stats.stages.find(({ id }) => id === 'frail')!
    t.is(stage.bypassed, 4)
    t.is(stage.breaker, 'closed')
    t.is(seen, 16)
  })

  test(`faults - an open breaker refuses records, and that is told (${backend})`, async (t) => {
    const frail = { make: () => throwingAt(1, 2) }
    const settings = ', onError: reject, breaker: { failures: 2, recovery: 1m }'
    const { outcomes, totals } = await run(frail, settings, { backend, now: () => 0 })
    t.deepEqual(
      outcomes,
      allBut(1, 2).map((id) => `${id} STAGE_FAILED`),
    )
    t.true(totals.addsUp)
    t.is(totals.rejected, 18)
  })

  test(`faults - stop ends the run when the breaker opens; without a word the first failure does (${backend})`, async (t) => {
    const frail = { make: () => throwingAt(4, 5) }
    const settings = ', onError: stop, breaker: { failures: 2, recovery: 1m }'
    await t.throwsAsync(run(frail, settings, { backend }), { message: 'frail: cannot bear 5' })
    await t.throwsAsync(run(frail, '', { backend }), { message: 'cannot bear 4' })
  })

  test(`faults - a stage that waits too long fails with its batch, and its answer is not waited for (${backend})`, async (t) => {
    const signals: AbortSignal[] = []
    const slow: AsyncStep = {
      processAsync: (_: Batch, signal) => {
        signals.push(signal)
        return new Promise(() => {})
      },
    }
    const frail = { traits: { isAsync: true }, make: () => slow }
    const settings = ', timeout: 5ms, onError: reject, breaker: { failures: 2, recovery: 1m }'
    const { outcomes, report, totals } = await run(frail, settings, {
      backend,
      batchRecords: 5,
      now: () => 0,
    })
    const { deadLettered } = report.stats
    t.is(signals.length, 2)
    t.true(signals.every(({ aborted }) => aborted))
    t.true(deadLettered >= 2)
    t.is(outcomes.length, 20 - deadLettered)
    t.true(outcomes.every((outcome) => outcome.endsWith('STAGE_FAILED')))
    t.true(totals.addsUp)
  })
}

test('faults - one that looks on and throws keeps no record from the others', async (t) => {
  const others = new Collector()
  const registry = registryOf({
    source: { make: () => new ListSource(recordsOf(ORDERS)) },
    frail: { takes: 'event', traits: { readsOnly: true }, make: () => throwingAt(3) },
    behind: { takes: 'event', traits: { readsOnly: true }, make: () => new Collector() },
    sink: { takes: 'event', traits: { readsOnly: true }, make: () => others },
  })
  const stages = [
    'id: source, operator: source',
    'id: frail, operator: frail, onError: bypass',
    'id: sink, operator: sink, inputs: source',
  ]
  await (await prepared(fileOf(stages), registry)).run()
  t.is(others.all.count, 20)
})

test('faults - an engine that throws takes back what it made of the record', async (t) => {
  const events = new Collector()
  const output = recordsOf(ORDERS.slice(0, 1))
  const registry = registryOf({
    source: { make: () => new ListSource(recordsOf(ORDERS.slice(0, 3))) },
    frail: {
      takes: 'event',
      make: () =>
        stepOf(
          (words, at) => {
            if (output.count === output.capacity) output.grow()
            output.words.set(words.subarray(at, at + 16), output.count++ * 16)
            if (words[at + ORDER_ID] === 2) throw new Error('half-way')
          },
          { output },
        ),
    },
    sink: { takes: 'event', traits: { readsOnly: true }, make: () => events },
  })
  const stages = [
    'id: source, operator: source',
    'id: frail, operator: frail, onError: stop',
    'id: sink, operator: sink',
  ]
  await (await prepared(fileOf(stages), registry)).run()
  t.is(events.all.count, 2)
})

test('dead letters - are on disk with stage and cause, and can be sent again', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-dead-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  const rest = [`deadLetters: { dir: ${join(dir, 'letters')} }`]
  await run({ make: () => throwingAt(3, 7) }, ', onError: bypass', {}, rest)
  const [read, ...others] = readDeadLetters(join(dir, 'letters'))
  t.deepEqual(others, [])
  t.is(read!.torn, 0)
  t.deepEqual(
    read!.letters.map(({ stage, cause, kind, sequence, symbol, order }) => [
      stage,
      cause,
      kind,
      sequence,
      symbol,
      order,
    ]),
    [
      ['frail', 'cannot bear 3', 'command', 3, 'A', '3'],
      ['frail', 'cannot bear 7', 'command', 7, 'A', '7'],
    ],
  )
  t.is(read!.records.words[ORDER_ID], 3)
  // In another market the symbol has another number.
  const market = new Market(['Z', 'A'].map((symbol) => ({ symbol, tick: '1', lot: '1' })))
  const source = new DeadLetterSource(market, [read!])
  const events = new Collector()
  const registry = new Map([
    ...operators,
    ...registryOf({ sink: { takes: 'event', traits: { readsOnly: true }, make: () => events } }),
  ])
  const text = fileOf(
    [
      'id: orders, operator: ingest, from: { simulate: {} }',
      'id: match, operator: match',
      'id: sink, operator: sink',
    ],
    ['instruments: { Z: { tick: 1, lot: 1 }, A: { tick: 1, lot: 1 } }'],
  )
  const adopt: RunOptions['adopt'] = ({ operator }) => (operator.name === 'ingest' ? source : undefined)
  await (await prepared(text, registry, { market, adopt })).run()
  t.deepEqual(
    readEvents(events.all).map(({ kind, orderId, instrument }) => [kind, orderId, instrument]),
    [
      [EventKind.accepted, 3, 1],
      [EventKind.accepted, 7, 1],
    ],
  )
})

test('dead letters - a run that was killed while it wrote leaves the whole ones readable', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-dead-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  await run({ make: () => throwingAt(3, 7) }, ', onError: bypass', {}, [`deadLetters: { dir: ${dir} }`])
  const files = readdirSync(dir)
  appendFileSync(
    join(
      dir,
      files.find((name) => name.endsWith('.records'))!,
    ),
    Buffer.alloc(64),
  )
  appendFileSync(
    join(
      dir,
      files.find((name) => name.endsWith('.ndjson'))!,
    ),
    '{"stage":"fra',
  )
  const [read] = readDeadLetters(dir)
  t.is(read!.letters.length, 2)
  t.is(read!.torn, 2)
  t.throws(() => readDeadLetters(join(dir, files[0]!, '..', 'none')))
})
