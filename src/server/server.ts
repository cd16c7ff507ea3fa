import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { extname, join, normalize } from 'node:path'
import type { Duplex } from 'node:stream'
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import { apiPage } from './api-page.ts'
import { Hub } from './hub.ts'
import { ApiKeys, LOCAL_CALLER, mayAct, type Caller } from './keys.ts'
import { metricsOf } from './metrics.ts'
import { Observer, type ObserverOptions } from './observer.ts'
import { openApi } from './openapi.ts'
import { HttpProblem, PROBLEM_TYPE, type ProblemDocument } from './problem.ts'
import { RateLimit } from './rate-limit.ts'
import { decoded, type Route } from './route.ts'
import { marketRoutes } from './routes/market.ts'
import { Commands, orderRoutes } from './routes/orders.ts'
import { healthRoutes, pipelineRoutes } from './routes/pipeline.ts'
import type { Served } from './served.ts'

export interface ServerOptions extends ObserverOptions {
  /** By default 127.0.0.1. Anything but loopback needs keys. */
  readonly host?: string | undefined
  /** By default 8787; 0 takes any that is free. */
  readonly port?: number | undefined
  /** The file that keys are kept in. */
  readonly keysFile?: string | undefined
  readonly tls?: { readonly certFile: string; readonly keyFile: string } | undefined
  /** Pages of other origins that may use the API, such as `https://desk.example`. */
  readonly origins?: readonly string[] | undefined
  /** Requests a second of one caller, over HTTP and WebSocket. By default 1,000, and 100,000 of all where there are no keys. */
  readonly requestsPerSecond?: number | undefined
  /** Bytes that may wait for one WebSocket client before it is cut off. By default 16 MiB. */
  readonly clientBytes?: number | undefined
  readonly version?: string | undefined
  /** Where the built dashboard lies. */
  readonly dashboardDir?: string | undefined
  /** Called with a line for each command: who, and what. By default nothing is kept. */
  readonly audit?: ((line: string) => void) | undefined
}

const DEFAULT_PORT = 8_787
const BODY_BYTES = 65_536
const CLIENT_BYTES = 16_777_216
const REQUESTS_PER_SECOND = 1_000
/** Without keys all callers are one. */
const LOCAL_REQUESTS_PER_SECOND = 100_000
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])

export interface RunningServer {
  readonly url: string
  readonly observer: Observer
  readonly hub: Hub
  readonly close: () => Promise<void>
}

/**
 * Serves a running pipeline over HTTP and WebSocket.
 * @throws Error where it must not listen (not loopback, and no keys), or cannot
 */
export async function startServer(served: Served, options: ServerOptions = {}): Promise<RunningServer> {
  const { host = '127.0.0.1', port = DEFAULT_PORT } = options
  if (!LOOPBACK.has(host) && options.keysFile === undefined)
    throw new Error(
      `listening on ${host} needs keys: millrace keys create, and server.keys in the pipeline file`,
    )
  const server = new Server(served, options)
  const url = await server.listen(host, port)
  return { url, observer: server.observer, hub: server.hub, close: () => server.close() }
}

class Server {
  readonly observer: Observer
  readonly hub: Hub
  private readonly app: FastifyInstance
  private readonly keys: ApiKeys | undefined
  private readonly limit: RateLimit
  private readonly options: ServerOptions

