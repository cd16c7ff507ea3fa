import test from 'ava'
import { registry } from '../../src/operators/registry.ts'
import { testPipelineFile } from '../../src/testing/index.ts'
import { Folder } from '../support/folder.ts'

test.serial('run - a program gets the results of a file, failures with their lines', async (t) => {
  const folder = new Folder({
    'x.yaml': `name: x
instruments: { A: { tick: 1, lot: 1 } }
stages:
  - { id: orders, operator: ingest, from: { simulate: { orders: 20, badShare: 0 } } }
  - { id: match, operator: match }
  - { id: out, operator: publish, to: summary }
`,
    'x.test.yaml': `pipeline: x.yaml
tests:
  - { name: good, expect: { commands: 20 } }
  - name: bad
    expect:
      commands: 21
`,
  })
  t.teardown(() => folder.remove())
  const results = await testPipelineFile(folder.at('x.test.yaml'), { registry })
  t.deepEqual(
    results.map(({ name, line, failures }) => [name, line, failures.map((failure) => failure.line)]),
    [
      ['good', 3, []],
      ['bad', 4, [6]],
    ],
  )
  await t.throwsAsync(testPipelineFile(folder.at('none.test.yaml'), { registry }), {
    message: /no such file/,
  })
  folder.write('x.yaml', 'name: x')
  await t.throwsAsync(testPipelineFile(folder.at('x.test.yaml'), { registry }), {
    message: /x\.yaml:1:1 stages/,
  })
})

test.serial('run - time is real again after a test, whatever happens in it', async (t) => {
  const { setTimeout: before } = globalThis
  const folder = new Folder({
    'x.yaml': 'name: x',
    'x.test.yaml': 'pipeline: x.yaml\ntests: [{ name: t, expect: { commands: 1 } }]',
  })
  t.teardown(() => folder.remove())
  await t.throwsAsync(testPipelineFile(folder.at('x.test.yaml'), { registry }))
  t.is(globalThis.setTimeout, before)
})
