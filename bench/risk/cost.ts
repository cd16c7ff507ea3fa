import { MatchingEngine, RECORD_WORDS } from '../../src/book/index.ts'
import { CODE } from '../../src/book/record.ts'
import { RiskEngine } from '../../src/risk/index.ts'
import { EVERY_CHECK, flowOf } from './flows.ts'

/** What `RiskEngine.process` takes of a record, in nanoseconds; what reading the clock takes is off. */
export interface RiskCost {
  readonly orders: number
  readonly meanNs: number
  readonly p50Ns: number
  readonly p99Ns: number
  readonly p999Ns: number
  readonly clockNs: number
  readonly clients: number
  readonly positions: number
  readonly megabytes: number
}

const BATCH = 1_024

/**
 * Times risk on each record of a flow, with a matching engine behind it that matches each record before the next one: what
 * risk follows of the engine's events is in it.
 */
export function measureCost(name: string): RiskCost {
  const { instruments, records, warm } = flowOf(name)
  const matching = new MatchingEngine(instruments)
  const risk = new RiskEngine(instruments, EVERY_CHECK)
  risk.engine = matching
  const { words, count } = records
  const taken = new Float64Array(count - warm)
  for (let i = 0; i < count; i++) {
    const at = i * RECORD_WORDS
    const from = performance.now()
    risk.process(words, at)
    const to = performance.now()
    if (i >= warm) taken[i - warm] = (to - from) * 1e6
    if ((words[at + CODE]! & 0xffff) !== 0)
      throw new Error(`record ${i} was refused: ${words[at + CODE]! & 0xffff}`)
    matching.apply(words, at)
    if (i % BATCH !== BATCH - 1) continue
    risk.endBatch()
    matching.events.count = 0
  }
  if (matching.trades < count / 20) throw new Error(`only ${matching.trades} trades`)
  const clockNs = clockCost()
  const sorted = taken.sort()
  const off = (ns: number): number => Math.max(0, Math.round(ns - clockNs))
  const mean = sorted.reduce((sum, ns) => sum + ns, 0) / sorted.length
  const at = (share: number): number => off(sorted[Math.floor(share * (sorted.length - 1))]!)
  return {
    orders: sorted.length,
    meanNs: off(mean),
    p50Ns: at(0.5),
    p99Ns: at(0.99),
    p999Ns: at(0.999),
    clockNs: Math.round(clockNs),
    clients: risk.book.clients.count,
    positions: risk.book.positions.count,
    megabytes: Math.round((risk.book.bytes + risk.book.clients.bytes + risk.book.positions.bytes) / 1e6),
  }
}

/** The middle of many readings back to back. */
function clockCost(): number {
  const readings = Float64Array.from({ length: 100_000 }, () => {
    const from = performance.now()
    return (performance.now() - from) * 1e6
  }).sort()
  return readings[readings.length >> 1]!
}
