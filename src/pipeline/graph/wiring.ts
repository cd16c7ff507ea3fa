import type { RecordKind } from '../operator.ts'
import type { Reader } from '../reader.ts'
import { didYouMean } from '../suggest.ts'
import { branchesOf, nameOf, type StageDraft } from './stage-draft.ts'

/** The stage that another takes records from, by its place among the stages. */
export interface Link {
  readonly from: number
  /** Which way out, where that is a switch. */
  readonly branch: string | undefined
}

/** Stages with what feeds them. Where something could not be linked, it has been reported. */
export interface Wiring {
  readonly stages: readonly StageDraft[]
  /** The inputs of each stage. */
  readonly links: readonly (readonly Link[])[]
  /** Whether every input that the file names was found. */
  readonly isComplete: boolean
  /** Places of the stages, every one after its inputs, otherwise as in the file. */
  readonly order: readonly number[]
  /** What each stage takes and gives; undefined where that is not known. A source takes nothing. */
  readonly takes: readonly (RecordKind | undefined)[]
  readonly gives: readonly (RecordKind | undefined)[]
}

/** Links stages by their inputs and reports what cannot be linked: unknown and repeated names, rings, what no source reaches. */
export function wire(stages: readonly StageDraft[], reader: Reader): Wiring {
  return new Linker(stages, reader).run()
}

class Linker {
  private readonly stages: readonly StageDraft[]
  private readonly reader: Reader
  private readonly byId: ReadonlyMap<string, number>
  private isComplete = true

  constructor(stages: readonly StageDraft[], reader: Reader) {
    this.stages = stages
    this.reader = reader
    this.byId = this.indexIds()
  }

  run(): Wiring {
    const links = this.stages.map((_, index) => this.linksOf(index))
    const { order, inRing } = this.order(links)
    this.checkReached(links, inRing)
    return { stages: this.stages, links, isComplete: this.isComplete, order, ...this.kinds(links, order) }
  }

  private indexIds(): Map<string, number> {
    const byId = new Map<string, number>()
    for (const [index, { id, path }] of this.stages.entries()) {
      if (id === undefined) continue
      if (byId.has(id))
        this.reader.report([...path, 'id'], `another stage has the id ${JSON.stringify(id)} already`)
      else byId.set(id, index)
    }
    return byId
  }

  private linksOf(index: number): Link[] {
    const stage = this.stages[index]!
    const { operator, inputs, hasInputs, path } = stage
    const isSource = operator !== undefined && operator.consumes === undefined
    if (hasInputs && inputs === undefined) return this.unknown()
    if (isSource) {
      if (hasInputs && inputs!.length > 0)
        this.reader.report([...path, 'inputs'], `${operator.name} is a source and takes no inputs`)
      return []
    }
    if (hasInputs) return this.namedLinks(stage, inputs!)
    if (operator === undefined) return index === 0 ? this.unknown() : [{ from: index - 1, branch: undefined }]
    if (index === 0) {
      this.reader.report(
        [...path, 'operator'],
        `${operator.name} takes ${operator.consumes}s, so it cannot be first: begin with a source`,
      )
      return this.unknown()
    }
    return this.linkBefore(stage, index)
  }

  private linkBefore(stage: StageDraft, index: number): Link[] {
    const before = this.stages[index - 1]!
    const names = branchesOf(before)
    if (before.operator?.role !== 'switch') return [{ from: index - 1, branch: undefined }]
    const wanted = names.map((name) => `${nameOf(before)}.${name}`).join(', ')
    this.reader.report(
      [...stage.path, 'operator'],
      `${nameOf(before)} is a switch: expected inputs, one of ${wanted}`,
    )
    return this.unknown()
  }

  private namedLinks({ path, operator }: StageDraft, inputs: readonly string[]): Link[] {
    const at = [...path, 'inputs']
    if (inputs.length === 0 && operator !== undefined) {
      this.isComplete = false
      const takes = operator.role === undefined ? `${operator.consumes}s` : 'records'
      this.reader.report(at, `${operator.name} takes ${takes}: expected the id of a stage`)
    }
    const isList = Array.isArray(this.reader.document.valueAt(at))
    const links: Link[] = []
    for (const [index, input] of inputs.entries()) {
      const place = isList ? [...at, String(index)] : at
      const link = this.find(input, place)
      if (link === undefined) this.isComplete = false
      else if (links.some(({ from, branch }) => from === link.from && branch === link.branch))
        this.reader.report(place, `${this.reader.show(input)} is among the inputs already`)
      else links.push(link)
    }
    return links
  }

