import { flagsOf, type Command } from '../../src/book/command.ts'
import { ANY_INSTRUMENT, type Instruments } from '../../src/book/instruments.ts'
import {
  BOTH_SIDES,
  CommandKind,
  MAX_PRICE_TICKS,
  OrderType,
  TimeInForce,
  TradingState,
} from '../../src/book/record.ts'
import { seededInts } from './commands.ts'
import { suiteInstruments } from './suite-instruments.ts'

/** Twenty seconds before midnight, so that short flows come to a new day. */
const FIRST_SECOND = 1_700_006_380
const DAY_SECONDS = 86_400
const CLIENTS = [1, 1, 2, 2, 3, 2 ** 32 - 1]
const LIVELY = [TradingState.continuous, TradingState.continuous, TradingState.openingAuction]
const STATES = [...LIVELY, ...Object.values(TradingState)]
const WAITING_TIMES = [TimeInForce.gtc, TimeInForce.gtc, TimeInForce.day, TimeInForce.gtd]

/** The instruments of the suite, and one whose band begins at the first trade and whose pauses do not end. */
export function flowInstruments(): Instruments {
  const instruments = suiteInstruments()
  instruments.add({ symbol: 'LOOSE', tick: '1', lot: '1', priceBand: '2', selfTrade: 'decrement' })
  return instruments
}

/** A stream of commands over all features, the same for the same seed. Prices are few, so that orders meet. */
export function randomFlow(seed: number, length: number): Command[] {
  const flow = new Flow(seed)
  return Array.from({ length }, () => flow.next())
}

/** How often, in a thousand, a flow does something: in each flow something else is frequent, rare or left out. */
interface Habits {
  readonly stops: number
  readonly immediate: number
  readonly terms: number
  readonly linked: number
  readonly control: number
  readonly states: number
  readonly kills: number
  readonly times: number
  /** Prices on the own side of the middle, so that orders stay and pile up. */
  readonly patience: number
}

/** An order that may be live, as far as the flow knows. */
interface Entered {
  readonly orderId: number
  readonly client: number
  readonly instrument: number
}

/** How many of the latest orders are spoken of again. */
const REMEMBERED = 40

class Flow {
  private readonly below: (bound: number) => number
  private readonly habits: Habits
  private readonly instruments: readonly number[]
  private readonly middle: number
  private readonly width: number
  private readonly maxLots: number
  private newest = 0
  private readonly entered: Entered[] = []
  private seconds = FIRST_SECOND
  /** Whether the latest state refuses all orders. */
  private isStill = false

  constructor(seed: number) {
    this.below = seededInts(seed)
    const often = (...rates: number[]): number => this.pick(rates)
    this.habits = {
      stops: often(0, 100, 500),
      immediate: often(50, 200),
      terms: often(0, 200, 700),
      linked: often(0, 50, 400),
      control: often(0, 30, 120),
      states: often(0, 100, 500),
      kills: often(0, 50),
      times: often(0, 300),
      patience: often(0, 500, 800, 950),
    }
    const isAtEdge = this.below(6) === 0
    this.instruments = isAtEdge ? [0] : this.pick([[0], [1], [2], [3], [4], [3, 4], [0, 1, 2, 3, 4]])
    this.middle = isAtEdge ? this.pick([5, MAX_PRICE_TICKS - 4]) : 100
    this.width = this.pick([3, 6, 10])
    this.maxLots = this.pick([3, 10, 30])
  }

  next(): Command {
    const { below, habits } = this
    if (this.isStill && below(8) === 0) return this.changeState(ANY_INSTRUMENT, TradingState.continuous)
    if (below(1_000) < habits.control) return this.control()
    const choice = below(100)
    const command = choice < 62 ? this.newOrder() : choice < 74 ? this.cancel() : this.change()
    return below(100) === 0 ? { ...command, ...this.spoiler() } : command
  }

