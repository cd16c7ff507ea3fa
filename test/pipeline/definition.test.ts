import test from 'ava'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeDefinition, loadDefinition } from '../../src/pipeline/definition.ts'
import { formatProblem } from '../../src/pipeline/problem.ts'
import { good, match, report, source, told, toldOf } from './fixtures/define.ts'
import { registry } from './fixtures/registry.ts'

const exchange = `name: exchange
instruments:
  AAPL: { tick: 0.01, lot: 1, referencePrice: 585.33 }
  BRK.B: { tick: '0.05', lot: 1, minPrice: 1, maxPrice: 1000, maxQuantity: 500 }
stages:
  - id: orders
    operator: ingest
    from: { simulate: { seed: 7 } }
  - id: risk
    operator: risk
    limits: { maxOrderLots: 10000, maxNotional: 1000000.50 }
  - { id: match, operator: match }
  - { id: trades, operator: publish, to: { nats: { subject: 'md.{symbol}.trades' } } }
  - { id: report, operator: publish, inputs: match, to: summary }
`

test('definition - a good file gives its instruments and its stages with decoded options', (t) => {
  const { file, name, instruments, defaultInstrument, stages, variables } = good(exchange)
  t.is(file, 'f')
  t.is(name, 'exchange')
  t.deepEqual(instruments, [
    { symbol: 'AAPL', tick: '0.01', lot: '1', referencePrice: '585.33' },
    { symbol: 'BRK.B', tick: '0.05', lot: '1', minPrice: '1', maxPrice: '1000', maxQuantity: '500' },
  ])
  t.is(defaultInstrument, undefined)
  t.deepEqual([...variables], [])
  t.deepEqual(
    stages.map(({ id, operator, inputs, options }) => [id, operator.name, inputs, options]),
    [
      ['orders', 'ingest', [], { from: { simulate: { seed: 7 } } }],
      ['risk', 'risk', ['orders'], { limits: { maxOrderLots: 10000, maxNotional: '1000000.5' } }],
      ['match', 'match', ['risk'], {}],
      ['trades', 'publish', ['match'], { to: { nats: { subject: 'md.{symbol}.trades' } } }],
      ['report', 'publish', ['match'], { to: { summary: {} } }],
    ],
  )
})

test('definition - a problem met later is put at its place in the file', (t) => {
  const { problemAt, stages } = good(exchange, { overrides: ['stages.trades.to.nats.port=4222'] })
  t.is(
    formatProblem(problemAt('risk', ['limits', 'maxOrderLots'], 'm')),
    'f:11:29 risk.limits.maxOrderLots: m',
  )
  t.is(
    formatProblem(problemAt('report', ['to', 'summary', 'file'], 'm')),
    'f:14:57 report.to.summary.file: m',
  )
  t.is(formatProblem(problemAt('trades', ['to', 'nats', 'port'], 'm')), '--set:1:28 trades.to.nats.port: m')
  t.is(formatProblem(problemAt('match', [], 'm')), 'f:12:5 match: m')
  t.is(formatProblem(problemAt('nobody', [], 'm')), 'f:6:3 nobody: m')
  t.deepEqual(stages[1]!.position(['limits'], 'key'), { file: 'f', line: 11, column: 5 })
})

test('definition - an unknown key is refused where it stands', (t) => {
  t.deepEqual(told(exchange.replace('instruments:', 'instrumets:')), [
    'f:2:1 instrumets: unknown key, expected one of name, stages, instruments, defaultInstrument, include, plugins, runtime, edges, budget, deadLetters, server, alerts: did you mean instruments?',
  ])
  t.deepEqual(toldOf(source, `${match}, input: orders`, report), [
    '4 <input> match.input: unknown key, expected one of id, operator, inputs, boundary, placement, partition, onError, breaker, timeout, budget: did you mean inputs?',
  ])
  t.deepEqual(toldOf(source, 'id: risk, operator: risk, limits: { maxOrderLot: 1 }', match), [
    '4 <maxOrderLot> risk.limits.maxOrderLot: unknown key, expected one of maxOrderLots, maxNotional: did you mean maxOrderLots?',
  ])
})

