import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import type { EdgeStats, PipelineStats } from '../../telemetry/pipeline-stats.ts'
import { rootCause } from '../../telemetry/root-cause.ts'
import type { Definition } from '../definition.ts'
import type { RunOptions, RunReport } from '../execution/run-options.ts'
import { Market } from '../market.ts'
import { planOf, type Plan } from '../plan/plan.ts'
import { pipelineError, type PipelineError } from '../problem.ts'
import { preparePipeline, type Pipeline } from '../runtime.ts'
import { bellMemory } from './bell.ts'
import { edgeMemory, type EdgeMemory } from './edge-memory.ts'
import { feedMemory } from './market-feed.ts'
import { placementProblems, threadNames, threadsOf } from './placements.ts'
import { MAIN, type DefinitionSource, type ThreadData } from './protocol.ts'
import { textMemory } from './shared-text.ts'
import { ThreadEnds } from './thread-ends.ts'
import { ThreadHost } from './thread-host.ts'

/**
 * Sets up a pipeline whose stages may be placed on threads: `placement: { thread: NAME }`. One that places none is set up
 * as `preparePipeline` does it.
 * @param source where the threads have the definition from
 */
export function prepareOnThreads(
  definition: Definition,
  source: DefinitionSource,
  options: RunOptions = {},
): TE.TaskEither<PipelineError, Pipeline> {
  const plan = planOf(definition)
  if (threadNames(plan).length === 0 || options.backend === 'reference')
    return preparePipeline(definition, options)
  const problems = placementProblems(plan)
  if (problems.length > 0) return async () => E.left(pipelineError(problems))
  return () => prepare(plan, source, options)
}

/** All that the threads share, and who they are. */
interface Threads {
  readonly hosts: readonly ThreadHost[]
  readonly ends: ThreadEnds
}

async function prepare(
  plan: Plan,
  source: DefinitionSource,
  options: RunOptions,
): Promise<E.Either<PipelineError, Pipeline>> {
  const { definition } = plan
  const market =
    options.market ?? new Market(definition.instruments, { defaultInstrument: definition.defaultInstrument })
  const { data, ends } = shared(plan, source, options, market)
  const hosts = data.map((each) => new ThreadHost(each, options.onWarning ?? (() => {})))
  const closeAll = async (isSound: boolean): Promise<void> => {
    ends.close()
    await Promise.all(hosts.map((host) => host.close(isSound)))
  }
  try {
    const setUps = await Promise.all(hosts.map(({ setUp }) => setUp))
    const problems = setUps.flatMap((setUp) => ('problems' in setUp ? setUp.problems : []))
    const own = await preparePipeline(definition, { ...options, ...ends.runOptions() })()
    if (E.isLeft(own)) problems.push(...own.left.problems)
    if (E.isLeft(own) || problems.length > 0) {
      if (E.isRight(own)) await own.right.abort()
      await closeAll(false)
      return E.left(pipelineError(problems))
    }
    market.stdoutTaken ||= setUps.some((setUp) => 'stdoutTaken' in setUp && setUp.stdoutTaken)
    return E.right(pipelineOf(plan, own.right, { hosts, ends }, options, closeAll))
  } catch (error) {
    await closeAll(false)
    const message = error instanceof Error ? error.message : String(error)
    return E.left(pipelineError([definition.problemAt(plan.islands[0]!.id, [], message)]))
  }
}

/** The memory that joins the threads. */
function shared(
  plan: Plan,
  source: DefinitionSource,
  options: RunOptions,
  market: Market,
): { data: ThreadData[]; ends: ThreadEnds } {
  const names = threadNames(plan)
  const threadOf = threadsOf(plan)
  const edges: Record<string, EdgeMemory> = {}
  for (const { id, fromIsland, toIsland, settings } of plan.edges)
    if (threadOf.get(fromIsland) !== threadOf.get(toIsland)) edges[id] = edgeMemory(settings.capacityRecords)
  const bells = Object.fromEntries([MAIN, ...names].map((name) => [name, bellMemory()]))
  const { probeEvery, batchRecords, checkEvery, drainTimeoutMs } = options
  const data = names.map((thread) => ({
    thread,
    source,
    planned: plan.edges.map(({ id }) => id),
    edges,
    bells,
    feed: feedMemory(),
    stats: textMemory(),
    options: { probeEvery, batchRecords, checkEvery, drainTimeoutMs },
  }))
  const feeds = data.map(({ feed }) => feed)
  return { data, ends: new ThreadEnds({ thread: MAIN, threadOf, edges, bells, feeds, market }) }
}

