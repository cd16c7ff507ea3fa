import { readFileSync } from 'node:fs'
import {
  credsAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
  type Authenticator,
  type NatsConnection,
  type TlsOptions,
} from '@nats-io/nats-core'
import { connect, type NodeConnectionOptions } from '@nats-io/transport-node'
import { Backoff } from '../backoff.ts'
import type { Link, NatsState } from './link.ts'

export type { NatsState } from './link.ts'

/** How to reach NATS. Secrets are in files and nowhere else. */
export interface NatsOptions {
  /** `nats://host:port`, `tls://...`, `host:port`; tried in turn. By default the local one. */
  readonly servers?: readonly string[] | undefined
  readonly name?: string | undefined
  readonly credsFile?: string | undefined
  readonly nkeyFile?: string | undefined
  readonly user?: string | undefined
  readonly passwordFile?: string | undefined
  readonly tokenFile?: string | undefined
  readonly tls?: TlsFiles | undefined
  /** What to do at the start if no server answers: `exit` (the default) or `wait`. */
  readonly whenAbsent?: 'exit' | 'wait' | undefined
  /** How long a server may take to answer, in milliseconds. */
  readonly timeoutMs?: number | undefined
}

export interface TlsFiles {
  readonly caFile?: string | undefined
  readonly certFile?: string | undefined
  readonly keyFile?: string | undefined
  readonly handshakeFirst?: boolean | undefined
}

export const DEFAULT_SERVER = 'nats://127.0.0.1:4222'
const FIRST_RETRY_MS = 50
const MOST_RETRY_MS = 2_000
const TIMEOUT_MS = 2_000

/** Why no server could be used. */
export interface NatsProblem {
  readonly message: string
  /** Whether it may be different the next time: a server that is down, unlike a password that is wrong. */
  readonly isAbsent: boolean
}

/**
 * A connection to NATS that comes back by itself, with growing pauses and jitter, until it is closed. What was on its
 * way when it broke may be lost: whoever sends keeps what is not confirmed, and asks `onReconnect` when to send again.
 */
export class NatsLink implements Link {
  readonly connection: NatsConnection
  state: NatsState
  reconnects: number
  disconnects: number
  /** The last error that the server told, such as a permission that is missing. */
  lastError: string | undefined
  private readonly listeners: Set<(state: NatsState) => void>

  constructor(connection: NatsConnection) {
    this.connection = connection
    this.state = 'connected'
    this.reconnects = 0
    this.disconnects = 0
    this.lastError = undefined
    this.listeners = new Set()
    void this.watch()
    void connection.closed().then(() => this.change('closed'))
  }

  get server(): string {
    return this.connection.getServer()
  }

  get version(): string {
    return this.connection.info?.version ?? 'unknown'
  }

  /** Most bytes of a message. */
  get maxPayload(): number {
    return this.connection.info?.max_payload ?? 1_048_576
  }

  /** Calls back at each change of state. Returns a function that takes that back. */
  onState(listener: (state: NatsState) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Sends what waits and closes. */
  async close(): Promise<void> {
    if (this.connection.isClosed()) return
    if (this.state !== 'connected') return this.connection.close()
    await this.connection.drain().catch(() => this.connection.close())
  }

  figures(): Record<string, unknown> {
    const { state, server, version, reconnects, disconnects, lastError } = this
    return {
      state,
      server,
      version,
      reconnects,
      disconnects,
      ...(lastError === undefined ? {} : { lastError }),
    }
  }

  private async watch(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === 'disconnect') {
        this.disconnects++
        this.change('disconnected')
      } else if (status.type === 'reconnect') {
        this.reconnects++
        this.change('connected')
      } else if (status.type === 'error') this.lastError = status.error.message
    }
  }

  private change(state: NatsState): void {
    if (this.state === state || this.state === 'closed') return
    this.state = state
    for (const listener of this.listeners) listener(state)
  }
}

/**
 * Connects. With `whenAbsent: wait` it tries until it works or `signal` aborts, and says through `tell` that it waits.
 * @returns the link, or why there is none
 */
