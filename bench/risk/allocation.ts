import { getHeapStatistics } from 'node:v8'
import { MatchingEngine, RECORD_WORDS } from '../../src/book/index.ts'
import { CODE } from '../../src/book/record.ts'
import { FeeSchedule, Ledger, RiskEngine } from '../../src/risk/index.ts'
import { Collections } from '../scale/collections.ts'
import { EVERY_CHECK, flowOf } from './flows.ts'

/** JavaScript heap a record, of the round that took least. */
export interface RiskAllocation {
  /** Of matching alone: its index grows with the orders that stay. */
  readonly matching: number
  readonly withRisk: number
  readonly withLedger: number
  readonly records: number
}

const WARM_ROUNDS = 3
const ROUNDS = 5
const BATCH = 1_024

/**
 * What risk and the ledger allocate for the records of a flow and the events that those cause, once they are warm: the flow
 * is played again and again on the same risk and ledger, each time with a fresh matching engine.
 */
export async function measureAllocation(): Promise<RiskAllocation> {
  const { instruments, records } = flowOf('typical')
  const risk = new RiskEngine(instruments, EVERY_CHECK)
  const ledger = new Ledger(instruments, new FeeSchedule({ maker: '-0.0001', taker: '0.0003' }, 4), 4)
  const matching = await leastBytes(() => play(records.words, records.count, new MatchingEngine(instruments)))
  const withRisk = await leastBytes(() =>
    play(records.words, records.count, new MatchingEngine(instruments), risk),
  )
  const withLedger = await leastBytes(() =>
    play(records.words, records.count, new MatchingEngine(instruments), undefined, ledger),
  )
  return { matching, withRisk, withLedger, records: records.count }
}

const collections = new Collections()

/** Of the rounds in which no garbage was collected. */
async function leastBytes(round: () => number): Promise<number> {
  const taken: number[] = []
  let seen = await collections.settle()
  for (let each = 0; each < WARM_ROUNDS + ROUNDS; each++) {
    const bytes = round()
    const now = await collections.settle()
    if (now === seen && each >= WARM_ROUNDS) taken.push(bytes)
    seen = now
  }
  if (taken.length === 0) throw new Error('garbage was collected in every round')
  return Math.min(...taken)
}

/** Plays the flow once. Returns bytes a record, the reading of which is not in them. */
function play(
  words: Int32Array,
  count: number,
  matching: MatchingEngine,
  risk?: RiskEngine,
  ledger?: Ledger,
): number {
  if (risk !== undefined) risk.engine = matching
  const { events } = matching
  for (let i = 0; i < count; i++) words[i * RECORD_WORDS + CODE]! &= ~0xffff
  let bytes = 0
  for (let from = 0; from < count; from += BATCH) {
    const end = Math.min(count, from + BATCH) * RECORD_WORDS
    events.count = 0
    const before = usedBytes()
    for (let at = from * RECORD_WORDS; at < end; at += RECORD_WORDS) {
      risk?.process(words, at)
      matching.apply(words, at)
    }
    risk?.endBatch()
    if (ledger !== undefined)
      for (let each = 0; each < events.count; each++) ledger.apply(events.words, each * RECORD_WORDS)
    const taken = usedBytes() - before
    const nothing = -usedBytes() + usedBytes()
    bytes += taken - nothing
  }
  return Number((bytes / count).toFixed(3))
}

function usedBytes(): number {
  return getHeapStatistics().used_heap_size
}
