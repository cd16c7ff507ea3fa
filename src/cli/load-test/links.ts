import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { WebSocket, type RawData } from 'ws'
import type { Command } from './orders.ts'

/** What came back for a command. */
export interface Told {
  readonly isAccepted: boolean
  /** The reject code, where it was refused. */
  readonly code: string | undefined
  readonly fills: number
}

/** One client's way to the server. */
export interface Link {
  /** Rejects where there was no answer, or one that was a fault. */
  send(command: Command): Promise<Told>
  close(): void
}

interface Answer {
  readonly isAccepted: boolean
  readonly events: readonly { readonly event: string; readonly code?: string }[]
}

function toldOf({ isAccepted, events }: Answer): Told {
  return {
    isAccepted,
    code: isAccepted ? undefined : (events[0]?.code ?? 'refused'),
    fills: events.filter(({ event }) => event === 'trade').length,
  }
}

function textOf(data: RawData): string {
  return (data as Buffer).toString()
}

/** A WebSocket: commands go out without waiting for the answers of those before. */
export class WebSocketLink implements Link {
  private readonly socket: WebSocket
  private readonly client: string
  private readonly waiting: Map<number, { resolve: (told: Told) => void; reject: (error: Error) => void }>
  private next: number

  private constructor(socket: WebSocket, client: string) {
    this.socket = socket
    this.client = client
    this.waiting = new Map()
    this.next = 1
    socket.on('message', (data) => this.receive(textOf(data)))
    socket.on('close', () => this.fail('the connection was lost'))
    socket.on('error', () => socket.terminate())
  }

  static open(url: URL, client: string, key: string | undefined): Promise<WebSocketLink> {
    const target = new URL('/ws', url)
    target.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    const socket = new WebSocket(target, {
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    })
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.once('open', () => {
        socket.off('error', reject)
        resolve(new WebSocketLink(socket, client))
      })
    })
  }

  send(command: Command): Promise<Told> {
    const id = this.next++
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject })
      this.socket.send(JSON.stringify({ op: 'order', id, order: { ...command, client: this.client } }))
    })
  }

  close(): void {
    this.socket.close()
  }

  private receive(text: string): void {
    const message = JSON.parse(text) as { op?: string; id?: number; problem?: { title: string } } & Answer
    const one = message.id === undefined ? undefined : this.waiting.get(message.id)
    if (one === undefined) return
    this.waiting.delete(message.id!)
    if (message.op === 'answer') one.resolve(toldOf(message))
    else one.reject(new Error(message.problem?.title ?? 'no answer'))
  }

  private fail(why: string): void {
    for (const { reject } of this.waiting.values()) reject(new Error(why))
    this.waiting.clear()
  }
}

/** HTTP over one connection: a command waits for the answer of the one before, and that counts. */
export class HttpLink implements Link {
  private readonly url: URL
  private readonly client: string
  private readonly headers: Record<string, string>
  private readonly agent: HttpAgent

  constructor(url: URL, client: string, key: string | undefined) {
    this.url = url
    this.client = client
    this.headers = {
      'content-type': 'application/json',
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    }
    const options = { keepAlive: true, maxSockets: 1 }
    this.agent = url.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options)
  }

  send({ op, ...order }: Command): Promise<Told> {
    const { id, symbol, ...change } = order
    const path = `/api/orders/${encodeURIComponent(id)}`
    const { client } = this
    if (op === 'new') return this.call('POST', '/api/orders', { ...order, client })
    if (op === 'amend') return this.call('PATCH', path, { symbol, ...change, client })
    return this.call(
      'DELETE',
      `${path}?symbol=${encodeURIComponent(symbol)}&client=${encodeURIComponent(client)}`,
    )
  }

  close(): void {
    this.agent.destroy()
  }

  private call(method: string, path: string, body?: object): Promise<Told> {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers = {
      ...this.headers,
      ...(text === undefined ? {} : { 'content-length': Buffer.byteLength(text) }),
    }
    if (text === undefined) delete (headers as Record<string, unknown>)['content-type']
    const ask = this.url.protocol === 'https:' ? httpsRequest : httpRequest
    return new Promise((resolve, reject) => {
      const request = ask(new URL(path, this.url), { method, agent: this.agent, headers }, (response) => {
        let said = ''
        response.setEncoding('utf8').on('data', (part: string) => (said += part))
        response.on('error', reject)
        response.on('end', () => {
          if (response.statusCode === 200) resolve(toldOf(JSON.parse(said) as Answer))
          else reject(new Error(`answer ${response.statusCode}`))
        })
      })
      request.on('error', reject)
      request.end(text)
    })
  }
}
