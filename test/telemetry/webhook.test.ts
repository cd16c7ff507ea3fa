import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'ava'
import { messageOf, Webhook } from '../../src/telemetry/webhook.ts'

const alert = {
  name: 'slow',
  when: 'p99 > 1us',
  state: 'firing',
  sinceMs: 0,
  value: 5_000,
  fired: 1,
} as const
const message = messageOf('demo', alert, new Date('2026-01-02T03:04:05Z'))

/** A server that answers with these statuses, one after the other; 0 is no answer at all. */
function hookServer(statuses: number[]): Promise<{ url: string; bodies: unknown[]; server: Server }> {
  const bodies: unknown[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (part) => (text += part))
    request.on('end', () => {
      bodies.push(JSON.parse(text))
      const status = statuses.shift() ?? 204
      if (status !== 0) response.writeHead(status).end()
    })
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, bodies, server })
    })
  })
}

test('webhook - an alert is sent as JSON, once', async (t) => {
  const { url, bodies, server } = await hookServer([])
  t.teardown(() => server.close())
  const hook = new Webhook({ url })
  hook.tell(message)
  await hook.idle()
  t.deepEqual(bodies, [
    {
      pipeline: 'demo',
      alert: 'slow',
      when: 'p99 > 1us',
      state: 'firing',
      value: 5_000,
      fired: 1,
      at: '2026-01-02T03:04:05.000Z',
    },
  ])
})

test('webhook - a fault that may pass is tried again, in order, and nothing is sent twice after that', async (t) => {
  const { url, bodies, server } = await hookServer([503, 429, 200])
  t.teardown(() => server.close())
  const failures: string[] = []
  const hook = new Webhook({ url, firstRetryMs: 1, onFailure: (why) => failures.push(why) })
  hook.tell(message)
  hook.tell({ ...message, state: 'resolved' })
  await hook.idle()
  t.deepEqual(
    bodies.map((body) => (body as { state: string }).state),
    ['firing', 'firing', 'firing', 'resolved'],
  )
  t.deepEqual(failures, [])
})

test('webhook - an answer that will not change is not tried again, and is told', async (t) => {
  const { url, bodies, server } = await hookServer([404])
  t.teardown(() => server.close())
  const failures: string[] = []
  const hook = new Webhook({ url, firstRetryMs: 1, onFailure: (why) => failures.push(why) })
  hook.tell(message)
  await hook.idle()
  t.is(bodies.length, 1)
  t.deepEqual(failures, ['alert "slow" was not taken: answer 404'])
})

test('webhook - no answer in time and no server at all are tried again, and then given up', async (t) => {
  const { url, bodies, server } = await hookServer([0, 0])
  const failures: string[] = []
  const onFailure = (why: string): void => void failures.push(why)
  const slow = new Webhook({ url, timeoutMs: 1_000, retries: 1, firstRetryMs: 1, onFailure })
  slow.tell(message)
  await slow.idle()
  t.is(bodies.length, 2)
  t.regex(failures[0]!, /no answer within 1000 ms/)
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  const gone = new Webhook({ url, retries: 2, firstRetryMs: 1, onFailure })
  gone.tell(message)
  await gone.idle()
  t.regex(failures[1]!, /ECONNREFUSED/)
})
