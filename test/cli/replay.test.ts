import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { millrace } from '../support/cli.ts'
import { filesOf, flowJournal, forge, stateOf, tempDir } from '../support/journal.ts'
import { journalPipeline, pipelineFile } from '../support/journal-pipeline.ts'

const SMALL = { segmentBytes: 262_144, snapshotEvery: 4_000 } as const
const FLOW_INSTRUMENTS =
  '{ AAPL: { tick: 0.01, lot: 1, referencePrice: 585.33 }, AMZN: { tick: 0.01, lot: 1, referencePrice: 223.88 }, GOOG: { tick: 0.01, lot: 1, referencePrice: 577.20 } }'

interface Report {
  readonly commands: number
  readonly journal: {
    readonly sequence: number
    readonly recovery: { readonly replayed: number; readonly snapshotSequence: number }
  }
  readonly summary: {
    readonly totals: { readonly addsUp: boolean; readonly rejectedBy: Record<string, number> }
  }
  readonly recorded: { readonly refusedBy: Record<string, number> }
}

test.serial(
  'replay - prints the hash of the state, the same from the beginning and from a snapshot',
  async (t) => {
    const dir = join(tempDir(t), 'journal')
    for (const orders of [5_000, 10_000]) await flowJournal(dir, orders, SMALL)
    const { hash } = stateOf(dir)
    const { code, stdout, stderr } = await millrace(['replay', dir])
    t.is(code, 0, stderr)
    t.true(stdout.includes(`state ${hash}\n`))
    t.regex(stdout, /sequence 10,000, 10,000 commands, from the beginning/)
    const later = await millrace(['replay', dir, '--from', '9000', '--verify'])
    t.true(later.stdout.includes(`state ${hash}\n`))
    t.regex(later.stdout, /from the snapshot at 5,000\n/)
    t.regex(later.stdout, /events are as they were recorded, byte for byte/)
    const part = await millrace(['replay', dir, '--to', '3333', '--format', 'json'])
    t.is((JSON.parse(part.stdout) as { sequence: number }).sequence, 3_333)
  },
)

