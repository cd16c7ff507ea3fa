import { adoptInstruments, specsOf, type LiveTables, type TableEntries } from '../journal/tables.ts'
import type { Market } from '../pipeline/market.ts'
import type { Names } from '../pipeline/names.ts'

/** The names and instruments of a market, as its journal keeps them. */
export class MarketTables implements LiveTables {
  private readonly market: Market
  /** Instruments of the pipeline file: the rest were added as they came. */
  private readonly configured: number
  private clients: number
  private groups: number
  private orders: number
  private instruments: number

  constructor(market: Market) {
    this.market = market
    this.configured = market.instruments.count
    this.clients = 0
    this.groups = 0
    this.orders = 0
    this.instruments = this.configured
  }

  takeNew(): TableEntries | undefined {
    const { clients, groups, orders, instruments } = this.market
    if (
      clients.count === this.clients &&
      groups.count === this.groups &&
      orders.latest === this.orders &&
      instruments.count === this.instruments
    )
      return undefined
    const entries = this.since(this.clients, this.groups, this.orders, this.instruments)
    this.follow()
    return entries
  }

  all(): TableEntries {
    return this.since(0, 0, 0, this.configured)
  }

  names(): TableEntries {
    const { clients, groups, instruments } = this.market
    return {
      clients: [1, namesAbove(clients, 0)],
      groups: [1, namesAbove(groups, 0)],
      instruments: [this.configured, specsOf(instruments, this.configured)],
    }
  }

  adopt({ clients, groups, orders, instruments }: TableEntries): void {
    const { market } = this
    for (const name of clients?.[1] ?? []) market.clients.number(name)
    for (const name of groups?.[1] ?? []) market.groups.number(name)
    for (const [number, text, instrument] of orders ?? []) market.orders.adopt(number, text, instrument)
    adoptInstruments(market.instruments, instruments)
    this.follow()
  }

  private since(clients: number, groups: number, orders: number, instruments: number): TableEntries {
    const { market } = this
    const named: [number, string, number][] = []
    market.orders.each(orders, (number, text, instrument) => named.push([number, text, instrument]))
    return {
      clients: [clients + 1, namesAbove(market.clients, clients)],
      groups: [groups + 1, namesAbove(market.groups, groups)],
      orders: named,
      instruments: [instruments, specsOf(market.instruments, instruments)],
    }
  }

  private follow(): void {
    const { clients, groups, orders, instruments } = this.market
    this.clients = clients.count
    this.groups = groups.count
    this.orders = orders.latest
    this.instruments = instruments.count
  }
}

function namesAbove(names: Names, above: number): string[] {
  return Array.from({ length: names.count - above }, (_, i) => names.text(above + 1 + i))
}