export async function connectNats(
  options: NatsOptions,
  tell: (message: string) => void = () => {},
  signal?: AbortSignal,
): Promise<NatsLink | NatsProblem> {
  const backoff = new Backoff(FIRST_RETRY_MS, MOST_RETRY_MS)
  const servers = options.servers?.length ? [...options.servers] : [DEFAULT_SERVER]
  let settings: NodeConnectionOptions
  try {
    settings = settingsOf(options, servers)
  } catch (error) {
    return { message: (error as Error).message, isAbsent: false }
  }
  let isTold = false
  for (;;) {
    try {
      return new NatsLink(await connect(settings))
    } catch (error) {
      const problem = problemOf(error as Error, servers)
      if (!problem.isAbsent || options.whenAbsent !== 'wait' || signal?.aborted === true) return problem
      if (!isTold) tell(`${problem.message}; waiting for it`)
      isTold = true
      await pause(backoff.next(), signal)
    }
  }
}

export function isProblem(result: NatsLink | NatsProblem): result is NatsProblem {
  return !(result instanceof NatsLink)
}

function settingsOf(options: NatsOptions, servers: string[]): NodeConnectionOptions {
  const backoff = new Backoff(FIRST_RETRY_MS, MOST_RETRY_MS)
  let lastTry = 0
  const authenticator = authenticatorOf(options)
  return {
    servers,
    name: options.name ?? 'millrace',
    timeout: options.timeoutMs ?? TIMEOUT_MS,
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
    pingInterval: 5_000,
    reconnectDelayHandler: () => {
      // The handler is not told of success: a long quiet time means that the last try worked.
      const now = performance.now()
      if (now - lastTry > 5 * MOST_RETRY_MS) backoff.reset()
      lastTry = now
      return backoff.next()
    },
    ...(authenticator === undefined ? {} : { authenticator }),
    ...(options.tls === undefined ? {} : { tls: tlsOf(options.tls) }),
  }
}

function authenticatorOf(options: NatsOptions): Authenticator | undefined {
  const { credsFile, nkeyFile, user, passwordFile, tokenFile } = options
  if (credsFile !== undefined) return credsAuthenticator(read('credsFile', credsFile))
  if (nkeyFile !== undefined) return nkeyAuthenticator(new TextEncoder().encode(secret('nkeyFile', nkeyFile)))
  if (tokenFile !== undefined) return tokenAuthenticator(secret('tokenFile', tokenFile))
  if (user === undefined) return undefined
  return usernamePasswordAuthenticator(
    user,
    passwordFile === undefined ? '' : secret('passwordFile', passwordFile),
  )
}

function tlsOf({ caFile, certFile, keyFile, handshakeFirst }: TlsFiles): TlsOptions {
  return {
    ...(caFile === undefined ? {} : { ca: secret('tls.caFile', caFile) }),
    ...(certFile === undefined ? {} : { cert: secret('tls.certFile', certFile) }),
    ...(keyFile === undefined ? {} : { key: secret('tls.keyFile', keyFile) }),
    ...(handshakeFirst === undefined ? {} : { handshakeFirst }),
  }
}

function secret(option: string, file: string): string {
  return new TextDecoder().decode(read(option, file)).trim()
}

function read(option: string, file: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new Error(`${option}: ${file}: ${(error as NodeJS.ErrnoException).code ?? 'cannot be read'}`, {
      cause: error,
    })
  }
}

/** In words that hold no secret: of a server only what stands behind its user and password. */
function problemOf(error: Error, servers: readonly string[]): NatsProblem {
  const shown = servers.map((server) => server.replace(/\/\/[^@/]*@/, '//')).join(', ')
  const cause = error.cause instanceof Error ? error.cause : error
  const isRefused = /auth|permission|certificate|tls|self.signed/i.test(`${error.name} ${cause.message}`)
  return {
    message: `${shown}: ${isRefused ? cause.message : `no NATS server answers (${cause.message})`}`,
    isAbsent: !isRefused,
  }
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal?.addEventListener('abort', end)
  })
}
