import type { Definition, StageDefinition } from '../definition.ts'
import { StageFaults, type DeadLetterSink } from '../fault/stage-faults.ts'
import { isAsyncStep, isSource } from '../operator.ts'
import type { MadeIsland } from './parts.ts'

export interface FaultParts {
  readonly definition: Definition
  readonly deadLetters: DeadLetterSink
  readonly now: (() => number) | undefined
}

/** Faults are looked after where the file says what is to be done, where it wants dead letters, and where a stage waits. */
export function faultsOf(
  { island, parts }: MadeIsland,
  place: number,
  { id, settings, operator }: StageDefinition,
  { definition, deadLetters, now }: FaultParts,
): StageFaults | undefined {
  const part = parts[place]!
  const isKept = settings.onError !== undefined || definition.deadLettersDir !== undefined
  if (isSource(part) || operator.role !== undefined || (!isKept && !isAsyncStep(part))) return undefined
  return new StageFaults({
    stage: id,
    island: island.id,
    fallback: settings.onError,
    breaker: { failures: settings.breaker.failures, recoveryMs: settings.breaker.recoveryNs / 1e6, now },
    takes: operator.consumes ?? 'command',
    output: part.output,
    deadLetters,
  })
}
