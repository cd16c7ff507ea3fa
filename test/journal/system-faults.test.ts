import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { millrace, start } from '../support/cli.ts'
import { tempDir } from '../support/journal.ts'
import { journalPipeline, orderLines, pipelineFile } from '../support/journal-pipeline.ts'

const ORDERS = ['--orders', '200000', '--format', 'json']

interface Replayed {
  readonly sequence: number
  readonly hash: string
  readonly verified: { readonly events: number; readonly unrecorded: number; readonly orphaned: number }
}

async function replayed(t: ExecutionContext, dir: string, ...args: string[]): Promise<Replayed> {
  const { code, stdout, stderr } = await millrace([
    'replay',
    dir,
    '--verify',
    '--quiet',
    '--format',
    'json',
    ...args,
  ])
  t.is(code, 0, stderr + stdout)
  return JSON.parse(stdout) as Replayed
}

/** A file system in memory of so many megabytes; undefined where this process may not make one. */
function smallDisk(t: ExecutionContext, megabytes: number): string | undefined {
  const dir = join(tempDir(t), 'disk')
  mkdirSync(dir)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', dir], { stdio: 'pipe' })
  } catch {
    return undefined
  }
  t.teardown(() => {
    execFileSync('umount', ['-l', dir])
  })
  return dir
}

function remount(dir: string, options: string): void {
  execFileSync('mount', ['-o', `remount,${options}`, dir], { stdio: 'pipe' })
}

test.serial(
  'a full disk ends the run with a word about it; what was told is there, and it goes on where there is room',
  async (t) => {
    const disk = smallDisk(t, 12)
    if (disk === undefined) {
      t.log('no tmpfs can be mounted here: the next test does it with a limit on the size of files')
      t.pass()
      return
    }
    const { file, dir } = journalPipeline(t, {}, disk)
    const { code, stderr } = await millrace(['run', file, ...ORDERS])
    t.is(code, 74)
    t.regex(stderr, /no space is left on the device/)
    const { sequence } = await replayed(t, dir)
    t.true(sequence > 20_000 && sequence < 190_000, String(sequence))
    remount(disk, 'size=200m')
    const again = await millrace(['run', file, ...ORDERS])
    t.is(again.code, 0, again.stderr)
    const whole = journalPipeline(t)
    await millrace(['run', whole.file, ...ORDERS])
    t.is((await replayed(t, dir)).hash, (await replayed(t, whole.dir)).hash)
  },
)

test.serial(
  'a limit on the size of files that is below that of a segment is told of before anything is read',
  async (t) => {
    const { file, dir } = journalPipeline(t, { journal: 'segmentBytes: 4194304, snapshotEvery: 0' })
    const bin = new URL('../../bin/millrace.js', import.meta.url).pathname
    // In blocks of 1,024 bytes: half a segment.
    const script = `ulimit -f 2048; trap '' XFSZ; exec "$@"`
    const args = ['-c', script, 'sh', process.execPath, bin, 'run', file, ...ORDERS]
    const error = t.throws(() => execFileSync('bash', args, { stdio: 'pipe' })) as unknown as {
      status: number
      stderr: Buffer
    }
    t.is(error.status, 78)
    t.regex(error.stderr.toString(), /larger than this process may write \(ulimit -f\)/)
    const { code } = await millrace(['run', file, ...ORDERS])
    t.is(code, 0)
    t.is((await replayed(t, dir)).sequence, 200_000)
  },
)

test.serial('a directory that is read-only is refused by a run, and can be replayed and asked', async (t) => {
  const disk = smallDisk(t, 100)
  const base = disk ?? tempDir(t)
  const { file, dir } = journalPipeline(t, {}, base)
  await millrace(['run', file, '--orders', '30000', '--quiet'])
  if (disk === undefined) chmodSync(dir, 0o555)
  else remount(disk, 'ro')
  if (disk === undefined && process.getuid?.() === 0) {
    t.log('root writes to any directory, and no file system can be mounted here')
    t.pass()
    return
  }
  const { code, stderr } = await millrace(['run', file, '--orders', '40000', '--quiet'])
  t.is(code, 78)
  t.regex(stderr, /match\.journal\.dir: .*(the file system is read-only|permission is denied)/)
  t.is((await replayed(t, dir)).sequence, 30_000)
  const events = await millrace(['events', dir, '--client', 'C001', '--type', 'trade', '--to', '2000'])
  t.is(events.code, 0, events.stderr)
  t.true(events.stdout.split('\n').length > 10)
  if (disk === undefined) chmodSync(dir, 0o755)
})

test.serial('of two processes on one journal the second is refused, and names the first', async (t) => {
  const { file, dir } = journalPipeline(t, { from: "orders: { file: '-' }", to: "{ ndjson: { file: '-' } }" })
  const first = start(['run', file, '--quiet'])
  first.child.stdin!.write(orderLines(0, 10))
  await first.until(({ stdout }) => stdout.split('\n').length > 10)
  const { code, stderr } = await millrace(['run', file, '--quiet'], orderLines(10, 20))
  t.is(code, 78)
  t.regex(stderr, /match\.journal\.dir: .*process (\d+) is writing to this journal/)
  const pid = readFileSync(join(dir, 'lock'), 'utf8').split(' ')[0]
  t.true(stderr.includes(`process ${pid} `))
  process.kill(Number(pid), 'SIGKILL')
  await first.ended
  const third = await millrace(['run', file, '--quiet'], orderLines(10, 20))
  t.is(third.code, 0, third.stderr)
  t.regex(
    third.stdout,
    /"sequence":11,/,
    'the lock of a dead process is taken over, and its sequence goes on',
  )
  t.is((await replayed(t, dir)).sequence, 20)
})

test.serial('names given to clients and orders by text are the same after a kill', async (t) => {
  const { file, dir } = journalPipeline(t, {
    from: "orders: { file: '-' }",
    to: "{ ndjson: { file: '-' } }",
    journal: 'snapshotEvery: 0',
  })
  const first = start(['run', file, '--quiet'])
  first.child.stdin!.write(orderLines(0, 500))
  await first.until(({ stdout }) => stdout.includes('"id":"order-499"'))
  process.kill(Number(readFileSync(join(dir, 'lock'), 'utf8').split(' ')[0]), 'SIGKILL')
  await first.ended
  const cancel = `${JSON.stringify({ op: 'cancel', id: 'order-4', client: 'client-1' })}\n`
  const rest = orderLines(500, 700)
  const second = await millrace(['run', file, '--quiet'], cancel + rest)
  t.is(second.code, 0, second.stderr)
  const whole = pipelineFile(tempDir(t), join(tempDir(t), 'whole'), {
    from: "orders: { file: '-' }",
    to: "{ ndjson: { file: '-' } }",
  })
  const uninterrupted = await millrace(['run', whole, '--quiet'], orderLines(0, 500) + cancel + rest)
  const withoutLine = (text: string): string => text.replaceAll(/,"line":\d+/g, '')
  t.true(withoutLine(uninterrupted.stdout).endsWith(withoutLine(second.stdout)))
  t.true(second.stdout.length > 10_000)
  rmSync(dir, { recursive: true })
})
