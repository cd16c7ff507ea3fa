import { ANY_INSTRUMENT, Instruments, type InstrumentSpec, type MatchingEngine } from '../book/index.ts'
import { Details } from './details.ts'
import { Gate } from './gate.ts'
import { Inlet } from './inlet.ts'
import { Names, OrderNames } from './names.ts'

/** What a market begins with that was there before this run: brought back from a journal. */
export interface Recovered {
  /** Of the latest command then. */
  readonly sequence: number
  /** Commands that are known: as many of a source that gives the same again are passed over. */
  readonly commands: number
  /** Live orders and their open lots. */
  readonly orders: number
  readonly lots: number
}

const NOTHING: Recovered = { sequence: 0, commands: 0, orders: 0, lots: 0 }

export interface MarketOptions {
  /** The terms on which a symbol that is not in the table is added when it first comes; without them it is refused. */
  readonly defaultInstrument?: Omit<InstrumentSpec, 'symbol'> | undefined
}

/** What all views of a market have in common. */
interface Shared {
  readonly instruments: Instruments
  readonly clients: Names
  readonly groups: Names
  readonly orders: OrderNames
  readonly details: Details
  readonly defaultInstrument: Omit<InstrumentSpec, 'symbol'> | undefined
  /** Every engine there is: one, or one for each worker. */
  readonly engines: MatchingEngine[]
  /** Where each worker of a partition finds its engine. */
  readonly workers: Scope[]
  readonly inlet: Inlet
  sequence: number
  recovered: Recovered
  batchRecords: number | undefined
  deadLetteredCommands: number
  stdoutTaken: boolean
}

/** Where the stages of one worker, or of all where there is but one, find their engine and one another's scores. */
interface Scope {
  engine: MatchingEngine | undefined
  readonly scores: OrderScores
}

const newScope = (): Scope => ({ engine: undefined, scores: { risk: undefined, against: undefined } })

/**
 * What the operators of one pipeline share: the instrument table, the names of clients and orders at its edges,
 * the sequence of its commands, the gate that holds its source back, and the engine once there is one.
 *
 * Each island of a pipeline has a view of it with a gate of its own, so that a full sink holds up its island and no
 * other; the workers of a partition have an engine each.
 */
export class Market {
  readonly instruments: Instruments
  readonly clients: Names
  /** Self-trade groups. */
  readonly groups: Names
  readonly orders: OrderNames
  readonly gate: Gate
  /** Commands of stages, for the pump to put in. */
  readonly inlet: Inlet
  /** What is known about commands that could not be read, by their sequence. */
  readonly details: Details
  /** What stages tell one another about a new order that begins at a word, each from 0 to 1. */
  readonly scores: OrderScores
  private readonly shared: Shared
  private readonly scope: Scope

  constructor(
    instruments: Iterable<InstrumentSpec> = [],
    options: MarketOptions = {},
    /** Of which market this is a view, and where it finds its engine. */
    of?: { readonly shared: Shared; readonly scope: Scope },
  ) {
    this.shared = of?.shared ?? newShared(instruments, options)
    this.scope = of?.scope ?? newScope()
    this.instruments = this.shared.instruments
    this.clients = this.shared.clients
    this.groups = this.shared.groups
    this.orders = this.shared.orders
    this.details = this.shared.details
    this.inlet = this.shared.inlet
    this.scores = this.scope.scores
    this.gate = new Gate()
  }

  /**
   * The same market with a gate of its own.
   * @param worker of a partition, which has an engine of its own; every view of it has the same
   */
  view({ worker }: { readonly worker?: number | undefined } = {}): Market {
    const scope = worker === undefined ? this.scope : (this.shared.workers[worker] ??= newScope())
    return new Market([], {}, { shared: this.shared, scope })
  }

  /**
   * Takes note of who has engines and who tells scores, before stages are set up that are not to work yet.
   * @returns what makes it so again
   */
  remember(): () => void {
    const { shared } = this
    const engines = [...shared.engines]
    const kept = [this.scope, ...shared.workers].map((scope) => ({
      scope,
      ...scope,
      scores: { ...scope.scores },
    }))
    return () => {
      for (const { scope, engine, scores } of kept) {
        scope.engine = engine
        Object.assign(scope.scores, scores)
      }
      shared.engines.splice(0, Infinity, ...engines)
    }
  }

