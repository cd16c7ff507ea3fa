import * as E from 'fp-ts/lib/Either.js'
import test from 'ava'
import { decodeDefinition } from '../../../src/pipeline/definition.ts'
import { formatProblem } from '../../../src/pipeline/problem.ts'
import type { Registry } from '../../../src/pipeline/operator.ts'
import { registry as operators } from '../../../src/operators/registry.ts'
import { stepOf } from '../../support/streams.ts'
import { define, fileOf, registryOf } from '../fixtures/run.ts'

const registry: Registry = new Map([
  ...operators,
  ...registryOf({ wait: { takes: 'event', traits: { isAsync: true }, make: () => stepOf(() => {}) } }),
])
const SOURCE = 'id: orders, operator: ingest, from: { simulate: {} }'
const MATCH = 'id: match, operator: match'
const REPORT = 'id: report, operator: publish, to: summary'
const INSTRUMENTS = 'instruments: { A: { tick: 1, lot: 1 } }'

/** What is told of a file, or what it is warned of: the line and the text. Columns have tests of their own. */
function told(stages: readonly string[], ...rest: string[]): string[] {
  const definition = decodeDefinition('f', fileOf(stages, [INSTRUMENTS, ...rest]), registry)
  const problems = E.isLeft(definition) ? definition.left.problems : definition.right.warnings
  return problems.map((problem) => formatProblem(problem).replace(/^(f:\d+):\d+/, '$1'))
}

test('graph - events that no stage takes are a warning, commands a problem', (t) => {
  t.deepEqual(told([SOURCE, MATCH]), ['f:4 match.operator: warning: no stage takes what match makes'])
  t.deepEqual(told([SOURCE, MATCH, REPORT]), [])
})

test('graph - a stage that keeps state and has no id is a warning, and goes by its operator', (t) => {
  t.deepEqual(told([SOURCE, 'operator: match', REPORT]), [
    'f:4 stages.1: warning: match keeps state: give it an id, so that it is found again when the file changes',
  ])
  const { stages } = define(
    fileOf(
      [
        SOURCE,
        'operator: match',
        'operator: publish, to: summary',
        'operator: publish, inputs: match, to: summary',
      ],
      [INSTRUMENTS],
    ),
    registry,
  )
  t.deepEqual(
    stages.map(({ id }) => id),
    ['orders', 'match', 'publish', 'publish-2'],
  )
})

test('graph - kinds of records are checked at every input, and in a merge among themselves', (t) => {
  t.deepEqual(
    told([
      SOURCE,
      MATCH,
      'id: both, operator: merge, inputs: [match, orders]',
      'id: end, operator: publish, to: summary',
    ]),
    [
      'f:5 both.inputs.1: match makes events, orders makes commands: both takes one kind',
      'f:5 both.inputs.1: orders feeds match already: commands go to one stage',
    ],
  )
})

test('graph - what only a ring leads to is reached by no source', (t) => {
  const lines = told([
    SOURCE,
    MATCH,
    REPORT,
    'id: a, operator: risk, inputs: a',
    'id: end, operator: match, inputs: a',
  ])
  t.true(lines.includes('f:6 a.inputs: the stages go round in a ring: a -> a'), lines.join())
  t.true(lines.includes('f:7 end.inputs: no source reaches end'), lines.join())
})

const SWITCH = 'id: way, operator: switch, branches: { large: { when: { lots: { above: 5 } } }, rest: {} }'
const BRANCHES = [
  'id: a, operator: risk, inputs: way.large',
  'id: b, operator: risk, inputs: way.rest',
  'id: match, operator: match, inputs: [a, b]',
  REPORT,
]

test('switch - its branches are taken by name, each once where commands go', (t) => {
  t.deepEqual(told([SOURCE, SWITCH, ...BRANCHES]), [])
  t.deepEqual(told([SOURCE, SWITCH, BRANCHES[0]!.replace('large', 'lrge'), ...BRANCHES.slice(1)]), [
    'f:5 a.inputs: no stage has the id "way.lrge": did you mean way.large?',
  ])
  t.deepEqual(told([SOURCE, SWITCH, 'id: match, operator: match', REPORT]), [
    'f:5 match.operator: way is a switch: expected inputs, one of way.large, way.rest',
  ])
  t.deepEqual(told([SOURCE, SWITCH, 'id: match, operator: match, inputs: way', REPORT]), [
    'f:5 match.inputs: way is a switch: expected one of way.large, way.rest',
  ])
  t.deepEqual(told([SOURCE, SWITCH, 'id: match, operator: match, inputs: way.rest', REPORT]), [
    'f:4 way.branches.large: way.large makes commands, and no stage takes them',
  ])
})

test('switch - a command must have a way, and conditions be of its kind', (t) => {
  t.deepEqual(
    told([
      SOURCE,
      SWITCH.replace(', rest: {}', ''),
      ...BRANCHES.slice(0, 1),
      'id: match, operator: match',
      REPORT,
    ]),
    [
      'f:4 way.branches: a command that meets no condition would be lost: expected a last branch without when, such as rest: {}',
    ],
  )
  t.regex(
    told([SOURCE, SWITCH.replace('lots: { above: 5 }', 'kind: trade'), ...BRANCHES]).join(),
    /^f:4 way\.branches\.large\.when\.kind: no command is of the kind trade, expected one of new, cancel/,
  )
  t.regex(
    told([SOURCE, SWITCH.replace('lots: { above: 5 }', 'lots: 5'), ...BRANCHES]).join(),
    /lots: expected bounds such as \{ atLeast: 5 \}, got 5/,
  )
  t.deepEqual(
    told([
      SOURCE,
      SWITCH.replace('rest: {}', 'rest: {}, more: {}'),
      ...BRANCHES,
      'id: c, operator: match, inputs: way.more',
      `${REPORT.replace('report', 'r2')}, inputs: c`,
    ]).slice(0, 1),
    ['f:4 way.branches.more: warning: nothing comes this way: rest takes all that is left'],
  )
})