  private newOrder(): Command {
    const { below, habits } = this
    const isStop = below(1_000) < habits.stops
    const orderType = isStop
      ? this.pick([OrderType.stop, OrderType.stopLimit, OrderType.trailingStop])
      : below(12) === 0
        ? OrderType.market
        : OrderType.limit
    const isImmediate = below(1_000) < habits.immediate
    const timeInForce = isImmediate
      ? this.pick([TimeInForce.ioc, TimeInForce.fok])
      : below(4) === 0
        ? this.pick(WAITING_TIMES)
        : TimeInForce.gtc
    const isPriced = orderType === OrderType.limit || orderType === OrderType.stopLimit || below(3) === 0
    const orderId = below(60) === 0 ? this.recent() : ++this.newest
    const side = below(2)
    const order: Command = {
      kind: CommandKind.new,
      orderId,
      client: this.pick(CLIENTS),
      instrument: this.pick(this.instruments),
      side,
      orderType,
      timeInForce,
      priceTicks: isPriced ? this.priceOf(side) : 0,
      lots: 1 + below(this.maxLots),
      stopTicks: isStop ? (orderType === OrderType.trailingStop ? 1 + below(4) : this.price()) : 0,
      expirySeconds: timeInForce === TimeInForce.gtd ? this.seconds + below(12) : 0,
    }
    const asked = this.withTerms(order)
    if (!isImmediate && orderType !== OrderType.market)
      this.remember({ orderId, client: asked.client!, instrument: asked.instrument! })
    return asked
  }

  /** Adds what goes with the order; now and then also what does not. */
  private withTerms(order: Command): Command {
    const { below, habits } = this
    const isCareless = below(40) === 0
    const isPlain = order.orderType === OrderType.limit || order.orderType === OrderType.market
    const isImmediate = order.timeInForce === TimeInForce.ioc || order.timeInForce === TimeInForce.fok
    const canRest =
      !isImmediate && (order.orderType === OrderType.limit || order.orderType === OrderType.stopLimit)
    const selfTrade = below(1_000) < habits.terms ? below(6) : 0
    let terms: Parameters<typeof flagsOf>[0] = { selfTrade }
    let fields: Partial<Command> = {}
    const isLinked = below(1_000) < habits.linked && (isCareless || canRest || !isPlain)
    if (isLinked && order.timeInForce !== TimeInForce.gtd) {
      const other = this.entered[below(this.entered.length)]
      terms = { ...terms, linked: true }
      fields = { linkedOrderId: this.recent() }
      if (other !== undefined && below(12) > 0)
        fields = { linkedOrderId: other.orderId, client: other.client, instrument: other.instrument }
    }
    if (below(1_000) < habits.terms)
      switch (below(6)) {
        case 0:
          if (isCareless || canRest) fields = { ...fields, displayLots: 1 + below(order.lots!) }
          break
        case 1:
          if (isCareless || canRest) terms = { ...terms, hidden: true }
          break
        case 2:
          if (isCareless || (isPlain && !isLinked)) fields = { ...fields, minLots: 1 + below(order.lots!) }
          break
        case 3:
          if (isCareless || isPlain) terms = { ...terms, allOrNone: true }
          break
        case 4: {
          const position = (1 + below(20)) * (order.side === 0 ? -1 : 1)
          terms = { ...terms, reduceOnly: true, hidden: canRest && below(4) === 0 }
          fields = { ...fields, positionLots: below(10) === 0 ? -position : position }
          break
        }
        default:
          if (isCareless || (canRest && isPlain)) {
            terms = { ...terms, postOnly: this.pick(['reject', 'slide'] as const) }
            if (below(3) === 0) fields = { ...fields, displayLots: 1 + below(order.lots!) }
          }
      }
    return { ...order, ...fields, flags: flagsOf(terms) }
  }

  private cancel(): Command {
    const orderId = this.recent()
    const at = this.entered.findIndex((order) => order.orderId === orderId)
    if (at !== -1 && this.below(8) > 0) this.entered.splice(at, 1)
    return { kind: CommandKind.cancel, orderId, ...this.speaker() }
  }

