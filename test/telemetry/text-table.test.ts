import test from 'ava'
import { duration, table, thousands } from '../../src/telemetry/text-table.ts'

test('table - columns are as wide as their widest cell, numbers to the right', (t) => {
  t.deepEqual(table(['name', 'n'], [['a', '1'], ['longer', '1,000'], ['']], 1), [
    '  name        n',
    '  a           1',
    '  longer  1,000',
    '',
  ])
})

test('table - with no rows it is its headings', (t) => {
  t.deepEqual(table(['a', 'b'], []), ['  a  b'])
})

test('thousands - have commas, and no decimals', (t) => {
  t.deepEqual([0, 999, 1_000, 1_234_567.6].map(thousands), ['0', '999', '1,000', '1,234,568'])
})

test('duration - has three figures and the unit that suits it', (t) => {
  const cases: [number, string][] = [
    [0, '0 ns'],
    [999, '999 ns'],
    [1_000, '1.00 us'],
    [12_345, '12.3 us'],
    [999_000, '999 us'],
    [1e6, '1.00 ms'],
    [2.5e9, '2.50 s'],
  ]
  for (const [ns, text] of cases) t.is(duration(ns), text)
})

test('duration - what rounds up to a thousand of its unit is one of the next', (t) => {
  t.deepEqual([999.7, 999_700, 999_700_000].map(duration), ['1.00 us', '1.00 ms', '1.00 s'])
})
