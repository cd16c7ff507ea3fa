import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import {
  connectNats,
  isProblem,
  type NatsLink,
  type NatsOptions,
} from '../../../src/transport/nats/connection.ts'
import { featureProblem, hasFeature } from '../../../src/transport/nats/features.ts'
import { millrace, start } from '../../support/cli.ts'
import { NatsServer } from '../../support/nats-server.ts'
import { freePort } from '../../support/server-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-nats-connection-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

async function open(options: NatsOptions): Promise<NatsLink> {
  const link = await connectNats(options)
  if (isProblem(link)) throw new Error(link.message)
  return link
}

async function problem(options: NatsOptions): Promise<string> {
  const link = await connectNats(options)
  if (isProblem(link)) return `${link.isAbsent ? 'absent' : 'refused'}: ${link.message}`
  await link.close()
  return 'connected'
}

test('nats connection - of several servers one that answers is enough', async (t) => {
  const server = await NatsServer.start()
  const nobody = `nats://127.0.0.1:${await freePort()}`
  const link = await open({ servers: [nobody, server.url] })
  t.is(link.state, 'connected')
  t.like(link.figures(), { state: 'connected', version: '2.9.10', reconnects: 0 })
  await link.close()
  t.is(link.state, 'closed')
  await server.stop()
})

test('nats connection - no server: it says so, or waits until there is one', async (t) => {
  const server = await NatsServer.start()
  await server.kill()
  t.regex(await problem({ servers: [server.url] }), /^absent: nats:.*no NATS server answers/)
  const told: string[] = []
  const waiting = connectNats({ servers: [server.url], whenAbsent: 'wait' }, (message) => told.push(message))
  while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  t.regex(told[0]!, /waiting for it/)
  await server.start()
  const link = await waiting
  t.false(isProblem(link))
  await (link as NatsLink).close()
  await server.stop()
})

test('nats connection - a wait can be ended', async (t) => {
  const stop = new AbortController()
  const servers = [`nats://127.0.0.1:${await freePort()}`]
  const waiting = connectNats({ servers, whenAbsent: 'wait' }, () => stop.abort(), stop.signal)
  t.true(isProblem(await waiting))
})

test('nats connection - secrets come from files, and wrong ones are refused without being told', async (t) => {
  const server = await NatsServer.start(
    'authorization { users: [ { user: "u", password: "right-secret" } ] }',
  )
  const servers = [server.url]
  const right = file('right', 'right-secret\n')
  const wrong = file('wrong', 'wrong-secret\n')
  t.is(await problem({ servers, user: 'u', passwordFile: right }), 'connected')
  const refused = await problem({ servers, user: 'u', passwordFile: wrong })
  t.regex(refused, /^refused: .*Authorization/i)
  t.false(refused.includes('secret'))
  t.regex(
    await problem({ servers, user: 'u', passwordFile: join(folder, 'none') }),
    /passwordFile: .*none: ENOENT/,
  )
  await server.stop()
  const byToken = await NatsServer.start('authorization { token: "a-token" }')
  t.is(await problem({ servers: [byToken.url], tokenFile: file('token', 'a-token') }), 'connected')
  await byToken.stop()
})

test('nats connection - TLS with an authority from a file; without it the server is not trusted', async (t) => {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      key,
      '-out',
      cert,
      '-subj',
      '/CN=127.0.0.1',
      '-addext',
      'subjectAltName=DNS:localhost,IP:127.0.0.1',
    ],
    { stdio: 'ignore' },
  )
  const server = await NatsServer.start(`tls { cert_file: "${cert}", key_file: "${key}" }`)
  t.is(await problem({ servers: [server.url], tls: { caFile: cert } }), 'connected')
  t.regex(await problem({ servers: [server.url] }), /^refused: .*certificate/i)
  await server.stop()
})

test('nats connection - a server that goes is told of, and so is its return', async (t) => {
  const server = await NatsServer.start()
  const link = await open({ servers: [server.url] })
  const states: string[] = []
  const back = new Promise<void>((resolve) => {
    link.onState((state) => {
      states.push(state)
      if (state === 'connected') resolve()
    })
  })
  await server.kill()
  await server.start()
  await back
  t.deepEqual(states, ['disconnected', 'connected'])
  t.like(link.figures(), { state: 'connected', reconnects: 1, disconnects: 1 })
  await link.close()
  await server.stop()
})

test('nats connection - a run without a server ends with 69, or waits if it is told to', async (t) => {
  const port = await freePort()
  const pipeline = file(
    'absent.yaml',
    `name: absent
instruments: { AAPL: { tick: 0.01, lot: 1 } }
stages:
  - { id: orders, operator: ingest, from: { nats: { servers: "nats://127.0.0.1:${port}", subject: orders, whenAbsent: '\${WHEN:-exit}' } } }
  - { id: match, operator: match }
`,
  )
  const { code, stderr } = await millrace(['run', pipeline])
  t.is(code, 69)
  t.regex(
    stderr,
    /absent\.yaml:4:\d+ orders\.from\.nats\.servers: nats:\/\/127\.0\.0\.1:\d+: no NATS server answers/,
  )
  process.env['WHEN'] = 'wait'
  const running = start(['run', pipeline])
  await running.until(({ stderr: said }) => said.includes('waiting for it'))
  running.child.kill('SIGKILL')
  await running.ended
  t.pass()
})

test('nats features - what a server lacks is named with the version that has it', (t) => {
  t.true(hasFeature('2.10.27', 'replicas'))
  t.true(hasFeature('2.15.1', 'atomicBatch'))
  t.true(hasFeature('2.11.0-RC.1', 'messageTtl'))
  t.false(hasFeature('2.10.26', 'replicas'))
  t.false(hasFeature('unknown', 'compression'))
  t.regex(
    featureProblem('2.9.10', 'compression')!,
    /2\.9\.10 does not have stream compression: it needs 2\.10\.0 or later/,
  )
})