test('definition - everything that is wrong comes at once, in the order of the file', (t) => {
  const text = `name: 7
instruments: { AAPL: { tick: 0.01 } }
stages:
  - { id: orders, operator: ingest, from: { simulate: { seed: ten, seed: 1 } } }
  - { id: 1st, operator: validat }
  - { id: risk, operator: risk, limits: { maxOrderLots: ten, maxNotional: 1e400 }, inputs: order }
  - { operator: publish, inputs: match, to: sumary }
  - just text
`
  t.deepEqual(told(text, { overrides: ['stages.match.x=1'] }), [
    '--set:1:8 match: no stage has the id "match"',
    'f:1:7 name: expected text (in quotes), got 7',
    'f:2:22 instruments.AAPL.lot: missing, expected a decimal number above 0',
    'f:4:63 orders.from.simulate.seed: expected a whole number, 0 or above, got "ten"',
    'f:4:68 orders.from.simulate.seed: duplicate key, first on line 4',
    'f:5:11 stages.1.id: expected an id (a letter, then letters, digits and dashes), got "1st"',
    'f:5:26 stages.1.operator: unknown operator "validat", expected one of ingest, validate, risk, match, publish: did you mean validate?',
    'f:6:57 risk.limits.maxOrderLots: expected a whole number above 0, got "ten"',
    'f:6:75 risk.limits.maxNotional: has more digits than a number holds: write it in quotes',
    'f:6:92 risk.inputs: no stage has the id "order": did you mean orders?',
    'f:7:34 stages.3.inputs: no stage has the id "match"',
    'f:7:45 stages.3.to: expected one of summary, nats, got "sumary": did you mean summary?',
    'f:8:5 stages.4: expected a map with id and operator, got "just text"',
  ])
})

test('definition - a file without stages is refused', (t) => {
  t.deepEqual(told(''), ['f:1:1 nothing is in this file: expected name and stages'])
  t.deepEqual(told('just text'), ['f:1:1 expected a map, got "just text"'])
  t.deepEqual(told('name: x'), ['f:1:1 stages: missing, expected a list of at least one stage'])
  t.deepEqual(told('name: x\nstages: []'), ['f:2:9 stages: expected a list of at least one stage, got []'])
  t.deepEqual(told('name: x\nstages: { a: 1 }'), [
    'f:2:9 stages: expected a list of at least one stage, got {"a":1}',
  ])
  t.deepEqual(told('name: [x\n').length, 1)
})

test('definition - an operator that is not there or not a name is refused', (t) => {
  t.deepEqual(toldOf('id: orders'), [
    '3 <{> orders.operator: missing, expected one of ingest, validate, risk, match, publish',
  ])
  t.deepEqual(toldOf('id: orders, operator: [ingest]'), [
    '3 <[> orders.operator: expected one of ingest, validate, risk, match, publish, got ["ingest"]',
  ])
})

const withInstruments = (lines: string): string =>
  `name: x\n${lines}\nstages:\n- { ${source} }\n- { ${match} }\n`

test('instruments - what the table refuses is a problem at the key that it names', (t) => {
  const refused = (terms: string): string[] => told(withInstruments(`instruments: { X: { ${terms} } }`))
  t.deepEqual(refused('tick: 0, lot: 1'), [
    'f:2:27 instruments.X.tick: expected a decimal number above 0, got 0',
  ])
  t.deepEqual(refused('tick: 1.2345678, lot: 1'), [
    'f:2:27 instruments.X.tick: has too many digits to be converted exactly, got "1.2345678"',
  ])
  t.deepEqual(refused('tick: 0.01, lot: 1, minPrice: 5, maxPrice: 4'), [
    'f:2:51 instruments.X.minPrice: is above maxPrice',
  ])
  t.regex(
    refused('tick: 0.01, lot: 1, maxQuantity: 0.5').join(),
    /^f:2:54 instruments.X.maxQuantity: is not a whole/,
  )
  t.deepEqual(told(withInstruments('instruments: { "": { tick: 1, lot: 1 } }')), [
    'f:2:16 instruments."": expected a name here',
  ])
  t.deepEqual(told(withInstruments('instruments: [AAPL]')), [
    'f:2:14 instruments: expected a map, got ["AAPL"]',
  ])
})

