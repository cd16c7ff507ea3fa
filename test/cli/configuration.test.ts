import { existsSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import { parse } from 'yaml'
import { missingFlags } from '../../src/cli/heap.ts'
import { machineNode, millrace, root } from '../support/cli.ts'
import { Folder } from '../support/folder.ts'
import { spawned } from '../support/spawned.ts'

function folderOf(t: ExecutionContext, files: Record<string, string>): Folder {
  const folder = new Folder(files)
  t.teardown(() => folder.remove())
  return folder
}

const FILE = `include: common.yaml
name: x
stages:
  - { id: orders, operator: ingest, from: { orders: { file: '\${INPUT:--}' } } }
  - { id: risk, operator: risk, limits: { maxOrderLots: '\${LOTS}', collarTicks: 500 } }
  - { id: match, operator: match }
  - { id: out, operator: publish, to: { ndjson: { file: '\${file:where}' } } }
  - { id: copy, operator: publish, inputs: match, to: { ndjson: { file: '\${COPY}' } } }
`
const COMMON = 'instruments:\n  AAPL: { tick: 0.01, lot: 1 }\n'

test.serial(
  'validate --echo - prints what is in effect, where each value is from, and no secret',
  async (t) => {
    const folder = folderOf(t, {
      'x.yaml': FILE,
      'common.yaml': COMMON,
      where: '/tmp/top-secret-place\n',
      'profiles/production.yaml': 'stages: [{ id: risk, limits: { collarTicks: 50 } }]',
    })
    const args = ['validate', folder.at('x.yaml'), '--echo', '--profile', 'production', '--set', 'name=y']
    const env = { ...process.env, LOTS: '77', COPY: '/tmp/another-place' }
    const { code, stdout, stderr } = await spawned(process.execPath, ['bin/millrace.js', ...args], {
      cwd: root,
      env,
    })
    t.is(code, 0, stderr)
    const echo = folder.short(stdout)
    t.notRegex(echo, /top-secret-place|another-place/)
    for (const line of [
      'name: y # --set',
      'tick: 0.01 # include common.yaml:2',
      'file: "-" # default of INPUT, x.yaml:4',
      'maxOrderLots: 77 # environment LOTS, x.yaml:5',
      'collarTicks: 50 # profile production, profiles/production.yaml:1',
      'file: ${file:where} # secret file:where, x.yaml:7, not shown',
      'file: ${COPY} # environment COPY, x.yaml:8, not shown',
    ])
      t.true(echo.includes(line), `${line}\n${echo}`)
    const { effective, from } = JSON.parse(
      (await spawned(process.execPath, ['bin/millrace.js', ...args, '--format', 'json'], { cwd: root, env }))
        .stdout,
    ) as { effective: unknown; from: Record<string, string> }
    t.deepEqual(effective, parse(stdout))
    t.is(folder.short(from['stages.1.limits.collarTicks']!), 'profile production, profiles/production.yaml:1')
  },
)

test.serial('validate --echo - what it prints is a pipeline file that comes to the same', async (t) => {
  const first = await millrace(['validate', 'pipelines/exchange.yaml', '--echo', '--profile', 'benchmark'])
  const folder = folderOf(t, { 'again.yaml': first.stdout })
  const again = await millrace(['validate', folder.at('again.yaml'), '--echo'])
  t.is(again.code, 0, again.stderr)
  t.deepEqual(parse(again.stdout), parse(first.stdout))
  t.true(first.stdout.includes('semiSpaceMiB: 64 # profile benchmark, pipelines/profiles/benchmark.yaml:'))
})

test.serial('validate - warns of a secret that everyone may read, and goes on', async (t) => {
  const folder = folderOf(t, {
    'x.yaml': FILE.replace('${COPY}', 'c').replace("'${LOTS}'", '5'),
    'common.yaml': COMMON,
  })
  folder.write('where', 'a', 0o644)
  const { code, stderr } = await millrace(['validate', folder.at('x.yaml')])
  t.is(code, 0)
  t.regex(
    stderr,
    /^\S+x\.yaml:7:\d+ out\.to\.ndjson\.file: warning: secret file where can be read by everyone/,
  )
})

const HEAP_OPERATOR = `
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8'
import { defineOperator } from 'millrace/operators'
export default defineOperator({
  name: 'heap',
  consumes: 'event',
  create: () => ({
    process() {},
    report() {
      const junk = []
      for (let i = 0; i < 3_000_000; i++) junk[i & 255] = { i }
      const { space_size } = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
      const newSpaceMiB = space_size / 2 ** 20
      const limitMiB = getHeapStatistics().heap_size_limit / 2 ** 20
      return { title: 'heap', lines: [], figures: { newSpaceMiB, limitMiB, pid: process.pid, ppid: process.ppid } }
    },
  }),
})
`
const HEAP_FILE = `name: heap
plugins: [./heap.js]
instruments: { A: { tick: 1, lot: 1 } }
stages:
  - { id: orders, operator: ingest, from: { simulate: { orders: 10 } } }
  - { id: match, operator: match }
  - { id: heap, operator: heap }
`

for (const [name, node] of [
  ['the pinned Node.js', process.execPath],
  ['the Node.js of the machine', machineNode ?? process.execPath],
] as const)
  test.serial(`profile - ${name} runs with the heap that the profile asks for`, async (t) => {
    const folder = folderOf(t, {
      'x.yaml': HEAP_FILE,
      'heap.js': HEAP_OPERATOR,
      'package.json': '{"type":"module"}',
    })
    const figures = async (...args: string[]) => {
      const { code, stdout, stderr } = await millrace(
        ['run', folder.at('x.yaml'), '--format', 'json', ...args],
        '',
        { node },
      )
      t.is(code, 0, stderr)
      return (JSON.parse(stdout) as { heap: { newSpaceMiB: number; limitMiB: number } }).heap
    }
    t.true((await figures()).newSpaceMiB < 128)
    const benchmark = await figures('--profile', 'benchmark')
    t.is(benchmark.newSpaceMiB, 128, 'two halves')
    t.true(benchmark.limitMiB >= 2048 && benchmark.limitMiB < 2600, String(benchmark.limitMiB))
    t.is((await figures('--profile', 'benchmark', '--set', 'runtime.heap.semiSpaceMiB=16')).newSpaceMiB, 32)
  })

test('heap - a flag that the process was given stands', (t) => {
  const heap = { semiSpaceMiB: 8, oldSpaceMiB: 100 }
  t.deepEqual(missingFlags(heap, [], {}), [
    '--min-semi-space-size=8',
    '--max-semi-space-size=8',
    '--max-old-space-size=100',
  ])
  t.deepEqual(
    missingFlags(heap, ['--max_semi_space_size=2'], { NODE_OPTIONS: '--max-old-space-size=9 --trace-gc' }),
    ['--min-semi-space-size=8'],
  )
  t.deepEqual(missingFlags({}, [], {}), [])
})

test('profiles - the folder of the checkout has those that the help names', (t) => {
  for (const name of ['development', 'benchmark', 'production'])
    t.true(existsSync(`${root}/pipelines/profiles/${name}.yaml`))
})
