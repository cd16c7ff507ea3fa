import { Batch, EventKind, MatchingEngine, pushCommand, RECORD_WORDS, Side } from '../../book/index.ts'
import { HEAD, headKind, MAKER_OPEN_LOTS, MAKER_ORDER_ID, readU64 } from '../../book/record.ts'
import { Random } from '../../operators/simulator/random.ts'
import {
  encodeWorkload,
  Op,
  recordCommand,
  workloadInstruments,
  type Workload,
  type WorkloadRecord,
} from './workload.ts'

/** Kinds of flow: how the price that orders gather around moves. */
export const FLOW_KINDS = ['steady', 'swing', 'drift', 'one-level'] as const
export type FlowKind = (typeof FLOW_KINDS)[number]

export interface FlowOptions {
  readonly kind: FlowKind
  readonly seed: number
  /** Commands that are measured. */
  readonly events: number
  /** Orders that rest in the book, about: they are entered beforehand, and cancels wait while there are fewer. */
  readonly live: number
  /** Instruments that the flow is spread over evenly. */
  readonly instruments?: number
}

const MID = 10_000
/** Limit orders rest within so many ticks of the middle, most of them near it. */
const WIDTH = 100
/** With more live orders than this many times `live`, the next command is a cancel. */
const MOST = 1.8
/** `swing`: so much of the middle to either side, and so many times in a run. From lowest to highest it is two thirds. */
const SWING = 0.25
const SWINGS = 4
/** `drift`: a tick up every so many events. */
const DRIFT_EVENTS = 20

/** Orders that rest unless a caller asks for another number. */
export function usualLive(kind: FlowKind): number {
  return kind === 'one-level' ? 100_000 : 10_000
}

/**
 * A recorded flow: 55% limit orders, a fifth of them crossing; 40% cancels of live orders picked at random; 5% market
 * orders. The same options give the same bytes.
 *
 * - `steady`: the price wanders a tick at a time.
 * - `swing`: it goes up and down by a quarter of its value, four times.
 * - `drift`: it rises all the time, far beyond where it began.
 * - `one-level`: every order is a buy at one price; market orders sell.
 */
export function generateWorkload(options: FlowOptions): Workload {
  const flow = new Flow(options)
  for (let i = 0; i < options.live; i++) flow.passive()
  for (let i = 0; i < options.events; i++) {
    flow.movePrice(i)
    flow.next()
  }
  return encodeWorkload(flow.records, options.live)
}

/** Writes commands and keeps the book that they lead to, so that the next one can refer to it. */
class Flow {
  readonly records: WorkloadRecord[] = []
  private readonly options: FlowOptions
  private readonly instruments: number
  private readonly random: Random
  private readonly engine: MatchingEngine
  private readonly batch = new Batch(1)
  private readonly live: number[] = []
  /** Of each order that was ever entered: its instrument, and where it stands in `live`. */
  private readonly placed: Uint16Array
  private readonly positions: Uint32Array
  private orderId = 0
  private mid = MID

  constructor(options: FlowOptions) {
    this.options = options
    this.instruments = options.instruments ?? 1
    this.random = new Random(options.seed)
    this.engine = new MatchingEngine(workloadInstruments(this.instruments))
    this.placed = new Uint16Array(options.live + options.events + 1)
    this.positions = new Uint32Array(options.live + options.events + 1)
  }

  movePrice(event: number): void {
    const { kind, events } = this.options
    if (kind === 'swing') this.mid = Math.round(MID * (1 + SWING * triangle((event / events) * SWINGS)))
    else if (kind === 'drift') this.mid = MID + Math.floor(event / DRIFT_EVENTS)
    else if (kind === 'steady' && this.random.below(20) === 0)
      this.mid = Math.min(15_000, Math.max(5_000, this.mid + (this.random.below(2) === 0 ? -1 : 1)))
  }

