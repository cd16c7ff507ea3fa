import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { RejectCode, rejectName } from '../../src/book/index.ts'
import { CHECKS, LIMIT_NAMES } from '../../src/risk/index.ts'
import { root } from '../support/cli.ts'

const guide = readFileSync(join(root, 'docs', 'risk.md'), 'utf8')

test('risk codes - the table of the guide is that of the code', (t) => {
  const table = [...guide.matchAll(/^\| `(RISK_\w+)` +\| (\d+) +\| `(\w+)` +\|/gm)].map(
    ([, name, number, check]) => ({
      name,
      number: Number(number),
      check,
    }),
  )
  const coded = Object.entries(RejectCode)
    .filter(([name]) => name.startsWith('RISK_'))
    .map(([name, number]) => ({
      name,
      number,
      check: Object.entries(CHECKS).find(([, code]) => code === number)?.[0],
    }))
  t.deepEqual(table, coded)
  for (const { name, number } of table) t.is(rejectName(number), name!)
})

test('risk codes - numbers are stable', (t) => {
  const numbers = Object.values(CHECKS)
  t.deepEqual(
    numbers,
    Array.from({ length: 20 }, (_, i) => 60 + i),
  )
})

test('risk limits - each has its place in the guide', (t) => {
  const [, section] = guide.split('## Limits')
  const [limits] = section!.split('## Codes')
  for (const name of LIMIT_NAMES) t.true(limits!.includes(`\`${name}\``), name)
})
