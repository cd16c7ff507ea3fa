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
  readonly stats: () => PipelineStats | undefined
  /** Since the run began. */
  readonly latencies: () => readonly LatencySummary[]
}
