import { performance } from 'node:perf_hooks'
import { EventKind, MatchingEngine, RECORD_WORDS, type Batch } from '../../book/index.ts'
import { HEAD, headKind, LOTS, MAKER_ORDER_ID, ORDER_ID, PRICE_TICKS } from '../../book/record.ts'
import { workloadBatches, workloadInstruments, type Workload } from './workload.ts'

/** What a workload comes to: equal for every engine that matches by price and time. */
export interface Answer {
  readonly trades: number
  readonly lots: number
  /** Of every trade's maker, taker, price and lots, in 32 bits; see `mix`. */
  readonly hash: number
  /** Commands that were refused: cancels of orders that are gone, for one. */
  readonly rejected: number
}

export interface PassTimes {
  readonly cpuSeconds: number
  readonly wallSeconds: number
}

/** Time of a command in nanoseconds, without the clock's own. */
export interface CommandLatency {
  readonly p50: number
  readonly p99: number
  readonly 'p99.9': number
  readonly 'p99.99': number
  readonly max: number
  /** What a reading of the clock took, and was taken off each. */
  readonly clock: number
}

/** A workload as command records, ready to be played. */
export interface Playable {
  readonly events: number
  readonly instruments: number
  readonly prefill: readonly Batch[]
  readonly timed: readonly Batch[]
}

const HASH_START = 0x811c9dc5
const HASH_FACTOR = 0x9e3779b1
const CLOCK_READINGS = 100_001

export function toPlayable(workload: Workload): Playable {
  const { prefill, events, instruments } = workload
  return {
    events,
    instruments,
    prefill: workloadBatches(workload, 0, prefill),
    timed: workloadBatches(workload, prefill, prefill + events),
  }
}

/** Plays a workload for its answer alone. The prefill counts for nothing. */
export function checkAnswer(playable: Playable): Answer {
  const engine = filled(playable)
  const { events } = engine
  let [trades, lots, rejected, hash] = [0, 0, 0, HASH_START]
  for (const batch of playable.timed) {
    playBatch(engine, batch)
    for (let at = 0; at < events.count * RECORD_WORDS; at += RECORD_WORDS) {
      const { words } = events
      const kind = headKind(words[at + HEAD]!)
      if (kind === EventKind.rejected) rejected++
      if (kind !== EventKind.trade) continue
      trades++
      lots += words[at + LOTS]!
      hash = mix(hash, words[at + MAKER_ORDER_ID]!)
      hash = mix(hash, words[at + ORDER_ID]!)
      hash = mix(hash, words[at + PRICE_TICKS]!)
      hash = mix(hash, words[at + LOTS]!)
    }
  }
  return { trades, lots, rejected, hash: hash >>> 0 }
}

/** One pass on a fresh engine. CPU time is that of the whole process: compiler and collector count. */
export function timePass(playable: Playable, answer: Answer): PassTimes {
  const engine = filled(playable)
  const batches = playable.timed.map((batch) => ownBatch(engine, batch))
  const tradesBefore = engine.trades
  const wall = performance.now()
  const cpu = process.cpuUsage()
  for (const batch of batches) playBatch(engine, batch)
  const { user, system } = process.cpuUsage(cpu)
  const wallSeconds = (performance.now() - wall) / 1e3
  assertTrades(engine.trades - tradesBefore, answer)
  return { cpuSeconds: (user + system) / 1e6, wallSeconds }
}

/**
 * Two passes, each on a fresh engine, of which the second counts, with a reading of the clock between any two commands: what lies between two readings is one
 * command and one reading. The middle of what readings take back to back is taken off.
 */
export function timeCommands(playable: Playable, answer: Answer): CommandLatency {
  const spent = new Float64Array(playable.events)
  for (let pass = 0; pass < 2; pass++) stampPass(playable, answer, spent)
  const clock = clockCost()
  spent.sort()
  const ns = (share: number): number =>
    Math.max(0, Math.round((spent[Math.floor(share * (spent.length - 1))]! - clock) * 1e6))
  return {
    p50: ns(0.5),
    p99: ns(0.99),
    'p99.9': ns(0.999),
    'p99.99': ns(0.9999),
    max: ns(1),
    clock: Math.round(clock * 1e6),
  }
}

/** Milliseconds from one reading of the clock to the next, for every command. */
function stampPass(playable: Playable, answer: Answer, spent: Float64Array): void {
  const engine = filled(playable)
  const tradesBefore = engine.trades
  const { events } = engine
  let command = 0
  for (const { words, count } of playable.timed) {
    events.count = 0
    let before = performance.now()
    for (let at = 0; at < count * RECORD_WORDS; at += RECORD_WORDS) {
      engine.apply(words, at)
      const after = performance.now()
      spent[command++] = after - before
      before = after
    }
  }
  assertTrades(engine.trades - tradesBefore, answer)
}

function filled({ instruments, prefill }: Playable): MatchingEngine {
  const engine = new MatchingEngine(workloadInstruments(instruments))
  for (const batch of prefill) playBatch(engine, batch)
  return engine
}

/** A batch where the engine reads it, as a source would have written it. */
function ownBatch(engine: MatchingEngine, { words, count }: Batch): Batch {
  const own = engine.makeBatch(count)
  own.words.set(words.subarray(0, count * RECORD_WORDS))
  own.count = count
  return own
}

/** A batch of commands, every event written, as in a pipeline. */
function playBatch(engine: MatchingEngine, batch: Batch): void {
  engine.events.count = 0
  engine.applyBatch(batch)
}

/** From 0x811c9dc5, each value in turn: h = (h ^ value) * 0x9e3779b1 in 32 bits. */
function mix(hash: number, value: number): number {
  return Math.imul(hash ^ value, HASH_FACTOR)
}

/** Milliseconds from one reading of the clock to the next: the middle of many. */
function clockCost(): number {
  const readings = new Float64Array(CLOCK_READINGS)
  let before = performance.now()
  for (let i = 0; i < readings.length; i++) {
    const after = performance.now()
    readings[i] = after - before
    before = after
  }
  return readings.sort()[CLOCK_READINGS >>> 1]!
}

function assertTrades(trades: number, answer: Answer): void {
  if (trades !== answer.trades)
    throw new Error(`a timed pass traded ${trades} times, the checked one ${answer.trades} times`)
}