const edges = (...lines: string[]): string => ['edges:', ...lines.map((line) => `- { ${line} }`)].join('\n')

test('edges - must be between stages that are joined, and be set once', (t) => {
  t.deepEqual(
    told(
      [SOURCE, MATCH, REPORT],
      edges(
        'from: mtch, to: report',
        'from: match, to: reprt',
        'from: match, to: report',
        'from: match, to: report',
      ),
    ),
    [
      'f:8 edges.0.from: nothing takes from "mtch": did you mean match?',
      'f:9 edges.1.to: match does not feed "reprt", but report: did you mean report?',
      'f:11 edges.3: the edge from match to report is set already',
    ],
  )
  t.deepEqual(told([SOURCE, MATCH, REPORT], edges('from: match, to: report, whenFull: dropnewest')), [
    'f:8 edges.0.whenFull: expected one of block, reject, dropNewest, dropOldest, conflate, sample, error, spill, got "dropnewest": did you mean dropNewest?',
  ])
})

for (const policy of ['dropNewest', 'dropOldest', 'conflate', 'sample'])
  test(`edges - ${policy} where orders or fills go is a problem, unless events may be lost there`, (t) => {
    t.deepEqual(
      told([SOURCE, MATCH, REPORT], edges(`from: orders, to: match, whenFull: ${policy}, allowLoss: true`)),
      [
        `f:8 edges.0.whenFull: ${policy} would lose commands between orders and match: expected block, reject, error or spill`,
      ],
    )
    t.deepEqual(told([SOURCE, MATCH, REPORT], edges(`from: match, to: report, whenFull: ${policy}`)), [
      `f:8 edges.0.whenFull: ${policy} would lose fills and order events between match and report: put a switch with when: { kind: ... } before it, or say allowLoss: true`,
    ])
    t.deepEqual(
      told([SOURCE, MATCH, REPORT], edges(`from: match, to: report, whenFull: ${policy}, allowLoss: true`)),
      [],
    )
    const way =
      'id: way, operator: switch, branches: { quotes: { when: { kind: [best-prices, level] } }, rest: {} }'
    const stages = [
      SOURCE,
      MATCH,
      way,
      `${REPORT}, inputs: way.quotes`,
      `${REPORT.replace('report', 'all')}, inputs: way.rest`,
    ]
    t.deepEqual(
      told(stages, edges(`from: way.quotes, to: report, whenFull: ${policy}`)),
      [],
      'market data may be lost',
    )
  })

test('edges - events have nobody who could be told of a rejection', (t) => {
  t.regex(
    told([SOURCE, MATCH, REPORT], edges('from: match, to: report, whenFull: reject')).join(),
    /events have no sender who could be told/,
  )
})

test('stage settings - what cannot be meant is told where it stands', (t) => {
  const one = (stage: string): string[] => told([SOURCE, stage, REPORT])
  t.deepEqual(one('id: match, operator: match, timeout: 5ms'), [
    'f:4 match.timeout: match does not wait, so it cannot be interrupted: watch it with a budget',
  ])
  t.deepEqual(one('id: match, operator: match, onError: bypass'), [
    'f:4 match.onError: what passes match by is of another kind than what it makes: expected reject or stop',
  ])
  t.deepEqual(told([SOURCE, MATCH, 'id: wait, operator: wait, onError: reject', REPORT]), [
    'f:5 wait.onError: events cannot be refused: expected bypass or stop',
  ])
  t.deepEqual(one('id: match, operator: match, budget: { p99: 10 }'), [
    'f:4 match.budget.p99: expected a duration such as 10us, 250ms or 30s, got 10',
  ])
  t.deepEqual(told([`${SOURCE}, boundary: true`, MATCH, REPORT]), [
    'f:3 orders.boundary: ingest is a source and has no boundary',
  ])
  t.regex(
    one('id: match, operator: match, placement: { core: 1 }').join(),
    /unknown key, expected one of thread, process/,
  )
})

test('stage settings - durations are read with their units', (t) => {
  const text = fileOf(
    [
      SOURCE,
      'id: match, operator: match, budget: { p99: 10us, p99.9: 1.5ms }, breaker: { failures: 2, recovery: 1m }',
      REPORT,
    ],
    [INSTRUMENTS, 'budget: { max: 2s }'],
  )
  const { stages, budget } = define(text, registry)
  t.deepEqual(stages[1]!.settings.budget, [
    { quantile: 'p99', limitNs: 10_000 },
    { quantile: 'p99.9', limitNs: 1_500_000 },
  ])
  t.deepEqual(stages[1]!.settings.breaker, { failures: 2, recoveryNs: 60e9 })
  t.is(stages[1]!.settings.onError, 'stop')
  t.deepEqual(budget, [{ quantile: 'max', limitNs: 2e9 }])
})
