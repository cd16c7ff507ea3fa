import test from 'ava'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { RECORD_WORDS } from '../../src/book/index.ts'
import { DeadLetterFiles } from '../../src/pipeline/fault/dead-letters.ts'
import { History } from '../../src/telemetry/history.ts'
import { parseExposition } from '../support/prometheus-text.ts'
import { Folder } from '../support/folder.ts'
import { limit, ServedPipeline, SMALL } from '../support/served.ts'

const folder = new Folder()
let served: ServedPipeline
test.before(async () => {
  served = await ServedPipeline.start({
    history: await History.open({ file: folder.at('history.db') }),
    rules: [
      {
        name: 'always',
        when: 'orders.rate >= 0',
        condition: { gauge: 'orders.rate', comparator: '>=', limit: 0, forMs: 0 },
      },
    ],
  })
})
test.after.always(async () => {
  await served.close()
  folder.remove()
})

test('routes - an order rests, shows in the book and among open orders, trades, and is cancelled', async (t) => {
  const rested = await served.call('POST', '/api/orders', limit('sell', 101, 10, { id: 's1', client: 'bob' }))
  t.is(rested.status, 200)
  t.true(rested.json.isAccepted)
  t.is(rested.json.events[0].event, 'accepted')
  const book = await served.call('GET', '/api/book/AAPL?levels=5')
  t.deepEqual(book.json.offers[0], ['101.00', '10', 1])
  const open = await served.call('GET', '/api/orders?client=bob')
  t.deepEqual(
    open.json.map(({ id, open: left }: { id: string; open: string }) => [id, left]),
    [['s1', '10']],
  )
  const taker = await served.call('POST', '/api/orders', limit('buy', 101, 4, { id: 'b1' }))
  t.deepEqual(
    taker.json.events.map(({ event }: { event: string }) => event),
    ['accepted', 'trade'],
  )
  const trades = await served.call('GET', '/api/trades/AAPL?limit=1')
  t.like(trades.json[0], { price: '101.00', quantity: '4', side: 'buy' })
  const amended = await served.call('PATCH', '/api/orders/s1', { client: 'bob', symbol: 'AAPL', quantity: 8 })
  t.is(amended.json.events[0].event, 'amended')
  const cancelled = await served.call('DELETE', '/api/orders/s1?client=bob&symbol=AAPL')
  t.is(cancelled.json.events[0].event, 'cancelled')
  t.deepEqual((await served.call('GET', '/api/orders?client=bob')).json, [])
})

test('routes - a mass cancel takes all orders of a client and none of another', async (t) => {
  const of = (client: string, price: number): object => limit('buy', price, 1, { client, symbol: 'MSFT' })
  for (const price of [40, 41, 42]) await served.call('POST', '/api/orders', of('carol', price))
  await served.call('POST', '/api/orders', of('dave', 39))
  const { json } = await served.call('DELETE', '/api/orders?client=carol')
  t.is(json.events.filter(({ event }: { event: string }) => event === 'cancelled').length, 3)
  t.deepEqual((await served.call('GET', '/api/orders?client=carol')).json, [])
  t.is((await served.call('GET', '/api/orders?client=dave')).json.length, 1)
})

test('routes - what the engine refuses is an answer, not a fault', async (t) => {
  const { status, json } = await served.call('DELETE', '/api/orders/nothing?client=alice&symbol=AAPL')
  t.is(status, 200)
  t.false(json.isAccepted)
  t.is(json.events[0].event, 'rejected')
})

test('routes - a bad request says all that is wrong with it, and where', async (t) => {
  const { status, type, json } = await served.call('POST', '/api/orders', {
    id: 'x',
    side: 'hold',
    quantity: true,
    colour: 'red',
  })
  t.is(status, 400)
  t.true(type.startsWith('application/problem+json'))
  t.like(json, { type: 'about:blank', title: 'Not a valid request', status: 400 })
  const paths = json.errors.map(({ path }: { path: string }) => path).sort()
  t.deepEqual([...new Set(paths)], ['body.colour', 'body.quantity', 'body.side'])
  const query = await served.call('GET', '/api/book/AAPL?levels=0')
  t.is(query.json.errors[0].path, 'query.levels')
})

const REFUSED: readonly (readonly [method: string, path: string, body: unknown, status: number])[] = [
  ['GET', '/api/book/NONE', undefined, 404],
  ['GET', '/api/nothing', undefined, 404],
  ['GET', '/api/orders', undefined, 400],
  ['POST', '/api/orders', '{"id":', 400],
  ['POST', '/api/orders', 'null', 400],
  ['POST', '/api/orders', `{"id":"${'x'.repeat(70_000)}"}`, 413],
  ['GET', '/api/history?gauge=x&from=1', undefined, 400],
  ['GET', '/assets/..%2f..%2fpackage.json', undefined, 404],
]
for (const [method, path, body, status] of REFUSED)
  test(`routes - ${method} ${path} ${String(body).slice(0, 12)} is a problem ${status}`, async (t) => {
    const answer = await served.call(method, path, body)
    t.is(answer.status, status)
    t.true(answer.type.startsWith('application/problem+json'), answer.type)
    t.is(answer.json.status, status)
    t.true(answer.json.detail.length > 0)
  })

