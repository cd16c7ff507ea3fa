import { Batch, BATCH_RECORDS } from '../../book/index.ts'
import type { Market } from '../../pipeline/market.ts'
import type { ReportSection, Source } from '../../pipeline/operator.ts'

/**
 * A source that gives the same records each time it is opened, as a file or a seeded generator does, without those that
 * the market knows already: a run that was broken off goes on where it was.
 */
export class Resumed implements Source {
  readonly ready?: () => Promise<void>
  readonly stop?: () => void
  readonly report?: () => ReportSection
  readonly close?: () => Promise<void>
  private readonly source: Source
  private readonly market: Market
  private readonly known: Batch
  private passed: number

  constructor(source: Source, market: Market) {
    this.source = source
    this.market = market
    this.known = new Batch(BATCH_RECORDS)
    this.passed = 0
    if (source.ready !== undefined) this.ready = () => source.ready!()
    if (source.stop !== undefined) this.stop = () => source.stop!()
    if (source.report !== undefined) this.report = () => source.report!()
    if (source.close !== undefined) this.close = () => source.close!()
  }

  pull(batch: Batch, upTo: number): boolean {
    const { commands } = this.market.recovered
    while (this.passed < commands) {
      this.known.count = 0
      const more = this.source.pull(this.known, Math.min(BATCH_RECORDS, commands - this.passed))
      this.passed += this.known.count
      if (!more || this.known.count === 0) return more
    }
    return this.source.pull(batch, upTo)
  }
}
