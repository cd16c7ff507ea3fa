import type { BudgetStats, PipelineStats } from '../../telemetry/pipeline-stats.ts'
import { duration } from '../../telemetry/text-table.ts'

const LOOK_EVERY_MS = 100
/** A budget must be breached at so many looks in a row: the first records of new code are slow. */
const LOOKS = 3

/** Budgets that are breached, by stage and quantile. */
export function breachesOf({ budgets }: PipelineStats): ReadonlySet<string> {
  return new Set(budgets.filter(({ isBreached }) => isBreached).map(keyOf))
}

/** Looks after a pipeline that has just taken over: whether its new stages fail, and whether budgets hold. */
export class TrialWatch {
  /** Stages whose failures count. */
  readonly stages: ReadonlySet<string>
  private readonly breachedBefore: ReadonlySet<string>
  private readonly looks = new Map<string, number>()
  private timer: NodeJS.Timeout | undefined
  private endMs: number
  private onFailed: ((reason: string) => void) | undefined
  private reason: string | undefined
  private hasEnded: boolean

  /** @param breachedBefore budgets that the change is not to blame for */
  constructor(stages: ReadonlySet<string>, breachedBefore: ReadonlySet<string>) {
    this.stages = stages
    this.breachedBefore = breachedBefore
    this.timer = undefined
    this.endMs = Infinity
    this.onFailed = undefined
    this.reason = undefined
    this.hasEnded = false
  }

  get isOn(): boolean {
    return !this.hasEnded
  }

  /** @param onFailed called once, if it fails */
  begin(stats: () => PipelineStats, watchMs: number, onFailed: (reason: string) => void): void {
    if (this.hasEnded) return
    this.onFailed = onFailed
    this.endMs = performance.now() + watchMs
    if (this.reason !== undefined) return this.settle()
    this.timer = setInterval(() => this.look(stats()), LOOK_EVERY_MS)
    this.timer.unref()
  }

  /** @returns whether the failure is seen to, as it is while the watch is on */
  failed(reason: string): boolean {
    if (this.hasEnded) return this.reason !== undefined
    this.reason ??= reason
    if (this.onFailed !== undefined) this.settle()
    return true
  }

  end(): void {
    this.hasEnded = true
    clearInterval(this.timer)
  }

  private look(stats: PipelineStats): void {
    for (const budget of stats.budgets) {
      const key = keyOf(budget)
      const looks = budget.isBreached && !this.breachedBefore.has(key) ? (this.looks.get(key) ?? 0) + 1 : 0
      this.looks.set(key, looks)
      if (looks < LOOKS) continue
      const { stage, quantile, actualNs, limitNs } = budget
      this.failed(`${quantile} of ${stage} is ${duration(actualNs)}, ${duration(limitNs)} are allowed`)
      return
    }
    if (performance.now() >= this.endMs) this.end()
  }

  /** The stages are looked after until they are replaced. */
  private settle(): void {
    clearInterval(this.timer)
    const { onFailed, reason } = this
    this.onFailed = undefined
    if (onFailed !== undefined && reason !== undefined) onFailed(reason)
  }
}

function keyOf({ stage, quantile }: BudgetStats): string {
  return `${stage} ${quantile}`
}
