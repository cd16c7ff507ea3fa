import { ANY_INSTRUMENT, Instruments, type InstrumentSpec, type MatchingEngine } from '../book/index.ts'
import { Details } from './details.ts'
import { Gate } from './gate.ts'
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

/**
 * What the operators of one pipeline share: the instrument table, the names of clients and orders at its edges,
 * the sequence of its commands, the gate that holds its source back, and the engine once there is one.
 */
export class Market {
  readonly instruments: Instruments
  readonly clients: Names
  /** Self-trade groups. */
  readonly groups: Names
  readonly orders: OrderNames
  readonly gate: Gate
  /** What is known about commands that could not be read, by their sequence. */
  readonly details: Details
  /** Set by the match operator. */
  engine: MatchingEngine | undefined
  /** Sequence of the latest command. */
  sequence: number
  /** What was there before this run. */
  recovered: Recovered
  /** Records of a batch, where a stage has a reason to want so many. */
  batchRecords: number | undefined
  /** Whether a stage writes its records to standard output, so that nothing else may. */
  stdoutTaken: boolean
  private readonly defaultInstrument: Omit<InstrumentSpec, 'symbol'> | undefined

  constructor(instruments: Iterable<InstrumentSpec> = [], options: MarketOptions = {}) {
    this.instruments = new Instruments(instruments)
    this.clients = new Names()
    this.groups = new Names()
    this.orders = new OrderNames((orderId) => this.liveInstrument(orderId))
    this.gate = new Gate()
    this.details = new Details()
    this.engine = undefined
    this.sequence = 0
    this.recovered = NOTHING
    this.batchRecords = undefined
    this.stdoutTaken = false
    this.defaultInstrument = options.defaultInstrument
  }

  /** The number of a symbol, added on the default terms if there are any; undefined for one that is not traded. */
  instrument(symbol: string): number | undefined {
    const known = this.instruments.find(symbol)
    if (known !== undefined || this.defaultInstrument === undefined || symbol === '') return known
    if (this.instruments.count >= MAX_INSTRUMENTS) return undefined
    return this.instruments.add({ symbol, ...this.defaultInstrument })
  }

  private liveInstrument(orderId: number): number {
    const { engine } = this
    const slot = engine?.find(orderId | 0, Math.floor(orderId / HIGH_HALF)) ?? 0
    return slot === 0 ? ANY_INSTRUMENT : engine!.slotInstrument(slot)
  }

  /** Price of an instrument's latest trade in ticks; its reference price, or 0, before the first. */
  lastTradeTicks(instrument: number): number {
    return this.engine?.lastTrade(instrument) ?? this.instruments.referenceTicks[instrument]!
  }
}

/** What the high half of an order id counts. */
const HIGH_HALF = 4_294_967_296

/** A bound on symbols taken as they come, so that hostile input cannot fill the memory with them. */
const MAX_INSTRUMENTS = 100_000
