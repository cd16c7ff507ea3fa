import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import test from 'ava'
import { createKey } from '../../src/server/keys.ts'
import { RateLimit } from '../../src/server/rate-limit.ts'
import { Folder } from '../support/folder.ts'
import { limit, Listener, ServedPipeline, type Answered } from '../support/served.ts'

const folder = new Folder()
const keysFile = folder.at('keys.json')
const keys = {
  viewer: createKey(keysFile, 'screen', 'viewer', undefined),
  trader: createKey(keysFile, 'desk', 'trader', 'alice'),
  operator: createKey(keysFile, 'ops', 'operator', undefined),
}
const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` })
const audited: string[] = []
let served: ServedPipeline
test.before(async () => {
  served = await ServedPipeline.start({
    keysFile,
    origins: ['https://desk.example'],
    audit: (line) => audited.push(line),
  })
})
test.after.always(async () => {
  await served.close()
  folder.remove()
})

test('access - without a key and with a wrong one nothing is told but health', async (t) => {
  for (const headers of [{}, bearer('mr_wrong'), { authorization: 'Basic x' }] as Record<string, string>[])
    for (const path of ['/api/pipeline', '/api/book/AAPL', '/metrics', '/api/orders?client=alice']) {
      const { status, type, text } = await served.call('GET', path, undefined, headers)
      t.is(status, 401, path)
      t.true(type.startsWith('application/problem+json'))
      t.false(text.includes('mr_wrong'), 'the key is not told back')
    }
  t.is((await served.call('GET', '/health')).status, 200)
  t.is((await served.call('GET', '/ready')).status, 200)
})

test('access - a role may do what it is for and no more', async (t) => {
  const order = (key: string): Promise<Answered> =>
    served.call('POST', '/api/orders', limit('buy', 10, 1), bearer(key))
  t.is((await served.call('GET', '/api/book/AAPL', undefined, bearer(keys.viewer))).status, 200)
  t.is((await order(keys.viewer)).status, 403)
  t.is((await order(keys.trader)).status, 200)
  t.is((await order(keys.operator)).status, 200)
})

test('access - a key that is bound to a client acts and looks for that client alone', async (t) => {
  const other = await served.call(
    'POST',
    '/api/orders',
    limit('buy', 10, 1, { client: 'bob' }),
    bearer(keys.trader),
  )
  t.is(other.status, 403)
  t.is((await served.call('GET', '/api/orders?client=bob', undefined, bearer(keys.trader))).status, 403)
  const { client: _, ...unnamed } = limit('buy', 9, 1) as Record<string, unknown>
  const own = await served.call('POST', '/api/orders', unnamed, bearer(keys.trader))
  t.is(own.json.events[0].client, 'alice')
  t.is((await served.call('DELETE', '/api/orders?client=bob', undefined, bearer(keys.trader))).status, 403)
})

test('access - a WebSocket needs a key too, in a header or as a protocol, and it binds as well', async (t) => {
  await t.throwsAsync(Listener.connect(served.wsUrl), { message: /401/ })
  await t.throwsAsync(Listener.connect(served.wsUrl, ['millrace', 'key.mr_wrong']), { message: /401/ })
  const screen = await Listener.connect(served.wsUrl, [], { headers: bearer(keys.viewer) })
  t.is((await screen.until(({ channel }) => channel === 'welcome')).role, 'viewer')
  screen.send({ op: 'order', id: 1, order: limit('buy', 10, 1) })
  t.is((await screen.until(({ id }) => id === 1)).problem.status, 403)
  screen.send({ op: 'subscribe', id: 2, channel: 'orders', client: 'alice' })
  t.is(
    (await screen.until(({ id }) => id === 2)).problem.status,
    403,
    'orders of a client are not for viewers',
  )
  screen.close()
  const desk = await Listener.connect(served.wsUrl, ['millrace', `key.${keys.trader}`])
  desk.send({ op: 'order', id: 1, order: limit('buy', 10, 1, { client: 'bob' }) })
  t.is((await desk.until(({ id }) => id === 1)).problem.status, 403)
  desk.send({ op: 'subscribe', id: 2, channel: 'orders', client: 'bob' })
  t.is((await desk.until(({ id }) => id === 2)).problem.status, 403)
  desk.close()
})

test('access - a trader may not halt the market, let a client go that was stopped, or say what time it is', async (t) => {
  const desk = await Listener.connect(served.wsUrl, [], { headers: bearer(keys.trader) })
  const statusOf = async (id: number, order: object): Promise<number> => {
    desk.send({ op: 'order', id, order })
    return (await desk.until((message) => message.id === id)).problem.status
  }
  t.is(await statusOf(1, { op: 'state', symbol: 'AAPL', state: 'halted' }), 403)
  t.is(await statusOf(2, { op: 'release', client: 'alice' }), 403)
  t.is(await statusOf(3, { op: 'time', at: '2030-01-01T00:00:00Z' }), 400)
  t.is(await statusOf(4, limit('buy', 10, 1, { timestamp: 1 })), 400)
  t.is(await statusOf(5, limit('buy', 10, 1, { op: '__proto__' })), 400)
  desk.close()
  const ops = await Listener.connect(served.wsUrl, [], { headers: bearer(keys.operator) })
  ops.send({ op: 'order', id: 6, order: { op: 'kill', client: 'mallory' } })
  t.true((await ops.until(({ id }) => id === 6)).isAccepted)
  ops.close()
})

test('access - pages of other origins may not act, those that are listed may', async (t) => {
  const from = (origin: string): Promise<Answered> =>
    served.call('GET', '/api/book/AAPL', undefined, { ...bearer(keys.viewer), origin })
  t.is((await from('https://evil.example')).status, 403)
  t.is((await from('null')).status, 403)
  t.is((await from('https://desk.example')).status, 200)
  t.is((await from(served.url)).status, 200)
  const options = { headers: { ...bearer(keys.viewer), origin: 'https://evil.example' } }
  await t.throwsAsync(Listener.connect(served.wsUrl, [], options), { message: /403/ })
})

test('access - every command leaves a line that says who, and no key', async (t) => {
  const order = limit('buy', 3, 7, { id: 'audited' })
  await served.call('POST', '/api/orders', order, bearer(keys.operator))
  const line = JSON.parse(audited.find((one) => one.includes('audited'))!) as Record<string, string>
  t.is(line['by'], 'ops')
  t.is(line['role'], 'operator')
  t.like(JSON.parse(line['line']!), { op: 'new', id: 'audited', quantity: 7 })
  t.false(audited.some((one) => Object.values(keys).some((key) => one.includes(key))))
})

test('access - keys are kept as hashes, for their owner alone', (t) => {
  const text = readFileSync(keysFile, 'utf8')
  for (const key of Object.values(keys)) t.false(text.includes(key.slice(3)))
  t.is(statSync(keysFile).mode & 0o777, 0o600)
  t.throws(() => createKey(keysFile, 'desk', 'viewer', undefined), {
    message: /there is a key "desk" already/,
  })
})

test('access - anything but loopback is refused without keys', async (t) => {
  await t.throwsAsync(ServedPipeline.start({ host: '0.0.0.0' }), { message: /needs keys/ })
})

test('access - without keys a name that was made to point here is refused', async (t) => {
  const open = await ServedPipeline.start()
  t.teardown(() => open.close())
  const statusOf = (host: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const { port } = new URL(open.url)
      const options = { port, path: '/api/instruments', headers: { host } }
      httpRequest(options, (response) => {
        response.resume()
        resolve(response.statusCode!)
      })
        .on('error', reject)
        .end()
    })
  t.is(await statusOf('evil.example'), 403)
  t.is(await statusOf('127.0.0.1.evil.example:80'), 403)
  t.is(await statusOf('localhost'), 200)
  await t.throwsAsync(Listener.connect(open.wsUrl, [], { headers: { host: 'evil.example' } }), {
    message: /403/,
  })
})

test('access - a caller beyond its rate is told to slow down, and may go on a second later', async (t) => {
  const slow = await ServedPipeline.start({ requestsPerSecond: 5 })
  t.teardown(() => slow.close())
  const answers = await Promise.all(Array.from({ length: 20 }, () => slow.call('GET', '/api/instruments')))
  const refused = answers.filter(({ status }) => status === 429)
  t.true(refused.length >= 10)
  t.true(refused[0]!.type.startsWith('application/problem+json'))
  let nowMs = 0
  const bucket = new RateLimit(5, () => nowMs)
  const taken = (): number => Array.from({ length: 20 }, () => bucket.take('a')).filter(Boolean).length
  t.is(taken(), 5)
  nowMs = 1_000
  t.is(taken(), 5)
  t.true(bucket.take('b'), 'another caller has a bucket of its own')
})

test('access - orders by WebSocket count against the rate too', async (t) => {
  const slow = await ServedPipeline.start({ requestsPerSecond: 5 })
  t.teardown(() => slow.close())
  const client = await Listener.connect(slow.wsUrl)
  for (let id = 0; id < 20; id++) client.send({ op: 'order', id, order: limit('buy', 10, 1) })
  const last = await client.until(({ id }) => id === 19)
  t.is(last.problem?.status, 429)
  client.close()
})

test('access - with a certificate it speaks HTTPS', async (t) => {
  const [certFile, keyFile] = [folder.at('cert.pem'), folder.at('key.pem')]
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '1',
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=IP:127.0.0.1',
      '-keyout',
      keyFile,
      '-out',
      certFile,
    ],
    { stdio: 'ignore' },
  )
  const secure = await ServedPipeline.start({ tls: { certFile, keyFile } })
  t.teardown(() => secure.close())
  t.true(secure.url.startsWith('https://'))
  const status = await new Promise((resolve, reject) => {
    httpsRequest(`${secure.url}/health`, { ca: readFileSync(certFile) }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', reject)
      .end()
  })
  t.is(status, 200)
  await t.throwsAsync(fetch(`${secure.url}/health`))
})