test('instruments - the default fills in what an instrument does not say', (t) => {
  const text = withInstruments(
    'defaultInstrument: { tick: 0.01, lot: 1, maxQuantity: 10 }\ninstruments: { X: { lot: 5 }, Y: {} }',
  )
  const { instruments, defaultInstrument } = good(text, { overrides: ['instruments.AAPL.tick=0.05'] })
  t.deepEqual(defaultInstrument, { tick: '0.01', lot: '1', maxQuantity: '10' })
  t.deepEqual(instruments, [
    { symbol: 'X', tick: '0.01', lot: '5', maxQuantity: '10' },
    { symbol: 'Y', tick: '0.01', lot: '1', maxQuantity: '10' },
    { symbol: 'AAPL', tick: '0.05', lot: '1', maxQuantity: '10' },
  ])
})

test('instruments - price bands, pauses and self-trade prevention, by default too', (t) => {
  const text = withInstruments(
    'defaultInstrument: { tick: 0.01, lot: 1, selfTrade: cancel-newest }\ninstruments: { X: { priceBand: 0.5, pauseSeconds: 30 } }',
  )
  const { instruments, defaultInstrument } = good(text)
  t.deepEqual(defaultInstrument, { tick: '0.01', lot: '1', selfTrade: 'cancel-newest' })
  t.deepEqual(instruments, [
    { symbol: 'X', tick: '0.01', lot: '1', selfTrade: 'cancel-newest', priceBand: '0.5', pauseSeconds: 30 },
  ])
  const bad = 'tick: 0.01, lot: 1, priceBand: 0.005, pauseSeconds: 0, selfTrade: cancel-newst'
  t.deepEqual(told(withInstruments(`instruments: { X: { ${bad} } }`)), [
    'f:2:73 instruments.X.pauseSeconds: expected a whole number from 1 to 86400, got 0',
    'f:2:87 instruments.X.selfTrade: expected one of allow, cancel-newest, cancel-oldest, cancel-both, decrement, got "cancel-newst": did you mean cancel-newest?',
  ])
  t.deepEqual(told(withInstruments('instruments: { X: { tick: 0.01, lot: 1, priceBand: 0.005 } }')), [
    'f:2:52 instruments.X.priceBand: is not a whole number of steps of 0.01 from 1 to 2147483647, got "0.005"',
  ])
})

test('instruments - a bad default is told once', (t) => {
  const text =
    'defaultInstrument: { tick: 0.01, lot: 1, referencePrice: 5 }\ninstruments: { X: {}, Y: { lot: 1 } }'
  t.deepEqual(told(withInstruments(text)), [
    'f:2:42 defaultInstrument.referencePrice: unknown key, expected one of tick, lot, minPrice, maxPrice, maxQuantity, priceBand, pauseSeconds, selfTrade',
  ])
  t.regex(
    told(withInstruments('defaultInstrument: { tick: 0.01, lot: 1, maxPrice: 0.001 }')).join(),
    /^f:2:52 defaultInstrument.maxPrice: is not a whole number of steps of 0.01/,
  )
})

test('instruments - symbols may be what objects inherit', (t) => {
  const { instruments } = good(
    withInstruments('instruments: { __proto__: { tick: 1, lot: 1 }, toString: { tick: 2, lot: 1 } }'),
  )
  t.deepEqual(
    instruments.map(({ symbol, tick }) => [symbol, tick]),
    [
      ['__proto__', '1'],
      ['toString', '2'],
    ],
  )
})

test('variables - stand for numbers and flags too, where text is not wanted', (t) => {
  const text = exchange
    .replace('{ seed: 7 }', '{ seed: "${SEED:-3}", loop: "${LOOP}" }')
    .replace('id: report', 'id: "${ID}"')
  const variables = { LOOP: 'true', SEED: '9007199254740991', ID: 'last' }
  const { stages, variables: names } = good(text, { variables })
  t.deepEqual(stages[0]!.options, { from: { simulate: { seed: 9007199254740991, loop: true } } })
  t.is(stages.at(-1)!.id, 'last')
  t.deepEqual([...names], ['SEED', 'LOOP', 'ID'])
  t.deepEqual(good(text, { variables: { LOOP: 'false', ID: 'x' } }).stages[0]!.options, {
    from: { simulate: { seed: 3, loop: false } },
  })
})

test('variables - a text stays text where text is wanted', (t) => {
  const text = exchange.replace("{ subject: 'md.{symbol}.trades' }", '{ subject: "${N}", token: "${N}" }')
  t.deepEqual(good(text, { variables: { N: '5' } }).stages[3]!.options, {
    to: { nats: { subject: '5', token: '5' } },
  })
})

