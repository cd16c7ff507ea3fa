import type { Definition, StageDefinition } from '../definition.ts'
import { StageFaults, type DeadLetterSink } from '../fault/stage-faults.ts'
import { isAsyncStep, isSource } from '../operator.ts'
import type { MadeIsland } from './parts.ts'
import type { Trial } from './run-options.ts'

export interface FaultParts {
  readonly definition: Definition
  readonly deadLetters: DeadLetterSink
  readonly now: (() => number) | undefined
  readonly trial: Trial | undefined
}

/** Faults are looked after where the file says what is to be done, where it wants dead letters, and where a stage waits. */
export function faultsOf(
  { island, parts }: MadeIsland,
  place: number,
  { id, settings, operator }: StageDefinition,
  { definition, deadLetters, now, trial }: FaultParts,
): StageFaults | undefined {
  const part = parts[place]!
  const isOnTrial = settings.onError === undefined && trial?.stages.has(id) === true
  const isKept = settings.onError !== undefined || definition.deadLettersDir !== undefined || isOnTrial
  if (isSource(part) || operator.role !== undefined || (!isKept && !isAsyncStep(part))) return undefined
  const { failures, recoveryNs } = settings.breaker
  // A stage that checks commands must not let them pass unchecked while it is judged.
  const whileOnTrial = operator.consumes === 'command' ? 'reject' : 'bypass'
  return new StageFaults({
    stage: id,
    island: island.id,
    fallback: () => (isOnTrial && trial.isOn() ? whileOnTrial : settings.onError),
    breaker: isOnTrial
      ? { failures: 1, recoveryMs: Infinity, now }
      : { failures, recoveryMs: recoveryNs / 1e6, now },
    onFailure: trial?.stages.has(id) === true ? (cause) => trial.onFailure(id, cause) : undefined,
    takes: operator.consumes ?? 'command',
    output: part.output,
    deadLetters,
  })
}
