import { Batch } from '../../src/book/batch.ts'
import { pushCommand, type Command } from '../../src/book/command.ts'
import { readEvents, type EngineEvent } from '../../src/book/event.ts'
import type { Instruments } from '../../src/book/instruments.ts'
import { MatchingEngine } from '../../src/book/matching-engine.ts'

/** What a price level shows. */
interface DepthLevel {
  readonly priceTicks: number
  readonly lots: number
  readonly orders: number
}

/** What the conformance suite asks of an engine. */
export interface Engine {
  /** Applies one command; what it caused, in order. */
  apply(command: Command): EngineEvent[]
  depth(instrument: number, side: number, levels: number): DepthLevel[]
  lastTradeTicks(instrument: number): number
  /** A TradingState. */
  tradingState(instrument: number): number
  stateHash(): string
  readonly trades: number
  readonly liveOrders: number
}

/** The fast engine behind the interface of objects: each command through a batch of one record. */
export class FastEngine implements Engine {
  readonly engine: MatchingEngine
  private readonly commands = new Batch(1)

  constructor(instruments: Instruments, { marketData = false }: { marketData?: boolean } = {}) {
    this.engine = new MatchingEngine(instruments, { marketData })
  }

  apply(command: Command): EngineEvent[] {
    this.commands.count = 0
    this.engine.events.count = 0
    this.engine.apply(this.commands.words, pushCommand(this.commands, command))
    return readEvents(this.engine.events)
  }

  depth(instrument: number, side: number, levels: number): DepthLevel[] {
    return this.engine.depth(instrument, side, levels)
  }

  lastTradeTicks(instrument: number): number {
    return this.engine.lastTrade(instrument)
  }

  tradingState(instrument: number): number {
    return this.engine.tradingState(instrument)
  }

  stateHash(): string {
    return this.engine.stateHash()
  }

  get trades(): number {
    return this.engine.trades
  }

  get liveOrders(): number {
    return this.engine.liveOrders
  }
}
