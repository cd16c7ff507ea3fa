import type { WebSocket } from 'ws'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { oneOf, options, text } from '../pipeline/codec.ts'
import { decodeProblems } from '../pipeline/decode-problems.ts'
import type { Market } from '../pipeline/market.ts'
import { apiFeed } from '../operators/api/feed.ts'
import { EventText } from '../operators/sinks/event-text.ts'
import { mayAct, type Caller } from './keys.ts'
import type { Observer } from './observer.ts'
import { HttpProblem } from './problem.ts'
import type { Served } from './served.ts'
import { clientFor, instrumentOf } from './routes/market.ts'
import { commandOf, type Commands } from './routes/orders.ts'
import { BookStream, PipelineStream, TradeStream, type Stream } from './streams.ts'

/** What all sessions of a server share. */
export interface SessionContext {
  readonly served: Served
  readonly observer: Observer
  readonly commands: Commands
  /** Bytes of a client's own events that may wait for it: beyond it is cut off, for none may be left out. */
  readonly clientBytes: number
  /** Counts one more request of a caller. @throws HttpProblem 429 where that is one too many */
  readonly limit: (caller: Caller) => void
}

/** Bytes that may wait for a client before books and trades skip a turn. */
const SLOW_BYTES = 262_144
const MOST_STREAMS = 256

const request = options(
  { op: oneOf('subscribe', 'unsubscribe', 'order', 'ping') },
  {
    id: t.union([t.string, t.number]),
    channel: oneOf('book', 'trades', 'orders', 'pipeline'),
    symbol: text,
    client: text,
    levels: t.number,
    /** The sequence number of the last message of a stream that a client had. */
    since: t.number,
    order: t.UnknownRecord,
  },
)
type Request = t.TypeOf<typeof request>

/**
 * One client: subscriptions and orders. Books, trades and figures are conflated to what changed since the last turn, and
 * skip turns while the client is slow; a client's own order events never do.
 */
export class Session {
  private readonly socket: WebSocket
  private readonly caller: Caller
  private readonly context: SessionContext
  private readonly market: Market
  private readonly eventText: EventText
  private readonly streams: Map<string, Stream>
  private readonly endings: Map<string, () => void>
  private own: string[]
  private ownSequence: number

  constructor(socket: WebSocket, caller: Caller, context: SessionContext) {
    this.socket = socket
    this.caller = caller
    this.context = context
    this.market = context.served.market
    this.eventText = new EventText(this.market)
    this.streams = new Map()
    this.endings = new Map()
    this.own = []
    this.ownSequence = 0
    this.send({ channel: 'welcome', pipeline: context.served.name, role: caller.role, at: Date.now() })
  }

  receive(message: string): void {
    let id: string | number | undefined
    try {
      const asked = requestOf(message)
      id = asked.id
      this.context.limit(this.caller)
      this.act(asked)
    } catch (error) {
      this.fail(id, error)
    }
  }

