import test, { type ExecutionContext } from 'ava'
import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { millrace, start, type Running } from '../support/cli.ts'
import { Folder } from '../support/folder.ts'

const TEXT = `name: watched
instruments:
  AAPL: { tick: 0.01, lot: 1, referencePrice: 585.33 }
stages:
  - { id: orders, operator: ingest, from: { simulate: { seed: 7, orders: 1000000000 } } }
  - { id: risk, operator: risk, limits: { maxOrderLots: 50000 } }
  - { id: match, operator: match }
  - { id: lines, operator: publish, PLACEto: { ndjson: { file: SINK } } }
`

async function started(
  t: ExecutionContext,
  sink: string,
  place = '',
): Promise<{ file: string; running: Running; socket: string }> {
  const folder = new Folder({ 'p.yaml': TEXT.replace('SINK', sink).replace('PLACE', place) })
  const file = folder.at('p.yaml')
  const running = start(['run', file], { leaveStdout: true })
  t.teardown(async () => {
    running.child.kill('SIGKILL')
    await running.ended
    folder.remove()
  })
  await running.until(({ stderr }) => /^control: \S+$/m.test(stderr))
  return { file, running, socket: /^control: (\S+)$/m.exec(running.stderr)![1]! }
}

test.serial('control - only the user can open the socket, and it goes with the process', async (t) => {
  const { file, running, socket } = await started(t, '/dev/null')
  t.is(statSync(socket).mode & 0o777, 0o600)
  t.is(statSync(dirname(socket)).mode & 0o777, 0o700)
  running.child.stdout!.resume()
  running.child.kill('SIGINT')
  t.is((await running.ended).code, 0)
  t.is(statSync(socket, { throwIfNoEntry: false }), undefined)
  const { code, stderr } = await millrace(['tap', file])
  t.is(code, 69)
  t.regex(stderr, /no process of this user runs .*p\.yaml/)
})

test.serial('tap - shows so many records of the stages or edges that a glob names, decoded', async (t) => {
  const { file } = await started(t, '/dev/null')
  const orders = await millrace(['tap', file, 'ri*', '--count', '3', '--format', 'json'])
  t.is(orders.code, 0, orders.stderr)
  const seen = orders.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { at: string; record: object })
  t.is(seen.length, 3)
  for (const { at, record } of seen) {
    t.is(at, 'risk')
    t.like(record, { symbol: 'AAPL' })
    t.true('op' in record)
  }
  const events = await millrace(['tap', file, 'match->*', '--count', '2'])
  t.regex(events.stdout, /^(?:match->lines {2}\{"event":"[^\n]+\}\n){2}$/)
  const fused = await millrace(['tap', file, 'risk->match', '--count', '1'])
  t.regex(fused.stdout, /^risk->match {2}\{"sequence":\d+,"op":/)
  const wrong = await millrace(['tap', file, 'risky'])
  t.is(wrong.code, 64)
  t.regex(
    wrong.stderr,
    /no stage or edge is called risky: there are orders, risk, match, lines, orders->risk,/,
  )
})

test.serial(
  'tap - shows no more records a second than it is asked for, and says what it passed over',
  async (t) => {
    const { file } = await started(t, '/dev/null')
    const began = performance.now()
    const { stdout, stderr } = await millrace([
      'tap',
      file,
      'risk',
      '--rate',
      '2',
      '--count',
      '3',
      '--format',
      'json',
    ])
    t.true(performance.now() - began >= 1_000, 'the third is of another second')
    t.is(stdout.trim().split('\n').length, 3)
    t.regex(stderr, /\n\d+ records were passed over\n$/)
  },
)

test.serial('tap - of a stage on another thread it says where that is', async (t) => {
  const { file } = await started(t, '/dev/null', 'placement: { thread: out }, ')
  const { code, stderr } = await millrace(['tap', file, 'lines'])
  t.is(code, 64)
  t.regex(stderr, /lines runs on thread out: it cannot be looked at from here\n$/)
  const { stdout } = await millrace(['top', file, '--once'])
  t.regex(stdout, /\n {2}lines @out +[1-9]/)
})

test.serial('top --once - names a stalled consumer as the root cause', async (t) => {
  const { file } = await started(t, "'-'")
  const { code, stdout, stderr } = await millrace(['top', file, '--once'])
  t.is(code, 0, stderr)
  t.regex(stdout, /^watched {2}process \d+ {2}up 00:00:\d\d {2}[\d,]+ orders {2}[\d,]+\/s\n/)
  t.regex(
    stdout,
    /\nroot cause: lines \(what it writes to has no room\) behind match->lines holds up orders\n/,
  )
  t.regex(stdout, /\n {2}match->lines {2}#{10} +100% /)
})

test.serial('top --once - of several processes it shows the newest and lists the others', async (t) => {
  const { file, running } = await started(t, '/dev/null')
  const second = start(['run', file], { leaveStdout: true })
  t.teardown(() => second.child.kill('SIGKILL'))
  await second.until(({ stderr }) => stderr.includes('control: '))
  const newest = await millrace(['top', file, '--once'])
  t.regex(newest.stdout, new RegExp(`process ${second.child.pid} `))
  t.regex(newest.stderr, new RegExp(`several processes .* --pid chooses ${running.child.pid}\n$`))
  const chosen = await millrace(['top', file, '--once', '--pid', String(running.child.pid)])
  t.regex(chosen.stdout, new RegExp(`process ${running.child.pid} `))
})
