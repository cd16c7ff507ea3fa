import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { lastValueFrom } from 'rxjs'
import { BATCH_RECORDS } from '../book/index.ts'
import type { LatencySummary } from '../telemetry/latency.ts'
import { StageClock } from '../telemetry/stage-clock.ts'
import type { Definition } from './definition.ts'
import { Island } from './island.ts'
import { Market } from './market.ts'
import type { ReportSection, Source, Step, StepFailure } from './operator.ts'
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
    for (const stage of definition.stages) {
      const context = { id: stage.id, market, records: options.records }
      const part = await stage.operator.create(stage.options, context)()
      if (E.isRight(part)) parts.push(part.right)
      else problems.push(definition.problemAt(stage.id, part.left.path, part.left.message))
    }
    if (problems.length > 0) {
      for (const part of parts) await part.close?.()
      return E.left({ _tag: 'PipelineError', problems })
    }
    const names = definition.stages.map((stage) => stage.id)
    const [source, ...steps] = parts as [Source, ...Step[]]
    return E.right({ market, run: () => run(definition.name, market, names, source, steps, options) })
  }
}

async function run(
  name: string,
  market: Market,
  stages: readonly string[],
  source: Source,
  steps: readonly Step[],
  options: RunOptions,
): Promise<RunReport> {
  const { batchRecords = BATCH_RECORDS } = options
  const clock = new StageClock(stages, batchRecords, options.probeEvery)
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
  const sections = [source, ...steps]
    .map((part) => part.report?.())
    .filter((section) => section !== undefined)
  return {
    pipeline: name,
    commands: market.sequence,
    seconds: (performance.now() - began) / 1e3,
    failure,
    latencies: clock.summaries(),
    sections,
  }
}
