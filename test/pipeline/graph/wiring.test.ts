import test from 'ava'
import { good, match, pipelineOf, report, source, told, toldOf } from '../fixtures/define.ts'

test('stages - two with one id are refused', (t) => {
  t.deepEqual(toldOf(source, match, report, report), [
    '6 <report> report.id: another stage has the id "report" already',
  ])
})

test('stages - inputs must be there', (t) => {
  t.deepEqual(toldOf(source, `${match}, inputs: ordrs`, `${report}, inputs: [match, mtch]`), [
    '4 <ordrs> match.inputs: no stage has the id "ordrs": did you mean orders?',
    '5 <mtch> report.inputs.1: no stage has the id "mtch": did you mean match?',
  ])
  t.deepEqual(toldOf(source, `${match}, inputs: []`), [
    '4 <[> match.inputs: match takes commands: expected the id of a stage',
  ])
  t.deepEqual(toldOf(source, `${match}, inputs: { a: 1 }`), [
    '4 <{> match.inputs: expected the id of a stage, or a list of them, got {"a":1}',
  ])
})

test('stages - a pipeline begins with a source, and nothing feeds one', (t) => {
  t.deepEqual(toldOf(match, report), [
    '3 <match> match.operator: match takes commands, so it cannot be first: begin with a source',
  ])
  t.deepEqual(toldOf(`${source}, inputs: match`, match), [
    '3 <match> orders.inputs: ingest is a source and takes no inputs',
  ])
  t.deepEqual(
    toldOf(source, match, report, 'id: more, operator: ingest, from: simulate', 'id: other, operator: match'),
    [],
  )
  t.deepEqual(toldOf(`${source}, inputs: []`, match), [])
})

test('stages - a stage takes what its input makes', (t) => {
  t.deepEqual(toldOf(source, match, 'id: check, operator: validate', 'id: again, operator: match'), [
    '5 <validate> check.operator: match makes events, check takes commands',
  ])
  t.deepEqual(toldOf(source, match, `${report}, inputs: orders`), [
    '5 <orders> report.inputs: orders makes commands, report takes events',
    '5 <orders> report.inputs: orders feeds match already: commands go to one stage',
  ])
})

test('stages - commands go to one stage, and to one at least', (t) => {
  t.deepEqual(toldOf(source, match, 'id: other, operator: match, inputs: [orders]'), [
    '5 <[> other.inputs: orders feeds match already: commands go to one stage',
  ])
  t.deepEqual(toldOf(source), ['3 <ingest> orders.operator: orders makes commands, and no stage takes them'])
  t.deepEqual(toldOf(source, 'id: risk, operator: risk'), [
    '4 <risk> risk.operator: risk makes commands, and no stage takes them',
  ])
  t.deepEqual(toldOf(source, match), [])
})

test('stages - rings are told as the chain that closes them', (t) => {
  t.deepEqual(
    toldOf(
      source,
      match,
      'id: a, operator: risk, inputs: c',
      'id: b, operator: risk, inputs: a',
      'id: c, operator: risk, inputs: b',
      'id: self, operator: risk, inputs: self',
    ),
    [
      '5 <c> a.inputs: the stages go round in a ring: a -> b -> c -> a',
      '8 <self> self.inputs: the stages go round in a ring: self -> self',
    ],
  )
})

test('stages - come out after their inputs, otherwise as in the file', (t) => {
  const text = pipelineOf(
    `${report}, inputs: match`,
    `${match}, inputs: risk`,
    source,
    'id: risk, operator: risk',
    `${report.replace('report', 'last')}, inputs: match`,
  )
  t.deepEqual(
    good(text).stages.map(({ id, inputs }) => [id, ...inputs]),
    [['orders'], ['risk', 'orders'], ['match', 'risk'], ['report', 'match'], ['last', 'match']],
  )
})

test('stages - ten thousand of them in a row do not overflow', (t) => {
  const stages = Array.from({ length: 10_000 }, (_, at) => `id: r${at}, operator: risk, inputs: r${at + 1}`)
  t.deepEqual(told(pipelineOf(...stages)).length, 1)
})