test.serial(
  'replay - with --verify an event that is not as it was recorded is shown both ways',
  async (t) => {
    const dir = join(tempDir(t), 'journal')
    await flowJournal(dir, 5_000, { ...SMALL, snapshotEvery: 0 })
    const good = await millrace(['replay', dir, '--verify', '--format', 'json'])
    t.is(good.code, 0)
    const path = filesOf(dir, 'commands')[0]!
    const bytes = readFileSync(path)
    bytes[bytes.length - 20]! ^= 1
    writeFileSync(path, bytes)
    const damaged = await millrace(['replay', dir, '--verify'])
    t.is(damaged.code, 65)
    t.regex(damaged.stderr, /commands-000001-.*\.log: at byte \d+: /)
    bytes[bytes.length - 20]! ^= 1
    writeFileSync(path, bytes)
    forge(filesOf(dir, 'events')[0]!, (records) => records.writeInt32LE(records.readInt32LE(32) + 1, 32))
    const forged = await millrace(['replay', dir, '--verify'])
    t.is(forged.code, 65)
    t.regex(
      forged.stdout,
      /^the events of command 1 are not as they were recorded\n {2}recorded \{"kind":1,.*\n {2}replayed \{"kind":1,/,
    )
  },
)

test.serial('replay - a directory that is not there or has no journal is told of', async (t) => {
  t.is((await millrace(['replay', '/nowhere/at/all'])).code, 66)
  const empty = await millrace(['replay', tempDir(t)])
  t.is(empty.code, 66)
  t.regex(empty.stderr, /no journal is in this directory/)
  t.is((await millrace(['replay', tempDir(t), '--from', 'x'])).code, 64)
})

test.serial('replay - into another pipeline: what would its limits have refused', async (t) => {
  const base = tempDir(t)
  const { file, dir } = journalPipeline(
    t,
    { instruments: FLOW_INSTRUMENTS, limits: '{ maxOrderLots: 900 }' },
    base,
  )
  const run = JSON.parse(
    (await millrace(['run', file, '--orders', '20000', '--format', 'json'])).stdout,
  ) as Report
  const hash = stateOf(dir).hash
  const same = await millrace(['replay', dir, '--into', file, '--format', 'json', '--quiet'])
  t.is(same.code, 0, same.stderr)
  const sameReport = JSON.parse(same.stdout) as Report
  t.deepEqual(sameReport.summary.totals, run.summary.totals, 'the same pipeline makes the same of it')
  t.regex(same.stderr, /is the journal that is replayed: nothing is written to it/)
  const stricter = pipelineFile(
    base,
    join(base, 'other'),
    { instruments: FLOW_INSTRUMENTS, limits: '{ maxOrderLots: 100 }' },
    'stricter',
  )
  const other = JSON.parse(
    (await millrace(['replay', dir, '--into', stricter, '--format', 'json', '--quiet'])).stdout,
  ) as Report
  t.is(other.commands, 20_000)
  t.true(other.summary.totals.addsUp)
  t.is(other.recorded.refusedBy['RISK_ORDER_SIZE'], run.summary.totals.rejectedBy['RISK_ORDER_SIZE'])
  t.true(
    other.summary.totals.rejectedBy['RISK_ORDER_SIZE']! >
      run.summary.totals.rejectedBy['RISK_ORDER_SIZE']! + 1_000,
  )
  t.is(stateOf(dir).hash, hash, 'the journal is as it was')
  t.is(stateOf(join(base, 'other')).sequence, 20_000, 'and what came of it is in one of its own')
  const part = JSON.parse(
    (
      await millrace([
        'replay',
        dir,
        '--into',
        file,
        '--from',
        '101',
        '--to',
        '600',
        '--format',
        'json',
        '--quiet',
      ])
    ).stdout,
  ) as Report
  t.is(part.commands, 500)
})

test.serial('replay - into a pipeline with other ticks is refused', async (t) => {
  const base = tempDir(t)
  const { file, dir } = journalPipeline(t, {}, base)
  await millrace(['run', file, '--orders', '500', '--quiet'])
  const other = pipelineFile(
    base,
    join(base, 'x'),
    { instruments: '{ AAPL: { tick: 0.05, lot: 1 } }' },
    'other',
  )
  const { code, stderr } = await millrace(['replay', dir, '--into', other])
  t.is(code, 78)
  t.regex(stderr, /AAPL was recorded with tick 0\.01 and lot 1, and the pipeline has tick 0\.05/)
})

test.serial('replay - keeps to the pace that is asked for', async (t) => {
  const { file, dir } = journalPipeline(t)
  await millrace(['run', file, '--orders', '400', '--quiet'])
  const fast = JSON.parse((await millrace(['replay', dir, '--format', 'json'])).stdout) as {
    seconds: number
    hash: string
  }
  const slow = JSON.parse((await millrace(['replay', dir, '--pace', '1000', '--format', 'json'])).stdout) as {
    seconds: number
    hash: string
  }
  t.is(slow.hash, fast.hash)
  t.true(slow.seconds > 0)
})

test.serial('run - with a journal goes on where it was, and the figures add up', async (t) => {
  const { file, dir } = journalPipeline(t)
  const first = JSON.parse(
    (await millrace(['run', file, '--orders', '15000', '--format', 'json'])).stdout,
  ) as Report
  const second = JSON.parse(
    (await millrace(['run', file, '--orders', '40000', '--format', 'json'])).stdout,
  ) as Report
  t.is(first.commands, 15_000)
  t.is(second.commands, 25_000, 'the generator passes over what is known')
  t.is(second.journal.recovery.snapshotSequence, 15_000)
  t.true(second.summary.totals.addsUp)
  const whole = journalPipeline(t)
  await millrace(['run', whole.file, '--orders', '40000', '--quiet'])
  t.is(stateOf(dir).hash, stateOf(whole.dir).hash)
  const third = JSON.parse(
    (await millrace(['run', file, '--orders', '40000', '--format', 'json'])).stdout,
  ) as Report
  t.is(third.commands, 0)
  t.true(third.summary.totals.addsUp)
})

test.serial('run - what is wrong under journal is told with its place', async (t) => {
  for (const [journal, told] of [
    ['durability: maybe', /match\.journal\.durability: expected one of none, os, disk, got "maybe"/],
    ['segmentBytes: 7', /match\.journal\.segmentBytes: expected a whole number from 1048576/],
    ['sync: 7', /match\.journal\.sync: unknown key/],
  ] as const) {
    const { file } = journalPipeline(t, { journal })
    const { code, stderr } = await millrace(['validate', file])
    t.is(code, 78)
    t.regex(stderr, told)
  }
})

for (const journal of [
  'durability: disk, syncEveryMs: 5',
  'durability: disk, syncRecords: 64, files: map',
  'durability: none',
])
  test.serial(`run - with ${journal} it all is there`, async (t) => {
    const { file, dir } = journalPipeline(t, { journal })
    const { code, stderr } = await millrace(['run', file, '--orders', '20000', '--quiet'])
    t.is(code, 0, stderr)
    const { stdout } = await millrace(['replay', dir, '--verify'])
    t.regex(stdout, /sequence 20,000/)
  })
