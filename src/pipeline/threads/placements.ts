import type { Plan } from '../plan/plan.ts'
import type { Problem } from '../problem.ts'
import { MAIN } from './protocol.ts'

/** By island, the thread it runs on; MAIN where the file does not say. */
export function threadsOf({ islands }: Plan): Map<string, string> {
  return new Map(islands.map(({ id, placement }) => [id, placement?.thread ?? MAIN]))
}

/** Names of the threads besides the main one, in the order of the plan. */
export function threadNames(plan: Plan): string[] {
  return [...new Set(threadsOf(plan).values())].filter((name) => name !== MAIN)
}

/** What cannot be placed as a file says, at the stage. */
export function placementProblems({ definition, islands }: Plan): Problem[] {
  const problems: Problem[] = []
  /** The thread of each stage that has an engine or looks at one. */
  let engine: { readonly thread: string; readonly stage: string } | undefined
  const lookers: { readonly thread: string; readonly stage: string }[] = []
  for (const { placement, stages } of islands)
    for (const { stage, traits } of stages) {
      const thread = placement?.thread ?? MAIN
      if (stage.operator.consumes === undefined && thread !== MAIN)
        problems.push(
          definition.problemAt(
            stage.id,
            ['placement'],
            'a source stays on the main thread, which numbers what comes in',
          ),
        )
      if (traits.staysOnMainThread === true && thread !== MAIN)
        problems.push(
          definition.problemAt(
            stage.id,
            ['placement'],
            'with these options it stays on the main thread, where names and sequence numbers are',
          ),
        )
      if (traits.hasBook === true) engine ??= { thread, stage: stage.id }
      if (traits.hasBook === true || traits.looksAtBook === true) lookers.push({ thread, stage: stage.id })
    }
  if (engine === undefined) return problems
  for (const { thread, stage } of lookers) {
    if (thread === engine.thread) continue
    const where = engine.thread === MAIN ? 'the main thread' : `the thread ${engine.thread}`
    const message = `${stage} looks at the order book of ${engine.stage}: place both on the same thread, ${engine.stage} is on ${where}`
    problems.push(definition.problemAt(stage, thread === MAIN ? [] : ['placement'], message))
  }
  return problems
}
