import { type Batch, RECORD_WORDS } from '../../book/index.ts'
import * as record from '../../book/record.ts'
import { setTerms } from '../../ai/routing/router.ts'
import type { Market } from '../../pipeline/market.ts'
import type { ReportSection, Step } from '../../pipeline/operator.ts'
import { thousands } from '../../telemetry/text-table.ts'
import type { RecordedDecisions } from './decision-log.ts'

const { CommandKind, HEAD, headKind } = record

/** Does to orders what was decided about them in an earlier run: no model is read, none is asked. */
export class ReplayStep implements Step {
  private readonly market: Market
  private readonly decisions: RecordedDecisions

  constructor(market: Market, decisions: RecordedDecisions) {
    this.market = market
    this.decisions = decisions
  }

  process(words: Int32Array, at: number): void {
    if (headKind(words[at + HEAD]!) !== CommandKind.new) return
    const from = this.decisions.apply(words, at)
    if (from < 0) return
    setTerms(words, at)
    const events = this.market.engine?.events
    if (events === undefined) return
    append(events, this.decisions.records, from)
  }

  report(): ReportSection {
    const { taken, count } = this.decisions
    return {
      title: 'ai',
      lines: [`${thousands(taken)} of ${thousands(count)} recorded decisions taken, no model asked`],
      figures: { taken, recorded: count },
    }
  }
}

function append(events: Batch, words: Int32Array, from: number): void {
  if (events.count === events.capacity) events.grow()
  events.words.set(words.subarray(from, from + RECORD_WORDS), events.count++ * RECORD_WORDS)
}
