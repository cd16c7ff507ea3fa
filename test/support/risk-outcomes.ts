import {
  Batch,
  CommandKind,
  MatchingEngine,
  pushCommand,
  RECORD_WORDS,
  type Command,
} from '../../src/book/index.ts'
import { CODE } from '../../src/book/record.ts'
import { RiskStage, type RiskHooks, type RiskOptions } from '../../src/operators/index.ts'
import { FusedSteps } from '../../src/pipeline/island.ts'
import { Market } from '../../src/pipeline/market.ts'
import type { Step } from '../../src/pipeline/operator.ts'
import { pushRiskChange, type RiskChange } from '../../src/risk/index.ts'
import { codeName } from './codes.ts'

export const SPECS = [
  { symbol: 'AAPL', tick: '1', lot: '1', referencePrice: '100', maxQuantity: '2147483647' },
  { symbol: 'INTC', tick: '0.5', lot: '10', referencePrice: '50' },
  { symbol: 'BARE', tick: '1', lot: '1' },
]

/** A command, or a change of risk as one. */
export type Asked = Command | RiskChange

/** A risk stage with a matching engine behind it, fed a command at a time. */
export class RiskDesk {
  readonly market = new Market(SPECS)
  readonly stage: RiskStage
  readonly engine: MatchingEngine
  private readonly steps: FusedSteps
  private sequence = 0

  constructor(options: RiskOptions = {}, hooks: RiskHooks = {}) {
    // Clients are numbered as the tests have them.
    for (const name of ['one', 'two', 'three', 'four']) this.market.clients.number(name)
    this.stage = new RiskStage(this.market, options, hooks)
    this.engine = new MatchingEngine(this.market.instruments)
    this.market.engine = this.engine
    const match: Step = {
      output: this.engine.events,
      process: (words, at) => this.engine.apply(words, at),
    }
    this.steps = new FusedSteps([this.stage, match])
  }

  /** What becomes of each command at risk: `good` or the name of its code. A change of risk may be several records. */
  play(asked: readonly Asked[], size = Infinity): string[] {
    const records = new Batch(asked.length * 8 + 8)
    for (const each of asked)
      if (isCommand(each)) pushCommand(records, { ...each, sequence: ++this.sequence })
      else this.sequence += pushRiskChange(records, each, { sequence: this.sequence + 1 })
    const told: string[] = []
    for (let from = 0; from < records.count; from += size) {
      const batch = new Batch(Math.max(1, Math.min(size, records.count - from)))
      batch.count = Math.min(batch.capacity, records.count - from)
      batch.words.set(records.words.subarray(from * RECORD_WORDS, (from + batch.count) * RECORD_WORDS))
      this.steps.process(batch)
      for (let i = 0; i < batch.count; i++)
        told.push(codeName(batch.words[i * RECORD_WORDS + CODE]! & 0xffff))
    }
    return told
  }
}

function isCommand(asked: Asked): asked is Command {
  return 'kind' in asked && asked.kind !== CommandKind.risk
}
