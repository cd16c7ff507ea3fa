import { Batch, MatchingEngine, RECORD_WORDS, type InstrumentSpec } from '../../src/book/index.ts'
import { EventKind, HEAD, headKind, SEQUENCE, writeU64 } from '../../src/book/record.ts'
import { Simulator } from '../../src/operators/simulator/simulator.ts'
import { Market } from '../../src/pipeline/market.ts'

export const BENCH_INSTRUMENT: InstrumentSpec = {
  symbol: 'AAPL',
  tick: '0.01',
  lot: '1',
  referencePrice: '585.33',
}

/** Seeded orders, and what an engine makes of them: the answer that every run is held to. */
export interface BenchFlow {
  readonly words: Int32Array
  readonly orders: number
  readonly trades: number
  readonly events: Batch
  readonly hash: bigint | string | number
}

/** @param keptEvents how many of the first events are kept, for who writes events alone */
export function benchFlow(orders: number, keptEvents = 0): BenchFlow {
  const market = new Market([BENCH_INSTRUMENT])
  const batch = new Batch(orders)
  new Simulator(market, { seed: 7, orders, badShare: 0 }).pull(batch, orders)
  for (let i = 0; i < orders; i++) writeU64(batch.words, i * RECORD_WORDS + SEQUENCE, i + 1)
  const engine = new MatchingEngine(market.instruments)
  const events = new Batch(Math.max(1, keptEvents))
  let trades = 0
  for (let i = 0; i < orders; i++) {
    engine.events.count = 0
    engine.apply(batch.words, i * RECORD_WORDS)
    for (let e = 0; e < engine.events.count; e++) {
      const { words } = engine.events
      if (headKind(words[e * RECORD_WORDS + HEAD]!) === EventKind.trade) trades++
      if (events.count < keptEvents)
        events.words.set(
          words.subarray(e * RECORD_WORDS, (e + 1) * RECORD_WORDS),
          events.count++ * RECORD_WORDS,
        )
    }
  }
  return { words: batch.words, orders, trades, events, hash: engine.stateHash() }
}
