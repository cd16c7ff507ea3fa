import type { LatencySummary } from '../../telemetry/latency.ts'
import type { PipelineStats } from '../../telemetry/pipeline-stats.ts'
import type { StageDefinition } from '../definition.ts'
import type { EdgeLink, EdgeReader, EdgeWriter } from '../edge/ports.ts'
import type { Allowance } from '../intake.ts'
import type { Market } from '../market.ts'
import type { Part, ReportSection, StepFailure } from '../operator.ts'
import type { PlannedEdge, PlannedIsland } from '../plan/plan.ts'

export type Backend = 'fused' | 'reference'

/** The ends of an edge as far as they are on this thread, and what says how it is. */
export interface EdgeEnds {
  /** Undefined where another thread writes, or reads. */
  readonly writer: EdgeWriter | undefined
  readonly reader: EdgeReader | undefined
  readonly link: EdgeLink
}

/** Told of each command that an edge refuses. */
export type OnReject = (words: Int32Array, at: number) => void

export interface Trial {
  readonly stages: ReadonlySet<string>
  /** Whether it still is. */
  readonly isOn: () => boolean
  readonly onFailure: (stage: string, cause: unknown) => void
}

export interface RunOptions {
  /** Records to take from the sources, all together; without it the sources decide. */
  readonly records?: number | undefined
  /** Ends the run early: what was read is handled, nothing more is read. */
  readonly stop?: AbortSignal | undefined
  /** How long what was read may still take once the run has been stopped. By default as long as it takes. */
  readonly drainTimeoutMs?: number | undefined
  /** One record in so many is timed; 0 times none. */
  readonly probeEvery?: number | undefined
  readonly batchRecords?: number | undefined
  /** Checks the engine's invariants after so many commands, whatever the file says of it. */
  readonly checkEvery?: number | undefined
  /** `fused` is for work; `reference` does the same in the plainest way, one record and one stage after the other. */
  readonly backend?: Backend | undefined
  /** Told in words of what should be looked at while it runs, such as a budget that is breached. */
  readonly onWarning?: ((message: string) => void) | undefined
  /** Breakers and the times of dead letters go by this; by default by `performance.now()`. */
  readonly now?: (() => number) | undefined
  /** Parts from elsewhere, by stage and worker: of an earlier pipeline that hands over, or a stand-in. Others are created. */
  readonly adopt?: ((stage: StageDefinition, worker: number | undefined) => Part | undefined) | undefined
  /** Records that the sources may still give, all together; counted down. In place of `records`. */
  readonly allowance?: Allowance | undefined
  /** Whether it goes on for an earlier pipeline of the same process: what that one has written is kept. */
  readonly goesOn?: boolean | undefined
  /** Stages that are on trial: their failures do not end the run. */
  readonly trial?: Trial | undefined
  /** Told that a part can take no more. Returns whether that is seen to; otherwise the run ends. */
  readonly onPartFailed?: ((failure: StepFailure) => boolean) | undefined
  /** A market to go on with, of an earlier pipeline. */
  readonly market?: Market | undefined
  /** Which islands run here; by default all. */
  readonly hosts?: ((island: PlannedIsland) => boolean) | undefined
  /** Makes an edge that is not the plain one of this thread. */
  readonly connect?: ((edge: PlannedEdge, onReject: OnReject) => EdgeEnds | undefined) | undefined
}

/** What waited in an edge, or in a stage that waits, when the time to drain was over. */
export interface Undrained {
  /** An edge, or an island. */
  readonly where: string
  readonly records: number
}

/** What a run was, once it is over. */
export interface RunReport {
  readonly pipeline: string
  /** Commands that came in. */
  readonly commands: number
  readonly seconds: number
  /** Why the run ended early, if a step could take no more. */
  readonly failure: StepFailure | undefined
  readonly latencies: readonly LatencySummary[]
  /** What the stages have to say, in the order of the file. */
  readonly sections: readonly ReportSection[]
  /** Where it was held up, and by whom. */
  readonly stats: PipelineStats
  /** What was left when the time to drain was over; empty where all was handled. */
  readonly undrained: readonly Undrained[]
}
