import * as E from 'fp-ts/lib/Either.js'
import test from 'ava'
import { registry } from '../../../src/operators/registry.ts'
import { decodeDefinition, type Definition } from '../../../src/pipeline/definition.ts'
import { formatProblem } from '../../../src/pipeline/problem.ts'
import { diffLines, diffOf, isEmptyDiff } from '../../../src/pipeline/reload/diff.ts'

const BEFORE = `name: exchange
instruments: { AAPL: { tick: 0.01, lot: 1 } }
stages:
  - { id: orders, operator: ingest, from: { simulate: { seed: 7 } } }
  - { id: risk, operator: risk, limits: { maxOrderLots: 10 } }
  - { id: match, operator: match }
  - { id: lines, operator: publish, to: { ndjson: { file: a } } }
  - { id: report, operator: publish, inputs: match, to: summary }
edges:
  - { from: match, to: lines, capacity: 4096 }
`

function defined(text: string, variables: Record<string, string> = {}): Definition {
  const definition = decodeDefinition('f.yaml', text, registry, { variables })
  if (E.isLeft(definition)) throw new Error(definition.left.problems.map(formatProblem).join('\n'))
  return definition.right
}

function linesOf(after: string, before = BEFORE): string[] {
  return diffLines(diffOf(defined(before), defined(after)))
}

test('diff - what is written otherwise and means the same is no change', (t) => {
  const other = JSON.stringify({
    stages: [
      { operator: 'ingest', id: 'orders', from: { simulate: { seed: 7 } } },
      { id: 'risk', operator: 'risk', limits: { maxOrderLots: 10 }, inputs: 'orders' },
      { id: 'match', operator: 'match', marketData: false },
      { id: 'lines', operator: 'publish', to: { ndjson: { file: 'a' } } },
      { id: 'report', operator: 'publish', inputs: ['match'], to: 'summary' },
    ],
    edges: [{ from: 'match', to: 'lines', capacity: 4096 }],
    name: 'exchange',
    instruments: { AAPL: { lot: 1, tick: '0.01' } },
  })
  t.deepEqual(linesOf(other.replace('"tick":"0.01"', '"tick":0.01')), [])
  t.true(isEmptyDiff(diffOf(defined(BEFORE), defined(BEFORE))))
})

test('diff - stages go by their ids, keys by their paths, with both values', (t) => {
  t.deepEqual(linesOf(BEFORE.replace('maxOrderLots: 10', 'maxOrderLots: 20, collarTicks: 5')), [
    '~ risk limits.maxOrderLots: 10 -> 20',
    '~ risk limits.collarTicks: 5 (new)',
  ])
  const moved = BEFORE.replace(/ {2}- \{ id: lines.*\n/, '').replace(/edges:[^]*/, '')
  t.deepEqual(linesOf(moved), ['- lines (publish)', '- match->lines'])
  t.deepEqual(linesOf(BEFORE, moved), ['+ lines (publish)', '+ match->lines'])
  t.deepEqual(linesOf(BEFORE.replace('inputs: match', 'inputs: lines')), [
    '~ report inputs: [match] -> [lines]',
    '- match->report',
    '+ lines->report',
  ])
})

test('diff - edges and what else is in the file', (t) => {
  t.deepEqual(linesOf(BEFORE.replace('capacity: 4096', 'capacity: 8192')), [
    '~ match->lines capacityRecords: 4096 -> 8192',
  ])
  t.deepEqual(linesOf(BEFORE.replace('tick: 0.01', 'tick: 0.05').replace('exchange', 'venue')), [
    '~ name: "exchange" -> "venue"',
    '~ instruments.AAPL.tick: 0.01 -> 0.05',
  ])
})

test('diff - a secret that changed is told, and not shown', (t) => {
  const text = BEFORE.replace('{ ndjson: { file: a } }', '{ nats: { servers: "${URL}", subject: s } }')
  const before = defined(text, { URL: 'nats://me:hunter2@host' })
  const after = defined(text, { URL: 'nats://me:hunter3@host' })
  const told = diffLines(diffOf(before, after))
  t.is(told.length, 1)
  t.regex(told[0]!, /^~ lines to\.nats\.servers: /)
  t.notRegex(told[0]!, /hunter/)
})
