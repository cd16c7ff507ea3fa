import test, { type ExecutionContext } from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { loadDefinition, type Definition, type LoadSettings } from '../../src/pipeline/definition.ts'
import { formatProblem } from '../../src/pipeline/problem.ts'
import { Folder } from '../support/folder.ts'
import { registry } from './fixtures/registry.ts'

const BASE = `name: base
stages:
  - { id: orders, operator: ingest, from: { simulate: { seed: 1, profile: small } } }
  - { id: risk, operator: risk, limits: { maxOrderLots: 5, maxNotional: 9 }, accounts: [a, b] }
  - { id: match, operator: match }
  - { id: report, operator: publish, to: summary }
`

interface Loaded {
  readonly definition: Definition | undefined
  readonly told: string[]
}

async function load(
  t: ExecutionContext,
  files: Record<string, string>,
  settings?: LoadSettings,
): Promise<Loaded> {
  const folder = new Folder(files)
  t.teardown(() => folder.remove())
  const loaded = await loadDefinition(folder.at('x.yaml'), registry, settings)()
  if (E.isRight(loaded)) return { definition: loaded.right, told: [] }
  return {
    definition: undefined,
    told: loaded.left.problems.map((problem) => folder.short(formatProblem(problem))),
  }
}

function optionsOf({ definition, told }: Loaded, id: string): unknown {
  if (definition === undefined) throw new Error(told.join('\n'))
  return definition.stages.find((stage) => stage.id === id)?.options
}

test('include - a file is laid over what it includes: maps by key, stages by id, lists whole', async (t) => {
  const loaded = await load(t, {
    'x.yaml':
      'include: common/base.yaml\nname: x\nstages:\n- { id: risk, limits: { maxOrderLots: 7 }, accounts: [c] }\n- { id: more, operator: publish, to: summary, inputs: match }\n',
    'common/base.yaml': BASE,
  })
  t.is(loaded.definition?.name, 'x')
  t.deepEqual(optionsOf(loaded, 'risk'), { limits: { maxOrderLots: 7, maxNotional: '9' }, accounts: ['c'] })
  t.deepEqual(
    loaded.definition?.stages.map(({ id }) => id),
    ['orders', 'risk', 'match', 'report', 'more'],
  )
})

test('include - what is included later counts more, and includes include', async (t) => {
  const loaded = await load(t, {
    'x.yaml': 'include: [base.yaml, one.yaml, two.yaml]',
    'base.yaml': BASE,
    'one.yaml': 'include: [base.yaml]\nname: one\nstages: [{ id: risk, limits: { maxOrderLots: 1 } }]',
    'two.yaml': 'name: two\nstages: [{ id: risk, limits: { maxNotional: 2 } }]',
  })
  t.is(loaded.definition?.name, 'two')
  t.deepEqual(optionsOf(loaded, 'risk'), {
    limits: { maxOrderLots: 1, maxNotional: '2' },
    accounts: ['a', 'b'],
  })
})

test('layers - another choice takes the place of the one below, and the same one is merged', async (t) => {
  const over = async (from: string) =>
    optionsOf(
      await load(t, {
        'x.yaml': `include: base.yaml\nstages: [{ id: orders, from: ${from} }]`,
        'base.yaml': BASE,
      }),
      'orders',
    )
  t.deepEqual(await over('{ orders: { file: a } }'), { from: { orders: { file: 'a' } } })
  t.deepEqual(await over('{ simulate: { seed: 9 } }'), { from: { simulate: { seed: 9, profile: 'small' } } })
  t.deepEqual(await over('simulate'), { from: { simulate: {} } })
})

test('layers - null takes out what is below it, and only that', async (t) => {
  const over = (text: string) => load(t, { 'x.yaml': `include: base.yaml\n${text}`, 'base.yaml': BASE })
  const loaded = await over('stages: [{ id: risk, limits: { maxNotional: null }, accounts: }]')
  t.deepEqual(optionsOf(loaded, 'risk'), { limits: { maxOrderLots: 5 } })
  t.deepEqual((await over('stages: [{ id: match, speed: }]')).told, [
    'x.yaml:2:23 match.speed: unknown key, expected one of id, operator, inputs, boundary, placement, partition, onError, breaker, timeout, budget',
  ])
})

test('include - a problem is told in the file that it stands in', async (t) => {
  const { told } = await load(
    t,
    {
      'x.yaml': 'include: [base.yaml]\nname: x\nstages:\n- id: match\n  sped: 1\n',
      'base.yaml': BASE.replace('maxOrderLots: 5', `maxOrderLots: '\${TEN}'`),
      'profiles/slow.yaml': 'stages:\n- { id: orders, from: { simulate: { seed: -1 } } }',
    },
    { variables: { TEN: 'ten' }, profile: 'slow', overrides: ['stages.risk.limits.maxNotional=x'] },
  )
  t.deepEqual(told, [
    '--set:1:32 risk.limits.maxNotional: expected a decimal number, got "x"',
    'base.yaml:4:57 risk.limits.maxOrderLots: expected a whole number above 0, got "${TEN}"',
    'profiles/slow.yaml:2:43 orders.from.simulate.seed: expected a whole number, 0 or above, got -1',
    'x.yaml:5:3 match.sped: unknown key, expected one of id, operator, inputs, boundary, placement, partition, onError, breaker, timeout, budget',
  ])
})