  /** Sends what is new. Returns false if the client was too slow for some of it. */
  tick(isHeartbeat: boolean): boolean {
    const { socket } = this
    if (this.own.length > 0) this.sendOwn()
    if (socket.bufferedAmount > this.context.clientBytes) {
      this.close(1013, 'too slow for its own events')
      return false
    }
    if (isHeartbeat) this.send({ channel: 'heartbeat', at: Date.now() })
    if (socket.bufferedAmount > SLOW_BYTES) return false
    for (const stream of this.streams.values()) {
      const news = stream.news()
      if (news !== undefined) this.send(news)
    }
    return true
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason)
    this.end()
  }

  /** Listens for nothing any more. */
  end(): void {
    for (const end of this.endings.values()) end()
    this.endings.clear()
    this.streams.clear()
  }

  private act(asked: Request): void {
    switch (asked.op) {
      case 'ping':
        return this.send({ op: 'pong', id: asked.id, at: Date.now() })
      case 'order':
        return this.order(asked)
      case 'subscribe':
        return this.subscribe(asked)
      case 'unsubscribe':
        return this.unsubscribe(asked)
    }
  }

  private order({ id, order }: Request): void {
    if (!mayAct(this.caller.role, 'trader'))
      throw new HttpProblem(403, 'Not allowed', 'this key may not trade')
    if (order === undefined)
      throw new HttpProblem(400, 'Not a valid request', 'order: missing, expected an object')
    const began = performance.now()
    this.context.commands.send(commandOf(order, this.caller), this.caller).then(
      (answer) =>
        this.send({ op: 'answer', id, ...answer, tookNs: Math.round((performance.now() - began) * 1e6) }),
      (error: unknown) => this.fail(id, error),
    )
  }

  private subscribe(asked: Request): void {
    const { channel, id } = asked
    if (channel === undefined)
      throw new HttpProblem(
        400,
        'Not a valid request',
        'channel: missing, expected book, trades, orders or pipeline',
      )
    if (this.streams.size + this.endings.size >= MOST_STREAMS)
      throw new HttpProblem(429, 'Too many', `at most ${MOST_STREAMS} subscriptions`)
    const key = keyOf(asked)
    if (channel === 'orders') this.listen(key, asked)
    else this.streams.set(key, this.streamOf(asked))
    this.send({ op: 'subscribed', id, key })
  }

  private streamOf({ channel, symbol, levels = 20, since }: Request): Stream {
    const { served, observer } = this.context
    if (channel === 'pipeline') return new PipelineStream(served, observer)
    if (symbol === undefined)
      throw new HttpProblem(400, 'Not a valid request', 'symbol: missing, expected text')
    const instrument = instrumentOf(this.market, symbol)
    if (channel === 'trades') return new TradeStream(this.market, instrument, since)
    return new BookStream(this.market, instrument, Math.min(1_000, Math.max(1, Math.floor(levels))))
  }

  private listen(key: string, asked: Request): void {
    if (!mayAct(this.caller.role, 'trader'))
      throw new HttpProblem(403, 'Not allowed', 'orders of a client are for traders')
    const feed = apiFeed(this.market)
    if (feed === undefined)
      throw new HttpProblem(503, 'Not available', 'no stage of the pipeline publishes to the API')
    const client = this.market.clients.number(clientFor(this.caller, asked.client))
    this.endings.get(key)?.()
    const end = feed.listen(client, (words, at) => this.own.push(this.eventText.line(words, at).trimEnd()))
    this.endings.set(key, end)
  }

  private unsubscribe(asked: Request): void {
    const key = keyOf(asked)
    this.streams.delete(key)
    this.endings.get(key)?.()
    this.endings.delete(key)
    this.send({ op: 'unsubscribed', id: asked.id, key })
  }

  private sendOwn(): void {
    const events = this.own.filter((line) => line !== '').join(',')
    this.own = []
    if (this.socket.readyState !== this.socket.OPEN) return
    this.socket.send(`{"channel":"orders","seq":${++this.ownSequence},"events":[${events}]}`)
  }

  private fail(id: string | number | undefined, error: unknown): void {
    const problem =
      error instanceof HttpProblem
        ? error.document
        : { type: 'about:blank', title: 'Fault', status: 500, detail: 'the server could not do this' }
    this.send({ op: 'error', id, problem })
  }

  private send(message: object): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(JSON.stringify(message))
  }
}

function keyOf({ channel, symbol, client }: Request): string {
  return [channel, symbol ?? client].filter((part) => part !== undefined).join(':')
}

function requestOf(message: string): Request {
  let data: unknown
  try {
    data = JSON.parse(message)
  } catch {
    throw new HttpProblem(400, 'Not a valid request', 'expected a JSON object')
  }
  const decoded = request.decode(data)
  if (E.isRight(decoded)) return decoded.right
  const errors = decodeProblems(decoded.left).map(({ path, message: told }) => ({
    path: path.join('.'),
    message: told,
  }))
  throw new HttpProblem(
    400,
    'Not a valid request',
    errors.map((one) => `${one.path}: ${one.message}`).join('; '),
    errors,
  )
}
