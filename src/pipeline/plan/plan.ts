import type { Definition, StageDefinition } from '../definition.ts'
import type { Connection } from '../graph/connections.ts'
import { DEFAULT_EDGE, type EdgeSettings } from '../graph/edge-settings.ts'
import type { MergeOptions } from '../graph/routing.ts'
import type { Partition, Placement } from '../graph/stage-settings.ts'
import type { RecordKind, StageTraits } from '../operator.ts'
import { cutReason, type CutReason } from './cut.ts'

/** A stage in its island. */
export interface PlannedStage {
  readonly stage: StageDefinition
  readonly traits: StageTraits
  /** Place of the stage of this island that it takes from; undefined for the first. */
  readonly parent: number | undefined
  /** Whether a stage behind it in this island changes the records that it gives. */
  readonly isChangedLater: boolean
}

/** Stages fused into one pass, or a stage that waits, on its own. */
export interface PlannedIsland {
  /** The id of its first stage that is no source, or of its source; with `[0]` and so on where it is one of several workers. */
  readonly id: string
  readonly kind: 'source' | 'steps' | 'async'
  /** In the order that a record passes them. */
  readonly stages: readonly PlannedStage[]
  /** How records of several edges come together. */
  readonly order: 'arrival' | 'sequence'
  /** Whether workers of a partition come together here, so that answers to a command that all of them got are told once. */
  readonly joinsWorkers: boolean
  /** Which worker of how many. */
  readonly worker: number | undefined
  readonly partition: Partition | undefined
  readonly placement: Placement | undefined
}

/** A bounded queue between two islands. */
export interface PlannedEdge {
  /** `FROM->TO`, by stages, with the branch and the worker. */
  readonly id: string
  /** The stage that writes, with its branch, and the one that reads. */
  readonly from: string
  readonly fromStage: string
  readonly branch: string | undefined
  readonly to: string
  readonly fromIsland: string
  readonly toIsland: string
  /** Which of the workers that the records are spread over; undefined where all go one way. */
  readonly worker: number | undefined
  readonly kind: RecordKind
  readonly settings: EdgeSettings
  readonly reason: CutReason
  /** Of an edge that tells senders of commands: the edge whose refusals it carries. */
  readonly rejectsOf: string | undefined
}

/** What runs where, and what lies between. */
export interface Plan {
  readonly definition: Definition
  /** Every island after those that feed it. */
  readonly islands: readonly PlannedIsland[]
  readonly edges: readonly PlannedEdge[]
}

/** Fuses stages into islands and cuts the rest of the connections. Total: a definition can always be planned. */
export function planOf(definition: Definition): Plan {
  return new Planner(definition).run()
}

interface Cut {
  readonly connection: Connection
  readonly reason: CutReason
}

class Planner {
  private readonly definition: Definition
  private readonly stages: ReadonlyMap<string, StageDefinition>
  private readonly traits: ReadonlyMap<string, StageTraits>
  private readonly outgoing = new Map<string, Connection[]>()
  private readonly incoming = new Map<string, Connection[]>()
  /** Connections behind which a command refused by an edge is told of. */
  private readonly rejoining: ReadonlySet<Connection>
  private readonly islandOf = new Map<string, string>()
  private readonly cuts: Cut[] = []

  constructor(definition: Definition) {
    this.definition = definition
    this.stages = new Map(definition.stages.map((stage) => [stage.id, stage]))
    this.traits = new Map(
      definition.stages.map(({ id, operator, options }) => [id, operator.traits?.(options) ?? {}]),
    )
    for (const { id } of definition.stages) {
      this.outgoing.set(id, [])
      this.incoming.set(id, [])
    }
    for (const connection of definition.connections) {
      this.outgoing.get(connection.fromStage)!.push(connection)
      this.incoming.get(connection.to)!.push(connection)
    }
    this.rejoining = new Set(
      definition.connections
        .filter(({ settings }) => settings.policy === 'reject')
        .flatMap((connection) => this.outcomesOf(connection)),
    )
  }

