import type { ConnectionOptions, NatsConnection } from '@nats-io/nats-core'
import type { Command } from '../book/command.ts'
import { Instruments } from '../book/instruments.ts'
import { CommandKind, OrderType, Side, TimeInForce } from '../book/record.ts'
import { fillTemplate, wildTemplate } from '../transport/subjects.ts'
import type { NatsState } from '../transport/nats/link.ts'
import { ClientBook } from './client-book.ts'
import { EventStream, type EventHandler, type GapHandler } from './event-stream.ts'
import { ClientLink, connectTo } from './link.ts'
import { OrderDesk, type Answer } from './order-desk.ts'

/** The subjects that a pipeline uses, where they are not those of pipelines/nats-exchange.yaml. */
export interface Subjects {
  /** `md.{symbol}.trades` */
  readonly trades: string
  /** `md`: books are at `md.{symbol}.book`, snapshots at `md.{symbol}.snapshot`, instruments at `md.instruments`. */
  readonly bookPrefix: string
  /** `events.{symbol}.{client}.{kind}` */
  readonly events: string
  /** `orders.{client}` */
  readonly orders: string
}

const SUBJECTS: Subjects = {
  trades: 'md.{symbol}.trades',
  bookPrefix: 'md',
  events: 'events.{symbol}.{client}.{kind}',
  orders: 'orders.{client}',
}

/** What NATS takes to connect, and which subjects are used. Servers may be `nats://`, `tls://`, `ws://` or `wss://`. */
export interface ClientOptions extends ConnectionOptions {
  readonly subjects?: Partial<Subjects>
}

/** Where a subscription begins: now, over core NATS; or, in a JetStream stream, at a place in it. */
export interface From {
  readonly stream?: string
  /** The stream sequence to begin with, `all` or `new` (the default). */
  readonly from?: number | 'all' | 'new'
  /** Told when events are missing, which only happens without a stream. */
  readonly onGap?: GapHandler
}

/** An order as a person writes it: prices and quantities as decimal text. */
export interface Order {
  readonly client: number
  /** The client's own number for the order, from 1 to 2^32 - 1. */
  readonly id: number
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly quantity: string
  /** Without it: a market order. */
  readonly price?: string
  readonly timeInForce?: keyof typeof TimeInForce
}

const TIMEOUT_MS = 10_000

/** A connection to a Millrace exchange over NATS. */
export class MillraceClient {
  readonly connection: NatsConnection
  private readonly link: ClientLink
  private readonly subjects: Subjects
  private readonly desks: Map<number, OrderDesk>
  private table: Instruments | undefined

  constructor(connection: NatsConnection, subjects: Partial<Subjects> = {}) {
    this.connection = connection
    this.link = new ClientLink(connection)
    this.subjects = { ...SUBJECTS, ...subjects }
    this.desks = new Map()
    this.table = undefined
  }

  /** Told when the connection breaks and when it is back. Returns a function that takes that back. */
  onState(listener: (state: NatsState) => void): () => void {
    return this.link.onState(listener)
  }

  /** The instruments, as the exchange numbers them: asked for once. */
  async instruments(): Promise<Instruments> {
    if (this.table !== undefined) return this.table
    const reply = await this.connection.request(`${this.subjects.bookPrefix}.instruments`, '', {
      timeout: TIMEOUT_MS,
    })
    const { instruments } = reply.json<{ instruments: { symbol: string; tick: string; lot: string }[] }>()
    this.table = new Instruments(instruments)
    return this.table
  }

  /** Calls back with every trade of a symbol, or of all. */
  trades(symbol: string | undefined, handler: EventHandler, from: From = {}): Promise<EventStream> {
    return this.stream(
      wildTemplate(this.subjects.trades, symbol === undefined ? {} : { symbol }),
      handler,
      from,
    )
  }