function pipelineOf(
  plan: Plan,
  own: Pipeline,
  { hosts, ends }: Threads,
  options: RunOptions,
  closeAll: (isSound: boolean) => Promise<void>,
): Pipeline {
  const stats = (): PipelineStats =>
    mergedStats(
      plan,
      own.stats(),
      hosts.map((host) => host.stats()),
    )
  return {
    ...own,
    plan,
    stats,
    run: async () => {
      const onStop = (): void => hosts.forEach((host) => host.stop())
      options.stop?.addEventListener('abort', onStop)
      if (options.stop?.aborted === true) onStop()
      ends.listen()
      for (const host of hosts) host.run()
      try {
        const reports = await Promise.all([own.run(), ...hosts.map(({ ended }) => ended)].map(breaking))
        await closeAll(true)
        return mergedReport(plan, reports)
      } finally {
        options.stop?.removeEventListener('abort', onStop)
      }
    },
    abort: async () => {
      await ends.abort()
      await Promise.all([own.abort(), closeAll(false)])
    },
    barrier: notAcross,
    finish: () => notAcross().then(() => {}),
    snapshot: () => {
      throw new Error(NOT_ACROSS)
    },
    restore: () => {
      throw new Error(NOT_ACROSS)
    },
  }

  /** The first that fails ends all others: none of them would come to an end without it. */
  async function breaking(run: Promise<RunReport>): Promise<RunReport> {
    try {
      return await run
    } catch (error) {
      await ends.abort()
      own.release(new Set())
      await closeAll(false)
      throw error
    }
  }
}

const NOT_ACROSS = 'a pipeline with stages on other threads hands over no state: end it and start the next'

function notAcross(): Promise<number> {
  return Promise.reject(new Error(NOT_ACROSS))
}

function mergedReport(plan: Plan, reports: readonly RunReport[]): RunReport {
  const [own, ...others] = reports as [RunReport, ...RunReport[]]
  return {
    ...own,
    failure: reports.find(({ failure }) => failure !== undefined)?.failure,
    latencies: reports.flatMap(({ latencies, stats }, index) =>
      latencies.map((row) =>
        index > 0 && TOTALS.has(row.name) ? { ...row, name: `${row.name} of ${stats.islands[0]!.id}` } : row,
      ),
    ),
    sections: reports.flatMap(({ sections }) => sections),
    stats: atTheEnd(
      mergedStats(
        plan,
        own.stats,
        others.map(({ stats }) => stats),
      ),
    ),
    undrained: reports.flatMap(({ undrained }) => undrained),
  }
}

/** Rows of a report that each thread has, of its first island. */
const TOTALS = new Set(['whole', 'batch'])

/** Each thread has looked when it ended itself: what was still under way then has been read since, or counted otherwise. */
function atTheEnd(stats: PipelineStats): PipelineStats {
  const edges = stats.edges.map((edge) => {
    const lost = Object.values(edge.drops).reduce((sum, count) => sum + count, 0)
    const depth = Math.max(0, edge.offered - edge.read - lost)
    return { ...edge, depth, oldestAgeNs: depth === 0 ? 0 : edge.oldestAgeNs }
  })
  return { ...stats, edges }
}

/** What all threads say, in the order of the plan. Of an edge between two, each end says what it knows. */
function mergedStats(
  plan: Plan,
  own: PipelineStats,
  others: readonly (PipelineStats | undefined)[],
): PipelineStats {
  const all = [own, ...others.filter((stats) => stats !== undefined)]
  const islands = plan.islands.flatMap(({ id }) =>
    all.flatMap((stats) => stats.islands.filter((each) => each.id === id)),
  )
  const edges = plan.edges.flatMap(({ id }) => {
    const ends = all.flatMap((stats) => stats.edges.filter((each) => each.id === id))
    return ends.length === 0 ? [] : [ends.reduce(mergedEdge)]
  })
  return {
    ...own,
    deadLettered: all.reduce((sum, stats) => sum + stats.deadLettered, 0),
    islands,
    edges,
    stages: all.flatMap((stats) => stats.stages),
    budgets: all.flatMap((stats) => stats.budgets),
    rootCause: rootCause({ islands, edges }),
  }
}

function mergedEdge(a: EdgeStats, b: EdgeStats): EdgeStats {
  return {
    ...a,
    depth: Math.max(a.depth, b.depth),
    spilled: Math.max(a.spilled, b.spilled),
    highWater: Math.max(a.highWater, b.highWater),
    oldestAgeNs: Math.max(a.oldestAgeNs, b.oldestAgeNs),
    offered: Math.max(a.offered, b.offered),
    read: Math.max(a.read, b.read),
    drops: { ...b.drops, ...a.drops },
    wait: a.wait.samples > b.wait.samples ? a.wait : b.wait,
  }
}
