import type { AnyOperator, StageTraits } from '../operator.ts'
import type { StageSettings } from './stage-settings.ts'

/** A stage as far as it could be read. */
export interface StageDraft {
  readonly path: readonly string[]
  /** Its id, or one after its operator where the file gives none; undefined where what it gives is none. */
  readonly id: string | undefined
  readonly hasId: boolean
  readonly operator: AnyOperator | undefined
  /** What `inputs` says; undefined if it is not there or is not readable. */
  readonly inputs: readonly string[] | undefined
  readonly hasInputs: boolean
  /** What the operator's codec made of the stage; undefined where it could make nothing of it. */
  readonly options: unknown
  readonly settings: StageSettings | undefined
  /** The keys that the file gives it. */
  readonly keys: ReadonlySet<string>
}

export function nameOf({ id, path, operator }: StageDraft): string {
  return id ?? operator?.name ?? path.join('.')
}

export function traitsOf({ operator, options }: Pick<StageDraft, 'operator' | 'options'>): StageTraits {
  if (operator?.traits === undefined || options === undefined) return {}
  return operator.traits(options)
}

/** Names of a switch's branches; none for any other stage. */
export function branchesOf({ operator, options }: Pick<StageDraft, 'operator' | 'options'>): string[] {
  if (operator?.role !== 'switch' || options === undefined) return []
  return Object.keys((options as { readonly branches: object }).branches)
}
