import { chmodSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { loadDefinition } from '../../src/pipeline/definition.ts'
import { formatProblem } from '../../src/pipeline/problem.ts'
import { isSecretName, Redactor, withoutLogin } from '../../src/pipeline/secrets.ts'
import { Folder } from '../support/folder.ts'
import { registry } from './fixtures/registry.ts'

const SECRET = 'swordfish "42"/x'

function pipelineWith(nats: string): string {
  return `name: x
stages:
  - { id: orders, operator: ingest, from: simulate }
  - { id: match, operator: match }
  - { id: out, operator: publish, to: { nats: ${nats} } }
`
}

function folderWith(t: ExecutionContext, nats: string): Folder {
  const folder = new Folder({ 'conf/x.yaml': pipelineWith(nats) })
  t.teardown(() => folder.remove())
  folder.write('conf/token', `${SECRET}\n`)
  return folder
}

async function load(folder: Folder, variables = {}) {
  const loaded = await loadDefinition(folder.at('conf/x.yaml'), registry, { variables })()
  const told = E.isLeft(loaded)
    ? loaded.left.problems.map((problem) => folder.short(formatProblem(problem)))
    : []
  return { definition: E.isRight(loaded) ? loaded.right : undefined, told }
}

test('secrets - ${file:PATH} is what the file holds, less its line end; paths begin beside the pipeline file', async (t) => {
  const folder = folderWith(t, "{ subject: 'a.${file:token}.b', token: '${TOKEN:-${file:./token}}' }")
  const { definition, told } = await load(folder)
  t.deepEqual(told, [])
  t.deepEqual(definition?.stages.at(-1)?.options, {
    to: { nats: { subject: `a.${SECRET}.b`, token: SECRET } },
  })
  t.false(definition!.warnings.some(({ message }) => message.includes('secret')))
})

test('secrets - one that everyone may read is warned of, at its place', async (t) => {
  const folder = folderWith(t, "{ subject: a, token: '${file:token}' }")
  chmodSync(folder.at('conf/token'), 0o644)
  const { definition } = await load(folder)
  t.deepEqual(
    definition?.warnings
      .filter(({ message }) => message.includes('secret'))
      .map((warning) => folder.short(formatProblem(warning))),
    [
      'conf/x.yaml:5:68 out.to.nats.token: warning: secret file token can be read by everyone (mode 0644): chmod 600 it',
    ],
  )
})

test('secrets - a file that gives none is told, by its name alone', async (t) => {
  const folder = folderWith(
    t,
    "{ subject: '${file:none}', token: '${file:empty}', port: '${file:-6}', x: '${file:}' }",
  )
  folder.write('conf/empty', '\n')
  t.deepEqual((await load(folder)).told, [
    'conf/x.yaml:5:58 out.to.nats.subject: secret file none: no such file',
    'conf/x.yaml:5:81 out.to.nats.token: secret file empty: is empty',
    'conf/x.yaml:5:118 out.to.nats.x: unknown key, expected one of subject, token, port',
    'conf/x.yaml:5:121 out.to.nats.x: expected ${NAME}, ${NAME:-default} or ${file:PATH}; write $${ for a plain ${',
  ])
})

test('secrets - never stand in a problem, whole or in part', async (t) => {
  const folder = folderWith(t, "{ subject: a, port: 'x${file:token}' }")
  t.deepEqual((await load(folder)).told, [
    'conf/x.yaml:5:67 out.to.nats.port: expected a whole number, got "x${file:token}"',
  ])
  const { definition } = await load(folderWith(t, "{ subject: a, token: '${file:token}' }"))
  const problem = definition!.problemAt(
    'out',
    ['to'],
    `cannot log in with ${SECRET} at ${encodeURIComponent(SECRET)}`,
  )
  t.is(problem.message, 'cannot log in with ${file:token} at ${file:token}')
  t.is(definition!.redact(JSON.stringify({ token: SECRET })), '{"token":"${file:token}"}')
})

test('secrets - a variable that is named like one is hidden as well', async (t) => {
  const folder = folderWith(t, "{ subject: '${PLACE}', token: '${NATS_TOKEN}' }")
  const { definition } = await load(folder, { PLACE: 'here', NATS_TOKEN: 'abcdef' })
  t.is(definition!.redact('here is abcdef'), 'here is ${NATS_TOKEN}')
})

test('secrets - names that mean one are told from those that do not', (t) => {
  for (const name of [
    'password',
    'DB_PASSWORD',
    'token',
    'clientSecret',
    'API_KEY',
    'api-key',
    'privateKey',
    'pass',
  ])
    t.true(isSecretName(name), name)
  for (const name of ['seed', 'file', 'passed', 'bypass_rules', 'keys', 'symbol', 'INPUT', 'monkey'])
    t.false(isSecretName(name), name)
})

test('secrets - the login in a URL is hidden', (t) => {
  t.is(
    withoutLogin('to nats://me:pw@host:4222 and redis://:x@h'),
    'to nats://***@host:4222 and redis://***@h',
  )
  t.is(withoutLogin('nats://host:4222/a@b, me@mail.org'), 'nats://host:4222/a@b, me@mail.org')
})

test('secrets - of two that overlap the longer is hidden whole', (t) => {
  const redactor = new Redactor()
  redactor.add('abc', '<short>')
  redactor.add('abcdef', '<long>')
  redactor.add('', '<none>')
  t.is(redactor.redact('abcdef abc'), '<long> <short>')
})
