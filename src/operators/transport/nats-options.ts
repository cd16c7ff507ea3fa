import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { Codec, flag, listOf, oneOf, options, text, wholeNumber } from '../../pipeline/codec.ts'
import type { StageProblem } from '../../pipeline/operator.ts'
import { EVENT_NAMES, templateProblem } from '../../transport/subjects.ts'
import { connectNats, isProblem, type NatsLink, type NatsOptions } from '../../transport/nats/connection.ts'

/** One text or a list of them. */
export const texts = new Codec<readonly string[]>('text, or a list of texts', (value, context) =>
  typeof value === 'string' && value !== '' ? t.success([value]) : listOf(text).validate(value, context),
)

/** A subject to publish to, with placeholders. */
export const subjectTemplate = new Codec<string>('a subject', (value, context) => {
  if (typeof value !== 'string' || value === '') return t.failure(value, context)
  const problem = templateProblem(value)
  return problem === undefined ? t.success(value) : t.failure(value, context, problem)
})

/** A subject to subscribe to: wildcards may be in it, placeholders stand for any. */
export const subjectPattern = new Codec<string>('a subject', (value, context) => {
  if (typeof value !== 'string' || value === '') return t.failure(value, context)
  const problem = templateProblem(value, true)
  return problem === undefined ? t.success(value) : t.failure(value, context, problem)
})

/** Kinds of events by name. */
export const eventKinds = listOf(oneOf(...EVENT_NAMES.filter((name) => name !== undefined && name !== '')))

/** How to reach NATS: the same keys in every stage that does. */
export const natsKeys = {
  servers: texts.describe('One server or several, tried in turn; by default nats://127.0.0.1:4222.'),
  name: text.describe('What the server calls this connection.'),
  credsFile: text.describe('A file of credentials.'),
  nkeyFile: text.describe('A file with the seed of an nkey.'),
  user: text.describe('Who this is.'),
  passwordFile: text.describe('A file with the password.'),
  tokenFile: text.describe('A file with the token.'),
  tls: options(
    {},
    {
      caFile: text.describe('Whom to trust.'),
      certFile: text.describe('The certificate of this end.'),
      keyFile: text.describe('Its key.'),
      handshakeFirst: flag.describe('Whether TLS begins before the server has said anything.'),
    },
  ).describe('TLS, with certificates from files.'),
  whenAbsent: oneOf('exit', 'wait').describe(
    'What to do at the start if no server answers: exit with code 69, or wait.',
  ),
  timeoutMs: wholeNumber({ min: 1 }).describe('How long a server may take to answer.'),
}

/** The numbers of events by their names; undefined for all. `trades` at the end of a subject means trades alone. */
export function kindsOf(
  names: readonly string[] | undefined,
  template: string,
): ReadonlySet<number> | undefined {
  if (names !== undefined) return new Set(names.map((name) => EVENT_NAMES.indexOf(name)))
  return template.split('.').at(-1) === 'trades' ? new Set([EVENT_NAMES.indexOf('trade')]) : undefined
}

/** Connects, says on standard error that it waits if it does, and gives the problem of a stage if it cannot. */
export function openLink(nats: NatsOptions, path: readonly string[]): TE.TaskEither<StageProblem, NatsLink> {
  return async () => {
    const link = await connectNats(nats, (message) => process.stderr.write(`millrace: ${message}\n`))
    if (!isProblem(link)) return E.right(link)
    return E.left({ path, message: link.message, isUnavailable: link.isAbsent })
  }
}
