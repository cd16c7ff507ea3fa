import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { millrace, start, type Running } from '../support/cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-graph-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const out = join(folder, 'out.ndjson')
const file = join(folder, 'desks.yaml')
writeFileSync(
  file,
  `name: desks
instruments:
  AAPL: { tick: 0.01, lot: 1, referencePrice: 585.33 }
stages:
  - { id: orders, operator: ingest, from: { simulate: { seed: 7, orders: 5000 } } }
  - { id: route, operator: switch, branches: { large: { when: { lots: { above: 500 } } }, rest: {} } }
  - { id: desk, operator: risk, inputs: route.large }
  - { id: floor, operator: risk, inputs: route.rest }
  - { id: together, operator: merge, inputs: [desk, floor], order: sequence }
  - { id: match, operator: match }
  - { id: report, operator: publish, to: summary }
  - { id: lines, operator: publish, inputs: match, to: { ndjson: { file: ${out} } } }
edges:
  - { from: match, to: lines, capacity: 64 }
`,
)
const doubtful = join(folder, 'doubtful.yaml')
writeFileSync(
  doubtful,
  `name: doubtful
instruments: { AAPL: { tick: 0.01, lot: 1 } }
stages:
  - { id: orders, operator: ingest, from: { simulate: { orders: 10 } } }
  - { operator: match }
`,
)

interface PlanJson {
  readonly islands: readonly { id: string; kind: string; stages: string[]; order: string }[]
  readonly edges: readonly { id: string; capacity: number; whenFull: string; reason: string; why: string }[]
  readonly measured?: { commands: number; ordersPerSecond: number }
}

test.serial('explain - says what the islands are, and why each edge is there', async (t) => {
  const { code, stdout, stderr } = await millrace(['explain', file, '--format', 'json'])
  t.is(code, 0, stderr)
  const { islands, edges, measured } = JSON.parse(stdout) as PlanJson
  t.deepEqual(
    islands.map(({ id, stages }) => [id, stages.join(' ')]),
    [
      ['orders', 'orders route'],
      ['desk', 'desk'],
      ['floor', 'floor'],
      ['together', 'together match report'],
      ['lines', 'lines'],
    ],
  )
  t.is(islands[3]!.order, 'sequence')
  t.deepEqual(
    edges.map(({ id, reason, capacity }) => [id, reason, capacity]),
    [
      ['route.large->desk', 'branch', 32_768],
      ['route.rest->floor', 'branch', 32_768],
      ['desk->together', 'fan-in', 32_768],
      ['floor->together', 'fan-in', 32_768],
      ['match->lines', 'io', 64],
    ],
  )
  t.is(measured, undefined)
  const people = await millrace(['explain', file])
  t.regex(people.stdout, /^desks: 5 islands, 5 edges\n/)
  t.true(people.stdout.includes('lines writes to the outside, at a pace of its own'))
  t.regex(people.stdout, /island orders .*about \d+ ns a record/)
})

test.serial('explain - can measure, and then writes nothing to the outside', async (t) => {
  writeFileSync(out, 'as it was\n')
  const args = ['explain', file, '--measure', '--orders', '3000', '--format', 'json']
  const { code, stdout, stderr } = await millrace(args)
  t.is(code, 0, stderr)
  const { measured } = JSON.parse(stdout) as PlanJson
  t.is(measured?.commands, 3_000)
  t.true(measured!.ordersPerSecond > 0)
  t.is(readFileSync(out, 'utf8'), 'as it was\n')
})

