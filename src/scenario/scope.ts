import { Instruments, type ConversionFault } from '../book/index.ts'
import type { Line, Token } from './line.ts'

/** The client that speaks for the venue: its cancels and amends reach any order. */
export const VENUE = 'venue'

interface Order {
  readonly orderId: number
  /** Who speaks for it unless the line says otherwise. */
  readonly client: number
  readonly instrument: number
}

/** The instruments, clients and orders of one scenario, by the names that it gives them. */
export class Scope {
  readonly instruments: Instruments
  /** Sequence of the latest command. */
  sequence: number
  private readonly clients: Map<string, number>
  private readonly ids: Map<string, number>
  private readonly names: Map<number, string>
  private readonly orders: Map<string, Order>
  /** Orders without a name of their own, by client. */
  private readonly unnamed: Map<string, number>
  private nextId: number

  constructor(instruments: Instruments) {
    this.instruments = instruments
    this.sequence = 0
    this.clients = new Map([[VENUE, 0]])
    this.ids = new Map()
    this.names = new Map()
    this.orders = new Map()
    this.unnamed = new Map()
    this.nextId = 1
  }

  /** The number of a client: 1, 2, 3 in the order in which they come up, and 0 for `venue`. */
  client(name: string): number {
    const number = this.clients.get(name) ?? this.clients.size
    this.clients.set(name, number)
    return number
  }

  isClient(name: string): boolean {
    return this.clients.has(name)
  }

  /** The id that stands for an order's name. */
  orderId(name: string): number {
    const known = this.ids.get(name)
    if (known !== undefined) return known
    while (this.names.has(this.nextId)) this.nextId++
    this.alias(this.nextId, name)
    return this.nextId
  }

  /** A name for a client's next order without one: its own, then with a 2, 3 and so on behind it. */
  nextName(client: string): string {
    for (;;) {
      const count = (this.unnamed.get(client) ?? 0) + 1
      this.unnamed.set(client, count)
      const name = count === 1 ? client : `${client}${count}`
      if (!this.ids.has(name)) return name
    }
  }

  isOrder(name: string): boolean {
    return this.ids.has(name)
  }

  /** Makes a name stand for an id. */
  alias(orderId: number, name: string): void {
    this.ids.set(name, orderId)
    this.names.set(orderId, name)
  }

  nameOf(orderId: number): string {
    return this.names.get(orderId) ?? `#${orderId}`
  }

  entered(name: string, order: Order): void {
    this.orders.set(name, order)
  }

  /** The order that was entered last under a name. */
  order(name: string): Order | undefined {
    return this.orders.get(name)
  }

  /** A price of an expectation in ticks: whole ones, or it can never come. */
  ticks(line: Line, instrument: number): number {
    const step = this.instruments.formatPrice(instrument, 1)
    return exactly(line, 'a price', `tick, ${step}`, (text) => this.instruments.toTicks(instrument, text))
  }

  /** A quantity of an expectation in lots. */
  lots(line: Line, instrument: number): number {
    const step = this.instruments.formatQuantity(instrument, 1)
    return exactly(line, 'a quantity', `lot, ${step}`, (text) => this.instruments.toLots(instrument, text))
  }
}

function exactly(
  line: Line,
  what: string,
  step: string,
  convert: (text: string) => number | ConversionFault,
): number {
  const token: Token = line.take(what)
  const value = convert(token.text)
  if (typeof value === 'number') return value
  if (value === 'syntax') line.fail(`expected ${what}, got "${token.text}"`, token)
  else if (value === 'range') line.fail(`${what} with too many digits: "${token.text}"`, token)
  else line.fail(`"${token.text}" is not a multiple of the ${step}`, token)
  return 0
}