  /** Set by the match operator. Of a partitioned pipeline only the workers have one. */
  get engine(): MatchingEngine | undefined {
    return this.scope.engine
  }

  set engine(engine: MatchingEngine | undefined) {
    const { engines } = this.shared
    const before = this.scope.engine
    if (before !== undefined) engines.splice(engines.indexOf(before), 1)
    if (engine !== undefined) engines.push(engine)
    this.scope.engine = engine
  }

  /** Every engine of the market: none, one, or one for each worker of a partition. */
  get engines(): readonly MatchingEngine[] {
    return this.shared.engines
  }

  /** Sequence of the latest command. */
  get sequence(): number {
    return this.shared.sequence
  }

  set sequence(sequence: number) {
    this.shared.sequence = sequence
  }

  /** What was there before this run. */
  get recovered(): Recovered {
    return this.shared.recovered
  }

  set recovered(recovered: Recovered) {
    this.shared.recovered = recovered
  }

  /** Records of a batch, where a stage has a reason to want so many. */
  get batchRecords(): number | undefined {
    return this.shared.batchRecords
  }

  set batchRecords(records: number | undefined) {
    this.shared.batchRecords = records
  }

  /** Commands that a failing stage sent to the dead letters: nothing else became of them. */
  get deadLetteredCommands(): number {
    return this.shared.deadLetteredCommands
  }

  set deadLetteredCommands(count: number) {
    this.shared.deadLetteredCommands = count
  }

  /** Whether a stage writes its records to standard output, so that nothing else may. */
  get stdoutTaken(): boolean {
    return this.shared.stdoutTaken
  }

  set stdoutTaken(isTaken: boolean) {
    this.shared.stdoutTaken = isTaken
  }

  /** The number of a symbol, added on the default terms if there are any; undefined for one that is not traded. */
  instrument(symbol: string): number | undefined {
    const { defaultInstrument } = this.shared
    const known = this.instruments.find(symbol)
    if (known !== undefined || defaultInstrument === undefined || symbol === '') return known
    if (this.instruments.count >= MAX_INSTRUMENTS) return undefined
    return this.instruments.add({ symbol, ...defaultInstrument })
  }

  /** The engine that an instrument trades in, of whichever worker. */
  engineOf(instrument: number): MatchingEngine | undefined {
    const { engine, shared } = this
    if (engine !== undefined || shared.engines.length === 0) return engine
    return shared.engines[instrument % shared.engines.length]
  }

  /** Price of an instrument's latest trade in ticks; its reference price, or 0, before the first. */
  lastTradeTicks(instrument: number): number {
    const { engine } = this.scope
    if (engine !== undefined) return engine.lastTrade(instrument)
    return this.engineOf(instrument)?.lastTrade(instrument) ?? this.instruments.referenceTicks[instrument]!
  }
}

function newShared(instruments: Iterable<InstrumentSpec>, { defaultInstrument }: MarketOptions): Shared {
  const engines: MatchingEngine[] = []
  return {
    instruments: new Instruments(instruments),
    clients: new Names(),
    groups: new Names(),
    orders: new OrderNames((orderId) => liveInstrument(engines, orderId)),
    details: new Details(),
    defaultInstrument,
    engines,
    workers: [],
    inlet: new Inlet(),
    sequence: 0,
    recovered: NOTHING,
    batchRecords: undefined,
    deadLetteredCommands: 0,
    stdoutTaken: false,
  }
}

function liveInstrument(engines: readonly MatchingEngine[], orderId: number): number {
  for (const engine of engines) {
    const slot = engine.find(orderId | 0, Math.floor(orderId / HIGH_HALF))
    if (slot !== 0) return engine.slotInstrument(slot)
  }
  return ANY_INSTRUMENT
}

export interface OrderScores {
  /** How risky it is: set by a stage that knows positions. */
  risk: ((words: Int32Array, at: number) => number) | undefined
  /** How likely the price moves against it: set by a stage that predicts. */
  against: ((words: Int32Array, at: number) => number) | undefined
}

/** What the high half of an order id counts. */
const HIGH_HALF = 4_294_967_296

/** A bound on symbols taken as they come, so that hostile input cannot fill the memory with them. */
const MAX_INSTRUMENTS = 100_000
