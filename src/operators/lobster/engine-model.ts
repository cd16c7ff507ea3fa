import { type Command, CommandKind, type Instruments, MatchingEngine } from '../../book/index.ts'

/** An order as the messages tell it: what it should have open, whatever the engine's book says. */
export interface AnnouncedOrder {
  readonly lobsterId: number
  readonly side: number
  readonly priceTicks: number
  openLots: number
  /** The order's id in the engine now, and how often it was entered again under a new one. */
  orderId: number
  reentries: number
}

/**
 * A second engine that is given every command the source gives, so that the source knows what the first one's book
 * holds without asking it: the pipeline between the two may be long, or another process.
 */
export class EngineModel {
  private readonly engine: MatchingEngine

  constructor(instruments: Instruments) {
    this.engine = new MatchingEngine(instruments)
  }

  /** What the latest command caused. */
  get events(): MatchingEngine['events'] {
    return this.engine.events
  }

  apply(words: Int32Array, at: number): void {
    this.engine.events.count = 0
    this.engine.apply(words, at)
  }

  /** A live order, or undefined. */
  find(orderId: number): ReturnType<MatchingEngine['order']> {
    return this.engine.order(orderId)
  }

  /**
   * The command that takes lots off an order. An amend names the new total, traded lots included, so it takes the
   * model to say it; with nothing left open it is a cancel.
   */
  reduction(orderId: number, lots: number): Command {
    const live = this.find(orderId)
    if (live !== undefined && live.openLots <= lots) return { kind: CommandKind.cancel, orderId }
    return { kind: CommandKind.amend, orderId, lots: live === undefined ? lots : live.totalLots - lots }
  }
}
