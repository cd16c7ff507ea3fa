import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { millrace } from '../support/cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

function written(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

const good = written('good.scenario', 'scenario: rests\nbuy 100 @ 10.00 by A\nbook: 10.00 x 100 |\n')
const wrong = written(
  'wrong.scenario',
  'scenario: fills\nsell 60 @ 10.00 by A\nbuy 100 @ 10.00 by B ioc\n  > trade 60 @ 10.00 B/A\n  > cancelled 50 ioc B\n',
)
const broken = written('broken.text', 'scenario: one\nbuy 100 @ by A\ncancel\n')

test.serial('test - the scenarios of this checkout pass', async (t) => {
  const { code, stdout, stderr } = await millrace(['test'])
  t.is(code, 0, stderr)
  t.regex(stdout, /^\d+ passed, 0 failed\n$/)
  t.true(parseInt(stdout, 10) >= 80)
})

test.serial('test - a scenario that goes otherwise is told, and is exit code 65', async (t) => {
  const { code, stdout, stderr } = await millrace(['test', good, wrong])
  t.is(code, 65)
  t.is(stderr, '')
  t.deepEqual(stdout.split('\n'), [
    `${wrong}:3 fills`,
    '    buy 100 @ 10.00 by B ioc',
    '      > trade 60 @ 10.00 B/A',
    '    - > cancelled 50 ioc B',
    '    + > cancelled 40 ioc B',
    '1 passed, 1 failed',
    '',
  ])
})

test.serial('test - programs get the same as JSON', async (t) => {
  const { code, stdout } = await millrace(['test', wrong, '--format', 'json'])
  t.is(code, 65)
  t.deepEqual(JSON.parse(stdout), {
    passed: 0,
    failed: 1,
    failures: [
      {
        file: wrong,
        line: 3,
        scenario: 'fills',
        step: 'buy 100 @ 10.00 by B ioc',
        diff: [
          { mark: ' ', text: '> trade 60 @ 10.00 B/A' },
          { mark: '-', text: '> cancelled 50 ioc B' },
          { mark: '+', text: '> cancelled 40 ioc B' },
        ],
      },
    ],
  })
})

test.serial(
  'test - a file that cannot be understood is exit code 78, with every place, and nothing is run',
  async (t) => {
    const { code, stdout, stderr } = await millrace(['test', wrong, broken])
    t.is(code, 78)
    t.is(stdout, '')
    t.deepEqual(stderr.split('\n'), [
      `${broken}:2:11 expected a price, got "by"`,
      `${broken}:3:7 expected the name of an order, got the end of the line`,
      '',
    ])
    const json = await millrace(['test', broken, '--format', 'json'])
    const { problems } = JSON.parse(json.stderr) as { problems: { line: number }[] }
    t.deepEqual([json.code, ...problems.map(({ line }) => line)], [78, 2, 3])
  },
)

test.serial('test - a folder stands for the scenario files in it and below', async (t) => {
  const { code, stdout } = await millrace(['test', folder])
  t.is(code, 65)
  t.regex(stdout, /\n1 passed, 1 failed\n$/)
  const below = join(folder, 'some', 'below')
  mkdirSync(below, { recursive: true })
  const empty = await millrace(['test', below])
  t.deepEqual([empty.code, empty.stderr], [78, `${below}:1:1 there are no scenarios or tests here\n`])
  writeFileSync(join(below, 'deep.scenario'), 'scenario: deep\nbuy 1 @ 1 by A\n')
  t.is((await millrace(['test', join(folder, 'some')])).stdout, '1 passed, 0 failed\n')
})

test.serial('test - a file that is not there is exit code 78', async (t) => {
  const missing = join(folder, 'missing.scenario')
  const { code, stderr } = await millrace(['test', missing])
  t.is(code, 78)
  t.is(stderr, `${missing}:1:1 no such file or directory\n`)
})