test('include - a ring is told as a chain, at the entry that closes it', async (t) => {
  const files = {
    'x.yaml': 'include: a.yaml',
    'a.yaml': 'include: [b.yaml]',
    'b.yaml': 'name: b\ninclude: [a.yaml, x.yaml]',
  }
  t.deepEqual(
    (await load(t, files)).told.filter((line) => line.includes('include')),
    [
      'b.yaml:2:11 include.0: the files include one another in a ring: a.yaml -> b.yaml -> a.yaml',
      'b.yaml:2:19 include.1: the files include one another in a ring: x.yaml -> a.yaml -> b.yaml -> x.yaml',
    ],
  )
})

test('include - what cannot be included is told at its entry', async (t) => {
  const { told } = await load(
    t,
    {
      'x.yaml': `include: [none.yaml, 7, '\${NO}', '\${YES}.yaml', list.yaml, empty.yaml, broken.yaml]\n${BASE}`,
      'y.yaml': '',
      'list.yaml': '- 1',
      'empty.yaml': '# nothing',
      'broken.yaml': 'a: b: c',
    },
    { variables: { YES: 'y' } },
  )
  t.deepEqual(told, [
    'broken.yaml:1:4 nested mappings are not allowed in compact mappings',
    'list.yaml:1:1 expected a map',
    'x.yaml:1:11 include.0: none.yaml: no such file',
    'x.yaml:1:22 include.1: expected the path of a file to include, or a list of them',
    'x.yaml:1:25 include.2: NO is not set: set it in the environment, or write ${NO:-default}',
  ])
})

test('include - cannot be set, nor can plugins', async (t) => {
  const { told } = await load(t, { 'x.yaml': BASE }, { overrides: ['include=[a.yaml]', 'plugins=[a.ts]'] })
  t.deepEqual(told, [
    '--set:1:1 include: include cannot be set: write it in a file',
    '--set:1:1 plugins: plugins cannot be set: write it in a file',
  ])
})

test('profile - counts more than the file, and less than --set; the one of the file more than the shared', async (t) => {
  const files = {
    'x.yaml': BASE,
    'profiles/fast.yaml': 'name: shared\nstages: [{ id: risk, limits: { maxOrderLots: 1, maxNotional: 1 } }]',
    'x.fast.yaml': 'include: more.yaml\nstages: [{ id: risk, limits: { maxNotional: 2 } }]',
    'more.yaml': 'name: more',
  }
  const loaded = await load(t, files, { profile: 'fast', overrides: ['stages.risk.accounts=[z]'] })
  t.deepEqual(optionsOf(loaded, 'risk'), { limits: { maxOrderLots: 1, maxNotional: '2' }, accounts: ['z'] })
  t.is(loaded.definition?.name, 'more')
})

test('profile - those that come along are there for every file, and set how it is run', async (t) => {
  const settings = async (profile: string) =>
    (await load(t, { 'x.yaml': BASE }, { profile })).definition?.runtime
  t.is((await settings('development'))?.batchRecords, 64)
  t.is((await settings('benchmark'))?.heap?.semiSpaceMiB, 64)
  t.is((await settings('production'))?.heap?.semiSpaceMiB, 32)
})

test('profile - one that is not there is told with those that are', async (t) => {
  const told = async (profile: string) =>
    (await load(t, { 'x.yaml': BASE, 'profiles/night.yaml': '' }, { profile })).told
  t.deepEqual(await told('productoin'), [
    '--profile:1:1 no profile "productoin": neither profiles/productoin.yaml nor x.productoin.yaml is there: did you mean production?; there are benchmark, development, night, production',
  ])
  t.deepEqual(await told('../x'), [
    '--profile:1:1 expected the name of a profile: a letter, then letters, digits and dashes',
  ])
  t.deepEqual(await told('night'), [])
})

test('profile - one that changes a stage that the file has not is told', async (t) => {
  const files = {
    'x.yaml': BASE,
    'profiles/p.yaml':
      'stages:\n- { id: rsk, limits: {} }\n- { id: new, operator: publish, to: summary, inputs: match }',
  }
  t.deepEqual((await load(t, files, { profile: 'p' })).told, [
    'profiles/p.yaml:2:9 rsk: no stage has the id "rsk": did you mean risk?',
  ])
})
