import { Batch, RECORD_WORDS } from '../book/index.ts'
import { readU64, SEQUENCE, writeU64 } from '../book/record.ts'
import type { StageClock } from '../telemetry/stage-clock.ts'
import type { Market } from './market.ts'
import type { Source } from './operator.ts'

/** Records that may still be taken, of all sources together. */
export interface Allowance {
  left: number
}

/** How the commands of a source come in: what stages send themselves first, then what the source gives, numbered. */
export class Intake {
  /** The same object for each batch. */
  readonly batch: Batch
  private readonly source: Source
  private readonly market: Market
  private readonly allowance: Allowance
  private readonly clock: StageClock | undefined
  private hasEnded: boolean

  /** @param clock times the source at the probes; without one none is timed */
  constructor(
    source: Source,
    market: Market,
    allowance: Allowance,
    batchRecords: number,
    clock: StageClock | undefined,
  ) {
    this.batch = new Batch(batchRecords)
    this.source = source
    this.market = market
    this.allowance = allowance
    this.clock = clock
    this.hasEnded = false
  }

  /**
   * Fills the batch, stopping at each probe to time the source for it alone.
   * @param most records that there is room for behind it
   * @param isSourceReady whether the source is asked; what stages send comes in either way
   * @returns whether the source may have more
   */
  pull(most: number, isSourceReady = true): boolean {
    const { batch, allowance, clock } = this
    batch.count = 0
    this.market.inlet.drain(batch, most)
    // What stages send does not count among what the source is asked for.
    const room = Math.min(most, batch.count + allowance.left)
    allowance.left += batch.count
    if (clock === undefined) return this.pullSource(room, isSourceReady)
    clock.batchBegan()
    for (;;) {
      const before = batch.count
      const upTo = Math.min(room, before + clock.recordsBeforeProbe)
      const more = this.pullSource(upTo, isSourceReady)
      clock.letPass(batch.count - before)
      if (!more || batch.count < upTo || batch.count === room) return more
      clock.start()
      const alsoMore = this.pullSource(upTo + 1, isSourceReady)
      if (batch.count > upTo) clock.entered(upTo)
      if (!alsoMore || batch.count === upTo || batch.count === room) return alsoMore
    }
  }

  /** Gives the records of the batch their sequences, unless they bring their own. There must be one. */
  number(): void {
    const { batch, market } = this
    let { sequence } = market
    if (this.source.isNumbered === true)
      sequence = readU64(batch.words, (batch.count - 1) * RECORD_WORDS + SEQUENCE)
    else
      for (let at = 0; at < batch.count * RECORD_WORDS; at += RECORD_WORDS)
        writeU64(batch.words, at + SEQUENCE, ++sequence)
    market.sequence = sequence
    this.allowance.left -= batch.count
  }

  /** A source that has ended is not asked again. */
  private pullSource(upTo: number, isSourceReady: boolean): boolean {
    if (!isSourceReady) return true
    if (this.hasEnded || this.batch.count >= upTo) return !this.hasEnded
    this.hasEnded = !this.source.pull(this.batch, upTo)
    return !this.hasEnded
  }
}
