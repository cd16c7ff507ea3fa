import test from 'ava'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const src = join(root, 'src')

/** Which folders of src/ each may import besides itself: imports point one way. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  memory: [],
  book: ['memory'],
  telemetry: ['memory'],
  risk: ['memory', 'book', 'telemetry'],
  journal: ['memory', 'book'],
  pipeline: ['memory', 'book', 'telemetry'],
  ai: ['memory', 'book', 'telemetry'],
  transport: ['memory', 'book', 'telemetry'],
  client: ['memory', 'book', 'transport'],
  operators: ['memory', 'book', 'telemetry', 'risk', 'journal', 'ai', 'pipeline', 'transport'],
  scenario: ['book'],
  server: ['book', 'telemetry', 'pipeline', 'operators'],
  testing: ['memory', 'book', 'telemetry', 'risk', 'pipeline', 'operators', 'scenario'],
  cli: [
    'memory',
    'book',
    'telemetry',
    'risk',
    'journal',
    'ai',
    'pipeline',
    'transport',
    'operators',
    'scenario',
    'server',
    'testing',
  ],
}

/** Where each third-party package may be imported. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  rxjs: ['pipeline', 'operators', 'testing'],
  'io-ts': ['pipeline', 'operators', 'testing', 'ai', 'server'],
  'fp-ts': ['pipeline', 'operators', 'testing', 'cli', 'ai', 'server'],
  yaml: ['pipeline'],
  'csv-parse': ['operators'],
  commander: ['cli'],
  fastify: ['server'],
  'prom-client': ['server'],
  koffi: ['memory'],
  '@nats-io/nats-core': ['transport', 'client', 'operators'],
  '@nats-io/transport-node': ['transport', 'client'],
  '@nats-io/jetstream': ['transport', 'client'],
  ioredis: ['transport', 'operators'],
  ws: ['transport', 'operators', 'server', 'cli'],
}

interface Import {
  readonly file: string
  readonly specifier: string
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join(src, name))

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(/^(?:import|export|\})[^'\n]* from '([^']+)'/gm)].map((match) => ({
    file,
    specifier: match[1]!,
  }))
}

function folderOf(path: string): string {
  return relative(src, path).split('/')[0]!
}

const imports = files.filter((file) => dirname(file) !== src).flatMap(importsOf)

test('imports - they point one way between the folders of src', (t) => {
  const wrong = imports.filter(({ file, specifier }) => {
    if (!specifier.startsWith('.')) return false
    const [from, to] = [folderOf(file), folderOf(resolve(dirname(file), specifier))]
    return from !== to && !MAY_IMPORT[from]?.includes(to)
  })
  t.deepEqual(wrong, [])
})

test('imports - every folder of src is in the table', (t) => {
  const folders = new Set(files.filter((file) => dirname(file) !== src).map(folderOf))
  t.deepEqual([...folders].sort(), Object.keys(MAY_IMPORT).sort())
})

test('imports - each package stays in its home', (t) => {
  const wrong = imports.filter(({ file, specifier }) => {
    if (specifier.startsWith('.') || specifier.startsWith('node:')) return false
    const name = specifier.startsWith('@')
      ? specifier.split('/').slice(0, 2).join('/')
      : specifier.split('/')[0]!
    return !HOMES[name]?.includes(folderOf(file))
  })
  t.deepEqual(wrong, [])
})

test('imports - no operator imports another', (t) => {
  const operators = files.filter(
    (file) =>
      dirname(file) === join(src, 'operators') &&
      /export const \w+Operator\b/.test(readFileSync(file, 'utf8')),
  )
  t.true(operators.length > 4)
  const wrong = operators
    .flatMap(importsOf)
    .filter(({ file, specifier }) => operators.includes(resolve(dirname(file), specifier)))
  t.deepEqual(wrong, [])
})

test('imports - there is no circle', (t) => {
  const graph = new Map(
    files.map((file) => [
      file,
      importsOf(file)
        .filter(({ specifier }) => specifier.startsWith('.'))
        .map(({ specifier }) => resolve(dirname(file), specifier)),
    ]),
  )
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (file: string, chain: readonly string[]): void => {
    if (chain.includes(file))
      circles.push([...chain.slice(chain.indexOf(file)), file].map((at) => relative(src, at)).join(' -> '))
    else if (!done.has(file)) {
      for (const next of graph.get(file) ?? []) visit(next, [...chain, file])
      done.add(file)
    }
  }
  for (const file of files) visit(file, [])
  t.deepEqual(circles, [])
})

test('folders - each of src has a README', (t) => {
  const without = Object.keys(MAY_IMPORT).filter(
    (folder) => !readdirSync(join(src, folder)).includes('README.md'),
  )
  t.deepEqual(without, [])
})
