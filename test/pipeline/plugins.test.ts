import { utimesSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { importPlugin } from '../../src/cli/import-plugin.ts'
import { registry } from '../../src/operators/registry.ts'
import { decodeDefinition, loadDefinition, type LoadSettings } from '../../src/pipeline/definition.ts'
import { formatProblem } from '../../src/pipeline/problem.ts'
import { Folder } from '../support/folder.ts'

const pluginOf = (name: string, more = ''): string =>
  `import { defineOperator, option } from 'millrace/operators'
export const own = defineOperator({
  name: '${name}', consumes: 'command', options: option.keys({ limit: option.wholeNumber({ min: 1 }) }),
  create: () => ({ process() {} }),
})
${more}`

const fileOf = (plugins: string, stage = 'id: own, operator: own, limit: 5'): string =>
  `name: x
plugins: ${plugins}
instruments: { A: { tick: 1, lot: 1 } }
stages:
- { id: orders, operator: ingest, from: simulate }
- { ${stage} }
- { id: match, operator: match }
`

async function told(
  t: ExecutionContext,
  files: Record<string, string>,
  settings?: LoadSettings,
): Promise<string[]> {
  const folder = new Folder(files)
  t.teardown(() => folder.remove())
  const loaded = await loadDefinition(folder.at('x.yaml'), registry, {
    importModule: importPlugin,
    ...settings,
  })()
  return E.isLeft(loaded) ? loaded.left.problems.map((problem) => folder.short(formatProblem(problem))) : []
}

test('plugins - a module adds operators; its path begins at the folder of the file that lists it', async (t) => {
  const files = {
    'x.yaml': `include: deep/base.yaml\n${fileOf("['./${WHICH}.ts']")}`,
    'deep/base.yaml': 'plugins: [./two.ts]',
  }
  const plugins = {
    'own.ts': pluginOf('own', 'export type T = { readonly a: 1 }'),
    'deep/two.ts': pluginOf('two'),
  }
  t.deepEqual(await told(t, { ...files, ...plugins }, { variables: { WHICH: 'own' } }), [])
})

test('plugins - the options of its operator are checked, and told with the keys there are', async (t) => {
  const files = { 'x.yaml': fileOf('[own.ts]', 'id: own, operator: own, limt: 5'), 'own.ts': pluginOf('own') }
  t.deepEqual(await told(t, files), [
    'x.yaml:6:3 own.limit: missing, expected a whole number above 0',
    'x.yaml:6:29 own.limt: unknown key, expected one of id, operator, inputs, limit, boundary, placement, partition, onError, breaker, timeout, budget: did you mean limit?',
  ])
})

const FAILING: readonly (readonly [what: string, text: string | undefined, message: RegExp])[] = [
  ['is not there', undefined, /^x\.yaml:2:11 plugins\.0: own\.ts: no such file$/],
  [
    'exports no operator',
    'export const own = 7',
    /plugins\.0: own\.ts: exports no operator: expected one that defineOperator/,
  ],
  ['is no program', 'export const = 7', /plugins\.0: own\.ts: cannot be loaded: SyntaxError/],
  [
    'fails as it is loaded',
    'throw new Error("no luck\\nat all")',
    /plugins\.0: own\.ts: cannot be loaded: no luck$/,
  ],
  [
    'imports what is not there',
    'import "./none.ts"',
    /plugins\.0: own\.ts: cannot be loaded: Cannot find module/,
  ],
  ['defines what cannot be', pluginOf('9'), /cannot be loaded: TypeError: an operator is named by a letter/],
  [
    'takes a name that there is',
    pluginOf('match'),
    /plugins\.0: own\.ts: the name match is taken already, by an operator of Millrace itself$/,
  ],
]
for (const [what, text, message] of FAILING)
  test(`plugins - one that ${what} is told at its entry, and its stages are not`, async (t) => {
    const found = await told(t, {
      'x.yaml': fileOf('[own.ts]'),
      ...(text === undefined ? {} : { 'own.ts': text }),
    })
    t.is(found.length, 1, found.join('\n'))
    t.regex(found[0]!, message)
  })

test('plugins - two of one name are told', async (t) => {
  const files = {
    'x.yaml': fileOf('[own.ts, again.ts]'),
    'own.ts': pluginOf('own'),
    'again.ts': pluginOf('own'),
  }
  t.deepEqual(await told(t, files), [
    'x.yaml:2:19 plugins.1: again.ts: the name own is taken already, by an operator of own.ts',
  ])
})

test('plugins - a list of something else is told once', async (t) => {
  t.deepEqual(await told(t, { 'x.yaml': fileOf('own.ts', 'id: risk, operator: risk') }), [
    'x.yaml:2:10 plugins: expected a list, got "own.ts"',
  ])
  t.deepEqual(await told(t, { 'x.yaml': fileOf('[7]', 'id: risk, operator: risk') }), [
    'x.yaml:2:11 plugins.0: expected text (in quotes), got 7',
  ])
})

test('plugins - a module that has changed is loaded anew', async (t) => {
  const folder = new Folder({ 'x.yaml': fileOf('[own.ts]'), 'own.ts': pluginOf('own') })
  t.teardown(() => folder.remove())
  const keys = async () => {
    const loaded = await loadDefinition(folder.at('x.yaml'), registry, { importModule: importPlugin })()
    return E.isLeft(loaded) ? loaded.left.problems.map(({ message }) => message) : []
  }
  t.deepEqual(await keys(), [])
  folder.write('own.ts', pluginOf('own').replace('limit:', 'other:'))
  utimesSync(folder.at('own.ts'), 9, 9)
  t.is((await keys()).length, 2)
})

test('plugins - text that is only decoded loads none', (t) => {
  const decoded = decodeDefinition('x.yaml', fileOf('[own.ts]'), registry)
  t.deepEqual(E.isLeft(decoded) && decoded.left.problems.map(formatProblem), [
    'x.yaml:2:11 plugins.0: plugins are loaded with the file: this text is only decoded',
  ])
})
