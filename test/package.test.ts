import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { machineNode, root } from './support/cli.ts'
import { spawned } from './support/spawned.ts'

interface Manifest {
  readonly exports: Record<string, string | Record<string, string>>
  readonly files: readonly string[]
  readonly bin: Record<string, string>
  readonly scripts: Record<string, string>
  readonly dependencies: Record<string, string>
  readonly [kind: string]: unknown
}

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest
/** The oldest Node.js at hand: the machine's, or else the one that runs the tests. */
const oldestNode = machineNode ?? process.execPath
/** Here its dependencies are found, and nothing of the checkout is in the way. */
const cache = join(root, 'node_modules/.cache')
mkdirSync(cache, { recursive: true })
const pack = mkdtempSync(join(cache, 'package-test-'))
test.after.always(() => rmSync(pack, { recursive: true, force: true }))

test.before('the package is built as it would be published', async (t) => {
  t.timeout(120_000)
  for (const name of ['package.json', 'LICENSE', 'README.md', ...manifest.files])
    if (name !== 'dist') cpSync(join(root, name), join(pack, name), { recursive: true })
  const tsc = join(root, 'node_modules/.bin/tsc')
  const outDir = join(pack, 'dist')
  const built = await spawned(tsc, ['-p', join(root, 'tsconfig.build.json'), '--outDir', outDir], {
    cwd: root,
  })
  if (built.code !== 0) throw new Error(built.stdout)
})

function script(name: string, text: string): string {
  const path = join(pack, name)
  writeFileSync(path, text)
  return path
}

test('package - its parts can be imported, and match orders, on the oldest Node.js at hand', async (t) => {
  const path = script(
    'use.mjs',
    `import { preparePipeline, loadDefinition, registry } from 'millrace'
    import { Batch, EventKind, Instruments, MatchingEngine, newOrder, pushCommand, readEvents, RECORD_WORDS, Side } from 'millrace/book'
    import { defineOperator, ingest, Market, match, publish, risk, Summary, validate } from 'millrace/operators'
    import { marbles, testPipelineFile } from 'millrace/testing'

    const engine = new MatchingEngine(new Instruments([{ symbol: 'AAPL', tick: '0.01', lot: '1' }]))
    const orders = new Batch(2)
    pushCommand(orders, newOrder({ orderId: 1, side: Side.sell, priceTicks: 100, lots: 3 }))
    pushCommand(orders, newOrder({ orderId: 2, side: Side.buy, priceTicks: 101, lots: 2 }))
    for (let i = 0; i < 2; i++) engine.apply(orders.words, i * RECORD_WORDS)
    const trade = readEvents(engine.events).find(({ kind }) => kind === EventKind.trade)
    console.log(trade.lots, trade.priceTicks, typeof preparePipeline, typeof loadDefinition, registry.size > 4, typeof defineOperator, typeof marbles, typeof testPipelineFile)

    const market = new Market([{ symbol: 'AAPL', tick: '0.01', lot: '1', referencePrice: '5.00' }])
    const summary = new Summary(market)
    ingest(market, { simulate: { seed: 7, orders: 3000 } })
      .pipe(validate(market), risk(market, { collarTicks: 500 }), match(market), publish(market, summary))
      .subscribe({ complete: () => console.log(summary.totals().commands, summary.totals().addsUp) })`,
  )
  const { code, stdout, stderr } = await spawned(oldestNode, [path])
  t.is(code, 0, stderr)
  t.is(stdout, '2 100 function function true function function function\n3000 true\n')
  t.log((await spawned(oldestNode, ['--version'])).stdout.trim())
})

test('package - its command line runs on the oldest Node.js at hand', async (t) => {
  const args = [join(pack, 'bin/millrace.js'), 'run', 'pipelines/exchange.yaml', '--orders', '2000']
  const { code, stdout, stderr } = await spawned(oldestNode, args, { cwd: pack })
  t.is(code, 0, stderr)
  t.true(stdout.includes('the counts add up'))
})

