import test from 'ava'
import { good, parse, set } from './fixtures/parse.ts'

const file =
  'name: x\nstages:\n  - { id: orders }\n  - { id: risk, limits: { maxOrderLots: 1 }, accounts: [a, b] }\n'

test('overrides - values are YAML, put in by id or index, with maps made on the way', (t) => {
  const { value, told } = set(
    file,
    'stages.risk.limits.maxOrderLots=5',
    'stages.0.from.simulate.seed="7"',
    'stages.risk.accounts.1=c',
    'instruments.AAPL.tick=0.05',
    'instruments."BRK.B"={ tick: 1, lot: [2] }',
    'name=md.{symbol}.trades',
    'url=nats://host:4222',
    'none=',
  )
  t.deepEqual(told, [])
  t.deepEqual(value, {
    name: 'md.{symbol}.trades',
    stages: [
      { id: 'orders', from: { simulate: { seed: '7' } } },
      { id: 'risk', limits: { maxOrderLots: 5 }, accounts: ['a', 'c'] },
    ],
    instruments: { AAPL: { tick: 0.05 }, 'BRK.B': { tick: 1, lot: [2] } },
    url: 'nats://host:4222',
    none: null,
  })
})

test('overrides - a value stands in --set, at its column', (t) => {
  const document = good(file, { overrides: ['stages.risk.limits={ maxOrderLots: ten }'] })
  const path = ['stages', '1', 'limits', 'maxOrderLots']
  t.deepEqual(document.position(path), { file: '--set', line: 1, column: 36 })
  t.deepEqual(document.position(path, 'key'), { file: '--set', line: 1, column: 22 })
  t.deepEqual(document.position(['stages', '1', 'limits'], 'key'), {
    file: '--set',
    line: 1,
    column: 13,
  })
  t.deepEqual(document.position(['stages', '1', 'accounts']), { file: 'f', line: 4, column: 56 })
})

test('overrides - take the place of a value together with what was wrong with it', (t) => {
  t.deepEqual(set('a: ${NONE}\nb: 1e400\nc: *no', 'a=1', 'b=2', 'c.d=3'), {
    value: { a: 1, b: 2, c: { d: 3 } },
    told: [],
  })
  t.deepEqual(parse('a: 1', { variables: { A: 'one' }, overrides: ['a=${A}'] }).value, { a: 'one' })
})

test('overrides - what cannot be put in is a problem at its column, and the rest is', (t) => {
  const problems: [string, string][] = [
    ['nothing', '--set:1:1 expected PATH=VALUE, such as stages.risk.limits.maxOrderLots=5'],
    ['=5', '--set:1:1 expected PATH=VALUE, such as stages.risk.limits.maxOrderLots=5'],
    ['a..b=5', '--set:1:1 expected PATH=VALUE, such as stages.risk.limits.maxOrderLots=5'],
    [`${'a.'.repeat(5000)}b=5`, '--set:1:1 expected PATH=VALUE, such as stages.risk.limits.maxOrderLots=5'],
    ['stages.rsk.x=5', '--set:1:8 rsk: no stage has the id "rsk": did you mean risk?'],
    ['stages.2.x=5', '--set:1:8 stages.2: no stage has the id "2"'],
    ['stages.risk.accounts.2=5', '--set:1:22 risk.accounts.2: expected an index from 0 to 1'],
    ['stages.risk.id.x=5', '--set:1:16 risk.id.x: stages.risk.id is not a map: nothing can be set in it'],
    ['a=[1', '--set:1:5 a: flow sequence must end with a ]'],
    ['a=b: c', '--set:1:3 a: expected one value, with a map as {key: value} and any # in quotes'],
    ['a=- b', '--set:1:3 a: expected one value, with a map as {key: value} and any # in quotes'],
    ['a=b # c', '--set:1:3 a: expected one value, with a map as {key: value} and any # in quotes'],
    ['a=1e400', '--set:1:3 a: has more digits than a number holds: write it in quotes'],
    ['a=${NONE}', '--set:1:3 a: NONE is not set: set it in the environment, or write ${NONE:-default}'],
  ]
  for (const [override, problem] of problems) {
    const { value, told } = set(file, override, 'other=1')
    t.is(told.join(), problem)
    t.is((value as Record<string, unknown>)['other'], 1, override)
  }
  t.deepEqual(set('a: 1', 'stages.risk.x=1').told, ['--set:1:8 risk: no stage has the id "risk"'])
  t.deepEqual(set('just text', 'a=1').told, ['--set:1:1 a: the file is not a map: nothing can be set in it'])
  t.deepEqual(set('', 'a.b=1'), { value: { a: { b: 1 } }, told: [] })
})
