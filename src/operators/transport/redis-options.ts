import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import type { Redis } from 'ioredis'
import { oneOf, text, wholeNumber } from '../../pipeline/codec.ts'
import type { StageProblem } from '../../pipeline/operator.ts'
import { connectRedis, isRedis, type RedisOptions } from '../../transport/redis/connection.ts'

/** How to reach Redis: the same keys in every stage that does. */
export const redisKeys = {
  url: text.describe('redis://host:port/db, or rediss:// for TLS; by default the local one.'),
  user: text.describe('Who this is.'),
  passwordFile: text.describe('A file with the password.'),
  caFile: text.describe('Whom to trust.'),
  whenAbsent: oneOf('exit', 'wait').describe(
    'What to do at the start if no server answers: exit with code 69, or wait.',
  ),
  timeoutMs: wholeNumber({ min: 1 }).describe('How long a server may take to answer.'),
}

export function openRedis(
  options: RedisOptions,
  path: readonly string[],
): TE.TaskEither<StageProblem, Redis> {
  return async () => {
    const redis = await connectRedis(options, (message) => process.stderr.write(`millrace: ${message}\n`))
    if (isRedis(redis)) return E.right(redis)
    return E.left({ path, message: redis.message, isUnavailable: redis.isAbsent })
  }
}
