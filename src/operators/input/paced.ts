import type { Batch } from '../../book/index.ts'
import type { Source } from '../../pipeline/operator.ts'

/** How long a source sleeps at least: shorter waits are no shorter. */
const LEAST_WAIT_MS = 2
/** Records that may come at once after a pause, as a share of a second's. */
const BURST_SECONDS = 0.05

/** A source that gives no more than so many records a second, evenly. */
export class Paced implements Source {
  private readonly source: Source
  private readonly perMs: number
  private readonly burst: number
  private readonly now: () => number
  private allowed: number
  private lastMs: number

  /**
   * @param perSecond records
   * @param now milliseconds of a clock that only goes forward
   */
  constructor(source: Source, perSecond: number, now: () => number = () => performance.now()) {
    this.source = source
    this.perMs = perSecond / 1e3
    this.burst = Math.max(1, perSecond * BURST_SECONDS)
    this.now = now
    this.allowed = 1
    this.lastMs = now()
  }

  pull(batch: Batch, upTo: number): boolean {
    const nowMs = this.now()
    this.allowed = Math.min(this.burst, this.allowed + (nowMs - this.lastMs) * this.perMs)
    this.lastMs = nowMs
    const whole = Math.floor(this.allowed)
    if (whole === 0) return true
    const before = batch.count
    const more = this.source.pull(batch, Math.min(upTo, before + whole))
    this.allowed -= batch.count - before
    return more
  }

  async ready(): Promise<void> {
    await this.source.ready?.()
    const waitMs = Math.max(LEAST_WAIT_MS, (1 - this.allowed) / this.perMs)
    await new Promise((resolve) => {
      setTimeout(resolve, waitMs)
    })
  }

  stop(): void {
    this.source.stop?.()
  }

  async close(): Promise<void> {
    await this.source.close?.()
  }
}
