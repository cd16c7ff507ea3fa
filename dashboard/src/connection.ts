/** Whether the page hears from the server. */
export type LinkState = 'connecting' | 'open' | 'lost' | 'refused'

type Listener = (message: never) => void

interface Waiting {
  readonly resolve: (answer: never) => void
  readonly reject: (error: Error) => void
}

const FIRST_RETRY_MS = 250
const LONGEST_RETRY_MS = 8_000

/**
 * The page's one WebSocket. It connects again by itself, with longer and longer waits, and subscribes to everything
 * anew; whoever shows something learns how old it is.
 */
export class Connection {
  state: LinkState
  /** When the last message came, by `performance.now()`. */
  lastMs: number
  onState: () => void
  private socket: WebSocket | undefined
  private readonly listeners: Map<string, Set<Listener>>
  private readonly subscriptions: Map<string, object>
  private readonly waiting: Map<number, Waiting>
  private retryMs: number
  private nextId: number

  constructor() {
    this.state = 'connecting'
    this.lastMs = performance.now()
    this.onState = () => {}
    this.socket = undefined
    this.listeners = new Map()
    this.subscriptions = new Map()
    this.waiting = new Map()
    this.retryMs = FIRST_RETRY_MS
    this.nextId = 1
    this.connect()
  }

  /** Hears a channel (`book:AAPL`, `trades:AAPL`, `orders:alice`, `pipeline`). Returns a function that ends it. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- Who listens knows what a channel brings.
  subscribe<M>(key: string, listener: (message: M) => void, extra: object = {}): () => void {
    const known = this.listeners.get(key) ?? new Set<Listener>()
    this.listeners.set(key, known)
    known.add(listener)
    const [channel, name] = key.split(':')
    const request = {
      op: 'subscribe',
      channel,
      ...(channel === 'orders' ? { client: name } : name === undefined ? {} : { symbol: name }),
      ...extra,
    }
    this.subscriptions.set(key, request)
    this.send(request)
    return () => {
      known.delete(listener)
      if (known.size > 0) return
      this.subscriptions.delete(key)
      this.send({ ...request, op: 'unsubscribe' })
    }
  }

  /** Sends an order and resolves with its answer. */
  order<A>(order: object): Promise<A> {
    const id = this.nextId++
    return new Promise<A>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject })
      if (!this.send({ op: 'order', id, order })) this.fail(id, 'not connected')
    })
  }

  private connect(): void {
    const key = apiKey()
    const url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`
    const socket = new WebSocket(url, key === '' ? [] : ['millrace', `key.${key}`])
    this.socket = socket
    socket.addEventListener('open', () => {
      this.retryMs = FIRST_RETRY_MS
      this.enter('open')
      for (const request of this.subscriptions.values()) this.send(request)
    })
    socket.addEventListener('message', ({ data }) => this.receive(String(data)))
    socket.addEventListener('close', () => {
      this.enter('lost')
      for (const id of this.waiting.keys()) this.fail(id, 'the connection was lost')
      setTimeout(() => this.connect(), this.retryMs * (0.75 + Math.random() / 2))
      this.retryMs = Math.min(LONGEST_RETRY_MS, this.retryMs * 2)
    })
  }

  private receive(text: string): void {
    this.lastMs = performance.now()
    const message = JSON.parse(text) as {
      readonly op?: string
      readonly id?: number
      readonly channel?: string
      readonly symbol?: string
      readonly problem?: { readonly detail: string }
    }
    if (message.op === 'answer' && message.id !== undefined) {
      this.waiting.get(message.id)?.resolve(message as never)
      this.waiting.delete(message.id)
    } else if (message.op === 'error' && message.id !== undefined)
      this.fail(message.id, message.problem?.detail ?? 'refused')
    // What has an `op` answers a request, such as `subscribed`, and brings no news.
    if (message.op !== undefined || message.channel === undefined) return
    const key = message.symbol === undefined ? message.channel : `${message.channel}:${message.symbol}`
    for (const [known, listeners] of this.listeners)
      if (known === key || (message.channel === 'orders' && known.startsWith('orders:')))
        for (const listener of listeners) listener(message as never)
  }

  private fail(id: number, why: string): void {
    this.waiting.get(id)?.reject(new Error(why))
    this.waiting.delete(id)
  }

  private send(message: object): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false
    this.socket.send(JSON.stringify(message))
    return true
  }

  private enter(state: LinkState): void {
    this.state = state
    this.onState()
  }
}

/** The key that was given behind `#key=`, kept for this tab only. */
export function apiKey(): string {
  const given = /#key=([\w-]+)/.exec(location.hash)?.[1]
  if (given !== undefined) {
    sessionStorage.setItem('key', given)
    history.replaceState(null, '', location.pathname)
  }
  return sessionStorage.getItem('key') ?? ''
}

/** @throws Error with the server's own words */
export async function get<A>(path: string): Promise<A> {
  return call('GET', path)
}

export async function call<A>(method: string, path: string, body?: object): Promise<A> {
  const key = apiKey()
  const response = await fetch(path, {
    method,
    headers: {
      ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const answer = (await response.json()) as A & { readonly detail?: string }
  if (!response.ok) throw new Error(answer.detail ?? response.statusText)
  return answer
}
