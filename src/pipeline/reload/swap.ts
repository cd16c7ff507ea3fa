import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import type { Definition } from '../definition.ts'
import type { RunOptions, RunReport } from '../execution/run-options.ts'
import { messageOf } from '../fault/stage-faults.ts'
import { isSource, type Part, type Step } from '../operator.ts'
import { formatProblem, type PipelineError } from '../problem.ts'
import type { Pipeline } from '../runtime.ts'
import type { Handover } from './handover.ts'
import { partsOf } from './handover.ts'
import { addedInstruments } from './instruments-diff.ts'

/** A pipeline that runs. */
export interface Running {
  readonly definition: Definition
  readonly pipeline: Pipeline
  /** Its end: at the end of the stream, or when it has been handed over. */
  readonly over: Promise<RunReport>
}

export type Prepare = (definition: Definition, options: RunOptions) => TE.TaskEither<PipelineError, Pipeline>

/** How long the steps of a swap may take, in milliseconds. */
export interface SwapTimes {
  readonly healthMs: number
  /** What has been read must be handled in this time, while the sources are held. */
  readonly barrierMs: number
}

/** A pipeline that stands ready beside the one that runs. */
export interface Candidate {
  readonly definition: Definition
  readonly pipeline: Pipeline
  readonly handover: Handover
  /** Has its stages take the places in the market of those that they stand for. */
  readonly takePlaces: () => void
}

export interface Swapped {
  /** The latest sequence that the old pipeline handled. */
  readonly sequence: number
  /** From when the sources were held to when the next pipeline took up. */
  readonly pauseMs: number
  readonly notes: readonly string[]
}

/** Why there was no swap; the old pipeline goes on. */
export class SwapRefused extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'SwapRefused'
    this.problems = problems
  }
}

/**
 * Sets up the next pipeline beside the one that runs, with the parts that go on, and asks the new ones whether they could
 * do their work.
 * @throws SwapRefused
 */
export async function prepareBeside(
  old: Running,
  definition: Definition,
  handover: Handover,
  { prepare, options, times }: { prepare: Prepare; options: RunOptions; times: SwapTimes },
): Promise<Candidate> {
  const running = old.pipeline.parts()
  const { market } = old.pipeline
  const keepPlaces = market.remember()
  const prepared = await prepare(definition, {
    ...options,
    goesOn: true,
    market,
    adopt: ({ id }, worker) => {
      const name = worker === undefined ? id : `${id}[${worker}]`
      return handover.adopted.has(name) ? running.get(name) : undefined
    },
  })()
  const takePlaces = market.remember()
  keepPlaces()
  if (E.isLeft(prepared)) throw new SwapRefused(prepared.left.problems.map(formatProblem))
  const candidate = { definition, pipeline: prepared.right, handover, takePlaces }
  const problems = await illnesses(candidate, times.healthMs)
  if (problems.length === 0) return candidate
  await giveUp(candidate)
  throw new SwapRefused(problems)
}

/** Lets go of a pipeline that was only set up. */
export async function giveUp({ pipeline, handover }: Candidate): Promise<void> {
  pipeline.release(handover.adopted)
  const fresh = [...pipeline.parts()].filter(([name]) => !handover.adopted.has(name))
  // They have done nothing yet, so there is nothing to be written out; sources must not take what is the old ones'.
  await Promise.allSettled(fresh.map(async ([, part]) => part.close?.()))
}

/**
 * Holds the sources until all is handled, hands state over, ends the old pipeline and starts the next one.
 * @returns what it was, and the next pipeline at work
 * @throws SwapRefused: the old pipeline goes on, and the candidate is given up
 */
