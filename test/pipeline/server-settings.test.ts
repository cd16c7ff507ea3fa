import * as E from 'fp-ts/lib/Either.js'
import test from 'ava'
import { registry } from '../../src/operators/registry.ts'
import { decodeDefinition } from '../../src/pipeline/definition.ts'
import { formatProblem } from '../../src/pipeline/problem.ts'
import { SMALL } from '../support/served.ts'

const decode = (more: string): ReturnType<typeof decodeDefinition> =>
  decodeDefinition('f', SMALL + more, registry)

test('server settings - a file says how it is served and what raises alerts', (t) => {
  const decoded = decode(`
server: { port: 0, keys: keys.json, origins: [https://desk.example], history: h.db }
alerts:
  - { when: p99 > 10us for 30s, to: [log, { webhook: { url: 'http://127.0.0.1:9/x', retries: 2 } }] }
  - { name: quiet, when: orders.rate < 500k }
`)
  if (E.isLeft(decoded)) throw new Error(JSON.stringify(decoded.left))
  t.like(decoded.right.server, { port: 0, keys: 'keys.json', history: 'h.db' })
  const [slow, quiet] = decoded.right.alerts
  t.deepEqual(slow!.when, {
    text: 'p99 > 10us for 30s',
    condition: { gauge: 'latency.whole.p99', comparator: '>', limit: 10_000, forMs: 30_000 },
  })
  t.is(slow!.to![1]!.webhook!.retries, 2)
  t.is(quiet!.name, 'quiet')
})

test('server settings - a file that says nothing is not served', (t) => {
  const decoded = decode('')
  t.true(E.isRight(decoded) && decoded.right.server === undefined && decoded.right.alerts.length === 0)
})

test('server settings - what is wrong is told at its place', (t) => {
  const decoded = decode(`server: { port: 99999, colour: red }
alerts:
  - { when: p99 is high }
  - { when: p99 > 1us, to: [{ webhook: { url: nowhere } }] }
`)
  if (E.isRight(decoded)) throw new Error('taken')
  t.deepEqual(decoded.left.problems.map(formatProblem), [
    'f:10:17 server.port: expected a whole number from 0 to 65535, got 99999',
    'f:10:24 server.colour: unknown key, expected one of port, host, keys, tls, origins, requestsPerSecond, history, audit',
    'f:12:13 alerts.0.when: expected GAUGE > AMOUNT [for DURATION], as in "p99 > 10us for 30s" (at character 1), got "p99 is high"',
    'f:13:47 alerts.1.to.0.webhook.url: expected an http:// or https:// address, got "nowhere"',
  ])
})
