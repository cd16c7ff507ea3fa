import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import test from 'ava'
import { Batch, type InstrumentSpec } from '../../src/book/index.ts'
import { options } from '../../src/pipeline/codec.ts'
import { decodeDefinition } from '../../src/pipeline/definition.ts'
import type { AnyOperator, Source, Step, StepFailure } from '../../src/pipeline/operator.ts'
import { formatProblem } from '../../src/pipeline/problem.ts'
import { preparePipeline, type Pipeline, type RunOptions } from '../../src/pipeline/runtime.ts'
import { registry as operators } from '../../src/operators/registry.ts'
import { anyRecords, gateway, ListSource, stepOf } from '../support/streams.ts'

type Made = Source | Step | { readonly path: readonly string[]; readonly message: string }

/** A pipeline of parts: `source`, and then `a`, `b` and so on, each an operator that gives the part of its name. */
async function prepare(
  parts: Readonly<Record<string, () => Made>>,
  settings: RunOptions = {},
  text?: string,
) {
  const registry = new Map(
    Object.entries(parts).map(([name, make]): [string, AnyOperator] => [
      name,
      {
        name,
        options: options({}),
        consumes: name === 'source' ? undefined : 'event',
        produces: 'event',
        create: () => async () => {
          const made = make()
          return 'message' in made ? E.left(made) : E.right(made)
        },
      },
    ]),
  )
  const stages = Object.keys(parts).map((name) => `- { id: the-${name}, operator: ${name} }`)
  const definition = decodeDefinition(
    'f.yaml',
    text ?? ['name: parts', 'stages:', ...stages].join('\n'),
    registry,
  )
  if (E.isLeft(definition)) throw new Error(definition.left.problems.map(formatProblem).join('\n'))
  return preparePipeline(definition.right, settings)()
}

async function prepared(...all: Parameters<typeof prepare>): Promise<Pipeline> {
  const pipeline = await prepare(...all)
  if (E.isLeft(pipeline)) throw new Error(pipeline.left.problems.map(formatProblem).join('\n'))
  return pipeline.right
}

const idle = (): Step => stepOf(() => {})

function reporting(title: string): Step {
  return stepOf(() => {}, { report: () => ({ title, lines: [], figures: {} }) })
}

test('runtime - a run is told by its name, its commands and the stages they passed', async (t) => {
  const source = (): Source => new ListSource(anyRecords(600))
  const pipeline = await prepared({ source, a: idle, b: idle }, { probeEvery: 100, batchRecords: 50 })
  const report = await pipeline.run()
  t.is(report.pipeline, 'parts')
  t.is(report.commands, 600)
  t.is(report.failure, undefined)
  t.deepEqual(
    report.latencies.map(({ name, samples }) => [name, samples]),
    [
      ['the-source', 6],
      ['the-a', 6],
      ['the-b', 6],
      ['whole', 6],
      ['batch', 12],
    ],
  )
})

test('runtime - stages report in the order of the file, and those with nothing to say do not', async (t) => {
  const source = (): Source =>
    Object.assign(new ListSource(anyRecords(1)), { report: () => ({ title: 'src', lines: [], figures: {} }) })
  const a = (): Step => reporting('a')
  const b = (): Step => reporting('b')
  const sections = async (text?: string): Promise<string[]> =>
    (await (await prepared({ source, a, idle, b }, {}, text)).run()).sections.map(({ title }) => title)
  t.deepEqual(await sections(), ['src', 'a', 'b'])
  const turnedRound = [
    'name: round',
    'stages:',
    '- { id: last, operator: b, inputs: first }',
    '- { id: first, operator: a, inputs: orders }',
    '- { id: orders, operator: source }',
  ]
  t.deepEqual(await sections(turnedRound.join('\n')), ['b', 'a', 'src'])
})

test('runtime - nothing is read before a pipeline is run', async (t) => {
  const source = new ListSource(anyRecords(3))
  const pipeline = await prepared({ source: () => source, a: idle })
  t.is(source.pulls, 0)
  t.is(pipeline.market.sequence, 0)
  await pipeline.run()
  t.is(pipeline.market.sequence, 3)
  t.is(source.closes, 1)
})

test('runtime - takes as many records as it is told, and says so to its source', async (t) => {
  const source = (): Source => new ListSource(anyRecords(100))
  t.is((await (await prepared({ source, a: idle }, { records: 7 })).run()).commands, 7)
})

test('runtime - a signal ends a run, and its report follows', async (t) => {
  const stop = new AbortController()
  const source = (): Source => ({
    pull: (batch: Batch, upTo: number) => {
      batch.count = upTo
      stop.abort()
      return true
    },
  })
  const pipeline = await prepared({ source, a: () => reporting('a') }, { stop: stop.signal, batchRecords: 8 })
  const report = await pipeline.run()
  t.is(report.commands, 8)
  t.is(report.sections.length, 1)
})

test('runtime - every stage that cannot be set up is told at its place, and the others are closed', async (t) => {
  const source = new ListSource(anyRecords(1))
  let closes = 0
  const good = (): Step =>
    stepOf(() => {}, {
      close: async () => {
        closes++
      },
    })
  const result = await prepare({
    source: () => source,
    a: () => ({ path: ['operator'], message: 'no room' }),
    good,
    b: () => ({ path: [], message: 'no luck' }),
  })
  t.true(E.isLeft(result))
  t.deepEqual(E.isLeft(result) && result.left.problems.map(formatProblem), [
    'f.yaml:4:26 the-a.operator: no room',
    'f.yaml:6:3 the-b: no luck',
  ])
  t.is(source.closes, 1)
  t.is(closes, 1)
})

