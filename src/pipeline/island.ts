import { Observable, type OperatorFunction, type Subscriber, Subscription } from 'rxjs'
import { type Batch, RECORD_WORDS } from '../book/index.ts'
import type { StageClock } from '../telemetry/stage-clock.ts'
import type { Step } from './operator.ts'

type Loop = (words: Int32Array, from: number, to: number) => void

/** Steps that follow one another on the same records. */
interface Run {
  readonly steps: readonly Step[]
  readonly loop: Loop
  /** Where the last of the steps puts the records of the next run. */
  readonly output: Batch | undefined
}

/**
 * Steps fused into one pass without a queue between them.
 *
 * Record by record, each goes through all steps up to and with the one that makes another kind of record, so the
 * price a risk check looks at is that of the trade just before, and the outcome does not depend on how the
 * records were batched. What those steps made is then handed through the rest in the same way.
 */
export class FusedSteps {
  private readonly runs: readonly Run[]
  private readonly steps: readonly Step[]
  private readonly clock: StageClock | undefined
  /** For each probe of the batch, its records in the run under way: from, and up to. */
  private readonly probeFrom: Int32Array
  private readonly probeTo: Int32Array

  /** @param clock times the steps as its stages 1, 2 and so on */
  constructor(steps: readonly Step[], clock?: StageClock) {
    this.steps = steps
    this.runs = splitRuns(steps)
    this.clock = clock
    this.probeFrom = new Int32Array(clock?.positions.length ?? 0)
    this.probeTo = new Int32Array(clock?.positions.length ?? 0)
  }

  /** Takes a batch through all steps and returns the batch that comes out: the same, or the last step's output. */
  process(input: Batch): Batch {
    const probes = this.clock?.probes ?? 0
    for (let probe = 0; probe < probes; probe++) {
      this.probeFrom[probe] = this.clock!.positions[probe]!
      this.probeTo[probe] = this.clock!.positions[probe]! + 1
    }
    let batch = input
    let stage = 1
    for (const run of this.runs) {
      if (run.output !== undefined) run.output.count = 0
      let from = 0
      for (let probe = 0; probe < probes; probe++) {
        run.loop(batch.words, from, this.probeFrom[probe]!)
        from = this.probeTo[probe]!
        this.processProbe(run, batch.words, probe, stage)
      }
      run.loop(batch.words, from, batch.count)
      for (const step of run.steps) step.commit?.()
      stage += run.steps.length
      batch = run.output ?? batch
    }
    for (const step of this.steps) step.flush?.()
    return batch
  }

  /** Takes one probe's records through a run, with a stamp after each step. */
  private processProbe(run: Run, words: Int32Array, probe: number, firstStage: number): void {
    const clock = this.clock!
    const made = run.output?.count ?? 0
    const from = this.probeFrom[probe]! * RECORD_WORDS
    const to = this.probeTo[probe]! * RECORD_WORDS
    clock.start()
    for (let at = from; at < to; at += RECORD_WORDS)
      for (let i = 0; i < run.steps.length; i++) {
        run.steps[i]!.process(words, at)
        clock.lap(firstStage + i)
      }
    for (let i = 0; i < run.steps.length; i++) clock.passed(probe, firstStage + i)
    if (run.output === undefined) return
    this.probeFrom[probe] = made
    this.probeTo[probe] = run.output.count
  }
}

function splitRuns(steps: readonly Step[]): Run[] {
  const runs: Run[] = []
  let begin = 0
  for (let end = 1; end <= steps.length; end++) {
    const { output } = steps[end - 1]!
    if (output === undefined && end < steps.length) continue
    const part = steps.slice(begin, end)
    runs.push({ steps: part, loop: fuse(part), output })
    begin = end
  }
  return runs
}

/**
 * Generates the loop over a run of steps. Written out for just these steps, each call in it only ever meets one
 * kind of step and the compiler inlines it: 3 to 7 ns a record against 84 to 101 for a loop over a list of steps.
 */
function fuse(steps: readonly Step[]): Loop {
  const names = steps.map((_, i) => `step${i}`)
  const calls = names.map((name) => `${name}.process(words, at)`).join('; ')
  const body = `return function fused(words, from, to) {
    for (let at = from * ${RECORD_WORDS}, end = to * ${RECORD_WORDS}; at < end; at += ${RECORD_WORDS}) { ${calls} }
  }`
  // The text holds nothing but the names and numbers above: no user's input reaches it.
  // oxlint-disable-next-line no-implied-eval, no-new-func
  return (new Function(...names, body) as (...steps: readonly Step[]) => Loop)(...steps)
}

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