test('routes - the pipeline, its figures, history and alerts can be read', async (t) => {
  const plan = (await served.call('GET', '/api/pipeline')).json
  t.deepEqual(
    plan.stages.map(({ id }: { id: string }) => id),
    ['api', 'match', 'clients'],
  )
  await served.call('POST', '/api/orders', limit('buy', 1, 1))
  const stats = (await served.call('GET', '/api/stats')).json
  t.true(stats.commands >= 1)
  t.true(Array.isArray(stats.stats.islands))
  const now = Math.floor(Date.now() / 1e3)
  const deadline = Date.now() + 15_000
  let points: { mean: number }[] = []
  while (points.length === 0 && Date.now() < deadline)
    points = (
      await served.call(
        'GET',
        `/api/history?gauge=orders.rate&from=${now - 10}&to=${now + 60}&resolution=second`,
      )
    ).json
  t.true(points.length > 0, 'a second of history')
  t.true((await served.call('GET', '/api/history/gauges')).json.includes('process.cpu'))
  const compare = await served.call(
    'GET',
    `/api/history/compare?gauge=orders.rate&from1=${now - 10}&to1=${now + 60}&from2=${now - 10}&to2=${now + 60}`,
  )
  t.is(compare.status, 200)
  t.like((await served.call('GET', '/api/alerts')).json.alerts[0], { name: 'always', state: 'firing' })
  const marks = await served.call('GET', `/api/history/marks?from=${now - 10}&to=${now + 60}`)
  t.true(marks.text.includes('always firing'))
})

test('routes - what is nested deeper than a stack is refused as any other', async (t) => {
  for (const depth of [10, 3_000, 5_000, 30_000]) {
    const deep = '['.repeat(depth) + ']'.repeat(depth)
    t.is((await served.call('POST', '/api/orders', deep)).status, 400, String(depth))
    t.is((await served.call('POST', '/api/orders', `{"id":${deep}}`)).status, 400, String(depth))
  }
})

test('routes - health and readiness', async (t) => {
  t.is((await served.call('GET', '/health')).json.status, 'ok')
  t.is((await served.call('GET', '/ready')).json.status, 'ready')
})

test('routes - dead letters are told, where they are kept', async (t) => {
  t.is((await served.call('GET', '/api/dead-letters')).status, 503)
  const dir = folder.at('dead')
  const kept = await ServedPipeline.start({}, `${SMALL}deadLetters: { dir: '${dir}' }\n`)
  t.teardown(() => kept.close())
  t.deepEqual((await kept.call('GET', '/api/dead-letters')).json, [])
  const files = new DeadLetterFiles(dir, kept.pipeline.market)
  files.add('match', 'it broke', 'command', new Int32Array(RECORD_WORDS), 0)
  files.close()
  t.like((await kept.call('GET', '/api/dead-letters')).json, [{ stage: 'match', cause: 'it broke' }])
})

test('routes - without a stage that answers, the pipeline is not ready and says why', async (t) => {
  const deaf = await ServedPipeline.start(
    {},
    `
name: deaf
instruments: { AAPL: { tick: 0.01, lot: 1 } }
stages:
  - { id: api, operator: ingest, from: api }
  - { id: match, operator: match }
  - { id: report, operator: publish, to: summary }
`,
  )
  t.teardown(() => deaf.close())
  const { status, json } = await deaf.call('GET', '/ready')
  t.is(status, 503)
  t.regex(json.detail, /no stage takes orders/)
  t.is((await deaf.call('POST', '/api/orders', limit('buy', 1, 1))).status, 503)
})

test('metrics - are read by a strict parser, named and typed by the conventions', async (t) => {
  await served.call('POST', '/api/orders', limit('buy', 1, 1))
  const { text, type } = await served.call('GET', '/metrics')
  t.true(type.startsWith('text/plain'))
  const families = parseExposition(text)
  for (const { name, type: kind, help } of families.values()) {
    t.true(help.length > 0, name)
    if (!name.startsWith('millrace_')) continue
    t.is(name.endsWith('_total'), kind === 'counter', `${name} is a ${kind}`)
    t.notRegex(name, /_(ms|us|ns|percent|mib)(_|$)/, name)
  }
  const [commands] = families.get('millrace_commands_total')!.samples
  t.deepEqual(commands!.labels, { pipeline: 'small' })
  t.true(commands!.value >= 1)
  t.true(families.has('process_cpu_seconds_total'))
  t.is(families.get('millrace_island_seconds_total')!.type, 'counter')
})