test.serial('graph - draws every stage and every edge, in three languages', async (t) => {
  const drawn = await Promise.all(
    ['mermaid', 'dot', 'svg'].map(
      async (format) => (await millrace(['graph', file, '--format', format])).stdout,
    ),
  )
  const [mermaid, dot, svg] = drawn as [string, string, string]
  t.regex(mermaid, /^flowchart LR\n/)
  t.true(mermaid.includes('s_match ==>|"64 block"| s_lines'))
  t.true(mermaid.includes('s_match --> s_report'))
  t.regex(dot, /^digraph "desks" \{/)
  t.true(dot.includes('"match" -> "lines" [label="64 block", penwidth=2];'))
  t.regex(svg, /^<svg xmlns/)
  t.true(svg.trimEnd().endsWith('</svg>'))
  for (const id of ['orders', 'route', 'desk', 'floor', 'together', 'match', 'report', 'lines'])
    for (const text of drawn) t.true(text.includes(id), `${id} in ${text.slice(0, 20)}`)
  const places = Array.from(svg.matchAll(/<g>.*?<rect x="(\d+)" y="(\d+)"/g), ([, x, y]) => `${x} ${y}`)
  t.is(new Set(places).size, 8, 'no two stages in one place')
})

test.serial('run - a graph adds up on both back ends, and says where it was held up', async (t) => {
  const runs = await Promise.all(
    ['fused', 'reference'].map((backend) =>
      millrace(['run', file, '--backend', backend, '--format', 'json']),
    ),
  )
  const [fused, reference] = runs.map(
    ({ stdout }) => JSON.parse(stdout) as { summary: { totals: { addsUp: boolean; commands: number } } },
  )
  t.deepEqual(fused!.summary, reference!.summary)
  const { totals } = fused!.summary
  t.true(totals.addsUp && totals.commands === 5_000)
  const { stdout } = await millrace(['run', file])
  t.regex(stdout, /\nbackpressure\n {2}island +busy +idle/)
  t.regex(stdout, /\n {2}match->lines +block +64 /)
  t.is(readFileSync(out, 'utf8').at(-1), '\n')
})

for (const command of ['validate', 'run'])
  test.serial(`${command} - warnings are told and lived with, unless they are denied`, async (t) => {
    const lived = await millrace([command, doubtful])
    t.is(lived.code, 0)
    const warnings = lived.stderr.split('\n').filter((line) => line.includes(': warning: '))
    t.is(warnings.length, 2, lived.stderr)
    t.regex(warnings[0]!, /doubtful\.yaml:5:5 .*match keeps state: give it an id/)
    t.regex(warnings[1]!, /doubtful\.yaml:5:17 .*no stage takes what match makes/)
    const denied = await millrace([command, doubtful, '--deny-warnings'])
    t.is(denied.code, 78)
    t.is(denied.stdout, '')
    t.true(denied.stderr.includes('match keeps state'))
  })

test.serial('run - what cannot be drained in time is told, and ends it', async (t) => {
  const endless = ['run', file, '--set', 'stages.orders.from.simulate.orders=100000000']
  const running = start([...endless, '--set', 'stages.lines.to.ndjson.file="-"', '--drain-timeout', '0.3'], {
    leaveStdout: true,
  })
  await running.until(({ stderr }: Running) => /[1-9][\d,]* orders /.test(stderr))
  running.child.kill('SIGINT')
  const { code, stderr } = await running.ended
  t.is(code, 74, stderr)
  t.regex(stderr, /the time to drain was over before all was handled: .*\d+ records in match->lines/)
  running.child.stdout!.destroy()
})

test.serial('run - a second interrupt leaves a file that ends with a whole line', async (t) => {
  const endless = ['run', file, '--set', 'stages.orders.from.simulate.orders=100000000']
  const running = start(endless)
  await running.until(({ stderr }: Running) => /[1-9][\d,]* orders /.test(stderr))
  running.child.kill('SIGINT')
  running.child.kill('SIGTERM')
  const { code } = await running.ended
  t.true(code === 130 || code === 0)
  const lines = readFileSync(out, 'utf8')
  t.is(lines.at(-1), '\n')
  t.notThrows(() => JSON.parse(lines.trimEnd().split('\n').at(-1)!) as unknown)
})

test.serial('dead letters - are listed, and sent again through another pipeline', async (t) => {
  const letters = join(folder, 'letters')
  const plugin = join(folder, 'frail.ts')
  const index = new URL('../../src/operators/index.ts', import.meta.url).pathname
  writeFileSync(
    plugin,
    `import { defineOperator } from ${JSON.stringify(index)}
export const frail = defineOperator({
  name: 'frail',
  consumes: 'command',
  create: () => ({
    process: (words: Int32Array, at: number) => {
      if (words[at + 6]! % 10 === 0) throw new Error('cannot bear it')
    },
  }),
})
`,
  )
  const broken = join(folder, 'broken.yaml')
  writeFileSync(
    broken,
    readFileSync(file, 'utf8')
      .replace('name: desks', `name: broken\nplugins: [./frail.ts]\ndeadLetters: { dir: ${letters} }`)
      .replace(
        '  - { id: route',
        '  - { id: frail, operator: frail, onError: bypass, breaker: { failures: 1000 } }\n  - { id: route',
      ),
  )
  const run = await millrace(['run', broken, '--format', 'json'])
  t.is(run.code, 0, run.stderr)
  const { summary } = JSON.parse(run.stdout) as {
    summary: { totals: { deadLettered: number; addsUp: boolean } }
  }
  t.true(summary.totals.deadLettered > 100 && summary.totals.addsUp)
  const listed = await millrace(['dead-letters', letters, '--format', 'json'])
  const told = listed.stdout.trimEnd().split('\n')
  t.is(told.length, summary.totals.deadLettered)
  t.like(JSON.parse(told[0]!), { stage: 'frail', cause: 'cannot bear it', kind: 'command', symbol: 'AAPL' })
  t.true(
    (await millrace(['dead-letters', letters])).stdout.includes(`${told.length} dead letters in 1 files`),
  )
  const again = await millrace(['replay', '--dead-letters', letters, '--into', file, '--format', 'json'])
  t.is(again.code, 0, again.stderr)
  const replayed = JSON.parse(again.stdout) as { commands: number; summary: { totals: { addsUp: boolean } } }
  t.is(replayed.commands, told.length)
  t.true(replayed.summary.totals.addsUp)
  t.is((await millrace(['dead-letters', join(folder, 'none')])).code, 66)
})
