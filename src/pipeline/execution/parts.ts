import * as E from 'fp-ts/lib/Either.js'
import type { StageDefinition } from '../definition.ts'
import type { Gate } from '../gate.ts'
import { Market } from '../market.ts'
import type { Part, StageContext, StageProblem, Step } from '../operator.ts'
import type { Plan, PlannedIsland } from '../plan/plan.ts'
import type { PipelineError, Problem } from '../problem.ts'
import type { RunOptions } from './run-options.ts'

/** An island with its parts, set up. */
export interface MadeIsland {
  readonly island: PlannedIsland
  readonly market: Market
  /** One for each stage. */
  readonly parts: readonly Part[]
}

export interface Made {
  readonly market: Market
  readonly islands: readonly MadeIsland[]
  /** Adopted parts hold up these islands no longer. */
  readonly unlink: () => void
}

/**
 * Sets up all stages of a plan, in the order of the definition. Every one that cannot be set up is reported at its
 * place in the file; then those that could be are closed again.
 */
export async function makeParts(
  { definition, islands }: Plan,
  options: RunOptions,
): Promise<E.Either<PipelineError, Made>> {
  const market =
    options.market ?? new Market(definition.instruments, { defaultInstrument: definition.defaultInstrument })
  const problems: Problem[] = []
  let isUnavailable = true
  const own: Part[] = []
  /** Steps by their stages' ids, for each worker its own. */
  const steps = new Map<number | undefined, Map<string, Step>>()
  const unlink: (() => void)[] = []
  const hosted = islands.filter((island) => options.hosts?.(island) !== false)
  const made = hosted.map((island) => ({
    island,
    market: market.view({ worker: island.worker }),
    parts: [] as (Part | undefined)[],
  }))
  for (const stage of definition.stages)
    for (const { island, market: view, parts } of made) {
      const place = island.stages.findIndex((planned) => planned.stage.id === stage.id)
      if (place === -1) continue
      const adopted = options.adopt?.(stage, island.worker)
      const { records, checkEvery, goesOn } = options
      const upstream = steps.get(island.worker) ?? new Map<string, Step>()
      steps.set(island.worker, upstream)
      const part =
        adopted === undefined
          ? await create(stage, { id: stage.id, market: view, records, checkEvery, upstream, goesOn })
          : E.right(adopted)
      if (E.isLeft(part)) {
        problems.push(definition.problemAt(stage.id, part.left.path, part.left.message))
        isUnavailable &&= part.left.isUnavailable === true
      } else {
        parts[place] = part.right
        if ('process' in part.right) upstream.set(stage.id, part.right)
        if (adopted === undefined) {
          own.push(part.right)
          gates.set(part.right, view.gate)
        } else unlink.push(gates.get(adopted)?.leadTo(view.gate) ?? (() => {}))
      }
    }
  if (problems.length === 0)
    return E.right({
      market,
      islands: made as readonly MadeIsland[],
      unlink: () => unlink.forEach((end) => end()),
    })
  for (const end of unlink) end()
  await Promise.allSettled(own.map(async (part) => part.close?.()))
  return E.left({ _tag: 'PipelineError', problems, isUnavailable })
}

/** The gate that each part was given, and goes on to hold where another pipeline has adopted it. */
const gates = new WeakMap<Part, Gate>()

/** Sets up a stage. An operator that throws has a problem as one that says so. */
async function create(
  { operator, options }: StageDefinition,
  context: StageContext,
): Promise<E.Either<StageProblem, Part>> {
  try {
    return await operator.create(options, context)()
  } catch (error) {
    return E.left({ path: [], message: error instanceof Error ? error.message : String(error) })
  }
}

/** Parts in the order in which the file names their stages. */
export function inFileOrder(islands: readonly MadeIsland[]): Part[] {
  const parts = islands.flatMap(({ island, parts }) =>
    island.stages.map(({ stage }, place) => ({ ...stage.position([]), part: parts[place]! })),
  )
  return parts.sort((a, b) => a.line - b.line || a.column - b.column).map(({ part }) => part)
}
