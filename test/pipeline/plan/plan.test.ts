import test from 'ava'
import { registry as operators } from '../../../src/operators/registry.ts'
import { reasonText } from '../../../src/pipeline/plan/cut.ts'
import { planOf, type Plan } from '../../../src/pipeline/plan/plan.ts'
import type { Registry } from '../../../src/pipeline/operator.ts'
import { stepOf } from '../../support/streams.ts'
import { define, fileOf, registryOf } from '../fixtures/run.ts'

const nothing = { make: () => stepOf(() => {}) }
const registry: Registry = new Map([
  ...operators,
  ...registryOf({
    work: { takes: 'event', ...nothing },
    look: { takes: 'event', traits: { readsOnly: true }, ...nothing },
    wait: { takes: 'event', traits: { isAsync: true }, ...nothing },
  }),
])
const HEAD = ['id: orders, operator: ingest, from: { simulate: {} }', 'id: match, operator: match']
const REST = ['instruments: { A: { tick: 1, lot: 1 } }']

function plan(stages: readonly string[], rest: readonly string[] = []): Plan {
  return planOf(define(fileOf(stages, [...REST, ...rest]), registry))
}

const islandsOf = ({ islands }: Plan): string[] =>
  islands.map(({ id, stages }) => `${id}: ${stages.map(({ stage }) => stage.id).join(' ')}`)

const cutsOf = ({ edges }: Plan): string[] => edges.map((edge) => `${edge.id}: ${edge.reason.name}`)

test('plan - stages that follow one another are one island, and so are sinks that only look', (t) => {
  const one = plan([
    HEAD[0]!,
    'id: validate, operator: validate',
    HEAD[1]!,
    'id: a, operator: publish, to: summary',
    'id: b, operator: publish, to: summary, inputs: match',
  ])
  t.deepEqual(islandsOf(one), ['orders: orders validate match a b'])
  t.deepEqual(one.edges, [])
})

test('plan - it is cut where a stage waits, writes to the outside, is placed or marked', (t) => {
  const cut = plan([
    ...HEAD,
    'id: wait, operator: wait',
    'id: work, operator: work',
    'id: lines, operator: publish, to: { ndjson: { file: /dev/null } }',
    'id: marked, operator: work, inputs: work, boundary: true',
    'id: placed, operator: work, placement: { thread: other }',
  ])
  t.deepEqual(islandsOf(cut), [
    'orders: orders match',
    'wait: wait',
    'work: work',
    'lines: lines',
    'marked: marked',
    'placed: placed',
  ])
  t.deepEqual(cutsOf(cut), [
    'match->wait: async',
    'wait->work: async',
    'work->lines: io',
    'work->marked: boundary',
    'marked->placed: placement',
  ])
  t.is(cut.islands.at(-1)!.placement?.thread, 'other')
})

test('plan - of several that change the same records one is fused, behind all that only look', (t) => {
  const cut = plan([
    ...HEAD,
    'id: first, operator: work',
    'id: second, operator: work, inputs: match',
    'id: look, operator: look, inputs: match',
  ])
  t.deepEqual(islandsOf(cut), ['orders: orders match look first', 'second: second'])
  t.deepEqual(cutsOf(cut), ['match->second: fan-out'])
  t.is(reasonText(cut.edges[0]!.reason, cut.edges[0]!), 'first takes the same records and changes them')
})

test('plan - branches and what several stages feed are cut, in the order that the file names', (t) => {
  const cut = plan([
    ...HEAD,
    'id: way, operator: switch, branches: { buys: { when: { side: buy } }, rest: {} }',
    'id: a, operator: work, inputs: way.rest',
    'id: b, operator: work, inputs: way.buys',
    'id: both, operator: merge, order: sequence, inputs: [b, a]',
    'id: end, operator: look',
  ])
  t.deepEqual(cutsOf(cut), [
    'way.rest->a: branch',
    'way.buys->b: branch',
    'a->both: fan-in',
    'b->both: fan-in',
  ])
  t.deepEqual(islandsOf(cut).at(-1), 'both: both end')
  t.is(cut.islands.at(-1)!.order, 'sequence')
})

test('plan - an edge that the file sets is there, with what it says', (t) => {
  const cut = plan(
    [...HEAD, 'id: end, operator: look'],
    ['edges: [{ from: match, to: end, capacity: 16, whenFull: { sample: { every: 4 } }, allowLoss: true }]'],
  )
  t.deepEqual(cutsOf(cut), ['match->end: edge'])
  t.is(cut.edges[0]!.settings.capacityRecords, 16)
  t.deepEqual(cut.edges[0]!.settings.whenFull, { sample: { every: 4 } })
})

test('plan - a partition has its workers, each with its edges', (t) => {
  const cut = plan([
    HEAD[0]!,
    'id: risk, operator: risk, partition: { by: symbol, workers: 2 }',
    'id: match, operator: match, partition: { workers: 2 }',
    'id: end, operator: look',
  ])
  t.deepEqual(islandsOf(cut), ['orders: orders', 'risk[0]: risk match', 'risk[1]: risk match', 'end: end'])
  t.deepEqual(cutsOf(cut), [
    'orders->risk[0]: partition',
    'orders->risk[1]: partition',
    'match->end[0]: partition',
    'match->end[1]: partition',
  ])
  t.true(cut.islands.at(-1)!.joinsWorkers)
})

test('plan - an edge that rejects has another beside it that tells of what it refuses', (t) => {
  const cut = plan(
    [...HEAD, 'id: end, operator: look'],
    ['edges: [{ from: orders, to: match, whenFull: reject }]'],
  )
  t.deepEqual(cutsOf(cut), ['orders->match: edge', 'match->end: rejects', 'orders->match!->end: rejects'])
  t.is(cut.edges[2]!.rejectsOf, 'orders->match')
  t.is(cut.edges[2]!.kind, 'event')
})
