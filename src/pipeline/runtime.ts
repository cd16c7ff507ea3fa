import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import type { Observable } from 'rxjs'
import type { Batch } from '../book/index.ts'
import type { LatencySummary } from '../telemetry/latency.ts'
import type { PipelineStats } from '../telemetry/pipeline-stats.ts'
import type { Definition } from './definition.ts'
import { FusedRun } from './execution/fused-run.ts'
import { makeParts, type Made } from './execution/parts.ts'
import { ReferenceRun } from './execution/reference-run.ts'
import type { RunOptions, RunReport } from './execution/run-options.ts'
import { runToReport } from './execution/run-to-report.ts'
import { DeadLetterFiles } from './fault/dead-letters.ts'
import { messageOf } from './fault/stage-faults.ts'
import type { Market } from './market.ts'
import { isSource, type Part } from './operator.ts'
import { planOf, type Plan } from './plan/plan.ts'
import type { PipelineError, Problem } from './problem.ts'

export type { Backend, RunOptions, RunReport, Undrained } from './execution/run-options.ts'

/** A pipeline that is set up: files are open, nothing has been read. */
export interface Pipeline {
  readonly market: Market
  readonly plan: Plan
  /** Runs it to its end. Rejects if a stage fails. */
  readonly run: () => Promise<RunReport>
  /** What it does now: plain values, at any time. */
  readonly stats: () => PipelineStats
  /** How long records take in each stage: since the run began. */
  readonly latencies: () => readonly LatencySummary[]
  /** The same since this was last called: for one who looks at intervals. Of the fused back end. */
  readonly recentLatencies: () => readonly LatencySummary[]
  /** What a stage gives while it runs: copies, of the fused back end. */
  readonly tap: (stage: string) => Observable<Batch>
  /** Holds the sources, and resolves with the latest sequence when all up to it has been handled. */
  readonly barrier: () => Promise<number>
  /**
   * At a barrier: ends the sources of these stages, and resolves when what they had read has been handled. With the last of
   * them the run may end; the parts of `adopted` names stay open.
   */
  readonly finish: (sources: ReadonlySet<string>, adopted: ReadonlySet<string>) => Promise<void>
  /** Lets the sources go on after a barrier. */
  readonly resume: () => void
  /** What each stage must know to go on, by its id (with `[n]` where it is one of several workers). At a barrier. */
  readonly snapshot: () => ReadonlyMap<string, Uint8Array>
  /** Takes up what `snapshot` of the same stages gave. Before the run. Throws RangeError where it does not fit. */
  readonly restore: (states: ReadonlyMap<string, Uint8Array>) => void
  /** Each stage's part, by the same names: for another pipeline to adopt. */
  readonly parts: () => ReadonlyMap<string, Part>
  /** Ends the run at a barrier without closing the parts of these stages: another pipeline has adopted them. */
  readonly release: (names: ReadonlySet<string>) => void
  /** Lets go at once, between two lines or messages. Resolves when nothing is half-written. */
  readonly abort: () => Promise<void>
}

/** Sets up all stages of a definition. Every stage that cannot be set up is reported, at its place in the file. */
export function preparePipeline(
  definition: Definition,
  options: RunOptions = {},
): TE.TaskEither<PipelineError, Pipeline> {
  return async () => {
    const plan = planOf(definition)
    const made = await makeParts(plan, options)
    if (E.isLeft(made)) return made
    const deadLetters = new DeadLetterFiles(definition.deadLettersDir, made.right.market)
    try {
      const work =
        options.backend === 'reference'
          ? new ReferenceRun(plan, made.right, options, deadLetters)
          : new FusedRun(plan, made.right, options, deadLetters)
      return E.right(pipelineOf(plan, made.right, work, options, deadLetters))
    } catch (error) {
      const all = made.right.islands.flatMap(({ parts }) => parts)
      await Promise.allSettled(all.map(async (part) => part.close?.()))
      return E.left(pipelineErrorOf([definition.problemAt(plan.islands[0]!.id, [], messageOf(error))]))
    }
  }
}

function pipelineErrorOf(problems: readonly Problem[]): PipelineError {
  return { _tag: 'PipelineError', problems }
}

function pipelineOf(
  plan: Plan,
  made: Made,
  work: FusedRun | ReferenceRun,
  options: RunOptions,
  deadLetters: DeadLetterFiles,
): Pipeline {
  const released = new Set<string>()
  const parts = partsByName(made)
  const kept = (): Part[] => [...parts].filter(([name]) => !released.has(name)).map(([, part]) => part)
  return {
    market: made.market,
    plan,
    run: () => runToReport({ plan, made, work, options, deadLetters, kept }),
    stats: () => work.stats(),
    latencies: () => work.latencies(),
    recentLatencies: () => (work instanceof FusedRun ? work.recentLatencies() : []),
    tap: (stage) => work.tap(stage),
    barrier: () => work.barrier(),
    finish: (sources, adopted) => {
      for (const name of adopted) released.add(name)
      return work.finish(sources)
    },
    resume: () => work.resume(),
    snapshot: () => snapshotOf(parts),
    restore: (states) => restoreTo(parts, states),
    parts: () => parts,
    release: (stages) => {
      for (const stage of stages) released.add(stage)
      made.unlink()
      work.cut()
    },
    abort: async () => {
      work.cut()
      await Promise.allSettled(kept().map(async (part) => (isSource(part) ? undefined : part.abort?.())))
      deadLetters.close()
    },
  }
}

function partsByName({ islands }: Made): Map<string, Part> {
  const parts = new Map<string, Part>()
  for (const { island, parts: own } of islands)
    for (const [place, { stage }] of island.stages.entries())
      parts.set(island.worker === undefined ? stage.id : `${stage.id}[${island.worker}]`, own[place]!)
  return parts
}

function snapshotOf(parts: ReadonlyMap<string, Part>): Map<string, Uint8Array> {
  const states = new Map<string, Uint8Array>()
  for (const [name, part] of parts)
    if (!isSource(part) && part.snapshot !== undefined) states.set(name, part.snapshot())
  return states
}

function restoreTo(parts: ReadonlyMap<string, Part>, states: ReadonlyMap<string, Uint8Array>): void {
  for (const [name, state] of states) {
    const part = parts.get(name)
    if (part !== undefined && !isSource(part)) part.restore?.(state)
  }
}
