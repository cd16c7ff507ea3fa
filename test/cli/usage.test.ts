import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { millrace, root } from '../support/cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-cli-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const broken = join(folder, 'broken.yaml')
writeFileSync(
  broken,
  `name: broken
instruments:
  AAPL: { tick: 0.01, lot: none }
stages:
  - { id: orders, operator: ingest, from: { simulate: { seed: -1 } } }
  - { id: risk, operator: rsik }
  - { id: match, operator: match, speed: fast }
`,
)

/** What is wrong with it: line, column and path. */
const WRONG = [
  [3, 28, 'instruments.AAPL.lot'],
  [5, 63, 'stages.orders.from.simulate.seed'],
  [6, 27, 'stages.risk.operator'],
  [7, 35, 'stages.match.speed'],
] as const

const MISUSES: readonly (readonly [what: string, args: readonly string[], message: RegExp])[] = [
  ['an unknown command', ['frobnicate'], /unknown command 'frobnicate'/],
  ['an unknown option', ['run', 'x.yaml', '--frobnicate'], /unknown option '--frobnicate'/],
  ['a count of orders that is none', ['run', 'x.yaml', '--orders', '1.5'], /whole number above 0/],
  ['a duration of 0', ['run', 'x.yaml', '--duration', '0'], /number of seconds above 0/],
  ['a format that there is not', ['run', 'x.yaml', '--format', 'xml'], /Allowed choices are text, json/],
  ['checks every 0 commands', ['run', 'x.yaml', '--check', '0'], /whole number above 0/],
  ['a file taken for a count of checks', ['run', '--check', 'x.yaml'], /put --check behind the file/],
  ['no file', ['run'], /missing required argument 'file'/],
  ['a file too many', ['validate', 'x.yaml', 'y.yaml'], /too many arguments/],
]

for (const [what, args, message] of MISUSES)
  test.serial(`usage - ${what} is exit code 64, and says so on standard error`, async (t) => {
    const { code, stdout, stderr } = await millrace(args)
    t.is(code, 64)
    t.regex(stderr, message)
    t.is(stdout, '')
  })

test.serial('usage - help and version are exit code 0, on standard output', async (t) => {
  const [help, version] = await Promise.all([millrace(['run', '--help']), millrace(['--version'])])
  t.deepEqual([help.code, help.stderr, version.code, version.stderr], [0, '', 0, ''])
  t.regex(help.stdout, /--duration <seconds>/)
  t.regex(version.stdout, /^\d+\.\d+\.\d+/)
})

for (const command of ['run', 'validate'])
  test.serial(
    `usage - ${command} tells all that is wrong with a file, in its order, and is exit code 78`,
    async (t) => {
      const { code, stdout, stderr } = await millrace([command, broken])
      t.is(code, 78)
      t.is(stdout, '')
      const lines = stderr.trimEnd().split('\n')
      t.is(lines.length, WRONG.length, stderr)
      for (const [i, [line, column, path]] of WRONG.entries())
        t.true(
          lines[i]!.startsWith(`${broken}:${line}:${column} ${path.replace(/^stages\./, '')}: `),
          lines[i],
        )
    },
  )

test.serial('usage - for programs the problems are one JSON document', async (t) => {
  const { code, stderr } = await millrace(['validate', broken, '--format', 'json'])
  t.is(code, 78)
  const { problems } = JSON.parse(stderr) as {
    problems: { file: string; line: number; column: number; path: string; message: string }[]
  }
  t.deepEqual(
    problems.map(({ file, line, column, path }) => [file, line, column, path]),
    WRONG.map((wrong) => [broken, ...wrong]),
  )
  t.true(problems.every(({ message }) => message !== ''))
})

test.serial('usage - an input that the file has no use for is refused', async (t) => {
  const { code, stderr } = await millrace(['validate', 'pipelines/exchange.yaml', '--input', 'some-file'])
  t.is(code, 78)
  t.is(stderr, '--input:1:1 pipelines/exchange.yaml does not mention ${INPUT}: this option has no effect\n')
})

test.serial('usage - the pipelines that come with it are good', async (t) => {
  const files = readdirSync(join(root, 'pipelines'))
    .filter((name) => name.endsWith('.yaml') && !name.endsWith('.test.yaml'))
    .map((name) => `pipelines/${name}`)
  t.true(files.length >= 3)
  for (const file of files) {
    const mentions = readFileSync(join(root, file), 'utf8').includes('${INPUT')
    const { code, stdout, stderr } = await millrace([
      'validate',
      file,
      ...(mentions ? ['--input', 'some-file'] : []),
    ])
    t.is(code, 0, stderr)
    t.regex(stdout, /^pipelines\/[\w-]+\.yaml: good \([\w-]+: \w+(?: -> [\w-]+)+\)\n$/)
  }
})

test.serial('usage - validate names the stages for programs too', async (t) => {
  const { stdout } = await millrace(['validate', 'pipelines/exchange.yaml', '--format', 'json'])
  const stages = ['orders', 'validate', 'risk', 'match', 'report']
  t.deepEqual(JSON.parse(stdout), { name: 'exchange', stages })
})

test.serial('usage - a pipeline file that is not there is exit code 78', async (t) => {
  const { code, stderr } = await millrace(['run', join(folder, 'missing.yaml')])
  t.is(code, 78)
  t.regex(stderr, /missing\.yaml.*no such file\n$/)
  t.is(stderr.split('\n').length, 2)
})

test.serial('usage - a value that cannot be set is told at --set', async (t) => {
  const { code, stderr } = await millrace([
    'validate',
    'pipelines/exchange.yaml',
    '--set',
    'stages.risk.limits.collarTicks=wide',
  ])
  t.is(code, 78)
  t.regex(stderr, /^--set:\d+:\d+ .*risk\.limits\.collarTicks: expected a whole number/)
})

test.serial('usage - an input that is not there is told where the file asks for it', async (t) => {
  const missing = join(folder, 'missing.ndjson')
  const { code, stdout, stderr } = await millrace(['run', 'pipelines/stdio.yaml', '--input', missing])
  t.is(code, 78)
  t.is(stdout, '')
  t.regex(
    stderr,
    /^pipelines\/stdio\.yaml:\d+:\d+ orders\.from\.orders\.file: .*missing\.ndjson: no such file or directory\n$/,
  )
})

test.serial('usage - an input that is needed and not given is told so', async (t) => {
  const { code, stderr } = await millrace(['run', 'pipelines/replay-lobster.yaml'])
  t.is(code, 78)
  t.regex(stderr, /INPUT/)
})

test.serial('usage - a simulation without instruments is a problem in the file', async (t) => {
  const file = join(folder, 'bare.yaml')
  writeFileSync(
    file,
    'name: bare\nstages:\n- { id: orders, operator: ingest, from: { simulate: { seed: 1 } } }\n- { id: match, operator: match }\n',
  )
  const { code, stderr } = await millrace(['run', file])
  t.is(code, 78)
  t.regex(stderr, /bare\.yaml:3:\d+ orders\.from\.simulate: .*instruments/)
})