  /** Calls back with order events: of a client, a symbol and a kind, such as `trade`, or of all. */
  events(
    of: { readonly client?: number; readonly symbol?: string; readonly kind?: string },
    handler: EventHandler,
    from: From = {},
  ): Promise<EventStream> {
    const { client, symbol, kind } = of
    const values = {
      ...(client === undefined ? {} : { client: String(client) }),
      ...(symbol === undefined ? {} : { symbol }),
      ...(kind === undefined ? {} : { kind }),
    }
    return this.stream(wildTemplate(this.subjects.events, values), handler, from)
  }

  /** A symbol's book, kept up to date; `onChange` is called whenever it has changed and is right. */
  book(symbol: string, onChange: (book: ClientBook) => void = () => {}): ClientBook {
    const { bookPrefix } = this.subjects
    const subject = (last: string): string => fillTemplate(`${bookPrefix}.{symbol}.${last}`, { symbol })
    return new ClientBook(this.link, symbol, subject('book'), subject('snapshot'), onChange)
  }

  /**
   * Sends an order and waits for its answer. It may be sent again with the same id: it is never doubled.
   * @throws RangeError for a price or quantity that is not on the tick or lot, RequestRefused, or Error after `timeoutMs`
   */
  async place(order: Order, timeoutMs = TIMEOUT_MS): Promise<Answer> {
    return (await this.send([commandOf(order, await this.instruments())], timeoutMs))[0]!
  }

  async cancel(client: number, id: number, timeoutMs = TIMEOUT_MS): Promise<Answer> {
    return (await this.send([{ kind: CommandKind.cancel, orderId: id, client }], timeoutMs))[0]!
  }

  /** Sends commands of one client in one message: ids are the client's own, prices ticks, quantities lots. */
  send(commands: readonly Command[], timeoutMs = TIMEOUT_MS): Promise<Answer[]> {
    const client = commands[0]?.client ?? 0
    let desk = this.desks.get(client)
    if (desk === undefined) {
      desk = new OrderDesk(this.connection, fillTemplate(this.subjects.orders, { client: String(client) }))
      this.desks.set(client, desk)
    }
    return desk.send(commands, timeoutMs)
  }

  /** Sends what waits and closes. */
  async close(): Promise<void> {
    if (this.connection.isClosed()) return
    await this.connection.drain()
  }

  private async stream(subject: string, handler: EventHandler, from: From): Promise<EventStream> {
    if (from.stream !== undefined)
      return EventStream.stored(this.link, from.stream, subject, from.from ?? 'new', handler)
    const stream = EventStream.live(this.link, subject, handler, from.onGap ?? (() => {}))
    await this.connection.flush()
    return stream
  }
}

/** Connects to an exchange. */
export async function connect(options: ClientOptions = {}): Promise<MillraceClient> {
  const { subjects, ...rest } = options
  return new MillraceClient(await connectTo(rest), subjects)
}

function commandOf(order: Order, instruments: Instruments): Command {
  const instrument = instruments.find(order.symbol)
  if (instrument === undefined) throw new RangeError(`no instrument ${JSON.stringify(order.symbol)}`)
  const lots = steps('quantity', order.quantity, instruments.toLots(instrument, order.quantity))
  const priceTicks =
    order.price === undefined ? 0 : steps('price', order.price, instruments.toTicks(instrument, order.price))
  const orderType = order.price === undefined ? OrderType.market : OrderType.limit
  const usual = order.price === undefined ? 'ioc' : 'gtc'
  return {
    kind: CommandKind.new,
    orderId: order.id,
    client: order.client,
    instrument,
    side: Side[order.side],
    orderType,
    timeInForce: TimeInForce[order.timeInForce ?? usual],
    priceTicks,
    lots,
  }
}

function steps(field: string, text: string, value: number | string): number {
  if (typeof value === 'number') return value
  throw new RangeError(`${field}: ${JSON.stringify(text)} is not a whole number of steps (${value})`)
}
