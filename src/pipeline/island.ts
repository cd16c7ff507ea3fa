import { Observable, type OperatorFunction, type Subscriber, Subscription } from 'rxjs'
import type { Batch } from '../book/index.ts'
import type { StageClock } from '../telemetry/stage-clock.ts'
import { FusedSteps } from './fused-steps.ts'
import type { Step } from './operator.ts'

export { FusedSteps } from './fused-steps.ts'

type MakeStep = () => Step | Promise<Step>

/**
 * A stream of batches that fused steps have handled. An operator applied to an island joins it instead of standing
 * behind it, so `orders$.pipe(validate(m), risk(m), match(m))` is one pass; any other RxJS operator in between ends it.
 */
export class Island extends Observable<Batch> {
  private readonly origin: Observable<Batch>
  private readonly makers: readonly MakeStep[]
  private readonly clock: StageClock | undefined

  constructor(origin: Observable<Batch>, makers: readonly MakeStep[], clock?: StageClock) {
    super((subscriber) => this.connect(subscriber))
    this.origin = origin
    this.makers = makers
    this.clock = clock
  }

  with(make: MakeStep): Island {
    return new Island(this.origin, [...this.makers, make], this.clock)
  }

  private connect(subscriber: Subscriber<Batch>): void {
    const made = this.makers.map(makeStep)
    if (made.every((step) => !(step instanceof Promise))) return this.run(made as Step[], subscriber)
    void Promise.allSettled(made.map(async (step) => step)).then((results) => {
      const steps = results.filter((result) => result.status === 'fulfilled').map(({ value }) => value)
      const failed = results.find((result) => result.status === 'rejected')
      if (failed === undefined && !subscriber.closed) return this.run(steps, subscriber)
      const end = (): void => subscriber.error(failed?.reason)
      return closeSteps(steps).then(end, end)
    })
  }

  private run(steps: readonly Step[], subscriber: Subscriber<Batch>): void {
    const fused = new FusedSteps(steps, this.clock)
    const upstream = new Subscription()
    let isOver = false
    /** Lets every step finish what it holds, once, whichever way the stream ends. */
    const finish = (tell: () => void, tellProblem: (error: unknown) => void): void => {
      if (isOver) return
      isOver = true
      upstream.unsubscribe()
      if (steps.every((step) => step.close === undefined)) tell()
      else closeSteps(steps).then(tell, tellProblem)
    }
    const tellError = (error: unknown): void => subscriber.error(error)
    const fail = (error: unknown): void =>
      finish(
        () => tellError(error),
        () => tellError(error),
      )
    subscriber.add(() => finish(() => {}, tellError))
    if (isOver) return
    upstream.add(
      this.origin.subscribe({
        next: (batch) => {
          if (isOver) return
          let out: Batch
          try {
            out = fused.process(batch)
          } catch (error) {
            return fail(error)
          }
          subscriber.next(out)
          this.clock?.batchEnded()
        },
        error: fail,
        complete: () => finish(() => subscriber.complete(), tellError),
      }),
    )
  }
}

/** A step, or the promise of one; the promise is rejected if it cannot be made. */
function makeStep(make: MakeStep): Step | Promise<Step> {
  try {
    return make()
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Closes all steps, each whatever becomes of the others. Rejects with the first problem. */
async function closeSteps(steps: readonly Step[]): Promise<void> {
  const closed = await Promise.allSettled(steps.map(async (step) => step.close?.()))
  const failed = closed.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

/** A step as an RxJS operator over batches. Each subscription makes a step of its own. */
export function fromStep(make: MakeStep): OperatorFunction<Batch, Batch> {
  return (source) => (source instanceof Island ? source.with(make) : new Island(source, [make]))
}
