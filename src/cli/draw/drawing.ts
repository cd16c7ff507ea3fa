import type { Plan } from '../../pipeline/plan/plan.ts'

export interface DrawnStage {
  readonly id: string
  readonly operator: string
}

export interface DrawnIsland {
  readonly id: string
  /** Where it runs, or how often, if that is worth a word. */
  readonly note: string
  readonly stages: readonly DrawnStage[]
}

export interface DrawnLink {
  readonly from: string
  readonly to: string
  /** What the edge is; empty where the stages are fused. */
  readonly label: string
  readonly isEdge: boolean
}

/** A plan as something to draw: a stage once, however many workers it has. */
export interface Drawing {
  readonly name: string
  readonly islands: readonly DrawnIsland[]
  readonly links: readonly DrawnLink[]
}

export function drawingOf({ definition, islands, edges }: Plan): Drawing {
  const shown = islands.filter(({ worker }) => worker === undefined || worker === 0)
  const isCut = new Set(edges.map(({ from, to }) => `${from}->${to}`))
  return {
    name: definition.name,
    islands: shown.map(({ id, stages, partition, placement }) => ({
      id: id.replace(/\[\d+\]$/, ''),
      note: [
        partition === undefined ? '' : `${partition.workers} workers`,
        placement?.thread === undefined ? '' : `thread ${placement.thread}`,
        placement?.process === undefined ? '' : `process ${placement.process}`,
      ]
        .filter((note) => note !== '')
        .join(', '),
      stages: stages.map(({ stage }) => ({ id: stage.id, operator: stage.operator.name })),
    })),
    links: definition.connections.map(({ from, fromStage, branch, to, settings }) => {
      const isEdge = isCut.has(`${from}->${to}`)
      const parts = [
        ...(branch === undefined ? [] : [branch]),
        ...(isEdge ? [`${settings.capacityRecords} ${settings.policy}`] : []),
      ]
      return { from: fromStage, to, label: parts.join(', '), isEdge }
    }),
  }
}
