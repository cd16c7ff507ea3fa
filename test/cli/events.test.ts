import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { millrace } from '../support/cli.ts'
import { filesOf, tempDir } from '../support/journal.ts'
import { journalPipeline, orderLines } from '../support/journal-pipeline.ts'

interface Line {
  readonly event: string
  readonly sequence: number
  readonly id?: string
  readonly symbol?: string
  readonly client?: string
  readonly maker?: string
  readonly taker?: string
  readonly makerClient?: string
  readonly takerClient?: string
}

function linesOf(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
}

test.serial('events - are, line for line, what the run said, whichever are asked for', async (t) => {
  const { file, dir } = journalPipeline(t, { from: "orders: { file: '-' }", to: "{ ndjson: { file: '-' } }" })
  const input = orderLines(0, 1_500).replace('"id":"order-77"', '"id":"the one"')
  const first = await millrace(['run', file, '--quiet'], input)
  const second = await millrace(['run', file, '--quiet'], orderLines(1_500, 2_000))
  const said = first.stdout + second.stdout
  const all = await millrace(['events', dir])
  t.is(all.code, 0, all.stderr)
  t.is(all.stdout, said)
  const whole = linesOf(said)
  const asked = async (...args: string[]): Promise<Line[]> => {
    const { code, stdout, stderr } = await millrace(['events', dir, ...args])
    t.is(code, 0, stderr)
    return linesOf(stdout)
  }
  t.deepEqual(
    await asked('--symbol', 'AMZN'),
    whole.filter(({ symbol }) => symbol === 'AMZN'),
  )
  const isOf = (line: Line): boolean => [line.client, line.makerClient, line.takerClient].includes('client-2')
  t.deepEqual(await asked('--client', 'client-2'), whole.filter(isOf))
  t.deepEqual(
    await asked('--type', 'trade,cancelled', '--from', '300', '--to', '900'),
    whole.filter(
      ({ event, sequence }) => ['trade', 'cancelled'].includes(event) && sequence >= 300 && sequence <= 900,
    ),
  )
  for (const id of ['the one', 'order-78', 'order-1700']) {
    const life = whole.filter((line) => [line.id, line.maker, line.taker].includes(id))
    t.true(life.length > 0)
    t.deepEqual(await asked('--order', id), life)
  }
})

test.serial('events - what is not there is told of, with what was meant', async (t) => {
  const { file, dir } = journalPipeline(t)
  await millrace(['run', file, '--orders', '300', '--quiet'])
  for (const [args, told, exit] of [
    [['--symbol', 'AMZM'], /has no instrument "AMZM".*AMZN/, 65],
    [['--client', 'C0001'], /has no client "C0001"/, 65],
    [['--order', 'mine'], /has no order "mine"/, 65],
    [['--type', 'trades'], /no type "trades".*trade/, 64],
    [['--from', 'yesterday'], /expected a sequence above 0, or a time/, 64],
  ] as const) {
    const { code, stderr } = await millrace(['events', dir, ...args])
    t.is(code, exit)
    t.regex(stderr, told)
  }
  t.is((await millrace(['events', join(tempDir(t), 'nothing')])).code, 66)
  t.is((await millrace(['events', tempDir(t)])).code, 65)
})

test.serial('events - from one time to another', async (t) => {
  const { file, dir } = journalPipeline(t, { from: "orders: { file: '-' }", to: "{ ndjson: { file: '-' } }" })
  const at = (second: number): string => `2026-11-25T09:30:${String(second).padStart(2, '0')}Z`
  const time = (second: number): string => `${JSON.stringify({ op: 'time', at: at(second) })}\n`
  const input = time(1) + orderLines(0, 3) + time(5) + orderLines(3, 5) + time(9)
  const { stdout } = await millrace(['run', file, '--quiet'], input)
  t.is(linesOf(stdout).filter(({ event }) => event === 'applied').length, 3, stdout)
  const { stdout: some } = await millrace(['events', dir, '--from', at(4), '--to', at(8)])
  t.deepEqual([...new Set(linesOf(some).map(({ sequence }) => sequence))], [5, 6, 7])
})

test.serial('events - of commands whose events are not written down yet are told of', async (t) => {
  const { file, dir } = journalPipeline(t)
  await millrace(['run', file, '--orders', '3000', '--quiet'])
  const whole = await millrace(['events', dir, '--to', '20'])
  t.is(whole.stderr, '')
  for (const path of filesOf(dir, 'events')) truncateSync(path, 100_000)
  const { code, stderr } = await millrace(['events', dir])
  t.is(code, 0)
  t.regex(stderr, /events of commands \d+ to 3000 are not written down yet/)
})

test.serial('events - a reader that has seen enough is no fault', async (t) => {
  const { file, dir } = journalPipeline(t)
  await millrace(['run', file, '--orders', '50000', '--quiet'])
  const { stdout } = await millrace(['events', dir, '--to', '3'])
  t.true(linesOf(stdout).length >= 3)
})