  run(): Plan {
    const islands: PlannedIsland[] = []
    for (const stage of this.definition.stages)
      if (!this.islandOf.has(stage.id)) islands.push(this.islandFrom(stage))
    const edges = this.cuts.map((cut) => this.edgeOf(cut))
    edges.push(...this.rejectEdges(edges))
    return spread({ definition: this.definition, islands: this.inOrder(islands, edges), edges })
  }

  /** The island that begins with a stage: all that can be fused with it, readers of the same records first. */
  private islandFrom(first: StageDefinition): PlannedIsland {
    const members: { stage: StageDefinition; parent: number | undefined; isChangedLater: boolean }[] = []
    const ids = new Map<string, number>()
    /** Stages whose records are still as they were given. */
    let same: number[] = []
    let changer: Connection | undefined
    const visit = (stage: StageDefinition, parent: number | undefined): void => {
      const place = members.length
      members.push({ stage, parent, isChangedLater: false })
      ids.set(stage.id, place)
      same.push(place)
      this.islandOf.set(stage.id, first.id)
      const readers: Connection[] = []
      for (const connection of this.outgoing.get(stage.id)!) {
        const to = this.stages.get(connection.to)!
        const reason = this.cutOf(connection)
        const isReader = this.traits.get(to.id)!.readsOnly === true
        if (reason !== undefined) this.cuts.push({ connection, reason })
        else if (isReader) readers.push(connection)
        else if (changer === undefined) changer = connection
        else this.cuts.push({ connection, reason: { name: 'fan-out', other: changer.to } })
      }
      for (const reader of readers) visit(this.stages.get(reader.to)!, place)
    }
    visit(first, undefined)
    while (changer !== undefined) {
      const next: Connection = changer
      changer = undefined
      for (const place of same) members[place]!.isChangedLater = true
      same = []
      visit(this.stages.get(next.to)!, ids.get(next.fromStage))
    }
    return this.island(first, members)
  }

  private island(first: StageDefinition, members: readonly Omit<PlannedStage, 'traits'>[]): PlannedIsland {
    const isSource = first.operator.consumes === undefined
    const stages = members.map((member) => ({ ...member, traits: this.traits.get(member.stage.id)! }))
    const isAsync = stages[0]!.traits.isAsync === true
    const joinsWorkers = this.incoming
      .get(first.id)!
      .some(({ fromStage }) => this.stages.get(fromStage)!.settings.partition !== undefined)
    const isMerged = first.operator.role === 'merge' && (first.options as MergeOptions).order === 'sequence'
    return {
      id: first.id,
      kind: isSource ? 'source' : isAsync ? 'async' : 'steps',
      stages,
      order: isMerged || (joinsWorkers && first.settings.partition === undefined) ? 'sequence' : 'arrival',
      joinsWorkers: joinsWorkers && first.settings.partition === undefined,
      worker: undefined,
      partition: first.settings.partition,
      placement: first.settings.placement,
    }
  }

  private cutOf(connection: Connection): CutReason | undefined {
    const to = this.stages.get(connection.to)!
    return cutReason({
      connection,
      from: this.stages.get(connection.fromStage)!,
      fromTraits: this.traits.get(connection.fromStage)!,
      to,
      toTraits: this.traits.get(to.id)!,
      inputs: this.incoming.get(to.id)!.length,
      isRejoining: this.rejoining.has(connection),
    })
  }

  private edgeOf({ connection, reason }: Cut): PlannedEdge {
    const { from, fromStage, branch, to, kind, settings } = connection
    return {
      id: `${from}->${to}`,
      from,
      fromStage,
      branch,
      to,
      fromIsland: this.islandOf.get(fromStage)!,
      toIsland: this.islandOf.get(to)!,
      worker: undefined,
      kind,
      settings,
      reason,
      rejectsOf: undefined,
    }
  }

  /** The connections that carry what becomes of the commands of a connection: the first events downstream. */
  private outcomesOf(connection: Connection): Connection[] {
    const found = new Set<Connection>()
    const next = [connection.to]
    const seen = new Set<string>()
    for (let id = next.pop(); id !== undefined; id = next.pop()) {
      if (seen.has(id)) continue
      seen.add(id)
      for (const outgoing of this.outgoing.get(id)!)
        if (outgoing.kind === 'event') found.add(outgoing)
        else next.push(outgoing.to)
    }
    return [...found]
  }