export async function swap(
  old: Running,
  candidate: Candidate,
  times: SwapTimes,
  onHandedOver: () => void,
): Promise<{ next: Running; swapped: Swapped }> {
  const { pipeline, handover, definition } = candidate
  const began = performance.now()
  const notes = [...handover.notes]
  let sequence = 0
  try {
    sequence = await barrier(old, times.barrierMs)
    if (old.pipeline.stats().islands.every(({ state }) => state === 'ended'))
      throw new SwapRefused(['the run is over'])
    for (const spec of addedInstruments(old.definition, definition)) old.pipeline.market.instruments.add(spec)
    notes.push(...handOver(old, candidate))
    candidate.takePlaces()
  } catch (error) {
    old.pipeline.resume()
    await giveUp(candidate)
    throw error instanceof SwapRefused ? error : new SwapRefused([messageOf(error)])
  }
  // From here on it is the next one's: there is no way back but another swap.
  onHandedOver()
  if (handover.ending.size > 0)
    await within(old.pipeline.finish(handover.ending, handover.adopted), times.barrierMs).catch(() =>
      notes.push(`${[...handover.ending].join(', ')} did not end in ${times.barrierMs / 1e3} s`),
    )
  old.pipeline.release(handover.adopted)
  await within(old.over, times.barrierMs).catch((error: unknown) =>
    notes.push(`the old pipeline did not close cleanly: ${messageOf(error)}`),
  )
  const over = pipeline.run()
  over.catch(() => {})
  const pauseMs = performance.now() - began
  return { next: { definition, pipeline, over }, swapped: { sequence, pauseMs, notes } }
}

async function barrier({ pipeline }: Running, withinMs: number): Promise<number> {
  try {
    return await within(pipeline.barrier(), withinMs)
  } catch (error) {
    if (!(error instanceof TooLate)) throw error
    const { rootCause, edges, islands } = pipeline.stats()
    const full = edges.find(({ depth }) => depth > 0)
    const held = islands.find(({ state }) => state === 'held' || state === 'waiting')
    const who = rootCause?.island ?? held?.id ?? full?.toIsland
    const told = who === undefined ? '' : `: ${who} holds it up`
    throw new SwapRefused([`what has been read was not handled in ${withinMs / 1e3} s${told}`])
  }
}

/** Gives new parts what the old ones of the same stage know. Returns what is to be said about it. */
function handOver(old: Running, { pipeline, handover, definition }: Candidate): string[] {
  const notes: string[] = []
  const states = old.pipeline.snapshot()
  const before = old.pipeline.parts()
  const parts = pipeline.parts()
  for (const stage of definition.stages) {
    const earlier = old.definition.stages.find(({ id }) => id === stage.id)
    for (const [name, part] of partsOf(parts, stage)) {
      if (handover.adopted.has(name) || isSource(part) || earlier?.operator !== stage.operator) continue
      const state = states.get(name)
      if (state !== undefined && part.restore !== undefined) {
        if (part.inherit === undefined) part.restore(state)
        else part.inherit(state)
      } else if (part.snapshot !== undefined && before.has(name))
        notes.push(`${name}: it begins with nothing`)
    }
  }
  // Who writes down what the steps before it know must know which they are.
  const steps = new Map<string, Step>()
  for (const { id } of definition.stages) {
    const part = parts.get(id)
    if (part === undefined || !('process' in part)) continue
    if (handover.adopted.has(id)) part.upstreamIs?.(steps)
    steps.set(id, part)
  }
  return notes
}

async function illnesses({ pipeline, handover, definition }: Candidate, healthMs: number): Promise<string[]> {
  const problems: string[] = []
  const look = async (id: string, part: Part): Promise<void> => {
    try {
      await within(part.health?.() ?? Promise.resolve(), healthMs)
      const failed = isSource(part) ? undefined : part.failed
      const failure = await Promise.race([failed ?? Promise.resolve(undefined), turns()])
      if (failure !== undefined) throw new Error(failure.message)
    } catch (error) {
      const message = error instanceof TooLate ? `no answer in ${healthMs / 1e3} s` : messageOf(error)
      problems.push(formatProblem(definition.problemAt(id, [], `it is not healthy: ${message}`)))
    }
  }
  const fresh = definition.stages.filter(({ id }) => handover.fresh.has(id))
  await Promise.all(
    fresh.flatMap((stage) => partsOf(pipeline.parts(), stage).map(([, part]) => look(stage.id, part))),
  )
  return problems
}

/** A failure that is known by now is told by then. */
function turns(): Promise<undefined> {
  return new Promise((resolve) => {
    setImmediate(() => resolve(undefined))
  })
}

class TooLate extends Error {}

async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TooLate(`not in ${milliseconds / 1e3} s`)), milliseconds)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
