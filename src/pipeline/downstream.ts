/** A stage as far as the way of records through it goes. */
export interface StageLink {
  readonly operator: string
  /** Numbers of the stages that it takes its records from. */
  readonly inputs: readonly number[]
}

/**
 * Whether every way from a stage meets a stage of one operator before it comes to one of another. A way that comes to
 * neither is no matter; one that goes round in a ring is followed once.
 */
export function meetsBefore(
  stages: readonly StageLink[],
  from: number,
  wanted: string,
  before: string,
): boolean {
  const seen = new Set<number>()
  const follow = (stage: number): boolean =>
    stages.every(({ operator, inputs }, next) => {
      if (!inputs.includes(stage) || seen.has(next) || operator === wanted) return true
      if (operator === before) return false
      seen.add(next)
      return follow(next)
    })
  return follow(from)
}