  /** The stage, or branch of a stage, of a name. */
  private find(input: string, place: readonly string[]): Link | undefined {
    const dot = input.indexOf('.')
    const from = this.byId.get(dot === -1 ? input : input.slice(0, dot))
    const branch = dot === -1 ? undefined : input.slice(dot + 1)
    const stage = from === undefined ? undefined : this.stages[from]!
    const names = stage === undefined ? [] : branchesOf(stage)
    const isSwitch = stage?.operator?.role === 'switch'
    if (stage !== undefined && isSwitch && stage.options === undefined) return undefined
    if (stage !== undefined && isSwitch && branch === undefined) {
      const wanted = names.map((name) => `${input}.${name}`).join(', ')
      this.reader.report(place, `${input} is a switch: expected one of ${wanted}`)
      return undefined
    }
    if (stage !== undefined && (branch === undefined || names.includes(branch)))
      return { from: from!, branch }
    const known = [...this.byId].flatMap(([id, index]) => {
      const ways = branchesOf(this.stages[index]!)
      return ways.length === 0 ? [id] : ways.map((way) => `${id}.${way}`)
    })
    this.reader.report(place, `no stage has the id ${this.reader.show(input)}${didYouMean(input, known)}`)
    return undefined
  }

  private unknown(): Link[] {
    this.isComplete = false
    return []
  }

  /** Places with every stage after its inputs (Tarjan's depth-first order, without recursion). Rings are reported. */
  private order(links: readonly (readonly Link[])[]): { order: number[]; inRing: ReadonlySet<number> } {
    const order: number[] = []
    const inRing = new Set<number>()
    const state = new Uint8Array(this.stages.length)
    for (const start of this.stages.keys()) {
      if (state[start] !== NEW) continue
      const chain: { readonly stage: number; next: number }[] = [{ stage: start, next: 0 }]
      state[start] = OPEN
      while (chain.length > 0) {
        const top = chain.at(-1)!
        const link = links[top.stage]![top.next++]
        if (link === undefined) {
          state[top.stage] = DONE
          order.push(top.stage)
          chain.pop()
        } else if (state[link.from] === NEW) {
          state[link.from] = OPEN
          chain.push({ stage: link.from, next: 0 })
        } else if (state[link.from] === OPEN) {
          const stages = chain.map(({ stage }) => stage)
          const ring = stages.slice(stages.indexOf(link.from))
          for (const stage of ring) inRing.add(stage)
          this.reportRing(ring)
        }
      }
    }
    return { order, inRing }
  }

  /** @param ring each stage followed by its input */
  private reportRing(ring: number[]): void {
    const first = ring.indexOf(Math.min(...ring))
    // Told the way the records would go, from the stage that the file names first.
    const flow = [...ring.slice(first), ...ring.slice(0, first)].reverse()
    const names = [flow.at(-1)!, ...flow].map((index) => nameOf(this.stages[index]!))
    const stage = this.stages[flow.at(-1)!]!
    this.reader.report(
      [...stage.path, stage.hasInputs ? 'inputs' : 'operator'],
      `the stages go round in a ring: ${names.join(' -> ')}`,
    )
  }

  /** Stages that only a ring leads to. Where an input is not known, nobody can say what reaches what. */
  private checkReached(links: readonly (readonly Link[])[], inRing: ReadonlySet<number>): void {
    if (!this.isComplete) return
    const takers = takersOf(links)
    const reached = new Set<number>()
    const next = [...this.stages.keys()].filter((index) => links[index]!.length === 0)
    for (let at = next.pop(); at !== undefined; at = next.pop()) {
      if (reached.has(at)) continue
      reached.add(at)
      next.push(...takers[at]!)
    }
    for (const [index, stage] of this.stages.entries())
      if (!reached.has(index) && !inRing.has(index))
        this.reader.report(
          [...stage.path, stage.hasInputs ? 'inputs' : 'operator'],
          `no source reaches ${nameOf(stage)}`,
        )
  }

  /** A switch and a merge give what they take; all others what their operator says. */
  private kinds(
    links: readonly (readonly Link[])[],
    order: readonly number[],
  ): { takes: (RecordKind | undefined)[]; gives: (RecordKind | undefined)[] } {
    const takes = this.stages.map(({ operator }) =>
      operator?.role === undefined ? operator?.consumes : undefined,
    )
    const gives = this.stages.map(({ operator }) =>
      operator?.role === undefined ? operator?.produces : undefined,
    )
    for (const index of order)
      if (this.stages[index]!.operator?.role !== undefined) {
        const found = links[index]!.map(({ from }) => gives[from]).find((kind) => kind !== undefined)
        takes[index] = found
        gives[index] = found
      }
    return { takes, gives }
  }
}

const NEW = 0
const OPEN = 1
const DONE = 2

/** The stages that take from each. */
export function takersOf(links: readonly (readonly Link[])[]): number[][] {
  const takers: number[][] = links.map(() => [])
  for (const [index, inputs] of links.entries())
    for (const { from } of inputs) if (!takers[from]!.includes(index)) takers[from]!.push(index)
  return takers
}
