import type { Plan, PlannedIsland } from './plan.ts'

/** What a record costs to be written to an edge and read from it: measured by `npm run bench -- pipeline`. */
export const EDGE_COST_NS = 8
/** A stage whose operator does not say. */
export const UNKNOWN_COST_NS = 20

export interface IslandCost {
  readonly island: string
  /** Nanoseconds for one record, by stage, and for all of it with the edges around it. */
  readonly stagesNs: Readonly<Record<string, number>>
  readonly wholeNs: number
  /** Stages that give no figure, for which a guess stands. */
  readonly guessed: readonly string[]
}

/** What a record costs in each island, from what operators say of themselves. */
export function costOf({ islands, edges }: Plan): IslandCost[] {
  return islands.map((island) => {
    const stagesNs = Object.fromEntries(
      island.stages.map(({ stage, traits }) => [stage.id, traits.costNs ?? UNKNOWN_COST_NS]),
    )
    const around = edges.filter(
      ({ fromIsland, toIsland, rejectsOf }) =>
        rejectsOf === undefined && (fromIsland === island.id || toIsland === island.id),
    ).length
    const own = Object.values(stagesNs).reduce((sum, ns) => sum + ns, 0)
    return {
      island: island.id,
      stagesNs,
      wholeNs: own + (around * EDGE_COST_NS) / 2,
      guessed: guessedOf(island),
    }
  })
}

function guessedOf({ stages }: PlannedIsland): string[] {
  return stages.filter(({ traits }) => traits.costNs === undefined).map(({ stage }) => stage.id)
}
