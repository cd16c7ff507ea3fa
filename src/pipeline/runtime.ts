import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { lastValueFrom } from 'rxjs'
import { BATCH_RECORDS } from '../book/index.ts'
import type { LatencySummary } from '../telemetry/latency.ts'
import { StageClock } from '../telemetry/stage-clock.ts'
import type { Definition, StageDefinition } from './definition.ts'
import { Island } from './island.ts'
import { Market } from './market.ts'
import type { ReportSection, Source, StageContext, StageProblem, Step, StepFailure } from './operator.ts'
import type { PipelineError, Problem } from './problem.ts'
import { observeSource } from './pump.ts'

export interface RunOptions {
  /** Records to take from the source; without it the source decides. */
  readonly records?: number | undefined
  /** Ends the run early: what was read is handled, nothing more is read. */
  readonly stop?: AbortSignal | undefined
  /** One record in so many is timed; 0 times none. */
  readonly probeEvery?: number | undefined
  readonly batchRecords?: number | undefined
  /** Checks the engine's invariants after so many commands, whatever the file says of it. */
  readonly checkEvery?: number | undefined
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
}

/** A pipeline that is set up: files are open, nothing has been read. */
export interface Pipeline {
  readonly market: Market
  /** Runs it to its end. Rejects if a stage fails. */
  readonly run: () => Promise<RunReport>
}

/** Sets up all stages of a definition. Every stage that cannot be set up is reported, at its place in the file. */
export function preparePipeline(
  definition: Definition,
  options: RunOptions = {},
): TE.TaskEither<PipelineError, Pipeline> {
  return async () => {
    const market = new Market(definition.instruments, { defaultInstrument: definition.defaultInstrument })
    const problems: Problem[] = []
    const parts: (Source | Step)[] = []
    let isUnavailable = true
    const upstream = new Map<string, Step>()
    for (const stage of definition.stages) {
      const { records, checkEvery } = options
      const context = { id: stage.id, market, records, checkEvery, upstream }
      const part = await create(stage, context)
      if (E.isRight(part)) {
        parts.push(part.right)
        if ('process' in part.right) upstream.set(stage.id, part.right)
      } else {
        problems.push(definition.problemAt(stage.id, part.left.path, part.left.message))
        isUnavailable &&= part.left.isUnavailable === true
      }
    }
    if (problems.length > 0) {
      await Promise.allSettled(parts.map(async (part) => part.close?.()))
      return E.left({ _tag: 'PipelineError', problems, isUnavailable })
    }
    const [source, ...steps] = parts as [Source, ...Step[]]
    return E.right({ market, run: () => run(definition, market, source, steps, options) })
  }
}

/** Sets up a stage. An operator that throws has a problem as one that says so. */
async function create(
  { operator, options }: StageDefinition,
  context: StageContext,
): Promise<E.Either<StageProblem, Source | Step>> {
  try {
    return await operator.create(options, context)()
  } catch (error) {
    return E.left({ path: [], message: error instanceof Error ? error.message : String(error) })
  }
}

async function run(
  definition: Definition,
  market: Market,
  source: Source,
  steps: readonly Step[],
  options: RunOptions,
): Promise<RunReport> {
  const { batchRecords = market.batchRecords ?? definition.runtime.batchRecords ?? BATCH_RECORDS } = options
  const names = definition.stages.map((stage) => stage.id)
  const clock = new StageClock(names, batchRecords, options.probeEvery ?? definition.runtime.probeEvery)
  const ended = new AbortController()
  let failure: StepFailure | undefined
  for (const step of steps)
    void step.failed?.then((reason) => {
      failure ??= reason
      ended.abort()
    })
  const commands = observeSource(source, market, {
    clock,
    limit: options.records,
    batchRecords,
    stop: options.stop === undefined ? ended.signal : AbortSignal.any([options.stop, ended.signal]),
  })
  const began = performance.now()
  const island = new Island(
    commands,
    steps.map((step) => () => step),
    clock,
  )
  await lastValueFrom(island, { defaultValue: undefined })
  const sections = inFileOrder(definition.stages, [source, ...steps])
    .map((part) => part.report?.())
    .filter((section) => section !== undefined)
  return {
    pipeline: definition.name,
    commands: market.sequence - market.recovered.sequence,
    seconds: (performance.now() - began) / 1e3,
    failure,
    latencies: clock.summaries(),
    sections,
  }
}

/** Parts stand as records pass them; a file may name a stage before its input. */
function inFileOrder<Part>(stages: readonly StageDefinition[], parts: readonly Part[]): Part[] {
  const places = stages.map((stage, index) => ({ ...stage.position([]), part: parts[index]! }))
  return places.sort((a, b) => a.line - b.line || a.column - b.column).map(({ part }) => part)
}