test('variables - their values are not printed', (t) => {
  const text = exchange
    .replace("{ subject: 'md.{symbol}.trades' }", '{ subject: x, token: ["${SECRET}"], port: "${SECRET}" }')
    .replace('operator: risk', 'operator: ${SECRET}')
  const lines = told(text, { variables: { SECRET: 'hunter2' } })
  t.is(lines.length, 3)
  t.false(lines.join().includes('hunter2'))
  t.true(lines[1]!.endsWith('trades.to.nats.token: expected text, got ["${SECRET}"]'))
})

test('variables - one that is not set is told once, not again as what it is not', (t) => {
  t.deepEqual(
    told(exchange.replace('seed: 7', 'seed: "${SEED}"').replace('operator: risk', 'operator: ${RISK}')),
    [
      'f:8:31 orders.from.simulate.seed: SEED is not set: set it in the environment, or write ${SEED:-default}',
      'f:10:15 risk.operator: RISK is not set: set it in the environment, or write ${RISK:-default}',
    ],
  )
})

test('overrides - are decoded with the rest and told at --set', (t) => {
  const settings = {
    overrides: ['stages.risk.limits.maxOrderLots=ten', 'stages.risk.limit=1', 'instruments.AAPL.tick=0.05'],
  }
  t.deepEqual(told(exchange, settings), [
    '--set:1:13 risk.limit: unknown key, expected one of id, operator, inputs, limits, accounts, boundary, placement, partition, onError, breaker, timeout, budget: did you mean limits?',
    '--set:1:33 risk.limits.maxOrderLots: expected a whole number above 0, got "ten"',
    'f:3:47 instruments.AAPL.referencePrice: is not a whole number of steps of 0.05 from 1 to 2147483647, got "585.33"',
  ])
})

test('definition - a file is loaded, and one that cannot be read says why', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-definition-'))
  t.teardown(() => rm(directory, { recursive: true }))
  const file = join(directory, 'exchange.yaml')
  await writeFile(file, exchange)
  const definition = await loadDefinition(file, registry, { variables: process.env, overrides: ['name=y'] })()
  t.is(E.isRight(definition) && definition.right.name, 'y')
  const absent = await loadDefinition(`${file}.old`, registry)()
  t.deepEqual(E.isLeft(absent) && absent.left.problems.map(formatProblem), [`${file}.old:1:1 no such file`])
})

test('definition - a file that was damaged anywhere is decoded or refused, never a crash', (t) => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ': ',
    '\n',
    '  ',
    '- ',
    'match',
    'id',
    '${INPUT}',
    '&a ',
    '*a',
    '<<: ',
    '"',
    '1e999',
    'null',
    '__proto__',
    '~',
  )
  const damage = fc.array(
    fc.tuple(fc.nat(exchange.length), fc.nat(12), fc.oneof(piece, fc.string({ maxLength: 3 }))),
    { minLength: 1, maxLength: 4 },
  )
  fc.assert(
    fc.property(damage, fc.array(fc.string({ maxLength: 12 }), { maxLength: 2 }), (cuts, overrides) => {
      let text = exchange
      for (const [at, length, put] of cuts) text = text.slice(0, at) + put + text.slice(at + length)
      const definition = decodeDefinition('f', text, registry, { overrides })
      if (E.isRight(definition))
        return definition.right.stages.every(({ id, operator }) => id !== '' && registry.has(operator.name))
      return (
        definition.left.problems.length > 0 &&
        definition.left.problems.every(({ line, column }) => line > 0 && column > 0)
      )
    }),
    { numRuns: 1000 },
  )
  t.pass()
})

test('instruments - all that is wrong with one is told, each at its key', (t) => {
  const terms =
    'tick: 0.01, lot: 1, minPrice: 0.015, maxPrice: 0.025, referencePrice: 1.001, maxQuantity: 1.5'
  const text = exchange.replace(/AAPL: .*/, `AAPL: { ${terms} }`)
  t.deepEqual(
    told(text).map((problem) => /instruments\.AAPL\.(\w+)/.exec(problem)?.[1]),
    ['minPrice', 'maxPrice', 'referencePrice', 'maxQuantity'],
  )
})
