import type { LatencySummary } from '../../telemetry/latency.ts'
import type { BudgetStats } from '../../telemetry/pipeline-stats.ts'
import { PERCENTILES } from '../../telemetry/latency.ts'
import { duration } from '../../telemetry/text-table.ts'
import type { Definition } from '../definition.ts'
import type { BudgetLimit, Quantile } from '../graph/stage-settings.ts'

/** A stage is judged when so many of its records have been timed. */
const ENOUGH_SAMPLES = 100

/** Name of the row for a record's own time through all stages of its island. */
const WHOLE = 'whole'

/** Holds the times that records take against what the file allows. */
export class Budgets {
  private readonly limits: readonly { readonly stage: string; readonly limit: BudgetLimit }[]
  private readonly told = new Set<string>()

  constructor({ stages, budget }: Pick<Definition, 'stages' | 'budget'>) {
    this.limits = [
      ...stages.flatMap(({ id, settings }) => settings.budget.map((limit) => ({ stage: id, limit }))),
      ...budget.map((limit) => ({ stage: WHOLE, limit })),
    ]
  }

  get isEmpty(): boolean {
    return this.limits.length === 0
  }

  stats(latencies: readonly LatencySummary[]): BudgetStats[] {
    return this.limits.map(({ stage, limit: { quantile, limitNs } }) => {
      const rows = latencies.filter(({ name, samples }) => name === stage && samples > 0)
      const actualNs = Math.max(0, ...rows.map((row) => quantileOf(row, quantile)))
      const samples = Math.max(0, ...rows.map((row) => row.samples))
      const isBreached = samples >= ENOUGH_SAMPLES && actualNs > limitNs
      return { stage, quantile, limitNs, actualNs, isBreached }
    })
  }

  /** What to say of budgets that are breached and were not before. */
  newBreaches(latencies: readonly LatencySummary[]): string[] {
    const warnings: string[] = []
    for (const { stage, quantile, limitNs, actualNs, isBreached } of this.stats(latencies)) {
      const key = `${stage} ${quantile}`
      if (!isBreached) this.told.delete(key)
      else if (!this.told.has(key)) {
        this.told.add(key)
        warnings.push(
          `budget: ${quantile} of ${stage} is ${duration(actualNs)}, ${duration(limitNs)} are allowed`,
        )
      }
    }
    return warnings
  }
}

function quantileOf({ percentilesNs, maxNs }: LatencySummary, quantile: Quantile): number {
  if (quantile === 'max') return maxNs
  return percentilesNs[PERCENTILES.findIndex((percentile) => `p${percentile}` === quantile)]!
}
