import * as E from 'fp-ts/lib/Either.js'
import { WebSocket, type ClientOptions } from 'ws'
import { registry } from '../../src/operators/registry.ts'
import { decodeDefinition } from '../../src/pipeline/definition.ts'
import { preparePipeline, type Pipeline } from '../../src/pipeline/runtime.ts'
import { servedOf } from '../../src/server/served.ts'
import { startServer, type RunningServer, type ServerOptions } from '../../src/server/server.ts'

/** An exchange that takes its orders from the API alone. */
export const SMALL = `
name: small
instruments:
  AAPL: { tick: 0.01, lot: 1, referencePrice: 100 }
  MSFT: { tick: 0.01, lot: 1, referencePrice: 50 }
stages:
  - { id: api, operator: ingest, from: api }
  - { id: match, operator: match }
  - { id: clients, operator: publish, to: api }
`

/** A pipeline that runs in this process and is served on a free port. */
export class ServedPipeline {
  readonly pipeline: Pipeline
  readonly server: RunningServer
  private readonly stop: AbortController
  private readonly report: Promise<unknown>

  private constructor(pipeline: Pipeline, server: RunningServer, stop: AbortController) {
    this.pipeline = pipeline
    this.server = server
    this.stop = stop
    this.report = pipeline.run()
  }

  static async start(options: ServerOptions = {}, text = SMALL): Promise<ServedPipeline> {
    const definition = decodeDefinition('small.yaml', text, registry)
    if (E.isLeft(definition)) throw new Error(JSON.stringify(definition.left))
    const stop = new AbortController()
    const prepared = await preparePipeline(definition.right, { stop: stop.signal })()
    if (E.isLeft(prepared)) throw new Error(JSON.stringify(prepared.left))
    const server = await startServer(servedOf(prepared.right), { port: 0, ...options })
    return new ServedPipeline(prepared.right, server, stop)
  }

  get url(): string {
    return this.server.url
  }

  get wsUrl(): string {
    return `${this.url.replace('http', 'ws')}/ws`
  }

  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answered> {
    const isText = typeof body === 'string'
    const response = await fetch(this.url + path, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const type = response.headers.get('content-type') ?? ''
    return { status: response.status, type, text, json: type.includes('json') ? JSON.parse(text) : undefined }
  }

  async close(): Promise<void> {
    await this.server.close()
    this.stop.abort()
    await this.report
  }
}

export interface Answered {
  readonly status: number
  readonly type: string
  readonly text: string
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly json: any
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Message = any

/** A WebSocket client that keeps all that it hears. */
export class Listener {
  readonly socket: WebSocket
  readonly messages: Message[]
  /** Resolves with the code that the connection was closed with. */
  readonly closed: Promise<number>
  private readonly looks: Set<() => void>

  private constructor(socket: WebSocket) {
    this.socket = socket
    this.messages = []
    this.looks = new Set()
    socket.on('message', (data) => {
      this.messages.push(JSON.parse((data as Buffer).toString()))
      for (const look of this.looks) look()
    })
    this.closed = new Promise((resolve) => {
      socket.on('close', (code) => resolve(code))
    })
    socket.on('error', () => {})
  }

  static async connect(
    url: string,
    protocols: string[] = [],
    options: ClientOptions = {},
  ): Promise<Listener> {
    const socket = new WebSocket(url, protocols, options)
    const listener = new Listener(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve())
      socket.once('error', reject)
    })
    return listener
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  /** The first message that is as asked, whether it has come or will; fails after some seconds. */
  until(is: (message: Message) => boolean, ms = 20_000): Promise<Message> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.messages.find(is)
        if (found === undefined) return
        this.looks.delete(look)
        clearTimeout(late)
        resolve(found)
      }
      const late = setTimeout(() => {
        this.looks.delete(look)
        reject(new Error(`never heard among ${this.messages.length} messages`))
      }, ms)
      this.looks.add(look)
      look()
    })
  }

  close(): void {
    this.socket.terminate()
  }
}

let orders = 0

/** A limit order, with an id of its own. */
export function limit(side: 'buy' | 'sell', price: number, quantity: number, more: object = {}): object {
  orders++
  return {
    id: `o${orders}`,
    client: 'alice',
    symbol: 'AAPL',
    side,
    price: price.toFixed(2),
    quantity,
    ...more,
  }
}
