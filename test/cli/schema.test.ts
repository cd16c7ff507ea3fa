import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Ajv, type ValidateFunction } from 'ajv'
import test from 'ava'
import { parse } from 'yaml'
import { schemaText } from '../../src/cli/schema.ts'
import { registry } from '../../src/operators/registry.ts'
import { decodeDefinition } from '../../src/pipeline/definition.ts'
import { FILE_KEYS, STAGE_CODECS } from '../../src/pipeline/file-codec.ts'
import { millrace, root } from '../support/cli.ts'
import { LanguageServer } from '../support/language-server.ts'

const textOf = (file: string): string => readFileSync(join(root, file), 'utf8')
const yamlIn = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.yaml') && !name.endsWith('.test.yaml'))
    .map((name) => join(folder, name))

const compiled = (text: string): ValidateFunction =>
  new Ajv({ allErrors: true, strict: true, strictRequired: false, strictTypes: false }).compile(
    JSON.parse(text) as object,
  )
const whole = compiled(schemaText(registry, false))
const layer = compiled(schemaText(registry, true))

test.serial('schema - those that are shipped are what the codecs say', async (t) => {
  const hint = 'run "millrace schema > schema/pipeline.schema.json" and the same with --layer'
  t.is(textOf('schema/pipeline.schema.json'), (await millrace(['schema'])).stdout, hint)
  t.is(textOf('schema/layer.schema.json'), (await millrace(['schema', '--layer'])).stdout, hint)
})

test('schema - every pipeline and profile that is shipped is good by it', (t) => {
  const pipelines = [...yamlIn('pipelines'), ...yamlIn('examples')]
  t.true(pipelines.length >= 3)
  for (const file of pipelines.filter((name) => !name.includes('max-rate')))
    t.true(whole(parse(textOf(file))), `${file}: ${JSON.stringify(whole.errors)}`)
  for (const file of yamlIn('pipelines/profiles'))
    t.true(layer(parse(textOf(file))), `${file}: ${JSON.stringify(layer.errors)}`)
})

test('schema - every shipped file names the schema that is for it, where it is', (t) => {
  for (const file of [...yamlIn('pipelines'), ...yamlIn('pipelines/profiles'), ...yamlIn('examples')]) {
    const [, path] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(textOf(file)) ?? []
    const expected = file.includes('profiles') ? 'schema/layer.schema.json' : 'schema/pipeline.schema.json'
    t.is(join(dirname(file), path ?? ''), expected, file)
  }
})

test.serial('schema - of a file with plugins it has their operators', async (t) => {
  const { code, stdout, stderr } = await millrace(['schema', 'examples/max-rate.yaml'])
  t.is(code, 0, stderr)
  const own = compiled(stdout)
  t.true(own(parse(textOf('examples/max-rate.yaml'))), JSON.stringify(own.errors))
  t.false(whole(parse(textOf('examples/max-rate.yaml'))))
  t.regex(stdout, /Most new orders of one client within one second/)
})

test('schema - every key says what it is for', (t) => {
  const silent: string[] = []
  const visit = (schema: unknown, path: string): void => {
    if (typeof schema !== 'object' || schema === null) return
    for (const [key, inner] of Object.entries(schema)) {
      if (key === 'properties' && !path.endsWith('/if'))
        for (const [name, property] of Object.entries(inner as object) as [
          string,
          { description?: string; const?: string },
        ][])
          if ((property.description ?? '') === '' && property.const === undefined)
            silent.push(`${path}/${name}`)
      visit(inner, `${path}/${key}`)
    }
  }
  visit(JSON.parse(schemaText(registry, false)), '')
  t.deepEqual(silent, [])
})

