import test from 'ava'
import { newOrder, RECORD_WORDS, Side, type Batch } from '../../../src/book/index.ts'
import { LOTS } from '../../../src/book/record.ts'
import type { AsyncStep, Step } from '../../../src/pipeline/operator.ts'
import {
  anyRecords,
  gateway,
  ListSource,
  recordsOf,
  sequencesOf,
  stepOf,
  turns,
} from '../../support/streams.ts'
import { Collector, fileOf, prepared, registryOf, type Made } from '../fixtures/run.ts'

const LOOKS = { readsOnly: true }
const nothing: Made = { takes: 'event', make: () => stepOf(() => {}) }

function collected(collector: Collector): Made {
  return { takes: 'event', traits: LOOKS, make: () => collector }
}

test('async stages - batches go through one at a time, in order, and others go on meanwhile', async (t) => {
  const waiting: (() => void)[] = []
  let most = 0
  let underWay = 0
  const slow: AsyncStep = {
    processAsync: async (batch: Batch) => {
      most = Math.max(most, ++underWay)
      await new Promise<void>((resolve) => waiting.push(resolve))
      for (let i = 0; i < batch.count; i++) batch.words[i * RECORD_WORDS + LOTS] = 7
      underWay--
    },
  }
  const [answered, quick] = [new Collector(), new Collector()]
  const registry = registryOf({
    source: { make: () => new ListSource(anyRecords(500), [10]) },
    slow: { takes: 'event', traits: { isAsync: true }, make: () => slow },
    sink: collected(answered),
    quick: collected(quick),
  })
  const text = fileOf([
    'id: source, operator: source',
    'id: slow, operator: slow',
    'id: sink, operator: sink',
    'id: quick, operator: quick, inputs: source',
  ])
  const pipeline = await prepared(text, registry, { batchRecords: 50 })
  const over = pipeline.run()
  await turns()
  t.is(quick.all.count, 500)
  t.is(answered.all.count, 0)
  t.is(pipeline.stats().islands.find(({ id }) => id === 'slow')?.state, 'waiting')
  const state = { isOver: false }
  const ending = over.then(() => {
    state.isOver = true
  })
  while (!state.isOver) {
    waiting.shift()?.()
    await turns(1)
  }
  await ending
  t.is(most, 1)
  t.deepEqual(sequencesOf(answered.all), sequencesOf(quick.all))
  t.true(answered.lines().every((line) => line.split(',')[LOTS] === '7'))
})

test('stop - what was read is handled within its time, and what is left is told', async (t) => {
  const never: AsyncStep = { processAsync: () => new Promise(() => {}) }
  const registry = registryOf({
    source: { make: () => new ListSource(anyRecords(1_000), [10]) },
    never: { takes: 'event', traits: { isAsync: true }, make: () => never },
    sink: collected(new Collector()),
  })
  const text = fileOf([
    'id: source, operator: source',
    'id: never, operator: never, timeout: 10m',
    'id: sink, operator: sink',
  ])
  const stop = new AbortController()
  const pipeline = await prepared(text, registry, { stop: stop.signal, drainTimeoutMs: 20, batchRecords: 50 })
  const over = pipeline.run()
  await turns()
  stop.abort()
  const report = await over
  const left = report.undrained.reduce((sum, { records }) => sum + records, 0)
  t.deepEqual(
    report.undrained.map(({ where }) => where),
    ['source->never', 'never'],
  )
  t.is(left, report.commands)
})

test('stop - a run that drains in time leaves nothing', async (t) => {
  const sink = new Collector()
  const registry = registryOf({
    source: {
      make: () => ({
        pull: (batch: Batch, upTo: number) => {
          batch.count = upTo
          return true
        },
      }),
    },
    work: nothing,
    sink: collected(sink),
  })
  const text = fileOf([
    'id: source, operator: source',
    'id: work, operator: work, boundary: true',
    'id: sink, operator: sink',
  ])
  const stop = new AbortController()
  const pipeline = await prepared(text, registry, { stop: stop.signal, drainTimeoutMs: 10_000 })
  const over = pipeline.run()
  await turns(3)
  stop.abort()
  const report = await over
  t.deepEqual(report.undrained, [])
  t.true(report.commands > 0)
  t.is(sink.all.count, report.commands)
})

test('abort - every part is told to let go at once', async (t) => {
  const told: string[] = []
  const letting = (name: string): Step =>
    stepOf(() => {}, {
      abort: async () => {
        told.push(name)
      },
    })
  const registry = registryOf({
    source: { make: () => new ListSource(anyRecords(3)) },
    a: { takes: 'event', make: () => letting('a') },
    b: { takes: 'event', traits: LOOKS, make: () => letting('b') },
  })
  const pipeline = await prepared(
    fileOf(['id: s, operator: source', 'id: a, operator: a', 'id: b, operator: b']),
    registry,
  )
  await pipeline.abort()
  t.deepEqual(told, ['a', 'b'])
})

