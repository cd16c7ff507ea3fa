import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { fencesOf } from '../support/markdown.ts'
import { millrace, nodes, start, type Running } from '../support/cli.ts'

const STDIO = ['run', 'pipelines/stdio.yaml']
const folder = mkdtempSync(join(tmpdir(), 'millrace-stdio-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

interface Answer {
  readonly event: string
  readonly [key: string]: unknown
}

/** Sends a command and waits for as many events as it is to cause. */
async function ask(running: Running, command: object, events: number): Promise<Answer[]> {
  const before = linesOf(running).length
  running.child.stdin!.write(`${JSON.stringify(command)}\n`)
  await running.until(() => linesOf(running).length >= before + events)
  return linesOf(running).slice(before)
}

function linesOf({ stdout }: Running): Answer[] {
  const whole = stdout.slice(0, stdout.lastIndexOf('\n') + 1)
  return whole
    .split('\n', -1)
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Answer)
}

for (const [name, node] of nodes)
  test.serial(`stdio - every command is answered before the next one is sent (${name})`, async (t) => {
    const running = start(STDIO, { node })
    const bid = { id: 'a1', client: 'ann', symbol: 'AAPL', side: 'buy', price: '10.05', quantity: 100 }
    t.like((await ask(running, bid, 1))[0], { event: 'accepted', sequence: 1, id: 'a1', price: '10.05' })
    const offer = { id: 'b1', client: 'bob', symbol: 'AAPL', side: 'sell', price: '10.00', quantity: 30 }
    const [accepted, trade] = await ask(running, offer, 2)
    t.like(accepted, { event: 'accepted', sequence: 2, id: 'b1' })
    t.like(trade, { event: 'trade', sequence: 2, taker: 'b1', maker: 'a1', price: '10.05', quantity: '30' })
    t.like((await ask(running, { op: 'amend', id: 'a1', client: 'ann', quantity: 50 }, 1))[0], {
      event: 'amended',
      open: '20',
    })
    t.like((await ask(running, { op: 'cancel', id: 'a1', client: 'eve' }, 1))[0], {
      event: 'rejected',
      code: 'UNKNOWN_ORDER',
    })
    t.like((await ask(running, { ...bid, id: 'a2', price: '10.005' }, 1))[0], {
      event: 'rejected',
      id: 'a2',
      code: 'OFF_TICK',
      line: 5,
    })
    t.like((await ask(running, { op: 'cancel', id: 'a1', client: 'ann' }, 1))[0], { event: 'cancelled' })
    running.child.stdin!.end()
    const { code, stdout, stderr } = await running.ended
    t.is(code, 0, stderr)
    t.is(stdout.trimEnd().split('\n').length, 7, 'events and nothing else')
    t.true(stderr.includes('commands in        6 = 2 accepted + 1 amended + 1 cancelled + 2 rejected'))
    t.true(stderr.includes('\nthe counts add up\n'))
  })

test.serial('stdio - stops, replaces, states and commands of no order, from text to text', async (t) => {
  const order = { symbol: 'AAPL', side: 'buy', client: 'ann' }
  const input = [
    { ...order, id: 'stop', stopPrice: '10.10', price: '10.20', quantity: 5 },
    { ...order, id: 'a', side: 'sell', client: 'bob', price: '10.10', quantity: 10, display: 4 },
    { op: 'replace', id: 'a', newId: 'b', client: 'bob', price: '10.12' },
    { ...order, id: 'c', price: '10.12', quantity: 1 },
    { op: 'state', symbol: 'AAPL', state: 'halted' },
    { op: 'mass-cancel', client: 'bob' },
    { op: 'time', at: '2026-11-25T17:30:00Z' },
    { op: 'group', client: 'ann', group: 'desk' },
    { op: 'kill', client: 'ann' },
    { op: 'release', client: 'ann' },
  ]
  const { code, stdout, stderr } = await millrace(
    [...STDIO, '--check'],
    input.map((line) => JSON.stringify(line)).join('\n'),
  )
  t.is(code, 0, stderr)
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string; sequence: number })
  t.deepEqual(
    events.map(({ event, sequence }) => `${sequence} ${event}`),
    [
      '1 accepted',
      '2 accepted',
      '3 replaced',
      '4 accepted',
      '4 trade',
      '4 triggered',
      '4 trade',
      '4 trade',
      '5 applied',
      '5 state',
      '6 applied',
      '6 cancelled',
      '7 applied',
      '8 applied',
      '9 applied',
      '10 applied',
    ],
  )
  t.true(stderr.includes('the counts add up'), stderr)
  t.true(stderr.includes('  halted\n'), stderr)
})