test('package - its types are known to who uses it', async (t) => {
  const path = script(
    'consumer.ts',
    `import { loadDefinition } from 'millrace'
import { Batch } from 'millrace/book'
import { ingest, Market } from 'millrace/operators'
// @ts-expect-error takes the path of a file
loadDefinition(1)
// @ts-expect-error takes a number of records
new Batch('ten')
// @ts-expect-error takes instruments
new Market([{ symbol: 1 }])
export const orders = ingest(new Market([]), { simulate: { seed: 7 } })
`,
  )
  const flags = ['--noEmit', '--strict', '--skipLibCheck', '--ignoreConfig']
  const tsc = join(root, 'node_modules/.bin/tsc')
  const { code, stdout } = await spawned(tsc, [...flags, '--module', 'nodenext', '--types', 'node', path], {
    cwd: pack,
  })
  t.is(code, 0, stdout)
})

test('package - everything that it exports is in it', (t) => {
  const targets = Object.values(manifest.exports).flatMap((target) =>
    typeof target === 'string'
      ? [target]
      : Object.entries(target).flatMap(([condition, path]) =>
          condition === 'millrace-source' ? [] : [path],
        ),
  )
  t.true(targets.length >= 7)
  for (const path of [...targets, ...Object.values(manifest.bin)]) t.true(existsSync(join(pack, path)), path)
})

test('package - its sources are at hand in a checkout under the condition that names them', (t) => {
  for (const target of Object.values(manifest.exports))
    if (typeof target !== 'string') t.true(existsSync(join(root, target['millrace-source']!)))
})

test('package - it holds what is built and how to use it, and no tests, sources or Node.js', async (t) => {
  const { code, stdout, stderr } = await spawned('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: pack,
  })
  t.is(code, 0, stderr)
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }]
  const paths = files.map(({ path }) => path)
  t.true(
    paths.includes('dist/index.js') && paths.includes('dist/index.d.ts') && paths.includes('bin/millrace.js'),
  )
  for (const folder of ['pipelines', 'scenarios'])
    for (const name of readdirSync(join(root, folder)).filter((entry) => entry.includes('.')))
      t.true(paths.includes(`${folder}/${name}`), name)
  const isMeant = (path: string): boolean =>
    /^dist\/.+\.(?:js|d\.ts)$/.test(path) ||
    /^(?:bin\/millrace\.js|dashboard\/dist\/[\w.]+|models\/[\w-]+(?:\.card)?\.(?:json|md)|schema\/\w+\.schema\.json|pipelines\/[\w/.-]+\.yaml|scenarios\/[\w-]+\.scenario|docs\/[\w./-]+|package\.json|[A-Z]+(?:\.md)?)$/.test(
      path,
    )
  t.deepEqual(
    paths.filter((path) => !isMeant(path)),
    [],
  )
})

test('package - who installs it gets no Node.js, no development tools and no scripts that run', (t) => {
  const { dependencies } = manifest
  t.deepEqual(Object.keys(dependencies).sort(), [
    '@nats-io/jetstream',
    '@nats-io/nats-core',
    '@nats-io/transport-node',
    'commander',
    'csv-parse',
    'fastify',
    'fp-ts',
    'io-ts',
    'ioredis',
    'koffi',
    'prom-client',
    'rxjs',
    'ws',
    'yaml',
  ])
  for (const kind of ['optionalDependencies', 'bundleDependencies', 'bundledDependencies'])
    t.false(Object.hasOwn(manifest, kind), kind)
  const peers = (manifest['peerDependencies'] ?? {}) as Record<string, string>
  const about = (manifest['peerDependenciesMeta'] ?? {}) as Record<string, { optional?: boolean }>
  for (const name of Object.keys(peers)) t.true(about[name]?.optional, name)
  // `prepare` runs in a checkout, not where the package is installed.
  for (const hook of ['preinstall', 'install', 'postinstall'])
    t.false(Object.hasOwn(manifest.scripts, hook), hook)
})

test('package - every dependency is used in its sources, and everything used is a dependency', (t) => {
  const files = readdirSync(join(pack, 'dist'), { recursive: true, encoding: 'utf8' })
  const used = new Set<string>()
  for (const file of files.filter((name) => name.endsWith('.js')))
    for (const [, name] of readFileSync(join(pack, 'dist', file), 'utf8').matchAll(
      /(?:from |import |createRequire\(import\.meta\.url\)\()['"]([^.'"][^'"]*)['"]/g,
    ))
      if (!name!.startsWith('node:')) used.add(/^(?:@[^/]+\/)?[^/]+/.exec(name!)![0])
  t.deepEqual([...used].sort(), Object.keys(manifest.dependencies).sort())
})