test('barrier - holds the sources until all is handled, and a state goes over to another pipeline', async (t) => {
  const counting = (): Step & { seen: number } => ({
    seen: 0,
    process() {
      this.seen++
    },
    snapshot() {
      return Uint8Array.of(this.seen)
    },
    restore([seen]: Uint8Array) {
      this.seen = seen!
    },
  })
  const [first, second] = [counting(), counting()]
  const source = new ListSource(anyRecords(100), [5])
  let closes = 0
  const pull = source.pull.bind(source)
  let isTurn = false
  Object.assign(source, {
    // Gives some at every other pull, so that the run takes many turns.
    pull: (batch: Batch, upTo: number) => {
      isTurn = !isTurn
      return isTurn ? pull(batch, upTo) : true
    },
    ready: () => turns(1),
    close: async () => {
      closes++
    },
  })
  const text = fileOf([
    'id: source, operator: source',
    'id: count, operator: count',
    'id: sink, operator: sink, boundary: true',
  ])
  const sinks = [new Collector(), new Collector()]
  const registry = (step: Step, sink: Collector) =>
    registryOf({
      source: { make: () => source },
      count: { takes: 'event', make: () => step },
      sink: collected(sink),
    })
  const old = await prepared(text, registry(first, sinks[0]!), { batchRecords: 5 })
  const over = old.run()
  await turns(5)
  const sequence = await old.barrier()
  t.true(sequence > 0 && sequence < 100, `at ${sequence}`)
  t.is(sinks[0]!.all.count, sequence, 'all up to the barrier is through')
  const next = await prepared(text, registry(second, sinks[1]!), {
    market: old.market,
    adopt: ({ id }) => (id === 'source' ? old.parts().get(id) : undefined),
  })
  next.restore(old.snapshot())
  old.release(new Set(['source']))
  await over
  t.is(closes, 0)
  await next.run()
  t.is(closes, 1)
  t.is(second.seen, 100)
  t.deepEqual(
    [...sequencesOf(sinks[0]!.all), ...sequencesOf(sinks[1]!.all)],
    Array.from({ length: 100 }, (_, i) => i + 1),
  )
})

test('tap - shows what a stage gives while it runs, as it was there, and holds nobody up', async (t) => {
  const { opened, open } = gateway()
  let isOpen = false
  const records = anyRecords(40)
  let given = 0
  const registry = registryOf({
    source: {
      make: () => ({
        pull: (batch: Batch) => {
          if (!isOpen) return true
          batch.words.set(records.words.subarray(given * 16, (given + 1) * 16), 0)
          batch.count = 1
          return ++given < 40
        },
        ready: () => opened,
      }),
    },
    raise: {
      takes: 'event',
      make: () =>
        stepOf((words, at) => {
          words[at + LOTS]!++
        }),
    },
    sink: collected(new Collector()),
  })
  const pipeline = await prepared(
    fileOf([
      'id: source, operator: source',
      'id: one, operator: raise',
      'id: two, operator: raise',
      'id: sink, operator: sink',
    ]),
    registry,
  )
  const seen: number[] = []
  const subscription = pipeline.tap('one').subscribe((batch) => {
    seen.push(batch.words[LOTS]!)
    if (seen.length === 10) subscription.unsubscribe()
  })
  const over = pipeline.run()
  await turns(2)
  isOpen = true
  open()
  await over
  t.deepEqual(
    seen,
    Array.from({ length: 10 }, () => 2),
    'behind the first stage, before the second',
  )
})

test('sources - several are read, and their records numbered as they come', async (t) => {
  const sink = new Collector()
  const registry = registryOf({
    left: { make: () => new ListSource(anyRecords(30), [7]) },
    right: { make: () => new ListSource(anyRecords(20), [3]) },
    sink: collected(sink),
  })
  const text = fileOf([
    'id: left, operator: left',
    'id: right, operator: right',
    'id: both, operator: merge, order: sequence, inputs: [left, right]',
    'id: sink, operator: sink',
  ])
  const pipeline = await prepared(text, registry, { batchRecords: 4 })
  const report = await pipeline.run()
  t.is(report.commands, 50)
  t.deepEqual(
    sequencesOf(sink.all),
    Array.from({ length: 50 }, (_, i) => i + 1),
  )
  const limited = await prepared(text, registry, { records: 12 })
  t.is((await limited.run()).commands, 12)
})

test('budgets - a breach is warned of once and stands in the report', async (t) => {
  const registry = registryOf({
    source: { make: () => new ListSource(anyRecords(2_000)) },
    work: nothing,
    sink: collected(new Collector()),
  })
  const text = fileOf(
    [
      'id: source, operator: source',
      'id: work, operator: work, budget: { p50: 1ns, p99: 10m }',
      'id: sink, operator: sink',
    ],
    ['budget: { max: 1ns }'],
  )
  const warnings: string[] = []
  const pipeline = await prepared(text, registry, {
    probeEvery: 10,
    onWarning: (message) => warnings.push(message),
  })
  const { stats } = await pipeline.run()
  t.deepEqual(
    stats.budgets.map(({ stage, quantile, limitNs, isBreached }) => [stage, quantile, limitNs, isBreached]),
    [
      ['work', 'p50', 1, true],
      ['work', 'p99', 600e9, false],
      ['whole', 'max', 1, true],
    ],
  )
  t.is(warnings.length, 2)
  t.regex(warnings[0]!, /^budget: p50 of work is .* 1 ns are allowed$/)
})

test('batches - a step alone in its run may take them whole', async (t) => {
  const spans: number[] = []
  const whole: Step = {
    process: () => t.fail('one by one'),
    processBatch: (words, from, to) => {
      spans.push(to - from)
      for (let i = from; i < to; i++) words[i * RECORD_WORDS + LOTS] = i
    },
  }
  const registry = registryOf({
    source: {
      make: () =>
        new ListSource(
          recordsOf(
            Array.from({ length: 9 }, (_, i) => newOrder({ orderId: i + 1, side: Side.buy, lots: 1 })),
          ),
        ),
    },
    whole: { takes: 'event', make: () => whole },
    sink: { ...collected(new Collector()), traits: { readsOnly: true, isIo: true } },
  })
  const text = fileOf([
    'id: source, operator: source',
    'id: whole, operator: whole',
    'id: sink, operator: sink',
  ])
  await (await prepared(text, registry, { probeEvery: 0, batchRecords: 4 })).run()
  t.deepEqual(spans, [4, 4, 1])
})
