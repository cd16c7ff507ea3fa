import test, { type ExecutionContext } from 'ava'
import { Batch } from '../../src/book/batch.ts'
import { newOrder, pushCommand, type Command } from '../../src/book/command.ts'
import { readEvents, type EngineEvent } from '../../src/book/event.ts'
import { Instruments } from '../../src/book/instruments.ts'
import { MatchingEngine } from '../../src/book/matching-engine.ts'
import type { DepthLevel } from '../../src/book/order-book.ts'
import { CancelReason, EventKind, OrderType, Side, TimeInForce } from '../../src/book/record.ts'
import { rejectName } from '../../src/book/reject-code.ts'
import { NaiveEngine } from './naive-engine.ts'

/** What the conformance suite asks of an engine. */
export interface Engine {
  /** Applies one command; what it caused, in order. */
  apply(command: Command): EngineEvent[]
  depth(instrument: number, side: number, levels: number): DepthLevel[]
  lastTradeTicks(instrument: number): number
  stateHash(): string
  readonly trades: number
  readonly liveOrders: number
}

/** The fast engine behind the interface of objects: each command through a batch of one record. */
export class FastEngine implements Engine {
  readonly engine: MatchingEngine
  private readonly commands = new Batch(1)

  constructor(instruments: Instruments) {
    this.engine = new MatchingEngine(instruments)
  }

  apply(command: Command): EngineEvent[] {
    this.commands.count = 0
    this.engine.events.count = 0
    this.engine.apply(this.commands.words, pushCommand(this.commands, command))
    return readEvents(this.engine.events)
  }

  depth(instrument: number, side: number, levels: number): DepthLevel[] {
    return this.engine.book.depth(instrument, side, levels)
  }

  lastTradeTicks(instrument: number): number {
    return this.engine.lastTradeTicks[instrument]!
  }

  stateHash(): string {
    return this.engine.stateHash()
  }

  get trades(): number {
    return this.engine.trades
  }

  get liveOrders(): number {
    return this.engine.book.liveOrders
  }
}

/**
 * The instruments of the suite: 0 takes any price and up to 1,000,000 lots, 1 only 90 to 110 ticks and 50 lots,
 * and 2 starts from a reference price and takes as many lots as a record holds.
 */
export function suiteInstruments(): Instruments {
  return new Instruments([
    { symbol: 'WIDE', tick: '1', lot: '1' },
    { symbol: 'NARROW', tick: '0.5', lot: '10', minPrice: '45', maxPrice: '55', maxQuantity: '500' },
    { symbol: 'LARGE', tick: '0.01', lot: '0.001', referencePrice: '1', maxQuantity: '2147483.647' },
  ])
}

const ENGINES: readonly [string, (instruments: Instruments) => Engine][] = [
  ['fast', (instruments) => new FastEngine(instruments)],
  ['naive', (instruments) => new NaiveEngine(instruments)],
]

/** Declares one fact about matching as two tests: both engines must have it. */
export function fact(title: string, check: (t: ExecutionContext, engine: Engine) => void): void {
  for (const [name, create] of ENGINES)
    test(`${title} (${name})`, (t) => check(t, create(suiteInstruments())))
}

const REASONS = Object.entries(CancelReason)

/** Events as short lines that a test can list: `trade #2 #1 5@100` is order 2 taking 5 lots of order 1's at 100. */
function say(events: readonly EngineEvent[]): string[] {
  return events.map((event) => {
    switch (event.kind) {
      case EventKind.accepted:
        return `accepted #${event.orderId}`
      case EventKind.rejected:
        return `rejected #${event.orderId} ${rejectName(event.code)}`
      case EventKind.amended:
        return `amended #${event.orderId} ${event.openLots}@${event.priceTicks}`
      case EventKind.cancelled:
        return `cancelled #${event.orderId} ${event.lots} ${REASONS.find(([, code]) => code === event.reason)?.[0]}`
      default:
        return `trade #${event.orderId} #${event.makerOrderId} ${event.lots}@${event.priceTicks}`
    }
  })
}

/** Applies commands of no interest in themselves, then says what the last one caused. */
export function after(engine: Engine, ...commands: Command[]): string[] {
  return say(commands.map((command) => engine.apply(command)).at(-1) ?? [])
}

type Terms = Partial<Omit<Command, 'kind' | 'side'>>

export function buy(orderId: number, lots: number, priceTicks: number, terms: Terms = {}): Command {
  return newOrder({ orderId, lots, priceTicks, side: Side.buy, ...terms })
}

export function sell(orderId: number, lots: number, priceTicks: number, terms: Terms = {}): Command {
  return newOrder({ orderId, lots, priceTicks, side: Side.sell, ...terms })
}

export const MARKET: Terms = { orderType: OrderType.market }
export const IOC: Terms = { timeInForce: TimeInForce.ioc }
export const FOK: Terms = { timeInForce: TimeInForce.fok }