  next(): void {
    const { random, live, options } = this
    const draw = random.below(100)
    const isShort = live.length < options.live
    const isLong = live.length > options.live * MOST
    if (draw < 55 ? !isLong : draw < 95 && isShort) {
      if (random.below(5) === 0) this.crossing()
      else this.passive()
    } else if (draw < 95) this.cancel(live[random.below(live.length)])
    else this.market()
  }

  passive(): void {
    const instrument = this.pickInstrument()
    if (this.options.kind === 'one-level') {
      this.limit(instrument, Side.buy, MID)
      return
    }
    const side = this.random.below(2)
    const offset = Math.min(WIDTH, 1 + Math.floor(WIDTH * this.random.uniform() ** 2))
    const priceTicks = side === Side.buy ? this.mid - offset : this.mid + offset
    this.limit(
      instrument,
      side,
      this.options.kind === 'steady' ? this.behind(instrument, side, priceTicks) : priceTicks,
    )
  }

  private crossing(): void {
    if (this.options.kind === 'one-level') {
      this.passive()
      return
    }
    const instrument = this.pickInstrument()
    const side = this.random.below(2)
    const best = this.engine.bestPrice(instrument, side ^ 1)
    const reach = this.random.below(6)
    // Nothing to cross: it rests where the other side would have been.
    if (best === 0) this.limit(instrument, side, this.mid)
    else this.limit(instrument, side, Math.max(1, side === Side.buy ? best + reach : best - reach))
  }

  /** A price that does not cross: the nearest one to what was asked for. */
  private behind(instrument: number, side: number, priceTicks: number): number {
    const other = this.engine.bestPrice(instrument, side ^ 1)
    if (other === 0) return priceTicks
    return side === Side.buy ? Math.min(priceTicks, other - 1) : Math.max(priceTicks, other + 1)
  }

  private limit(instrument: number, side: number, priceTicks: number): void {
    const id = ++this.orderId
    this.placed[id] = instrument
    this.apply({ op: Op.limit, side, instrument, id, priceTicks, lots: 1 + this.random.below(1_000) })
    if (this.engine.find(id, 0) === 0) return
    this.positions[id] = this.live.length
    this.live.push(id)
  }

  private market(): void {
    const side = this.options.kind === 'one-level' ? Side.sell : this.random.below(2)
    const lots = 1 + this.random.below(1_000)
    this.apply({
      op: Op.market,
      side,
      instrument: this.pickInstrument(),
      id: ++this.orderId,
      priceTicks: 0,
      lots,
    })
  }

  /** Without an order to cancel there is nothing to do but to enter one. */
  private cancel(id: number | undefined): void {
    if (id === undefined) {
      this.passive()
      return
    }
    this.drop(id)
    this.apply({ op: Op.cancel, side: 0, instrument: this.placed[id]!, id, priceTicks: 0, lots: 0 })
  }

  private pickInstrument(): number {
    return this.instruments === 1 ? 0 : this.random.below(this.instruments)
  }

  private apply(record: WorkloadRecord): void {
    this.records.push(record)
    const { batch, engine } = this
    batch.count = 0
    engine.events.count = 0
    engine.apply(batch.words, pushCommand(batch, recordCommand(record)))
    const { words, count } = engine.events
    for (let at = 0; at < count * RECORD_WORDS; at += RECORD_WORDS)
      if (headKind(words[at + HEAD]!) === EventKind.trade && words[at + MAKER_OPEN_LOTS] === 0)
        this.drop(readU64(words, at + MAKER_ORDER_ID))
  }

  /** The last of the live orders takes the place of the one that goes. */
  private drop(id: number): void {
    const last = this.live.pop()!
    if (last === id) return
    const at = this.positions[id]!
    this.live[at] = last
    this.positions[last] = at
  }
}

/** A wave of period 1 between -1 and 1, straight up and straight down, 0 at 0. */
function triangle(phase: number): number {
  const part = (phase + 0.25) % 1
  return part < 0.5 ? 4 * part - 1 : 3 - 4 * part
}
