import { getHeapStatistics } from 'node:v8'
import { MatchingEngine, RECORD_WORDS } from '../../src/book/index.ts'
import { CODE } from '../../src/book/record.ts'
import { FeeSchedule, Ledger, RiskEngine } from '../../src/risk/index.ts'
import { Collections } from '../scale/collections.ts'
import { EVERY_CHECK, flowOf } from './flows.ts'

const WARM_ROUNDS = 3
const ROUNDS = 8

/**
 * JavaScript heap that risk and the ledger take for the records of a flow and the events that they cause. The flow is played
 * whole for each round, on the same risk and ledger, with a fresh matching engine that is not in the measure.
 */
export async function measureAllocation(): Promise<{
  leastRoundBytes: number
  roundCommands: number
  rounds: number
}> {
  const collections = new Collections()
  const { instruments, records } = flowOf('typical')
  const { words, count } = records
  const risk = new RiskEngine(instruments, EVERY_CHECK)
  const ledger = new Ledger(instruments, new FeeSchedule({ maker: '-0.0001', taker: '0.0003' }, 4), 4)
  const taken: number[] = []
  for (let round = 0; round < WARM_ROUNDS + ROUNDS; round++) {
    const matching = new MatchingEngine(instruments)
    risk.engine = matching
    let bytes = 0
    const seen = await collections.settle()
    for (let i = 0; i < count; i++) {
      const at = i * RECORD_WORDS
      words[at + CODE]! &= ~0xffff
      // Lets the engine allocate outside of the measure; ours is between the two readings, which take some of their own.
      if (i % 1_024 === 0) {
        risk.endBatch()
        matching.events.count = 0
      }
      const events = matching.events.count
      matching.apply(words, at)
      if (i % 64 === 0) {
        const from = usedBytes()
        const nothing = usedBytes() - from
        const before = usedBytes()
        risk.process(words, at)
        for (let each = events; each < matching.events.count; each++)
          ledger.apply(matching.events.words, each * RECORD_WORDS)
        bytes += usedBytes() - before - nothing
      } else {
        risk.process(words, at)
        for (let each = events; each < matching.events.count; each++)
          ledger.apply(matching.events.words, each * RECORD_WORDS)
      }
    }
    const now = await collections.settle()
    if (round >= WARM_ROUNDS && now === seen) taken.push(bytes)
  }
  if (taken.length === 0) throw new Error('garbage was collected in every round')
  return { leastRoundBytes: Math.min(...taken), roundCommands: Math.ceil(count / 64), rounds: taken.length }
}

function usedBytes(): number {
  return getHeapStatistics().used_heap_size
}
