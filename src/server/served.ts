import type { Plan } from '../pipeline/plan/plan.ts'
import type { Pipeline } from '../pipeline/runtime.ts'
import type { Market } from '../pipeline/market.ts'
import type { LatencySummary } from '../telemetry/latency.ts'
import type { PipelineStats } from '../telemetry/pipeline-stats.ts'

/** What a plan looks like to who draws it. */
export interface PlanView {
  readonly stages: readonly PlanStage[]
  readonly edges: readonly PlanEdge[]
}

export interface PlanStage {
  readonly id: string
  readonly operator: string
  /** The island it is fused into. */
  readonly island: string
}

export interface PlanEdge {
  readonly from: string
  readonly to: string
  /** The bounded edge that joins two islands here; undefined within one. */
  readonly edge: string | undefined
  readonly policy: string | undefined
  readonly capacityRecords: number | undefined
}

/** A running pipeline as the server sees it. */
export interface Served {
  readonly name: string
  readonly market: Market
  readonly plan: PlanView
  /** The folder that records of failing stages go to. */
  readonly deadLettersDir: string | undefined
  readonly stats: () => PipelineStats | undefined
  /** Since the run began. */
  readonly latencies: () => readonly LatencySummary[]
  /** Since this was last called. */
  readonly recentLatencies: () => readonly LatencySummary[]
}

/** A pipeline that is set up, as the server sees it. */
export function servedOf(pipeline: Pipeline): Served {
  return {
    name: pipeline.plan.definition.name,
    market: pipeline.market,
    // A reload changes it.
    get plan() {
      return planView(pipeline.plan)
    },
    get deadLettersDir() {
      return pipeline.plan.definition.deadLettersDir
    },
    stats: pipeline.stats,
    latencies: pipeline.latencies,
    recentLatencies: pipeline.recentLatencies,
  }
}

function planView({ definition, islands, edges }: Plan): PlanView {
  const islandOf = new Map(islands.flatMap(({ id, stages }) => stages.map(({ stage }) => [stage.id, id])))
  return {
    stages: definition.stages.map(({ id, operator }) => ({
      id,
      operator: operator.name,
      island: islandOf.get(id) ?? id,
    })),
    edges: definition.connections.map(({ from, fromStage, to }) => {
      const edge = edges.find((one) => one.from === from && one.to === to)
      return {
        from: fromStage,
        to,
        edge: edge?.id,
        policy: edge?.settings.policy,
        capacityRecords: edge?.settings.capacityRecords,
      }
    }),
  }
}
