import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import type { RouterResult } from '../../src/ai/evaluation/report.ts'
import { millrace } from '../support/cli.ts'
import { tinyDay } from '../support/flow-rows.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-evaluate-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))
const day = tinyDay(6_000, 5)
const messages = join(folder, 'XYZ_message.csv')
writeFileSync(messages, day.messages)
writeFileSync(join(folder, 'XYZ_orderbook.csv'), day.book)

test('evaluate - plays the same orders under three routers, and the same command prints the same', async (t) => {
  const args = [
    'evaluate',
    '--input',
    messages,
    '--from',
    '0.3',
    '--confidence',
    '0.6',
    '--quiet',
    '--format',
    'json',
  ]
  const first = await millrace(args)
  t.is(first.code, 0, first.stderr)
  t.is((await millrace(args)).stdout, first.stdout)
  const { results } = JSON.parse(first.stdout) as { results: RouterResult[] }
  t.deepEqual(
    results.map(({ router }) => router),
    ['off', 'rule', 'guarded'],
  )
  const [off, rule, guarded] = results as [RouterResult, RouterResult, RouterResult]
  t.true(off.orders > 200)
  t.true(results.every(({ orders }) => orders === off.orders))
  t.deepEqual(off.decisions, {})
  t.true(rule.decisions['urgent']! > 10, JSON.stringify(rule.decisions))
  t.is((guarded.decisions['urgent'] ?? 0) + (guarded.decisions['guarded'] ?? 0), rule.decisions['urgent']!)
  t.is(off.against.mean, 0)
  t.true(rule.slippage.mean > 0, 'urgent orders pay the spread')
  for (const { costAllIn } of results)
    t.true(costAllIn.low <= costAllIn.mean && costAllIn.mean <= costAllIn.high)
})

test('evaluate - says in words what the routers cost or save', async (t) => {
  const { code, stdout, stderr } = await millrace([
    'evaluate',
    '--input',
    messages,
    '--from',
    '0.3',
    '--quiet',
  ])
  t.is(code, 0, stderr)
  for (const part of [
    'fill rate',
    'cost against mid',
    'slippage',
    'adverse after 10 s',
    'rule against off: ',
    'guarded against off: ',
  ])
    t.true(stdout.includes(part), part)
})

test('evaluate - what it needs is told', async (t) => {
  t.is((await millrace(['evaluate'])).code, 64)
  const model = await millrace(['evaluate', '--input', messages, '--model', join(folder, 'none.json')])
  t.is(model.code, 65)
  t.regex(model.stderr, /none\.json: no such file/)
  const input = await millrace(['evaluate', '--input', join(folder, 'none.csv'), '--quiet'])
  t.is(input.code, 66)
})
