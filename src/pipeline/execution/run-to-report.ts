import type { DeadLetterFiles } from '../fault/dead-letters.ts'
import { isSource, type Part, type StepFailure } from '../operator.ts'
import type { Plan } from '../plan/plan.ts'
import type { FusedRun } from './fused-run.ts'
import { inFileOrder, type Made } from './parts.ts'
import type { ReferenceRun } from './reference-run.ts'
import type { RunOptions, RunReport, Undrained } from './run-options.ts'

export interface RunParts {
  readonly plan: Plan
  readonly made: Made
  readonly work: FusedRun | ReferenceRun
  readonly options: RunOptions
  readonly deadLetters: DeadLetterFiles
  /** The parts that are this run's to close. */
  readonly kept: () => readonly Part[]
}

const BUDGETS_EVERY_MS = 1_000
/** Parts that do not close in this time, once the time to drain is over, are left as they are. */
const CLOSE_AFTER_CUT_MS = 1_000

/** Runs a pipeline to its end and says what it was. Rejects if a stage fails; all parts are closed either way. */
export async function runToReport(run: RunParts): Promise<RunReport> {
  const { plan, made, work, options } = run
  const began = performance.now()
  const drain = new Drain(work, options.drainTimeoutMs)
  let failure: StepFailure | undefined
  for (const part of run.kept())
    if (!isSource(part))
      void part.failed?.then((reason) => {
        if (options.onPartFailed?.(reason) === true) return
        failure ??= reason
        drain.begin()
      })
  const onStop = (): void => drain.begin()
  if (options.stop?.aborted === true) drain.begin()
  options.stop?.addEventListener('abort', onStop)
  const watch = setInterval(() => work.watchBudgets(), BUDGETS_EVERY_MS)
  watch.unref()
  try {
    await work.run()
  } catch (error) {
    await close(run).catch(() => {})
    throw error
  } finally {
    clearInterval(watch)
    drain.end()
    options.stop?.removeEventListener('abort', onStop)
  }
  const undrained: readonly Undrained[] = drain.isOver ? work.undrained() : []
  await (drain.isOver ? within(close(run), CLOSE_AFTER_CUT_MS) : close(run))
  work.watchBudgets()
  return {
    pipeline: plan.definition.name,
    commands: made.market.sequence - made.market.recovered.sequence,
    seconds: (performance.now() - began) / 1e3,
    failure,
    latencies: work.latencies(),
    sections: inFileOrder(made.islands)
      .map((part) => part.report?.())
      .filter((section) => section !== undefined),
    stats: work.stats(),
    undrained,
  }
}

/** The end of a run that was stopped: what was read is handled, for so long. */
class Drain {
  isOver = false
  private readonly work: FusedRun | ReferenceRun
  private readonly timeoutMs: number | undefined
  private timer: NodeJS.Timeout | undefined

  constructor(work: FusedRun | ReferenceRun, timeoutMs: number | undefined) {
    this.work = work
    this.timeoutMs = timeoutMs
  }

  begin(): void {
    this.work.stop()
    if (this.timeoutMs === undefined) return
    this.timer ??= setTimeout(() => {
      this.isOver = true
      this.work.cut()
    }, this.timeoutMs)
  }

  end(): void {
    clearTimeout(this.timer)
  }
}

/** Closes sources, then all other parts, each whatever becomes of the others. Rejects with the first problem. */
async function close({ work, deadLetters, kept }: RunParts): Promise<void> {
  const parts = kept()
  const results: PromiseSettledResult<unknown>[] = []
  for (const group of [parts.filter(isSource), parts.filter((part) => !isSource(part))])
    results.push(...(await Promise.allSettled(group.map(async (part) => part.close?.()))))
  results.push(...(await Promise.allSettled([work.close()])))
  deadLetters.close()
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

/** Waits for a promise, and no longer than so long. */
async function within(promise: Promise<void>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds)
  })
  await Promise.race([promise.catch(() => {}), over])
  clearTimeout(timer)
}
