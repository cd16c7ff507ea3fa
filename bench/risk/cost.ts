import { MatchingEngine, RECORD_WORDS } from '../../src/book/index.ts'
import { CODE } from '../../src/book/record.ts'
import { median } from '../../src/cli/bench/median.ts'
import { RiskEngine } from '../../src/risk/index.ts'
import { EVERY_CHECK, flowOf, type RiskFlow } from './flows.ts'

/** What risk takes of a record, in nanoseconds. */
export interface RiskCost {
  readonly records: number
  /** CPU time with risk less CPU time without, in turns: the middle round. */
  readonly meanNs: number
  /** The same of matching alone. */
  readonly matchingNs: number
  /** By the clock on the wall, less what reading it takes; what the machine does besides is in the upper ones. */
  readonly p50Ns: number
  readonly p99Ns: number
  readonly p999Ns: number
  readonly clients: number
  readonly positions: number
  readonly megabytes: number
}

const BATCH = 1_024
const ROUNDS = 5

/**
 * Times risk on the records of a flow, with a matching engine behind it that matches each record before the next one: what
 * risk follows of the engine's events is in it. No record is refused, so every check is made.
 */
export function measureCost(name: string): RiskCost {
  const flow = flowOf(name)
  const rounds = name === 'typical' ? ROUNDS : 3
  play(flow, true)
  play(flow, false)
  const [risked, plain]: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++)
    for (const isRisked of round % 2 === 0 ? [true, false] : [false, true])
      (isRisked ? risked : plain).push(play(flow, isRisked))
  const ratios = risked.map((each, round) => each - plain[round]!)
  return {
    ...measureLatency(flow),
    meanNs: Math.round(median(ratios)),
    matchingNs: Math.round(median(plain)),
  }
}

/** Plays a flow once. Returns nanoseconds of CPU time a record, behind those that warm it up. */
function play({ instruments, records, warm }: RiskFlow, isRisked: boolean): number {
  const matching = new MatchingEngine(instruments)
  const risk = new RiskEngine(instruments, EVERY_CHECK)
  risk.engine = matching
  const { words, count } = records
  for (let i = 0; i < count; i++) words[i * RECORD_WORDS + CODE]! &= ~0xffff
  let began = process.cpuUsage()
  for (let i = 0; i < count; i++) {
    if (i === warm) began = process.cpuUsage()
    const at = i * RECORD_WORDS
    if (isRisked) risk.process(words, at)
    matching.apply(words, at)
    if (i % BATCH !== BATCH - 1) continue
    if (isRisked) risk.endBatch()
    matching.events.count = 0
  }
  const { user, system } = process.cpuUsage(began)
  if (risk.refused !== 0 || matching.trades < count / 50)
    throw new Error(`${risk.refused} orders refused, ${matching.trades} trades`)
  return ((user + system) * 1e3) / (count - warm)
}

/** One pass with the clock read around each record. */
function measureLatency({ instruments, records, warm }: RiskFlow): Omit<RiskCost, 'meanNs' | 'matchingNs'> {
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
    matching.apply(words, at)
    if (i % BATCH !== BATCH - 1) continue
    risk.endBatch()
    matching.events.count = 0
  }
  const clockNs = clockCost()
  taken.sort()
  const at = (share: number): number =>
    Math.max(0, Math.round(taken[Math.floor(share * (taken.length - 1))]! - clockNs))
  return {
    records: taken.length,
    p50Ns: at(0.5),
    p99Ns: at(0.99),
    p999Ns: at(0.999),
    clients: risk.book.clients.count,
    positions: risk.book.positionCount,
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
