import { Observable, type Subscriber } from 'rxjs'
import { type Batch, BATCH_RECORDS } from '../book/index.ts'
import type { StageClock } from '../telemetry/stage-clock.ts'
import { Intake, type Allowance } from './intake.ts'
import type { Market } from './market.ts'
import type { Source } from './operator.ts'

/** How long batches may follow one another before timers, signals and sockets get their turn. */
const TURN_MS = 8

export interface PumpOptions {
  readonly clock?: StageClock | undefined
  /** Records after which the stream ends. */
  readonly limit?: number | undefined
  /** The same for several sources together, in place of `limit`. */
  readonly allowance?: Allowance | undefined
  readonly batchRecords?: number | undefined
  /** Gives what else must be waited for before the next batch, in place of the market's gate. */
  readonly hold?: (() => Promise<void> | undefined) | undefined
  /** Ends the stream early; what the source has read is still given. */
  readonly stop?: AbortSignal | undefined
}

/**
 * A source as a stream of batches, numbered in sequence as they enter.
 *
 * The next batch is pulled only when the last one has been through every step and no sink holds the market's gate:
 * what is not pulled is not read, so backpressure reaches the file, the pipe or the generator. The batch is the
 * same object each time.
 */
export function observeSource(source: Source, market: Market, options: PumpOptions = {}): Observable<Batch> {
  return new Observable((subscriber) => {
    const pump = new Pump(source, market, options, subscriber)
    pump.run().then(
      () => subscriber.complete(),
      (error: unknown) => subscriber.error(error),
    )
    return () => pump.cancel()
  })
}

class Pump {
  private readonly source: Source
  private readonly market: Market
  private readonly subscriber: Subscriber<Batch>
  private readonly intake: Intake
  private readonly stop: AbortSignal | undefined
  private readonly allowance: Allowance
  private readonly hold: () => Promise<void> | undefined
  private isStopping = false
  private isCancelled = false
  /** Ends the wait under way. */
  private wake: () => void = () => {}

  constructor(source: Source, market: Market, options: PumpOptions, subscriber: Subscriber<Batch>) {
    this.source = source
    this.market = market
    this.subscriber = subscriber
    this.stop = options.stop
    this.allowance = options.allowance ?? { left: options.limit ?? Infinity }
    const { batchRecords = BATCH_RECORDS, clock } = options
    this.intake = new Intake(source, market, this.allowance, batchRecords, clock)
    this.hold = options.hold ?? (() => market.gate.wait())
  }

  cancel(): void {
    this.isCancelled = true
    this.wake()
  }

  async run(): Promise<void> {
    const { source, stop } = this
    try {
      // Whoever subscribes must be able to unsubscribe before the first batch comes.
      await Promise.resolve()
      if (stop?.aborted === true) this.endEarly()
      else stop?.addEventListener('abort', this.endEarly)
      await this.feed()
    } finally {
      stop?.removeEventListener('abort', this.endEarly)
      await source.close?.()
    }
  }

  private async feed(): Promise<void> {
    const { source, intake, market, subscriber } = this
    const { batch } = intake
    let turnEnds = performance.now() + TURN_MS
    while (!this.isCancelled && this.allowance.left > 0) {
      const held = this.hold()
      if (held !== undefined) {
        await this.until(held)
        continue
      }
      const isOver = !intake.pull(batch.capacity)
      if (batch.count > 0) {
        intake.number()
        subscriber.next(batch)
      }
      if (isOver && market.inlet.isEmpty) break
      if (isOver) continue
      if (batch.count === 0 && source.ready !== undefined && !this.isStopping)
        await this.until(source.ready())
      // Also after a wait: what it waited for may have been there already, and then nobody else had a turn.
      if (performance.now() < turnEnds) continue
      await new Promise(setImmediate)
      turnEnds = performance.now() + TURN_MS
    }
  }

  private readonly endEarly = (): void => {
    this.isStopping = true
    this.source.stop?.()
    if (this.source.stop === undefined) this.allowance.left = 0
    this.wake()
  }

  /** Waits, though not once someone wants an end. (A race with a promise that never settles would grow with each wait.) */
  private until(promise: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.wake = resolve
      promise.then(resolve, reject)
    })
  }
}