  private change(): Command {
    const { below } = this
    const isReplace = below(3) === 0
    const asked = {
      priceTicks: below(2) === 0 ? this.price() : 0,
      lots: below(2) === 0 ? 1 + below(this.maxLots) : 0,
      stopTicks: below(1_000) < this.habits.stops / 2 ? (below(2) === 0 ? this.price() : 1 + below(4)) : 0,
      ...this.speaker(),
    }
    if (!isReplace) return { kind: CommandKind.amend, orderId: this.recent(), ...asked }
    const linkedOrderId = this.recent()
    const orderId = below(20) === 0 ? this.recent() : ++this.newest
    const replaced = this.entered.find((order) => order.orderId === linkedOrderId)
    if (replaced !== undefined) this.remember({ ...replaced, orderId })
    return { kind: CommandKind.replace, orderId, linkedOrderId, ...asked }
  }

  private control(): Command {
    const { below, habits } = this
    const anyInstrument = below(3) === 0 ? ANY_INSTRUMENT : this.pick(this.instruments)
    const base = { orderId: 0, instrument: ANY_INSTRUMENT }
    if (below(1_000) < habits.states) return this.changeState(anyInstrument, this.pick(STATES))
    if (below(1_000) < habits.times) return { ...base, kind: CommandKind.time, timestampNs: this.time() }
    if (below(1_000) < habits.kills) {
      const kind = below(3) === 0 ? CommandKind.kill : CommandKind.release
      return { ...base, kind, client: below(2) === 0 ? 0 : this.pick(CLIENTS) }
    }
    switch (below(8)) {
      case 0: {
        const client = below(2) === 0 ? 0 : this.pick(CLIENTS)
        const side = this.pick([0, 1, BOTH_SIDES])
        return { ...base, kind: CommandKind.massCancel, client, instrument: anyInstrument, side }
      }
      case 1:
      case 2:
        return { ...base, kind: CommandKind.group, client: this.pick(CLIENTS), lots: below(3) }
      case 3:
        return { ...base, kind: CommandKind.release }
      default:
        return this.changeState(anyInstrument, TradingState.continuous)
    }
  }

  private changeState(instrument: number, state: number): Command {
    this.isStill = state === TradingState.halted || state === TradingState.closed
    return { kind: CommandKind.state, orderId: 0, instrument, lots: state }
  }

  private time(): bigint {
    const { below } = this
    this.seconds += this.pick([0, 0, 1, 1, 1, 2, 2, 3, 3, 5, -1, DAY_SECONDS])
    return BigInt(this.seconds) * 1_000_000_000n + BigInt(below(3))
  }

  private spoiler(): Partial<Command> {
    return this.pick<Partial<Command>>([
      { kind: 0 },
      { kind: 11 },
      { orderId: 0 },
      { instrument: 5 },
      { side: 2 },
      { orderType: 6 },
      { timeInForce: 6 },
      { lots: 0 },
      { lots: -1 },
      { lots: 1_000_001 },
      { priceTicks: 89 },
      { priceTicks: -1 },
      { stopTicks: -1 },
      { stopTicks: 120 },
      { flags: 1 << 9 },
      { flags: 7 << 6 },
      { flags: 3 },
      { expirySeconds: 5 },
      { minLots: 40 },
      { displayLots: 40 },
      { linkedOrderId: 0, flags: 32 },
      { rejectCode: 60 },
    ])
  }

  /** Mostly the venue's word, as another client's is refused. */
  private speaker(): Partial<Command> {
    const { below } = this
    const client = below(5) === 0 ? this.pick(CLIENTS) : 0
    return { client, instrument: below(8) === 0 ? this.pick(this.instruments) : ANY_INSTRUMENT }
  }

  private recent(): number {
    const { below, entered } = this
    if (below(10) === 0 || entered.length === 0) return Math.max(1, this.newest - below(REMEMBERED))
    return entered[Math.max(0, entered.length - 1 - below(below(2) === 0 ? 8 : REMEMBERED))]!.orderId
  }

  private remember(order: Entered): void {
    this.entered.push(order)
    if (this.entered.length > REMEMBERED) this.entered.shift()
  }

  private priceOf(side: number): number {
    if (this.below(1_000) >= this.habits.patience) return this.price()
    const ticks = this.below(this.width)
    return this.within(side === 0 ? this.middle - ticks : this.middle + 1 + ticks)
  }

  private within(ticks: number): number {
    return Math.min(MAX_PRICE_TICKS, Math.max(1, ticks))
  }

  private price(): number {
    return this.within(this.middle - this.width + this.below(2 * this.width + 1))
  }

  private pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!
  }
}
