import { Batch, EventKind, MatchingEngine, newOrder, pushCommand, Side } from '../../src/book/index.ts'
import { HEAD, headKind, INSTRUMENT, ORDER_ID, PRICE_TICKS } from '../../src/book/record.ts'
import { workloadInstruments } from '../../src/cli/bench/workload.ts'
import { Collections } from './collections.ts'

/** How a million orders lie. All rest: buys are below all sells. */
export interface Spread {
  readonly orders: number
  readonly instruments: number
  /** Ticks from the middle of a side's n-th order of an instrument. */
  readonly away: (n: number) => number
}

export interface Growth {
  readonly orders: number
  readonly p50Us: number
  readonly p9999Us: number
  /** The longest command by the least that it took in any round: what the engine does there, whatever the round. */
  readonly longestMs: number
  readonly isUnder10Ms: boolean
  /** The longest of all rounds, with what the machine did besides, and how much of that was garbage collection. */
  readonly longestSeenMs: number
  readonly longestSeenCollectedMs: number
  /** The longest that lay between two readings of the clock, in a loop that does nothing else for as long. */
  readonly longestIdleMs: number
  /** All of a round, and how much of that was garbage collection; the mean of the rounds. */
  readonly roundMs: number
  readonly roundCollectedMs: number
  readonly bytesPerOrder: number
}

const MIDDLE = 1_000_000_000
const LOTS = 10
const LONGEST_MS = 10
const ROUNDS = 3
const WARM_ORDERS = 100_000
const EMPTY_INSTRUMENTS = 10_000
const SIDE_TICKS = 100
/** Ticks between lonely levels: no two share a node of the tree's lowest two layers. */
const LONELY_TICKS = 2_000

export const SPREADS: Readonly<Record<string, Spread>> = {
  'one book, 200 ticks': { orders: 1_000_000, instruments: 1, away: (n) => 1 + ((n * 37) % SIDE_TICKS) },
  'one book, a level each': {
    orders: 1_000_000,
    instruments: 1,
    away: (n) => 1 + LONELY_TICKS * ((n * 7_919) % 500_000),
  },
  '10,000 instruments': { orders: 1_000_000, instruments: 10_000, away: (n) => 1 + ((n * 7) % SIDE_TICKS) },
}

/**
 * Enters orders one by one into an engine made with default options, the clock read around each, in a few rounds. The
 * code is warm, the engine is not: what it makes room for is part of it.
 */
export async function measureGrowth(spread: Spread): Promise<Growth> {
  const { orders } = spread
  enterAll(new MatchingEngine(workloadInstruments()), { ...spread, instruments: 1, orders: WARM_ORDERS })
  const collections = new Collections()
  const least = new Float64Array(orders).fill(Infinity)
  // Kept to the end: giving back the memory of one would hold up the next.
  const engines: MatchingEngine[] = []
  let [longestSeen, longestSeenCollected, all, collected] = [0, 0, 0, 0]
  for (let turn = 0; turn < ROUNDS; turn++) {
    const engine = new MatchingEngine(workloadInstruments(spread.instruments))
    engines.push(engine)
    const from = performance.now()
    const { spent, longestAt, longestMs } = enterAll(engine, spread)
    const to = performance.now()
    await collections.settle()
    for (let i = 0; i < orders; i++) if (spent[i]! < least[i]!) least[i] = spent[i]!
    if (longestMs > longestSeen) {
      longestSeen = longestMs
      longestSeenCollected = collections.within(longestAt, longestAt + longestMs)
    }
    all += spent.reduce((sum, ms) => sum + ms, 0) / ROUNDS
    collected += collections.within(from, to) / ROUNDS
  }
  least.sort()
  const us = (share: number): number => round(least[Math.floor(share * (orders - 1))]! * 1e3)
  const longestMs = round(least[orders - 1]!)
  return {
    orders,
    p50Us: us(0.5),
    p9999Us: us(0.9999),
    longestMs,
    isUnder10Ms: longestMs < LONGEST_MS,
    longestSeenMs: round(longestSeen),
    longestSeenCollectedMs: round(longestSeenCollected),
    longestIdleMs: round(longestGap(all * ROUNDS)),
    roundMs: Math.round(all),
    roundCollectedMs: round(collected),
    bytesPerOrder: round(engines[0]!.bytes / orders),
  }
}

/** Milliseconds of the longest stretch that the machine gave to others. */
function longestGap(forMs: number): number {
  const began = performance.now()
  let [before, longest] = [began, 0]
  while (before - began < forMs) {
    const now = performance.now()
    longest = Math.max(longest, now - before)
    before = now
  }
  return longest
}

/** Bytes of the engine an instrument that has no orders. */
export function emptyInstrumentBytes(): number {
  return round(new MatchingEngine(workloadInstruments(EMPTY_INSTRUMENTS)).bytes / EMPTY_INSTRUMENTS)
}

/** Milliseconds of every command, in the order they were given; how long the longest took, and when it began. */
export function enterAll(
  engine: MatchingEngine,
  { orders, instruments, away }: Spread,
): { spent: Float64Array; longestAt: number; longestMs: number } {
  const one = new Batch(1)
  const { words } = one
  const heads = [Side.buy, Side.sell].map((side) => headOf(one, side))
  const spent = new Float64Array(orders)
  let [longestAt, longestMs] = [0, 0]
  for (let i = 0; i < orders; i++) {
    const instrument = i % instruments
    const n = Math.floor(i / instruments)
    const ticks = away(n >>> 1)
    words[HEAD] = heads[n & 1]!
    words[INSTRUMENT] = instrument
    words[ORDER_ID] = i + 1
    words[PRICE_TICKS] = (n & 1) === Side.buy ? MIDDLE - ticks : MIDDLE + ticks
    engine.events.count = 0
    const before = performance.now()
    engine.apply(words, 0)
    const ms = performance.now() - before
    spent[i] = ms
    if (ms > longestMs) [longestAt, longestMs] = [before, ms]
    if (engine.events.count !== 1 || headKind(engine.events.words[HEAD]!) !== EventKind.accepted)
      throw new Error(`order ${i + 1} was not just accepted`)
  }
  if (engine.liveOrders !== orders || engine.openLots() !== orders * LOTS)
    throw new Error(
      `${engine.liveOrders} orders rest with ${engine.openLots()} lots, not ${orders} of ${LOTS} each`,
    )
  return { spent, longestAt, longestMs }
}

/** The first word of an order's record; the rest of the record is left in the batch. */
function headOf(batch: Batch, side: number): number {
  batch.count = 0
  pushCommand(batch, newOrder({ orderId: 1, side, priceTicks: 1, lots: LOTS }))
  return batch.words[HEAD]!
}

function round(value: number): number {
  return Number(value.toFixed(3))
}