  constructor(served: Served, options: ServerOptions) {
    this.options = options
    this.keys = options.keysFile === undefined ? undefined : ApiKeys.read(options.keysFile)
    const usual = this.keys === undefined ? LOCAL_REQUESTS_PER_SECOND : REQUESTS_PER_SECOND
    this.limit = new RateLimit(options.requestsPerSecond ?? usual)
    this.observer = new Observer(served, options)
    const audit = (caller: Caller, line: string): void =>
      options.audit?.(
        JSON.stringify({ at: new Date().toISOString(), by: caller.id, role: caller.role, line }),
      )
    const { tls } = options
    const https =
      tls === undefined ? {} : { https: { cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) } }
    this.app = fastify({ bodyLimit: BODY_BYTES, logger: false, forceCloseConnections: true, ...https })
    const routes = [
      ...healthRoutes(served, performance.now()),
      ...orderRoutes(served.market, audit),
      ...marketRoutes(served.market),
      ...pipelineRoutes(served, this.observer),
    ]
    this.hub = new Hub({
      served,
      observer: this.observer,
      commands: new Commands(served.market, audit),
      clientBytes: options.clientBytes ?? CLIENT_BYTES,
      limit: (caller) => this.count(caller),
    })
    this.addRoutes(routes)
    this.addPages(routes, served)
    this.app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.upgrade(request, socket, head),
    )
  }

  async listen(host: string, port: number): Promise<string> {
    const url = await this.app.listen({ host, port })
    this.observer.start()
    return url
  }

  async close(): Promise<void> {
    this.hub.close()
    this.observer.close()
    await this.app.close()
  }

  private addRoutes(routes: readonly Route[]): void {
    const { app } = this
    app.setErrorHandler((error: FastifyError | HttpProblem, _, reply) =>
      sendProblem(reply, documentOf(error)),
    )
    app.setNotFoundHandler((request, reply) =>
      sendProblem(reply, problem(404, 'Not found', `nothing is at ${request.url.split('?')[0]}`)),
    )
    for (const route of routes)
      app.route({
        method: route.method,
        url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
        handler: async (request) => {
          const caller = this.admit(request, route)
          const input = {
            params: decoded(route.params, request.params, 'path'),
            query: decoded(route.query, request.query, 'query'),
            body: decoded(route.body, request.body, 'body'),
            caller,
          }
          return route.handle(input)
        },
      })
  }

  private addPages(routes: readonly Route[], served: Served): void {
    const { app, options } = this
    const document = openApi(routes, options.version ?? '0', this.keys !== undefined)
    const registry = metricsOf(served)
    app.get('/openapi.json', () => document)
    const page = apiPage(served.name, routes, document)
    app.get('/api', (_, reply) => sendPage(reply, page))
    app.get('/metrics', async (request, reply) => {
      this.admit(request, { role: 'viewer', path: '/metrics' })
      return reply.header('content-type', registry.contentType).send(await registry.metrics())
    })
    const { dashboardDir } = options
    if (dashboardDir === undefined || !existsSync(dashboardDir)) return
    app.get('/', (_, reply) => sendFile(reply, dashboardDir, 'index.html'))
    app.get('/assets/*', (request, reply) =>
      sendFile(reply, dashboardDir, (request.params as { '*': string })['*']),
    )
  }

  /** Who asks, if they may. Health is told to everyone. */
  private admit(request: FastifyRequest, { role, path }: Pick<Route, 'role' | 'path'>): Caller {
    this.checkOrigin(request.headers.origin, request.headers.host)
    const caller = path === '/health' || path === '/ready' ? LOCAL_CALLER : this.callerOf(request.raw)
    if (!mayAct(caller.role, role)) throw new HttpProblem(403, 'Not allowed', `this needs the role ${role}`)
    this.count(caller)
    return caller
  }

  private count(caller: Caller): void {
    if (!this.limit.take(caller.id)) throw new HttpProblem(429, 'Too many requests', 'slow down')
  }

  private callerOf(request: IncomingMessage): Caller {
    if (this.keys === undefined) return LOCAL_CALLER
    const [scheme = '', key = ''] = (request.headers.authorization ?? '').split(' ')
    const protocol = request.headers['sec-websocket-protocol'] ?? ''
    const asked = scheme.toLowerCase() === 'bearer' ? key : (/\bkey\.([\w-]+)/.exec(protocol)?.[1] ?? '')
    const caller = asked === '' ? undefined : this.keys.callerOf(asked)
    if (caller === undefined)
      throw new HttpProblem(401, 'Who are you?', 'expected a known key: Authorization: Bearer KEY')
    return caller
  }

  /**
   * A page of another origin must not act through the browser of someone who may; nor one whose name was made to point
   * to this machine (DNS rebinding): without keys only the names of the machine itself are served.
   */
  private checkOrigin(origin: string | undefined, host: string | undefined): void {
    const name = (host ?? '').replace(/:\d+$/, '').replaceAll(/[[\]]/g, '')
    if (this.keys === undefined && !LOOPBACK.has(name))
      throw new HttpProblem(403, 'Not allowed', `this is not ${JSON.stringify(name)}`)
    if (origin === undefined) return
    const isOwn = origin === `http://${host}` || origin === `https://${host}`
    if (!isOwn && this.options.origins?.includes(origin) !== true)
      throw new HttpProblem(403, 'Not allowed', `pages of ${origin} may not use this`)
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    try {
      if (request.url?.split('?')[0] !== '/ws') throw new HttpProblem(404, 'Not found', 'WebSocket is at /ws')
      this.checkOrigin(request.headers.origin, request.headers.host)
      this.hub.accept(request, socket, head, this.callerOf(request))
    } catch (error) {
      const { status, title } = documentOf(error as HttpProblem)
      socket.end(`HTTP/1.1 ${status} ${title}\r\nconnection: close\r\n\r\n`)
    }
  }
}

function documentOf(error: FastifyError | HttpProblem): ProblemDocument {
  if (error instanceof HttpProblem) return error.document
  const status = error.statusCode ?? 500
  // What a handler threw is for the log, not for a client.
  return status < 500
    ? problem(status, 'Not a valid request', error.message)
    : problem(500, 'Fault', 'the server could not do this')
}

function problem(status: number, title: string, detail: string): ProblemDocument {
  return { type: 'about:blank', title, status, detail }
}

function sendProblem(reply: FastifyReply, document: ProblemDocument): FastifyReply {
  return reply.status(document.status).header('content-type', PROBLEM_TYPE).send(JSON.stringify(document))
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}
const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"

function sendPage(reply: FastifyReply, page: string): FastifyReply {
  return reply
    .header('content-type', TYPES['.html']!)
    .header('content-security-policy', POLICY)
    .header('x-content-type-options', 'nosniff')
    .send(page)
}

function sendFile(reply: FastifyReply, dir: string, name: string): FastifyReply {
  const file = normalize(join(dir, name))
  const isThere = file.startsWith(normalize(dir)) && existsSync(file) && statSync(file).isFile()
  if (!isThere) return sendProblem(reply, problem(404, 'Not found', 'no such file'))
  return reply
    .header('content-type', TYPES[extname(file)] ?? 'application/octet-stream')
    .header('content-security-policy', POLICY)
    .header('x-content-type-options', 'nosniff')
    .send(createReadStream(file))
}
