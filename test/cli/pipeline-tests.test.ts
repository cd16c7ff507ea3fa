import { readFileSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import { millrace } from '../support/cli.ts'
import { Folder } from '../support/folder.ts'

const PIPELINE = `name: x
instruments: { A: { tick: 0.01, lot: 1 } }
stages:
  - { id: orders, operator: ingest, from: { orders: { file: none.ndjson } } }
  - { id: risk, operator: risk, limits: { maxOrderLots: 50 } }
  - { id: match, operator: match }
  - { id: out, operator: publish, to: { ndjson: { file: /nowhere/out.ndjson } } }
  - { id: copy, operator: publish, inputs: match, to: summary }
`
const HEAD = 'pipeline: x.yaml\ntests:\n'
const SELL = '{ id: s, client: bob, symbol: A, side: sell, price: 10.05, quantity: 30 }'
const BUY = '{ id: b, client: ann, symbol: A, side: buy, price: 10.05, quantity: 10 }'
const WAIT = '{ wait: 5ms }'

const testOf = (given: readonly string[], expect: string, more = ''): string =>
  `  - name: t\n    given: [${given.join(', ')}]\n${more}    expect:\n${expect
    .split('\n')
    .map((line) => `      ${line}`)
    .join('\n')}\n`

async function run(
  t: ExecutionContext,
  tests: string,
  files: Record<string, string> = {},
  ...args: string[]
) {
  const folder = new Folder({ 'x.yaml': PIPELINE, 'x.test.yaml': HEAD + tests, ...files })
  t.teardown(() => folder.remove())
  const { code, stdout, stderr } = await millrace(['test', folder.path, ...args])
  return { code, stdout: folder.short(stdout), stderr: folder.short(stderr), folder }
}

test.serial(
  'test - a pipeline is run from source to sink, without files, and what comes out is compared',
  async (t) => {
    const all = `events:
  - { event: accepted, id: s }
  - { event: accepted, id: b }
  - { event: trade, price: 10.05, maker: s, makerOpen: 20 }
outputs: { copy: { contains: [{ event: trade }], absent: [{ event: rejected }] } }
rejects: []
counts: { trade: 1, accepted: 2 }
commands: 2
took: 5ms
latency: { max: 0ms }`
    const { code, stdout, stderr } = await run(t, testOf([SELL, WAIT, BUY], all))
    t.deepEqual([code, stdout, stderr], [0, '1 passed, 0 failed\n', ''])
  },
)

/** Each of these must fail: the line that is told, and what. Lines 1 to 4 are the head, the name and what is given. */
const FAILING: readonly (readonly [what: string, expect: string, line: number, told: RegExp])[] = [
  [
    'an event that comes otherwise',
    'events:\n- { event: accepted }\n- { event: accepted, id: c }\n- { event: trade }',
    8,
    /^expect\.events\n {6}\{ event: accepted, id: s \}\n {4}- \{ event: accepted, id: c \}\n {4}\+ \{ event: accepted, id: b \}\n {6}\{ event: trade \}/,
  ],
  [
    'an event that does not come',
    'events:\n- { event: accepted }\n- { event: accepted }\n- { event: trade }\n- { event: trade }',
    10,
    /- \{ event: trade \}/,
  ],
  [
    'an event too many',
    'events:\n- { event: accepted }\n- { event: accepted }',
    6,
    /\+ \{ event: trade, price: 10\.05/,
  ],
  [
    'a key that is otherwise',
    'contains:\n- { event: trade, quantity: 11 }',
    7,
    /- \{ event: trade, quantity: 11 \}\n {4}\+ \{ event: accepted,/,
  ],
  [
    'events in another order',
    'contains: [{ event: trade }, { event: accepted }]',
    6,
    /^expect\.contains\n {4}- \{ event: accepted \}/,
  ],
  ['an event that should not be', 'absent: [{ event: trade }]', 6, /^expect\.absent\n {4}\+ \{ event: trade/],
  [
    'a key that is too much',
    'exact: true\ncontains: [{ event: trade, price: 10.05 }]',
    7,
    /^expect\.contains/,
  ],
  [
    'another sink',
    'outputs:\n  copy:\n    events: []',
    8,
    /^expect\.outputs\.copy\.events\n {4}\+ \{ event: accepted/,
  ],
  ['a reject that does not come', 'rejects: [RISK_ORDER_SIZE]', 6, /^expect\.rejects\n {4}- RISK_ORDER_SIZE/],
  ['a count of rejects', 'rejects: { MALFORMED: 1 }', 6, /- 1\n {4}\+ 0/],
  ['a count', 'commands: 2\ncounts: { trade: 2 }', 7, /^expect\.counts\.trade\n {4}- 2\n {4}\+ 1/],
  ['commands', 'commands: { atLeast: 3 }', 6, /- at least 3\n {4}\+ 2/],
  ['the time it took', 'took: 6ms', 6, /- 6 ms\n {4}\+ 5 ms/],
  ['a latency', 'latency: { min: 1ms }', 6, /- 1 ms\n {4}\+ 0 ms/],
  ['a failure that does not come', 'fails: no luck', 6, /- no luck\n {4}\+ the run goes well/],
]
for (const [what, expect, line, told] of FAILING)
  test.serial(`test - ${what} fails, at its line, with a diff`, async (t) => {
    const { code, stdout, stderr } = await run(t, testOf([SELL, WAIT, BUY], expect))
    t.is(code, 65, stderr)
    const [first, ...rest] = stdout.split('\n')
    t.is(first, `x.test.yaml:${line} t`, stdout)
    t.regex(rest.map((text) => text.replace(/^ {4}(?=expect)/, '')).join('\n'), told)
    t.regex(stdout, /\n0 passed, 1 failed\n$/)
  })

const MISTAKES: readonly (readonly [what: string, tests: string, told: RegExp])[] = [
  [
    'expects nothing',
    testOf([BUY], '{}'),
    /x\.test\.yaml:6:7 tests\.0\.expect: expects nothing, so it could not fail/,
  ],
  ['has no tests', '  []', /x\.test\.yaml:3:3 tests: expected at least one test/],
  [
    'misspells a key',
    testOf([BUY], 'event: []'),
    /x\.test\.yaml:6:7 tests\.0\.expect\.event: unknown key.*did you mean events\?/,
  ],
  [
    'has one name twice',
    testOf([BUY], 'commands: 1').repeat(2),
    /:7:11 tests\.1\.name: another test has this name already/,
  ],
  [
    'gives something else',
    testOf(['7'], 'commands: 1'),
    /:4:13 tests\.0\.given\.0: expected an order as a map/,
  ],
  [
    'waits wrongly',
    testOf(['{ wait: 5 }'], 'commands: 1'),
    /:4:21 tests\.0\.given\.0\.wait: expected a duration/,
  ],
  [
    'mocks what is not there',
    testOf([BUY], 'commands: 1', '    mocks: { outt: { delay: 1ms } }\n'),
    /:5:14 tests\.0\.mocks\.outt: no stage has the id "outt": did you mean out\?/,
  ],
  [
    'lets a step give records',
    testOf([BUY], 'commands: 1', '    mocks: { risk: { records: [] } }\n'),
    /risk is no source/,
  ],
  [
    'expects of what is no sink',
    testOf([BUY], 'outputs: { risk: { events: [] } }'),
    /no sink has the id "risk"/,
  ],
  [
    'sets what cannot be',
    testOf([BUY], 'commands: 1', '    set: [stages.risk.limits.maxOrderLots=ten]\n'),
    /^--set:1:33 risk\.limits\.maxOrderLots: expected/,
  ],
]
for (const [what, tests, told] of MISTAKES)
  test.serial(`test - a file that ${what} is exit code 78, and nothing is run`, async (t) => {
    const { code, stdout, stderr } = await run(t, tests)
    t.deepEqual([code, stdout], [78, ''], stderr)
    t.regex(stderr, told)
  })

test.serial('test - a pipeline file that is wrong is told in its own place', async (t) => {
  const { code, stderr } = await run(t, testOf([BUY], 'commands: 1'), {
    'x.yaml': PIPELINE.replace('maxOrderLots: 50', 'maxOrderLots: no'),
  })
  t.is(code, 78)
  t.regex(stderr, /^x\.yaml:5:\d+ risk\.limits\.maxOrderLots: expected a whole number above 0, got "no"\n$/)
})

test.serial('test - a sink that is slow holds the source back, in virtual time', async (t) => {
  const mocks = '    mocks: { out: { delay: 1s } }\n    set: [runtime.batchRecords=1]\n'
  const orders = [1, 2, 3].map((id) => BUY.replace('id: b', `id: b${id}`))
  const good = await run(t, testOf(orders, 'latency: { min: 1s }\ntook: 3s\ncounts: { accepted: 3 }', mocks))
  t.deepEqual([good.code, good.stdout], [0, '1 passed, 0 failed\n'], good.stdout + good.stderr)
})

test.serial('test - a stage that fails ends the run, and a test can expect it', async (t) => {
  const mocks = '    mocks: { risk: { fails: no luck } }\n'
  t.is((await run(t, testOf([BUY], 'fails: no luck', mocks))).code, 0)
  const unexpected = await run(t, testOf([BUY], 'commands: { atLeast: 0 }', mocks))
  t.is(unexpected.code, 65)
  t.regex(unexpected.stdout, /expect\.fails\n {4}- the run goes well\n {4}\+ no luck/)
})

const EDGED = `name: x
instruments: { A: { tick: 0.01, lot: 1 } }
runtime: { batchRecords: 1 }
plugins: [./ask.js]
deadLetters: { dir: /nowhere/dead }
stages:
  - { id: orders, operator: ingest, from: { orders: { file: none.ndjson } } }
  - { id: ask, operator: ask, timeout: 50ms, onError: bypass, breaker: { failures: 1, recovery: 2s } }
  - { id: match, operator: match, journal: { dir: /nowhere/journal } }
  - { id: out, operator: publish, to: { ndjson: { file: /nowhere/out.ndjson } } }
edges:
  - { from: match, to: out, capacity: 2, whenFull: dropNewest, allowLoss: true }
`
const ASK = `import { defineOperator } from 'millrace/operators'
export default defineOperator({
  name: 'ask', consumes: 'command', traits: () => ({ isAsync: true }),
  create: () => ({ processAsync: () => Promise.reject(new Error('nobody may be asked in a test')) }),
})`
const SIX = [1, 2, 3, 4, 5, 6].map((id) => BUY.replace('id: b', `id: b${id}`))

async function edged(t: ExecutionContext, given: readonly string[], mocks: string, expect: string) {
  const files = { 'x.yaml': EDGED, 'ask.js': ASK, 'package.json': '{"type":"module"}' }
  return run(t, testOf(given, expect, `    mocks: ${mocks}\n`), files)
}

test.serial(
  'test - a slow sink fills its edge, and what is dropped, waits and takes how long is exact',
  async (t) => {
    const expect = (drops: number) =>
      `counts: { accepted: 3 }\ndrops: ${drops}\nedges: { match->out: { highWater: 2, offered: 6, depth: 0 } }\nlatency: { min: 1s, max: 3s }\ntook: 3s`
    const good = await edged(t, SIX, '{ out: { delay: 1s } }', expect(3))
    t.deepEqual([good.code, good.stdout, good.stderr], [0, '1 passed, 0 failed\n', ''], good.stdout)
    const bad = await edged(t, SIX, '{ out: { delay: 1s } }', expect(2))
    t.deepEqual(
      [bad.code, bad.stdout.split('\n').slice(0, 4)],
      [65, ['x.test.yaml:8 t', '    expect.drops', '    - 2', '    + 3']],
    )
  },
)

test.serial(
  'test - a stage that waits is stood in for: by a delay, a failure, or one that takes too long',
  async (t) => {
    const slow = await edged(
      t,
      [BUY, SELL],
      '{ ask: { delay: 20ms } }',
      'latency: { p50: 20ms, max: 40ms }\ncounts: { trade: 1 }',
    )
    t.is(slow.code, 0, slow.stdout + slow.stderr)
    const failing = await edged(
      t,
      [BUY, SELL],
      '{ ask: { fails: no luck, times: 1 } }',
      'deadLetters: 1\ncounts: { accepted: 1 }',
    )
    t.is(failing.code, 0, failing.stdout + failing.stderr)
    const late = await edged(
      t,
      [BUY, '{ wait: 3s }', SELL],
      '{ ask: { delay: 60ms } }',
      'deadLetters: 2\ncounts: { accepted: 0 }',
    )
    t.is(late.code, 0, late.stdout + late.stderr)
    const wrong = await edged(t, [BUY], '{ ask: { delay: 20ms } }', 'deadLetters: 1')
    t.deepEqual([wrong.code, wrong.stdout.split('\n')[0]], [65, 'x.test.yaml:7 t'])
  },
)

test.serial(
  'test - what goes in may be lines, text, CSV in a file, or what the pipeline reads',
  async (t) => {
    const line = (id: number): string =>
      `{"id":"n${id}","symbol":"A","side":"buy","price":"1.00","quantity":1}`
    const tests = `
  - name: lines
    given: ['${line(1)}', '{"id":', ${BUY}]
    expect: { rejects: [MALFORMED], counts: { accepted: 2 } }
  - name: text
    given: |
      ${line(1)}
      ${line(2)}
    expect: { commands: 2 }
  - name: file
    given: { file: orders.csv }
    expect: { events: [{ id: c1, quantity: 7 }] }
  - name: what the pipeline reads
    variables: { FROM: orders.csv }
    set: ['stages.orders.from.orders.file=$\${ORDERS}']
    expect: { commands: 1 }
  - name: mock
    mocks: { orders: { records: [${BUY}, ${SELL}] } }
    expect: { counts: { trade: 1 } }
`
    const csv = 'id,symbol,side,price,quantity\nc1,A,buy,1.00,7\n'
    const folder = new Folder({ 'x.yaml': PIPELINE, 'orders.csv': csv })
    t.teardown(() => folder.remove())
    folder.write(
      'x.test.yaml',
      HEAD + tests.replace('FROM: orders.csv', `ORDERS: ${folder.at('orders.csv')}`),
    )
    const { code, stdout, stderr } = await millrace(['test', folder.path])
    t.deepEqual([code, stdout], [0, '5 passed, 0 failed\n'], stderr)
  },
)

test.serial('test - a report as JUnit XML has every test, its place and its diff', async (t) => {
  const tests =
    testOf([BUY], 'commands: 1') +
    testOf([BUY], 'rejects: ["<&>"]').replace('name: t', 'name: \'a "b" & <c>\'')
  const folder = new Folder({ 'x.yaml': PIPELINE, 'x.test.yaml': HEAD + tests })
  t.teardown(() => folder.remove())
  const report = folder.at('report.xml')
  const { code } = await millrace(['test', folder.path, '--junit', report])
  t.is(code, 65)
  const xml = folder.short(readFileSync(report, 'utf8')).replace(/time="[\d.]+"/g, 'time="0"')
  t.deepEqual(xml.split('\n'), [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites tests="2" failures="1" errors="0" time="0">',
    '  <testsuite name="x.test.yaml" tests="2" failures="1" errors="0" time="0">',
    '    <testcase name="t" classname="x" file="x.test.yaml" line="3" time="0"/>',
    '    <testcase name="a &quot;b&quot; &amp; &lt;c&gt;" classname="x" file="x.test.yaml" line="7" time="0">',
    '      <failure message="x.test.yaml:10 expect.rejects">x.test.yaml:10',
    '- &lt;&amp;&gt;</failure>',
    '    </testcase>',
    '  </testsuite>',
    '</testsuites>',
    '',
  ])
  const bad = await millrace(['test', folder.path, '--junit', folder.at('no/report.xml')])
  t.is(bad.code, 74)
  t.regex(bad.stderr, /no such file or directory/)
})

test.serial('test - tests are chosen by their names', async (t) => {
  const tests =
    testOf([BUY], 'commands: 1') + testOf([BUY], 'commands: 2').replace('name: t', 'name: wrong one')
  t.is((await run(t, tests, {}, '--filter', 'wrong')).stdout.split('\n').at(-2), '0 passed, 1 failed')
  const none = await run(t, tests, {}, '--filter', 'nothing')
  t.is(none.code, 78)
  t.regex(none.stderr, /no test has "nothing" in its name/)
})

test.serial('test - the tests of this checkout pass', async (t) => {
  const { code, stdout, stderr } = await millrace(['test', 'pipelines'])
  t.is(code, 0, stdout + stderr)
  t.true(parseInt(stdout, 10) >= 5)
})
