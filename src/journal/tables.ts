import type { InstrumentSpec, Instruments } from '../book/instruments.ts'
import { SELF_TRADES, type SelfTradeName } from '../book/instruments.ts'

/**
 * What records name by number and people by text, as far as it is new: names of clients, self-trade groups and orders,
 * and instruments that were added while running. It stands in the log before the first command that needs it.
 */
export interface TableEntries {
  /** The number of the first, and the names of it and those that follow it. */
  readonly clients?: readonly [number, readonly string[]]
  readonly groups?: readonly [number, readonly string[]]
  /** The number, the name and the instrument of each. */
  readonly orders?: readonly (readonly [number, string, number])[]
  readonly instruments?: readonly [number, readonly InstrumentSpec[]]
}

/** Where a running pipeline keeps its names, as the journal sees it. */
export interface LiveTables {
  /** What has been added since the last call; undefined if nothing has. */
  takeNew(): TableEntries | undefined
  /** All there is. */
  all(): TableEntries
  /** All but the names of orders. */
  names(): TableEntries
  /** Takes up entries that were recorded. */
  adopt(entries: TableEntries): void
}

/** Order names that are kept of a log, beyond those of live orders. */
const REMEMBERED_ORDERS = 1_048_576

/** The tables of a log, as far as it has been read. */
export class RecordedTables implements LiveTables {
  readonly clients: string[] = ['']
  readonly groups: string[] = ['']
  readonly orders = new Map<number, readonly [number, string, number]>()
  readonly instruments: Instruments
  /** Whether the order of a number is live; the names of others are forgotten after a while. */
  isLive: (orderId: number) => boolean = () => false
  private readonly configured: number

  /** @param instruments those of the configuration; more may come */
  constructor(instruments: Instruments) {
    this.instruments = instruments
    this.configured = instruments.count
  }

  takeNew(): undefined {
    return undefined
  }

  adopt({ clients, groups, orders, instruments }: TableEntries): void {
    adoptNames(this.clients, clients)
    adoptNames(this.groups, groups)
    for (const order of orders ?? []) this.orders.set(order[0], order)
    if (this.orders.size > REMEMBERED_ORDERS * 2) this.forget()
    adoptInstruments(this.instruments, instruments)
  }

  all(): TableEntries {
    return { ...this.names(), orders: [...this.orders.values()] }
  }

  names(): TableEntries {
    return {
      clients: [1, this.clients.slice(1)],
      groups: [1, this.groups.slice(1)],
      instruments: [this.configured, specsOf(this.instruments, this.configured)],
    }
  }

  private forget(): void {
    let surplus = this.orders.size - REMEMBERED_ORDERS
    for (const number of this.orders.keys()) {
      if (surplus-- <= 0) break
      if (!this.isLive(number)) this.orders.delete(number)
    }
  }
}

function adoptNames(into: string[], names: TableEntries['clients']): void {
  names?.[1].forEach((name, i) => {
    into[names[0] + i] = name
  })
}

/** Adds instruments that are not there yet. */
export function adoptInstruments(into: Instruments, instruments: TableEntries['instruments']): void {
  instruments?.[1].forEach((spec, i) => {
    if (instruments[0] + i >= into.count) into.add(spec)
  })
}

/** The instruments from a number on as specifications that make the same ones again. */
export function specsOf(instruments: Instruments, from = 0): InstrumentSpec[] {
  return Array.from({ length: Math.max(0, instruments.count - from) }, (_, i) =>
    specOf(instruments, from + i),
  )
}

function specOf(instruments: Instruments, at: number): InstrumentSpec {
  const price = (ticks: number): string => instruments.formatPrice(at, ticks)
  const reference = instruments.referenceTicks[at]!
  const band = instruments.bandTicks[at]!
  return {
    symbol: instruments.symbol(at),
    tick: price(1),
    lot: instruments.formatQuantity(at, 1),
    minPrice: price(instruments.minPriceTicks[at]!),
    maxPrice: price(instruments.maxPriceTicks[at]!),
    maxQuantity: instruments.formatQuantity(at, instruments.maxOrderLots[at]!),
    ...(reference === 0 ? {} : { referencePrice: price(reference) }),
    ...(band === 0 ? {} : { priceBand: price(band) }),
    pauseSeconds: instruments.pauseSeconds[at]!,
    selfTrade: selfTradeName(instruments.selfTrade[at]!),
  }
}

function selfTradeName(number: number): SelfTradeName {
  const found = Object.entries(SELF_TRADES).find(([, value]) => value === number)
  return (found?.[0] ?? 'allow') as SelfTradeName
}