test('runtime - a stage that throws while it is set up is told as one that says what is wrong', async (t) => {
  const source = new ListSource(anyRecords(1))
  const result = await prepare({
    source: () => source,
    a: () => {
      throw new RangeError('a: expected more')
    },
    b: () => ({ path: [], message: 'no luck' }),
  })
  t.deepEqual(E.isLeft(result) && result.left.problems.map(formatProblem), [
    'f.yaml:4:3 the-a: a: expected more',
    'f.yaml:5:3 the-b: no luck',
  ])
  t.is(source.closes, 1)
})

test('runtime - a part that cannot be closed does not hide what is wrong, nor keep others open', async (t) => {
  let closes = 0
  const close = async (): Promise<void> => {
    closes++
  }
  const result = await prepare({
    source: () => ({ pull: () => false, close: () => Promise.reject(new Error('no such handle')) }),
    a: () => stepOf(() => {}, { close }),
    b: () => ({ path: [], message: 'no luck' }),
  })
  t.deepEqual(E.isLeft(result) && result.left.problems.map(({ message }) => message), ['no luck'])
  t.is(closes, 1)
})

test('runtime - a stage that fails is why the run is rejected, and all parts are closed', async (t) => {
  const source = new ListSource(anyRecords(10), [2])
  let closes = 0
  const close = async (): Promise<void> => {
    closes++
  }
  const pipeline = await prepared({
    source: () => source,
    a: () => stepOf(() => {}, { close }),
    b: () =>
      stepOf(() => {
        throw new Error('the step fell over')
      }),
  })
  await t.throwsAsync(pipeline.run(), { message: 'the step fell over' })
  t.is(closes, 1)
  t.is(source.pulls, 1)
})

test('runtime - a step that can take no more ends the run early, and the report says why', async (t) => {
  const { opened, open } = gateway()
  const failure: StepFailure = { message: 'out.ndjson: no space left on device', isQuiet: false }
  const pipeline = await prepared({
    source: () => ({
      pull: (batch: Batch) => {
        batch.count = 1
        if (pipeline.market.sequence === 5) open()
        return true
      },
    }),
    a: () => stepOf(() => {}, { failed: opened.then(() => failure) }),
    b: () => reporting('b'),
  })
  const report = await pipeline.run()
  t.deepEqual(report.failure, failure)
  t.is(report.sections.length, 1)
})

/** What is wrong with the stages of a pipeline of real operators once they are set up. */
async function toldOf(lines: readonly string[], specs: readonly InstrumentSpec[] = []): Promise<string[]> {
  const instruments = specs.map(({ symbol, tick, lot }) => `  ${symbol}: { tick: ${tick}, lot: ${lot} }`)
  const text = [...(specs.length > 0 ? ['instruments:', ...instruments] : []), 'name: x', 'stages:', ...lines]
  const result = await TE.chain((definition: Parameters<typeof preparePipeline>[0]) =>
    preparePipeline(definition),
  )(TE.fromEither(decodeDefinition('f.yaml', text.join('\n'), operators)))()
  return E.isLeft(result) ? result.left.problems.map(formatProblem) : []
}

test('runtime - a simulation without instruments is a problem, not a crash', async (t) => {
  t.deepEqual(
    await toldOf([
      '- { id: orders, operator: ingest, from: { simulate: { seed: 1 } } }',
      '- { id: match, operator: match }',
    ]),
    ['f.yaml:3:53 orders.from.simulate: expected at least one instrument to trade, under instruments'],
  )
})

test('runtime - files that are not there are told together', async (t) => {
  const told = await toldOf([
    '- { id: orders, operator: ingest, from: { orders: { file: /nowhere/in.csv } } }',
    '- { id: match, operator: match }',
    '- { id: events, operator: publish, to: { ndjson: { file: /nowhere/out.ndjson } } }',
  ])
  t.deepEqual(told, [
    'f.yaml:3:59 orders.from.orders.file: /nowhere/in.csv: no such file or directory',
    'f.yaml:5:58 events.to.ndjson.file: /nowhere/out.ndjson: no such file or directory',
  ])
})

test('runtime - the match stage is told of checks by its file, and by who runs it', async (t) => {
  const text = (options: string): string => `name: x
instruments: { X: { tick: 1, lot: 1 } }
stages:
  - { id: orders, operator: ingest, from: { simulate: { orders: 500 } } }
  - { id: match, operator: match${options} }
  - { id: report, operator: publish, to: summary }
`
  for (const [options, settings] of [
    [', check: 100, marketData: true', {}],
    ['', { checkEvery: 1 }],
  ] as const) {
    const definition = decodeDefinition('f.yaml', text(options), operators)
    if (E.isLeft(definition)) throw new Error(definition.left.problems.map(formatProblem).join('\n'))
    const pipeline = await preparePipeline(definition.right, settings)()
    if (E.isLeft(pipeline)) throw new Error('not set up')
    t.is((await pipeline.right.run()).commands, 500)
  }
  const wrong = decodeDefinition('f.yaml', text(', check: 0, marketData: 1'), operators)
  t.deepEqual(E.isLeft(wrong) && wrong.left.problems.map(formatProblem), [
    'f.yaml:5:42 match.check: expected a whole number above 0, got 0',
    'f.yaml:5:57 match.marketData: expected true or false, got 1',
  ])
})
