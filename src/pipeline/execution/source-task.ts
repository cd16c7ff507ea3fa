import { Intake, type Allowance } from '../intake.ts'
import type { Market } from '../market.ts'
import type { Source } from '../operator.ts'
import { Task, type TaskParts } from './task.ts'

/** A source and the steps fused with it. Nothing is pulled that has no room, so pressure reaches the file or the pipe. */
export class SourceTask extends Task {
  /** Held back while state is handed over. */
  isPaused: boolean
  private readonly source: Source
  private readonly market: Market
  private readonly allowance: Allowance
  private readonly intake: Intake
  private isStopping: boolean
  private isAskedFor: boolean
  private problem: unknown

  constructor(parts: TaskParts, source: Source, market: Market, allowance: Allowance, nowMs: number) {
    super(parts, nowMs)
    this.isPaused = false
    this.source = source
    this.market = market
    this.allowance = allowance
    this.intake = new Intake(source, market, allowance, parts.batchRecords, parts.clock)
    this.isStopping = false
    this.isAskedFor = false
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
    const { intake, market } = this
    const { batch } = intake
    if (this.isAskedFor && market.inlet.isEmpty) return this.waitOn(nowMs)
    if (this.allowance.left <= 0 && market.inlet.isEmpty) return this.end(nowMs)
    const room = this.admitted(batch.capacity, nowMs)
    if (room === 0) return 0
    this.account.enter('busy', nowMs)
    const more = intake.pull(room, !this.isAskedFor)
    const { count } = batch
    if (count > 0) {
      intake.number()
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
}