test('schema - has the keys that the file is decoded with, and no others', (t) => {
  const told = (text: string): string[] => {
    const decoded = decodeDefinition('x', text, registry)
    const messages = decoded._tag === 'Left' ? decoded.left.problems.map(({ message }) => message) : []
    return /expected one of ([^:]+)/
      .exec(messages.find((each) => each.startsWith('unknown key')) ?? '')![1]!
      .split(', ')
  }
  t.deepEqual(
    told('zz: 1').sort(),
    [...Object.keys({ ...FILE_KEYS.required, ...FILE_KEYS.optional }), 'stages'].sort(),
  )
  const stage = told('name: x\nstages: [{ id: m, operator: merge, zz: 1 }]').sort()
  t.deepEqual(stage, [...Object.keys(STAGE_CODECS), 'operator', 'order'].sort())
})

const STAGES = [
  { id: 'orders', operator: 'ingest', from: { simulate: { seed: 7 } } },
  { id: 'match', operator: 'match' },
  { id: 'report', operator: 'publish', to: 'summary' },
]
const GOOD = { name: 'x', instruments: { A: { tick: 0.01, lot: '1' } }, stages: STAGES }
const stage = (part: object) => ({ ...GOOD, stages: [...STAGES, part] })

test('schema - takes what the program takes', (t) => {
  for (const good of [
    GOOD,
    { include: 'a.yaml' },
    { ...GOOD, runtime: { heap: { semiSpaceMiB: '${MIB}' } } },
    stage({ id: 'o', operator: 'publish', inputs: ['match'], to: { ndjson: { file: '-' } } }),
    stage({ id: 'r', operator: 'risk', limits: { maxOrderLots: '${LOTS:-5}', maxNotional: '5.5' } }),
  ])
    t.true(whole(good), JSON.stringify(whole.errors))
  for (const good of [{}, { stages: [{ id: 'risk', limits: { maxNotional: null } }] }, { name: null }])
    t.true(layer(good), JSON.stringify(layer.errors))
})

test('schema - refuses what the program refuses', (t) => {
  for (const bad of [
    {},
    { name: 'x' },
    { ...GOOD, stages: [] },
    { ...GOOD, nmae: 'y' },
    { ...GOOD, instruments: { A: { tick: 0, lot: 1 } } },
    stage({ id: 'x', operator: 'mtach' }),
    stage({ id: '9', operator: 'match' }),
    stage({ id: 'x', operator: 'match', limits: {} }),
    stage({ id: 'x', operator: 'risk', limits: { maxOrderLots: 0 } }),
    stage({ id: 'x', operator: 'risk', limits: { maxOrderLots: 'ten' } }),
    stage({ id: 'x', operator: 'publish' }),
    stage({ id: 'x', operator: 'publish', to: 'ndjson' }),
    stage({ id: 'x', operator: 'publish', to: { summary: {}, ndjson: { file: '-' } } }),
  ])
    t.false(whole(bad), JSON.stringify(bad))
})

test.serial(
  'schema - the YAML language server completes, explains and checks a file by its schema line',
  async (t) => {
    t.timeout(60_000)
    const server = new LanguageServer()
    t.teardown(() => server.kill())
    await server.begin()
    const uri = pathToFileURL(join(root, 'pipelines/edited.yaml')).href
    const text = `# yaml-language-server: $schema=../schema/pipeline.schema.json
name: x
stages:
  - id: orders
    operator: ingest
    from: { simulate: { seed: -1 } }
  - id: risk
    operator: risk
    limits:
      maxOrderLots: 5
      
  - id: match
    operator: 
    
`
    const found = await server.open(uri, text)
    t.deepEqual(
      found
        .filter(({ message }) => message.includes('-1') || message.includes('minimum'))
        .map(({ range }) => range.start),
      [{ line: 5, character: 30 }],
      JSON.stringify(found),
    )
    const limits = await server.complete(uri, { line: 10, character: 6 })
    t.true(limits.includes('collarTicks') && limits.includes('maxNotional'), limits.join())
    const operators = await server.complete(uri, { line: 12, character: 14 })
    for (const name of registry.keys()) t.true(operators.includes(name), operators.join())
    t.regex(await server.hover(uri, { line: 9, character: 8 }), /Largest quantity of one order/)
    const file = 'pipelines/exchange.yaml'
    t.deepEqual(await server.open(pathToFileURL(join(root, file)).href, textOf(file)), [])
    await server.close()
  },
)
