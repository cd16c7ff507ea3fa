import test, { type ExecutionContext } from 'ava'
import { Batch } from '../../src/book/batch.ts'
import { pushCommand, type Command } from '../../src/book/command.ts'
import { readEvents, type EngineEvent } from '../../src/book/event.ts'
import { Instruments } from '../../src/book/instruments.ts'
import { MatchingEngine } from '../../src/book/matching-engine.ts'
import type { DepthLevel } from '../../src/book/order-book.ts'
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