  /** An edge from each that rejects to each stage that hears of outcomes. */
  private rejectEdges(edges: readonly PlannedEdge[]): PlannedEdge[] {
    return edges
      .filter(({ settings }) => settings.policy === 'reject')
      .flatMap((edge) => {
        const connection = this.definition.connections.find(
          ({ from, to }) => from === edge.from && to === edge.to,
        )!
        const tellers = new Set(this.outcomesOf(connection).map(({ to }) => to))
        return [...tellers].map((to) => ({
          ...edge,
          id: `${edge.id}!->${to}`,
          to,
          toIsland: this.islandOf.get(to)!,
          kind: 'event' as const,
          settings: DEFAULT_EDGE,
          reason: { name: 'rejects' as const, other: edge.id },
          rejectsOf: edge.id,
        }))
      })
  }

  /** Islands, each after those that feed it. */
  private inOrder(islands: readonly PlannedIsland[], edges: readonly PlannedEdge[]): PlannedIsland[] {
    const byId = new Map(islands.map((island) => [island.id, island]))
    const placed = new Set<string>()
    const ordered: PlannedIsland[] = []
    const place = (start: string): void => {
      const chain = [start]
      while (chain.length > 0) {
        const id = chain.at(-1)!
        const before = edges.find(({ toIsland, fromIsland }) => toIsland === id && !placed.has(fromIsland))
        if (before !== undefined && !placed.has(id)) chain.push(before.fromIsland)
        else {
          chain.pop()
          if (!placed.has(id)) ordered.push(byId.get(id)!)
          placed.add(id)
        }
      }
    }
    for (const { id } of islands) place(id)
    return ordered
  }
}

/** Gives every partitioned island its workers, and every edge to and from one its copies. */
function spread({ definition, islands, edges }: Plan): Plan {
  if (islands.every(({ partition }) => partition === undefined)) return { definition, islands, edges }
  const workersOf = new Map(islands.map(({ id, partition }) => [id, partition?.workers]))
  const numbers = (workers: number): number[] => Array.from({ length: workers }, (_, worker) => worker)
  return {
    definition,
    islands: islands.flatMap((island) =>
      island.partition === undefined
        ? [island]
        : numbers(island.partition.workers).map((worker) => ({
            ...island,
            id: `${island.id}[${worker}]`,
            worker,
          })),
    ),
    edges: edges.flatMap((edge) => {
      const [before, behind] = [workersOf.get(edge.fromIsland), workersOf.get(edge.toIsland)]
      if (before === undefined && behind === undefined) return [edge]
      const copy = (worker: number): PlannedEdge => ({
        ...edge,
        id: `${edge.id}[${worker}]`,
        fromIsland: before === undefined ? edge.fromIsland : `${edge.fromIsland}[${worker}]`,
        toIsland: behind === undefined ? edge.toIsland : `${edge.toIsland}[${worker}]`,
        worker: before === undefined ? worker : undefined,
        rejectsOf: edge.rejectsOf === undefined ? undefined : `${edge.rejectsOf}[${worker}]`,
      })
      return numbers(before ?? behind!).map(copy)
    }),
  }
}

/** The edges that an island reads from, in the order in which its first stage names them; refusals come last. */
export function inputOrder({ edges, islands }: Plan, island: string): PlannedEdge[] {
  const inputs = islands.find(({ id }) => id === island)?.stages[0]?.stage.inputs ?? []
  const place = ({ from, rejectsOf }: PlannedEdge): number =>
    rejectsOf === undefined ? inputs.indexOf(from) : inputs.length
  return edges
    .filter(({ toIsland }) => toIsland === island)
    .sort((a, b) => place(a) - place(b) || edges.indexOf(a) - edges.indexOf(b))
}

/** Which worker of how many writes to an edge; undefined where its writer is not one of a partition. */
export function ownerOf(
  { islands }: Plan,
  { fromIsland }: PlannedEdge,
): { readonly worker: number; readonly workers: number } | undefined {
  const writer = islands.find(({ id }) => id === fromIsland)
  if (writer?.worker === undefined) return undefined
  return { worker: writer.worker, workers: writer.partition!.workers }
}