test.serial(
  'stdio - every line of input that is shown is taken, and the session gives what it shows',
  async (t) => {
    const shown = fencesOf('docs/stdio.md').filter(({ language }) => language === 'json')
    const lines = shown.map(({ text }) => text.trim())
    const input = lines.filter((text) => !text.includes('"event"'))
    t.true(input.length >= 5)
    const session = input.findIndex((text) => text.includes('10.055'))
    const taken = await millrace([...STDIO, '--quiet', '--check'], input.toSpliced(session, 1).join('\n'))
    const events = taken.stdout.trimEnd().split('\n')
    t.deepEqual(
      events.filter((line) => line.includes('"rejected"')),
      [],
    )
    const { stdout } = await millrace([...STDIO, '--quiet'], input[session])
    t.true(lines.includes(stdout.trimEnd()), stdout)
  },
)

test.serial('stdio - a file of orders is read as standard input is', async (t) => {
  const file = join(folder, 'orders.csv')
  const csv = 'id,symbol,side,price,quantity\n1,AAPL,buy,10.00,5\n2,AAPL,sell,10.00,5\n'
  writeFileSync(file, csv)
  const [fromFile, fromInput] = await Promise.all([
    millrace([...STDIO, '--input', file]),
    millrace(STDIO, csv),
  ])
  t.is(fromFile.code, 0, fromFile.stderr)
  t.is(fromFile.stdout.trimEnd().split('\n').length, 3)
  t.is(fromFile.stdout, fromInput.stdout)
})

test.serial('stdio - a line that is no command is answered, and the next one is taken', async (t) => {
  const input = 'hello\n{"id":1,"symbol":"AAPL","side":"buy","price":"1.00","quantity":1}\n'
  const { stdout } = await millrace(
    ['run', 'pipelines/stdio.yaml', '--set', 'stages.orders.from.orders.format=ndjson'],
    input,
  )
  t.deepEqual(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as Answer).event),
    ['rejected', 'accepted'],
  )
})

for (const [name, node] of nodes)
  test.serial(
    `stdio - when the reader of the events goes away, the run ends quietly (${name})`,
    async (t) => {
      const line = (id: number): string =>
        `{"id":${id},"symbol":"AAPL","side":"buy","price":"1.00","quantity":1}\n`
      const file = join(folder, `many-${name.length}.ndjson`)
      writeFileSync(file, Array.from({ length: 100_000 }, (_, i) => line(i + 1)).join(''))
      const running = start([...STDIO, '--input', file, '--quiet'], { node, leaveStdout: true })
      running.child.stdout!.once('data', () => running.child.stdout!.destroy())
      const { code, stderr } = await running.ended
      t.is(code, 0)
      t.is(stderr, '')
    },
  )

for (const format of ['text', 'json'])
  test.serial(`stdio - when no one reads the report, nothing is said of it (${format})`, async (t) => {
    const args = ['run', 'pipelines/exchange.yaml', '--orders', '1000', '--format', format]
    const running = start(args, { leaveStdout: true })
    running.child.stdout!.destroy()
    const { code, stderr } = await running.ended
    t.is(code, 0)
    t.is(stderr, '')
  })

test.serial('stdio - when no one reads the progress, the run goes on', async (t) => {
  const running = start(['run', 'pipelines/exchange.yaml', '--duration', '1.5', '--format', 'json'])
  running.child.stderr!.destroy()
  const { code, stdout } = await running.ended
  t.is(code, 0)
  t.true(stdout.includes('"addsUp":true'))
})

for (const [what, args] of [
  ['a report', ['run', 'pipelines/exchange.yaml', '--orders', '1000']],
  ['events', [...STDIO, '--quiet']],
] as const)
  test.serial(`stdio - ${what} that a full disk does not take is exit code 74, and says why`, async (t) => {
    if (!existsSync('/dev/full')) {
      t.pass('not tried: there is no /dev/full here')
      return
    }
    const full = openSync('/dev/full', 'w')
    const running = start(args, { stdio: ['pipe', full, 'pipe'] })
    running.child.stdin!.end('{"id":1,"symbol":"AAPL","side":"buy","price":"1.00","quantity":1}\n')
    const { code, stderr } = await running.ended
    closeSync(full)
    t.is(code, 74, stderr)
    t.regex(stderr, /^millrace: .*no space left on device\n$/)
  })
