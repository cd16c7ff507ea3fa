import { readFileSync } from 'node:fs'
import { Redis, type RedisOptions as ClientOptions } from 'ioredis'
import { Backoff } from '../backoff.ts'

/** How to reach Redis. Secrets are in files and nowhere else. */
export interface RedisOptions {
  /** `redis://host:port/db` or `rediss://...`. By default the local one. */
  readonly url?: string | undefined
  readonly user?: string | undefined
  readonly passwordFile?: string | undefined
  readonly caFile?: string | undefined
  /** What to do at the start if no server answers: `exit` (the default) or `wait`. */
  readonly whenAbsent?: 'exit' | 'wait' | undefined
  /** How long the server may take to answer before the connection counts as broken, in milliseconds. */
  readonly timeoutMs?: number | undefined
}

export const DEFAULT_REDIS = 'redis://127.0.0.1:6379'
const FIRST_RETRY_MS = 50
const MOST_RETRY_MS = 2_000
const TIMEOUT_MS = 10_000

export interface RedisProblem {
  readonly message: string
  readonly isAbsent: boolean
}

/**
 * Makes a client that comes back by itself. It repeats nothing: what was on its way when a connection broke fails, and
 * whoever sent it finds out what the server has before it sends again.
 */
export function redisClient(options: RedisOptions): Redis {
  const backoff = new Backoff(FIRST_RETRY_MS, MOST_RETRY_MS)
  const url = new URL(options.url ?? DEFAULT_REDIS)
  const settings: ClientOptions & { replyMapping: 'legacy' } = {
    replyMapping: 'legacy',
    host: url.hostname || '127.0.0.1',
    port: Number(url.port || 6379),
    db: Number(url.pathname.slice(1) || 0),
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: true,
    maxRetriesPerRequest: 0,
    connectTimeout: Math.min(TIMEOUT_MS, options.timeoutMs ?? TIMEOUT_MS),
    keepAlive: 5_000,
    retryStrategy: () => backoff.next(),
    // A replica that was a primary: the next connection may reach the one that is primary now.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  }
  const user = options.user ?? decodeURIComponent(url.username)
  if (user !== '') settings.username = user
  if (options.passwordFile !== undefined) settings.password = secret('passwordFile', options.passwordFile)
  else if (url.password !== '') settings.password = decodeURIComponent(url.password)
  if (url.protocol === 'rediss:')
    settings.tls = options.caFile === undefined ? {} : { ca: secret('caFile', options.caFile) }
  const redis = new Redis(settings)
  redis.on('ready', () => backoff.reset())
  // Every failure reaches who sent the command; without a listener it would be printed too.
  redis.on('error', () => {})
  return redis
}

/** Where a client leads to, without its password. */
export function shownUrl(options: RedisOptions): string {
  return (options.url ?? DEFAULT_REDIS).replace(/\/\/[^@/]*@/, '//')
}

/** Connects, or says why not; with `whenAbsent: wait` it tries until it works, and says through `tell` that it waits. */
export async function connectRedis(
  options: RedisOptions,
  tell: (message: string) => void = () => {},
): Promise<Redis | RedisProblem> {
  let redis: Redis
  try {
    redis = redisClient(options)
  } catch (error) {
    return { message: (error as Error).message, isAbsent: false }
  }
  let lastError: Error | undefined
  redis.on('error', (error: Error) => {
    lastError = error
  })
  let isTold = false
  for (;;) {
    if (redis.status === 'wait' || redis.status === 'end')
      await redis.connect().catch((error: Error) => {
        lastError ??= error
      })
    if (redis.status === 'ready') {
      const refused = await redis.ping().then(
        () => undefined,
        (error: Error) => error,
      )
      if (refused === undefined) return redis
      lastError = refused
    }
    const isRefused = /WRONGPASS|NOAUTH|NOPERM|certificate/i.test(lastError?.message ?? '')
    const cause = lastError?.message ?? 'no answer'
    const message = `${shownUrl(options)}: ${isRefused ? cause : `no Redis server answers (${cause})`}`
    if (isRefused || options.whenAbsent !== 'wait') {
      redis.disconnect()
      return { message, isAbsent: !isRefused }
    }
    if (!isTold) tell(`${message}; waiting for it`)
    isTold = true
    await new Promise((resolve) => setTimeout(resolve, FIRST_RETRY_MS * 2))
  }
}

export function isRedis(result: Redis | RedisProblem): result is Redis {
  return result instanceof Redis
}

function secret(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new Error(`${option}: ${file}: ${(error as NodeJS.ErrnoException).code ?? 'cannot be read'}`, {
      cause: error,
    })
  }
}
