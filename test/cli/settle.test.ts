import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { millrace } from '../support/cli.ts'

const STAGES = `name: settled
instruments: { AAPL: { tick: 0.01, lot: 1, referencePrice: 585.33 } }
stages:
  - { id: orders, operator: ingest, from: { simulate: { seed: 3, orders: 20000 } } }
  - { id: match, operator: match }
`

function pipeline(directory: string, rest: string): string {
  const file = join(directory, 'pipeline.yaml')
  writeFileSync(file, STAGES + rest)
  return file
}

test('settle - a log gives the same file when it runs and when it is settled again', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-settle-'))
  const [first, second, events] = ['first.csv', 'second.csv', 'events.ndjson'].map((name) =>
    join(directory, name),
  )
  const file = pipeline(
    directory,
    `  - { id: settle, operator: settle, fees: { taker: 0.0003 }, settlement: { file: ${first} } }
  - { id: out, operator: publish, to: { ndjson: { file: ${events} } } }
`,
  )
  const run = await millrace(['run', file, '--quiet'])
  t.is(run.code, 0, run.stderr)
  writeFileSync(events!, 'as it was')
  const again = await millrace(['settle', file, '--out', second!, '--format', 'json'])
  t.is(again.code, 0, again.stderr)
  const report = JSON.parse(again.stdout) as { settlement: { trades: number; balance: string } }
  t.true(report.settlement.trades > 500)
  t.is(report.settlement.balance, 'everything adds up')
  const text = readFileSync(second!, 'utf8')
  t.is(text, readFileSync(first!, 'utf8'))
  t.true(text.split('\n').length > 50)
  t.is(readFileSync(events!, 'utf8'), 'as it was')
})

test('settle - a pipeline without a settle stage, or a file to write, says what is missing', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-settle-'))
  const none = await millrace(['settle', pipeline(directory, '')])
  t.is(none.code, 78)
  t.regex(none.stderr, /there is no settle stage/)
  const nowhere = await millrace(['settle', pipeline(directory, '  - { id: s, operator: settle }\n')])
  t.is(nowhere.code, 78)
  t.regex(nowhere.stderr, /stage s names no settlement file: say --out FILE/)
})
