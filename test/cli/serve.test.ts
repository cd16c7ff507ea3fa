import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'ava'
import { millrace, start, type Running } from '../support/cli.ts'
import { Folder } from '../support/folder.ts'
import { limit, SMALL } from '../support/served.ts'

async function urlOf(running: Running): Promise<string> {
  await running.until(({ stderr }) => stderr.includes('dashboard and API at'))
  return /API at (\S+)/.exec(running.stderr)![1]!
}

test('serve - a file that has "server:" is served, and its alerts reach a webhook', async (t) => {
  let hear: (body: string) => void = () => {}
  const heard = new Promise<string>((resolve) => {
    hear = resolve
  })
  const hook = createServer((request, response) => {
    let text = ''
    request.on('data', (part) => (text += part))
    request.on('end', () => {
      hear(text)
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((resolve) => {
    hook.listen(0, '127.0.0.1', () => resolve())
  })
  const port = (hook.address() as AddressInfo).port
  const folder = new Folder({
    'p.yaml': `${SMALL}
server: { port: 0 }
alerts:
  - { name: alive, when: orders.rate >= 0, to: [log, { webhook: { url: 'http://127.0.0.1:${port}/' } }] }
`,
  })
  const running = start(['run', folder.at('p.yaml'), '--quiet'])
  t.teardown(() => {
    running.child.kill('SIGKILL')
    hook.close()
    folder.remove()
  })
  const url = await urlOf(running)
  const answer = await fetch(`${url}/api/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(limit('buy', 10, 1)),
  })
  t.is(answer.status, 200)
  t.like(JSON.parse(await heard), { pipeline: 'small', alert: 'alive', state: 'firing', fired: 1 })
  await running.until(({ stderr }) => stderr.includes('alert firing: alive'))
  running.child.kill('SIGINT')
  t.is((await running.ended).code, 0)
})

test('serve - the command line goes over the file, and keys made by it are asked for', async (t) => {
  const folder = new Folder({ 'p.yaml': `${SMALL}\nserver: { port: 1, keys: nothing.json }\n` })
  const made = await millrace([
    'keys',
    'create',
    'ops',
    '--role',
    'operator',
    '--file',
    folder.at('keys.json'),
  ])
  t.is(made.code, 0)
  const args = ['run', folder.at('p.yaml'), '--quiet', '--serve', '0', '--keys', folder.at('keys.json')]
  const running = start([...args, '--audit', folder.at('audit')])
  t.teardown(() => {
    running.child.kill('SIGKILL')
    folder.remove()
  })
  const url = await urlOf(running)
  t.is((await fetch(`${url}/api/pipeline`)).status, 401)
  const headers = { authorization: `Bearer ${made.stdout.trim()}` }
  t.is((await fetch(`${url}/api/pipeline`, { headers })).status, 200)
  const page = await fetch(url)
  t.true((await page.text()).includes('<div id="app">'))
  t.regex(page.headers.get('content-security-policy')!, /default-src 'self'/)
  const listed = await millrace(['keys', 'list', '--file', folder.at('keys.json')])
  t.is(listed.stdout, 'ops operator\n')
})

test('serve - what cannot be served is refused before anything runs', async (t) => {
  const folder = new Folder({
    'open.yaml': `${SMALL}\nserver: { port: 0, host: 0.0.0.0 }\n`,
    'alone.yaml': `${SMALL}\nalerts: [{ when: p99 > 1us }]\n`,
    'twice.yaml': `${SMALL}\nserver: { port: 0 }\nalerts: [{ when: p99 > 1us }, { when: p99 > 1us }]\n`,
  })
  t.teardown(() => folder.remove())
  const told = async (file: string): Promise<string> => {
    const { code, stderr } = await millrace(['run', folder.at(file), '--quiet'])
    t.is(code, 78)
    return stderr
  }
  t.regex(await told('open.yaml'), /listening on 0\.0\.0\.0 needs keys/)
  t.regex(await told('alone.yaml'), /alerts are looked after by the server/)
  t.regex(await told('twice.yaml'), /two are called "p99 > 1us"/)
})
