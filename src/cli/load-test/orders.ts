import { Random } from '../../operators/simulator/random.ts'
import { burstyArrivals, uniformArrivals } from './arrivals.ts'

/** A command to send, and when. */
export interface Planned {
  /** Nanoseconds since the start of the test. */
  readonly dueNs: number
  /** Which client sends it, from 0. */
  readonly client: number
  readonly command: Command
}

export interface Command {
  readonly op: 'new' | 'cancel' | 'amend'
  readonly id: string
  readonly symbol: string
  readonly side?: 'buy' | 'sell'
  readonly price?: string
  readonly quantity?: string
  readonly timeInForce?: 'IOC'
}

export interface FlowOptions {
  readonly clients: number
  readonly perSecond: number
  readonly seed: number
  /** Stands before every order id, so that two tests do not meet. */
  readonly tag: string
  readonly symbols: readonly Traded[]
}

/** What is traded, and where trade is when the test begins. */
export interface Traded {
  readonly symbol: string
  readonly tick: string
  readonly lot: string
  readonly middle: number
}

export const PATTERNS = ['uniform', 'bursty', 'cancel-storm'] as const
export type Pattern = (typeof PATTERNS)[number]

/** The orders of a pattern, by due time, without end. The same seed gives the same. */
export function ordersOf(pattern: Pattern, options: FlowOptions): Generator<Planned, void> {
  if (pattern === 'cancel-storm') return cancelStorms(options)
  const times =
    pattern === 'bursty'
      ? burstyArrivals(options.perSecond, options.seed)
      : uniformArrivals(options.perSecond)
  return mixed(times, options)
}

const CANCEL_SHARE = 0.35
const AGGRESSIVE_SHARE = 0.15
const MOST_DISTANCE_TICKS = 20
const MOST_LOTS = 10
/** Orders that a client may cancel; the oldest are forgotten. */
const KEPT = 1_000

/** Resting orders around the middle, orders that trade, and cancels of what the client has sent before. */
function* mixed(times: Iterable<number>, options: FlowOptions): Generator<Planned, void> {
  const maker = new OrderMaker(options)
  const { random } = maker
  const live: { readonly id: string; readonly symbol: string }[][] = Array.from(
    { length: options.clients },
    () => [],
  )
  for (const dueNs of times) {
    const client = random.below(options.clients)
    const own = live[client]!
    const draw = random.uniform()
    if (draw < CANCEL_SHARE && own.length > 0) {
      const [{ id, symbol }] = own.splice(random.below(own.length), 1) as [{ id: string; symbol: string }]
      yield { dueNs, client, command: { op: 'cancel', id, symbol } }
      continue
    }
    const isAggressive = draw > 1 - AGGRESSIVE_SHARE
    const command = maker.limit(isAggressive ? -MOST_DISTANCE_TICKS : 1 + random.below(MOST_DISTANCE_TICKS))
    if (isAggressive) yield { dueNs, client, command: { ...command, timeInForce: 'IOC' } }
    else {
      own.push(command)
      if (own.length > KEPT) own.shift()
      yield { dueNs, client, command }
    }
  }
}

const STORM_NS = 1e9
/** Cancels of a storm come within this share of its second. */
const STORM_SHARE = 0.02

/** Each second: orders that rest far from the middle, evenly, and then all of them cancelled nearly at once. */
function* cancelStorms(options: FlowOptions): Generator<Planned, void> {
  const maker = new OrderMaker(options)
  const orders = Math.max(1, Math.round(options.perSecond / 2))
  for (let storm = 0; ; storm++) {
    const began = storm * STORM_NS
    const sent = []
    for (let order = 0; order < orders; order++) {
      const client = order % options.clients
      const command = maker.limit(MOST_DISTANCE_TICKS + maker.random.below(MOST_DISTANCE_TICKS))
      sent.push({ client, command })
      yield { dueNs: began + (order / orders) * STORM_NS * (1 - STORM_SHARE), client, command }
    }
    for (const [order, { client, command }] of sent.entries())
      yield {
        dueNs: began + STORM_NS * (1 - STORM_SHARE) + (order / orders) * STORM_NS * STORM_SHARE,
        client,
        command: { op: 'cancel', id: command.id, symbol: command.symbol },
      }
  }
}

class OrderMaker {
  readonly random: Random
  private readonly symbols: readonly Traded[]
  private readonly tag: string
  private count: number

  constructor({ seed, symbols, tag }: FlowOptions) {
    this.random = new Random(seed + 1)
    this.symbols = symbols
    this.tag = tag
    this.count = 0
  }

  /** @param distanceTicks from the middle to its own side; negative is through it */
  limit(distanceTicks: number): Command {
    const { random } = this
    const { symbol, tick, lot, middle } = this.symbols[random.below(this.symbols.length)]!
    const side = random.below(2) === 0 ? 'buy' : 'sell'
    const away = (side === 'buy' ? -1 : 1) * distanceTicks
    const ticks = Math.max(1, Math.round(middle / Number(tick)) + away)
    return {
      op: 'new',
      id: `${this.tag}-${++this.count}`,
      symbol,
      side,
      price: (ticks * Number(tick)).toFixed(decimalsOf(tick)),
      quantity: ((1 + random.below(MOST_LOTS)) * Number(lot)).toFixed(decimalsOf(lot)),
    }
  }
}

function decimalsOf(text: string): number {
  return text.split('.')[1]?.length ?? 0
}
