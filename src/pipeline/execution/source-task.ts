import { Batch, RECORD_WORDS } from '../../book/index.ts'
import { readU64, SEQUENCE, writeU64 } from '../../book/record.ts'
import type { Market } from '../market.ts'
import type { Source } from '../operator.ts'
import { Task, type TaskParts } from './task.ts'

/** Records that may still be taken, of all sources together. */
export interface Allowance {
  left: number
}

/** A source and the steps fused with it. Nothing is pulled that has no room, so pressure reaches the file or the pipe. */
export class SourceTask extends Task {
  /** Held back while state is handed over. */
  isPaused: boolean
  private readonly source: Source
  private readonly market: Market
  private readonly allowance: Allowance
  private readonly batch: Batch
  private isStopping: boolean
  private isAskedFor: boolean
  private hasEnded: boolean
  private problem: unknown

  constructor(parts: TaskParts, source: Source, market: Market, allowance: Allowance, nowMs: number) {
    super(parts, nowMs)
    this.isPaused = false
    this.source = source
    this.market = market
    this.allowance = allowance
    this.batch = new Batch(parts.batchRecords)
    this.isStopping = false
    this.isAskedFor = false
    this.hasEnded = false
    this.problem = undefined
  }

  override stop(): void {
    if (this.isStopping) return
    this.isStopping = true
    this.source.stop?.()
    if (this.source.stop === undefined) this.allowance.left = 0
    this.isAskedFor = false
    this.parts.wake()
  }

  run(nowMs: number): number {
    if (this.problem !== undefined) throw this.problem
    if (this.isPaused) return this.rest('paused', nowMs)
    const { batch, market } = this
    if (this.isAskedFor && market.inlet.isEmpty) return this.waitOn(nowMs)
    if (this.allowance.left <= 0 && market.inlet.isEmpty) return this.end(nowMs)
    const room = this.admitted(batch.capacity, nowMs)
    if (room === 0) return 0
    this.account.enter('busy', nowMs)
    const more = this.pull(room)
    const { count } = batch
    if (count > 0) {
      this.number()
      const made = this.steps.process(batch)
      this.parts.outputs.expanded(count, made.count)
      this.clock.batchEnded()
    }
    this.parts.outputs.advance(market.sequence, nowMs)
    if (!more && market.inlet.isEmpty) {
      const ended = this.worked(count)
      return this.end(ended)
    }
    if (count > 0 || !more || this.isAskedFor) return this.worked(count)
    if (this.source.ready !== undefined && !this.isStopping) {
      this.ask(this.source.ready())
      return this.rest('idle', performance.now())
    }
    // Without a word on when to ask again, it is asked in the next turn.
    return this.worked(0)
  }

  /** While others number commands, what comes from here will have a sequence above theirs. */
  private waitOn(nowMs: number): number {
    this.parts.outputs.advance(this.market.sequence, nowMs)
    return this.rest('idle', nowMs)
  }

  private ask(ready: Promise<void>): void {
    this.isAskedFor = true
    ready.then(
      () => {
        this.isAskedFor = false
        this.parts.wake()
      },
      (error: unknown) => {
        this.problem = error
        this.parts.wake()
      },
    )
  }

  /** Fills the batch, stopping at each probe to time the source for it alone. Returns whether there may be more. */
  private pull(most: number): boolean {
    const { batch, clock, allowance } = this
    batch.count = 0
    this.market.inlet.drain(batch, most)
    // What stages send does not count among what the source is asked for.
    const room = Math.min(most, batch.count + allowance.left)
    allowance.left += batch.count
    clock.batchBegan()
    for (;;) {
      const before = batch.count
      const upTo = Math.min(room, before + clock.recordsBeforeProbe)
      const more = this.pullSource(upTo)
      clock.letPass(batch.count - before)
      if (!more || batch.count < upTo || batch.count === room) return more
      clock.start()
      const alsoMore = this.pullSource(upTo + 1)
      if (batch.count > upTo) clock.entered(upTo)
      if (!alsoMore || batch.count === upTo || batch.count === room) return alsoMore
    }
  }

  /** A source that has ended, or that has yet to say that there is more, is not asked again. */
  private pullSource(upTo: number): boolean {
    if (this.isAskedFor) return true
    if (this.hasEnded || this.batch.count >= upTo) return !this.hasEnded
    this.hasEnded = !this.source.pull(this.batch, upTo)
    return !this.hasEnded
  }

  private number(): void {
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
}
