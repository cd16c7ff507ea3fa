import { specsEqual } from './instruments-diff.ts'
import type { Definition, StageDefinition } from '../definition.ts'
import { isSource, type Part } from '../operator.ts'
import type { Pipeline } from '../runtime.ts'
import type { DefinitionDiff, KeyChange } from './diff.ts'

/** How one pipeline goes over into the next. */
export interface Handover {
  /** Names of parts, `STAGE` or `STAGE[n]`, that go on as they are. */
  readonly adopted: ReadonlySet<string>
  /** Stages of the next pipeline whose parts are new. */
  readonly fresh: ReadonlySet<string>
  /** Sources of the old one that end. */
  readonly ending: ReadonlySet<string>
  /** What whoever runs it should know. */
  readonly notes: readonly string[]
}

/**
 * What of a running pipeline goes on in the next one.
 * @returns the handover, or why there can be none, each reason a sentence that begins with where
 */
export function handoverOf(
  old: Pipeline,
  before: Definition,
  after: Definition,
  diff: DefinitionDiff,
): Handover | readonly string[] {
  const reasons = [...wholeReasons(before, after, old)]
  const other = new Set(diff.stages.filter(({ isOther }) => isOther).map(({ id }) => id))
  const adopted = new Set<string>()
  const fresh = new Set<string>()
  const ending = new Set<string>()
  const notes: string[] = []
  const parts = old.parts()
  for (const stage of before.stages) {
    const next = after.stages.find(({ id }) => id === stage.id)
    const own = partsOf(parts, stage)
    if (next !== undefined && !other.has(stage.id) && workersOf(stage) === workersOf(next))
      for (const [name] of own) adopted.add(name)
    else {
      const keys = diff.stages.find(({ id }) => id === stage.id)?.keys ?? []
      const state = stateOf(stage, next, own, keys)
      if (state.reason !== undefined) reasons.push(state.reason)
      if (state.note !== undefined) notes.push(state.note)
      if (own.some(([, part]) => isSource(part))) ending.add(stage.id)
    }
  }
  for (const stage of after.stages)
    if (!partsOf(parts, stage).some(([name]) => adopted.has(name))) fresh.add(stage.id)
  for (const { path } of diff.others)
    if (/^(?:runtime\.heap|server|alerts)\b/.test(path))
      notes.push(`${path} counts from the next start of the process on`)
  return reasons.length > 0 ? reasons : { adopted, fresh, ending, notes }
}

/** Reasons that lie in the files as wholes. */
function* wholeReasons(before: Definition, after: Definition, old: Pipeline): Generator<string> {
  for (const { stages } of [before, after]) {
    const placed = stages.find(({ settings }) => settings.placement?.thread !== undefined)
    if (placed !== undefined) {
      yield `${placed.id}.placement: a pipeline with stages on other threads hands over no state: end it and start the next`
      break
    }
  }
  const unequal = specsEqual(before, after, old.market)
  if (unequal !== undefined) yield unequal
}

/** Why what a stage knows cannot go over to what the next file has in its place, or what is to be said of it. */
function stateOf(
  stage: StageDefinition,
  next: StageDefinition | undefined,
  own: readonly (readonly [string, Part])[],
  keys: readonly KeyChange[],
): { readonly reason?: string; readonly note?: string } {
  const { id, operator, options } = stage
  const traits = operator.traits?.(options)
  const keeps = own.every(([, part]) => isSource(part) || part.snapshot !== undefined)
  if (traits?.isStateful !== true) return {}
  if (next?.operator !== operator)
    return traits.hasBook === true
      ? { reason: `${id}: it has the order books: it stays while the pipeline runs` }
      : { note: `${id}: what it knew is given up` }
  if (workersOf(stage) !== workersOf(next))
    return { reason: `${id}.partition: what it knows cannot be spread otherwise while the pipeline runs` }
  const changed = keys.map(({ path }) => `${id}.${path}`).join(', ')
  return keeps
    ? {}
    : {
        reason: `${changed}: what ${id} knows cannot be handed over to other options: end the run and start anew`,
      }
}

function workersOf({ settings }: StageDefinition): number {
  return settings.partition?.workers ?? 0
}

/** The parts of a stage: one, or one for each worker. */
export function partsOf(
  parts: ReadonlyMap<string, Part>,
  { id }: Pick<StageDefinition, 'id'>,
): (readonly [name: string, part: Part])[] {
  return [...parts].filter(([name]) => name === id || name.startsWith(`${id}[`))
}