test('metrics - the parser that they are held to refuses what is not the format', (t) => {
  const good = '# HELP a_total A.\n# TYPE a_total counter\na_total{b="c"} 1\n'
  t.is(parseExposition(good).get('a_total')!.samples[0]!.value, 1)
  for (const bad of [
    good.slice(0, -1),
    good.replace('# HELP a_total A.\n', ''),
    good + 'a_total{b="c"} 2\n',
    good.replace('"c"', 'c'),
    good.replace(' 1\n', ' one\n'),
    good + 'b_total 1\n',
  ])
    t.throws(() => parseExposition(bad), undefined, bad)
})

test('openapi - the document is a valid one of version 3.1', async (t) => {
  const { json } = await served.call('GET', '/openapi.json')
  t.is(json.openapi, '3.1.0')
  const result = await new Validator().validate(json)
  t.true(result.valid, JSON.stringify('errors' in result ? result.errors : undefined))
})

interface Operation {
  readonly operationId: string
  readonly parameters?: readonly { name: string; in: string; required: boolean; schema: object }[]
  readonly requestBody?: { content: Record<string, { schema: object }> }
  readonly responses: Record<string, { content: Record<string, { schema: object }> }>
}

test('openapi - there is a page of it for people, with every operation', async (t) => {
  const { text, type } = await served.call('GET', '/api')
  t.true(type.startsWith('text/html'))
  const { json } = await served.call('GET', '/openapi.json')
  for (const [path, methods] of Object.entries(json.paths as Record<string, object>))
    for (const method of Object.keys(methods)) t.true(text.includes(`${method.toUpperCase()} ${path}<`), path)
  t.notRegex(text, /<script|src=/)
})

test('openapi - a client that knows only the document calls every operation, and answers are as it says', async (t) => {
  const { json } = await served.call('GET', '/openapi.json')
  const ajv = new Ajv2020({ strict: false })
  const values: Record<string, string> = {
    symbol: 'MSFT',
    client: 'erin',
    id: 'e1',
    gauge: 'orders.rate',
    from: '1',
    to: '2',
    from1: '1',
    to1: '2',
    from2: '1',
    to2: '2',
  }
  const bodies: Record<string, object> = {
    postOrders: { id: 'e1', client: 'erin', symbol: 'MSFT', side: 'buy', price: '10.00', quantity: 5 },
    patchOrdersId: { client: 'erin', symbol: 'MSFT', quantity: 3 },
  }
  const operations = Object.entries(json.paths as Record<string, Record<string, Operation>>)
    .flatMap(([path, methods]) => Object.entries(methods).map(([method, one]) => ({ path, method, one })))
    .sort(
      (a, b) =>
        ['post', 'get', 'patch', 'delete'].indexOf(a.method) -
        ['post', 'get', 'patch', 'delete'].indexOf(b.method),
    )
  t.true(operations.length >= 15)
  for (const { path, method, one } of operations) {
    let url = path
    const query = new URLSearchParams()
    for (const { name, in: where, required } of one.parameters ?? [])
      if (where === 'path') url = url.replace(`{${name}}`, values[name]!)
      else if (required || name === 'client') query.set(name, values[name]!)
    const body = bodies[one.operationId]
    if (body !== undefined) {
      const schema = one.requestBody!.content['application/json']!.schema
      t.true(ajv.compile(schema)(body), `${one.operationId}: the document takes its body`)
    }
    // Kept by no pipeline of this kind.
    if (path === '/api/dead-letters') continue
    const answer = await served.call(method.toUpperCase(), `${url}?${query.toString()}`, body)
    t.is(answer.status, 200, `${method} ${url}: ${answer.text}`)
    const answers = ajv.compile(one.responses['200']!.content['application/json']!.schema)
    t.true(answers(answer.json), `${method} ${url}: ${JSON.stringify(answers.errors)} ${answer.text}`)
  }
  const problem = ajv.compile(json.components.schemas.Problem)
  const bad = (await served.call('POST', '/api/orders', { id: 1 })).json
  t.true(problem(bad), JSON.stringify(problem.errors))
})

test('openapi - what the document refuses, the server refuses', async (t) => {
  const { json } = await served.call('GET', '/openapi.json')
  const takes = new Ajv2020({ strict: false }).compile(
    json.paths['/api/orders'].post.requestBody.content['application/json'].schema,
  )
  const good = limit('buy', 1, 1)
  t.true(takes(good))
  for (const change of [
    { side: 'hold' },
    { quantity: undefined },
    { type: 'best' },
    { hidden: 'yes' },
    { extra: 1 },
  ]) {
    const body = JSON.parse(JSON.stringify({ ...good, ...change })) as object
    t.false(takes(body), JSON.stringify(change))
    t.is((await served.call('POST', '/api/orders', body)).status, 400, JSON.stringify(change))
  }
})
