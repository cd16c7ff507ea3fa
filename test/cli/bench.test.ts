import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { Random } from '../../src/operators/simulator/random.ts'
import { millrace } from '../support/cli.ts'
import { naiveAnswer } from '../support/workload-answer.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const KEYS = ['events', 'cpuEventsPerSecond', 'wallEventsPerSecond', 'trades', 'lots', 'hash']

/** A file of random commands, cancels of orders that are gone among them, written without the code under test. */
function randomFile(name: string, prefill: number, events: number): string {
  const random = new Random(11)
  const bytes = Buffer.alloc(32 + 16 * (prefill + events))
  bytes.write('LOBW0001')
  for (const [i, value] of [1, prefill, events, prefill + events, 90, 109].entries())
    bytes.writeUInt32LE(value, 8 + 4 * i)
  for (let i = 0; i < prefill + events; i++) {
    const at = 32 + 16 * i
    const op = [0, 0, 0, 1, 1, 2][random.below(6)]!
    bytes[at] = op
    bytes[at + 1] = random.below(2)
    bytes.writeUInt32LE(op === 1 ? 1 + random.below(i + 1) : i + 1, at + 4)
    bytes.writeInt32LE(op === 0 ? 90 + random.below(20) : 0, at + 8)
    bytes.writeUInt32LE(op === 1 ? 0 : 1 + random.below(100), at + 12)
  }
  const file = join(folder, name)
  writeFileSync(file, bytes)
  return file
}

interface Figures extends Readonly<Record<string, unknown>> {
  readonly latencyNs?: Readonly<Record<string, number>>
}

function figuresOf(stdout: string): Figures {
  return JSON.parse(stdout) as Figures
}

const workload = randomFile('random.bin', 200, 2_500)

test.serial('bench - a workload file is played to the answer of the naive engine', async (t) => {
  const { code, stdout, stderr } = await millrace(['bench', 'book', '--workload', workload, '--json'])
  t.deepEqual([code, stderr], [0, ''])
  const figures = figuresOf(stdout)
  t.deepEqual(Object.keys(figures), KEYS)
  const { trades, lots, hash } = naiveAnswer(readFileSync(workload))
  t.true(trades > 500)
  t.like(figures, { events: 2_500, trades, lots, hash })
  for (const key of ['cpuEventsPerSecond', 'wallEventsPerSecond'])
    t.true(Number.isSafeInteger(figures[key]) && Number(figures[key]) > 0, key)
})

test.serial('bench - what is generated and saved plays to the same answer from the file', async (t) => {
  const file = join(folder, 'saved.bin')
  const flow = ['--kind', 'swing', '--seed', '3', '--events', '1500', '--live', '100', '--instruments', '3']
  const args = ['bench', 'book', '--json', '--passes', '1']
  const first = figuresOf((await millrace([...args, ...flow, '--save', file, '--latency'])).stdout)
  const again = figuresOf((await millrace([...args, '--workload', file])).stdout)
  const { trades, lots, hash } = naiveAnswer(readFileSync(file))
  t.like(first, { events: 1_500, trades, lots, hash })
  t.like(again, { events: 1_500, trades, lots, hash })
  t.deepEqual(Object.keys(first), [...KEYS, 'latencyNs'])
  t.deepEqual(Object.keys(first.latencyNs!), ['p50', 'p99', 'p99.9', 'p99.99', 'max', 'clock'])
})

test.serial('bench - without --json the figures are told in words', async (t) => {
  const { code, stdout } = await millrace(['bench', 'book', '--workload', workload, '--passes', '1'])
  t.is(code, 0)
  t.regex(stdout, /^2,500 events: [\d,]+ a second of CPU time, [\d,]+ a second by the clock\n/)
  t.regex(stdout, /[\d,]+ trades, [\d,]+ lots, hash \d+, [1-9]\d* rejected\n$/)
})

test.serial('bench - a pipeline is told in JSON and in words', async (t) => {
  const args = ['bench', 'pipeline', '--orders', '3000', '--rounds', '1']
  const [json, text] = [await millrace([...args, '--json']), await millrace(args)]
  t.deepEqual([json.code, text.code], [0, 0])
  const figures = figuresOf(json.stdout)
  t.is(figures['orders'], 3_000)
  t.deepEqual(Object.keys(figures.latencyNs!).slice(0, 5), ['ingest', 'validate', 'risk', 'match', 'publish'])
  t.regex(text.stdout, /^3,000 orders: [\d,]+ a second\n/)
})

test.serial('bench - a broken workload file is exit code 65, with the record that is wrong', async (t) => {
  const bytes = readFileSync(workload)
  bytes[32 + 16 * 77] = 9
  const broken = join(folder, 'broken.bin')
  writeFileSync(broken, bytes)
  const { code, stdout, stderr } = await millrace(['bench', 'book', '--workload', broken, '--json'])
  t.deepEqual([code, stdout], [65, ''])
  t.true(stderr.startsWith(`${broken}: record 77 (byte 1264): op 9: expected `), stderr)
})

test.serial('bench - a workload file that is not there is exit code 66', async (t) => {
  const missing = join(folder, 'missing.bin')
  const { code, stderr } = await millrace(['bench', 'book', '--workload', missing])
  t.deepEqual([code, stderr], [66, `${missing}: no such file or directory\n`])
})

test.serial('bench - a file that cannot be written is exit code 74', async (t) => {
  const args = ['bench', 'book', '--events', '10', '--live', '10', '--save', join(folder, 'no', 'such.bin')]
  t.is((await millrace(args)).code, 74)
})

const MISUSES: readonly (readonly [what: string, args: readonly string[], message: RegExp])[] = [
  ['a bench that there is not', ['frobnicate'], /unknown command 'frobnicate'/],
  [
    'a kind that there is not',
    ['book', '--kind', 'wild'],
    /Allowed choices are steady, swing, drift, one-level/,
  ],
  ['no events', ['book', '--events', '0'], /whole number from 1 to/],
  ['a file and a kind', ['book', '--workload', workload, '--kind', 'swing'], /cannot be used with/],
  ['an argument too many', ['pipeline', 'x.yaml'], /too many arguments/],
  ['a count of orders that is none', ['pipeline', '--orders', 'many'], /whole number from 1 to/],
]

for (const [what, args, message] of MISUSES)
  test.serial(`bench - ${what} is exit code 64`, async (t) => {
    const { code, stdout, stderr } = await millrace(['bench', ...args])
    t.deepEqual([code, stdout], [64, ''])
    t.regex(stderr, message)
  })
