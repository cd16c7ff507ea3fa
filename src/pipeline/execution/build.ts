import { predicateOf } from '../graph/condition.ts'
import type { SwitchOptions } from '../graph/routing.ts'
import type { EdgeWriter } from '../edge/ports.ts'
import { PartitionStep, SwitchStep, type Way } from '../edge/routing-steps.ts'
import { GuardedStep } from '../fault/guarded-step.ts'
import type { StageFaults } from '../fault/stage-faults.ts'
import type { Placing } from '../fused-steps.ts'
import type { Market } from '../market.ts'
import { isAsyncStep, isSource, type Part, type RecordKind, type Step } from '../operator.ts'
import type { PlannedEdge, PlannedIsland, PlannedStage } from '../plan/plan.ts'
import { Outputs } from './outputs.ts'

/** What one island is made of. */
export interface IslandParts {
  /** One for each of its stages. */
  readonly parts: readonly Part[]
  /** What its stages' failures lead to; undefined where the first ends the run. */
  readonly faults: readonly (StageFaults | undefined)[]
  readonly market: Market
  /** The edges that it writes to, with their ends. */
  readonly edges: readonly { readonly planned: PlannedEdge; readonly writer: EdgeWriter }[]
  /** Who looks on at what a stage gives, by its id, or at what goes into an edge, by `FROM->TO`. */
  readonly taps: ReadonlyMap<string, readonly Step[]>
  /** The switches of an earlier build, which go on counting. */
  readonly switches: Map<string, SwitchStep>
}

export interface BuiltIsland {
  readonly steps: readonly Step[]
  readonly places: readonly Placing[]
  readonly outputs: Outputs
}

/** Puts an island's steps in a row: each stage's own, and behind it those that copy its records to edges. */
export function buildIsland(island: PlannedIsland, built: IslandParts): BuiltIsland {
  return new Builder(island, built).run()
}

/** The id of an edge without the worker that it leads to: `match->lines`. */
export function edgeName(id: string): string {
  return id.replace(/\[\d+\]$/, '')
}

class Builder {
  private readonly island: PlannedIsland
  private readonly built: IslandParts
  private readonly steps: Step[] = []
  private readonly places: Placing[] = []
  /** Place of each stage's own step; undefined where it has none. */
  private readonly own: (number | undefined)[] = []
  private runBegin = 0
  private isExpanded: boolean

  constructor(island: PlannedIsland, built: IslandParts) {
    this.island = island
    this.built = built
    const [first] = built.parts
    this.isExpanded = first !== undefined && isAsyncStep(first) && first.output !== undefined
  }

  run(): BuiltIsland {
    const outputs: { edge: EdgeWriter; isExpanding: boolean }[] = []
    for (const [place, planned] of this.island.stages.entries()) {
      const part = this.built.parts[place]!
      const behind = this.fallibleBefore(place)
      if (isSource(part) || isAsyncStep(part)) this.own[place] = undefined
      else if (planned.stage.operator.role === undefined) this.addOwn(place, part, behind)
      const step = this.own[place]
      if (step !== undefined && this.steps[step]!.output !== undefined) {
        this.runBegin = this.steps.length
        this.isExpanded = true
      }
      outputs.push(...this.addWriters(place, planned))
    }
    // An edge that tells of refusals is written to whenever the edge that refuses is: it can hold the island up as well.
    for (const { planned, writer } of this.built.edges)
      if (planned.rejectsOf !== undefined) outputs.push({ edge: writer, isExpanding: false })
    return {
      steps: this.steps,
      places: this.places,
      outputs: new Outputs(outputs),
    }
  }

  private addOwn(place: number, part: Step, behind: readonly number[]): void {
    const faults = this.built.faults[place]
    this.own[place] = this.steps.length
    this.add(faults === undefined ? part : new GuardedStep(part, faults), place, behind, false)
  }

  private add(step: Step, place: number, behind: readonly number[], isBulk: boolean): void {
    this.steps.push(step)
    // A source is timed by whoever pulls it; handing its records on is a row of its own.
    const isHandingOn = place === 0 && isSource(this.built.parts[0]!)
    const clockStage = isHandingOn ? this.island.stages.length : place
    this.places.push({ clockStage, behind, isBulk: isBulk && behind.length === 0 })
  }

  /** Steps of the run under way that can fail at a record before it reaches a stage. */
  private fallibleBefore(place: number): number[] {
    const found: number[] = []
    let at = this.island.stages[place]!.parent
    while (at !== undefined) {
      const step = this.own[at]
      if (step !== undefined && step >= this.runBegin && this.steps[step] instanceof GuardedStep)
        found.push(step)
      at = this.island.stages[at]!.parent
    }
    return found
  }

  private addWriters(
    place: number,
    { stage, isChangedLater }: PlannedStage,
  ): { edge: EdgeWriter; isExpanding: boolean }[] {
    const edges = this.built.edges.filter(
      ({ planned }) => planned.fromStage === stage.id && planned.rejectsOf === undefined,
    )
    const own = this.own[place]
    const behind = this.fallibleBefore(place)
    if (own !== undefined && own >= this.runBegin && this.steps[own] instanceof GuardedStep) behind.push(own)
    for (const tap of this.built.taps.get(stage.id) ?? []) this.add(tap, place, behind, !isChangedLater)
    if (stage.operator.role === 'switch')
      this.addSwitch(place, stage.id, stage.options as SwitchOptions, edges, behind)
    else for (const step of this.perWorker(edges)) this.add(step, place, behind, !isChangedLater)
    return edges.map(({ writer }) => ({ edge: writer, isExpanding: this.isExpanded }))
  }

  private addSwitch(
    place: number,
    id: string,
    { branches }: SwitchOptions,
    edges: IslandParts['edges'],
    behind: readonly number[],
  ): void {
    const ways = Object.entries(branches).map(([name, { when }]): Way => {
      const taken = edges.filter(({ planned }) => planned.branch === name)
      const kind = this.kindOf(edges)
      return {
        meets: when === undefined ? () => true : predicateOf(when, kind, this.built.market),
        edges: this.perWorker(taken),
      }
    })
    const step = this.built.switches.get(id) ?? new SwitchStep(ways)
    this.built.switches.set(id, step)
    this.add(step, place, behind, false)
  }

  private kindOf(edges: IslandParts['edges']): RecordKind {
    return edges[0]?.planned.kind ?? 'event'
  }

  /** One step for each stage that takes: edges to the workers of one are written to by instrument. */
  private perWorker(edges: IslandParts['edges']): Step[] {
    const byTaker = new Map<string, { readonly planned: PlannedEdge; readonly writer: EdgeWriter }[]>()
    for (const edge of edges) byTaker.set(edge.planned.to, [...(byTaker.get(edge.planned.to) ?? []), edge])
    return [...byTaker.values()].flatMap((same) => [
      ...(this.built.taps.get(edgeName(same[0]!.planned.id)) ?? []),
      same[0]!.planned.worker === undefined
        ? same[0]!.writer
        : new PartitionStep(
            same.map(({ writer }) => writer),
            same[0]!.planned.kind,
          ),
    ])
  }
}
