import type { AnyOperator } from './operator.ts'
import type { Reader } from './reader.ts'
import { didYouMean } from './suggest.ts'

/** A stage as far as it could be read. */
export interface StageDraft {
  readonly path: readonly string[]
  readonly id: string | undefined
  readonly operator: AnyOperator | undefined
  /** What `inputs` says; undefined if it is not there or is not readable. */
  readonly inputs: readonly string[] | undefined
  readonly hasInputs: boolean
  readonly options: unknown
}

/** The stage that another takes its records from, or why there is none to be told. */
type Link = number | 'source' | 'unknown'

export interface WiredStage {
  readonly draft: StageDraft
  readonly input: StageDraft | undefined
}

/** Links the stages, reports what cannot be, and gives them in the order of the file but every one after its input. */
export function wire(stages: readonly StageDraft[], reader: Reader): WiredStage[] {
  return new Wiring(stages, reader).run()
}

class Wiring {
  private readonly stages: readonly StageDraft[]
  private readonly reader: Reader
  private readonly byId: ReadonlyMap<string, number>
  private readonly links: readonly Link[]

  constructor(stages: readonly StageDraft[], reader: Reader) {
    this.stages = stages
    this.reader = reader
    this.byId = this.indexIds()
    this.links = stages.map((_, index) => this.link(index))
  }

  run(): WiredStage[] {
    this.checkSources()
    this.checkKinds()
    this.checkConsumers()
    return this.order().map((index) => {
      const link = this.links[index]
      return { draft: this.stages[index]!, input: typeof link === 'number' ? this.stages[link] : undefined }
    })
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

  private link(index: number): Link {
    const { operator, inputs, hasInputs, path } = this.stages[index]!
    const isSource = operator !== undefined && operator.consumes === undefined
    if (hasInputs) {
      if (inputs === undefined) return 'unknown'
      if (isSource) {
        if (inputs.length > 0)
          this.reader.report([...path, 'inputs'], `${operator.name} is a source and takes no inputs`)
        return 'source'
      }
      return this.linkTo(this.stages[index]!, inputs)
    }
    if (isSource) return 'source'
    if (index > 0) return index - 1
    if (operator !== undefined)
      this.reader.report(
        [...path, 'operator'],
        `${operator.name} takes ${operator.consumes}s, so it cannot be first: begin with a source`,
      )
    return 'unknown'
  }

  private linkTo({ path, operator }: StageDraft, inputs: readonly string[]): Link {
    const at = [...path, 'inputs']
    if (inputs.length === 0 && operator !== undefined)
      this.reader.report(at, `${operator.name} takes ${operator.consumes}s: expected the id of a stage`)
    if (inputs.length > 1)
      this.reader.report(at, `expected one input (this version has no joins), got ${inputs.length}`)
    const isList = Array.isArray(this.reader.document.valueAt(at))
    const found = inputs.map((input, index) => {
      const known = this.byId.get(input)
      if (known === undefined)
        this.reader.report(
          isList ? [...at, String(index)] : at,
          `no stage has the id ${this.reader.show(input)}${didYouMean(input, this.byId.keys())}`,
        )
      return known
    })
    return found[0] ?? 'unknown'
  }

  private checkSources(): void {
    const [first, ...others] = this.stages.filter(
      ({ operator }) => operator?.consumes === undefined && operator !== undefined,
    )
    for (const { path } of others)
      this.reader.report(
        [...path, 'operator'],
        `a second source beside ${nameOf(first!)}: a pipeline has one`,
      )
  }

  private checkKinds(): void {
    for (const [index, stage] of this.stages.entries()) {
      const link = this.links[index]
      if (typeof link !== 'number') continue
      const made = this.stages[link]!.operator?.produces
      const taken = stage.operator?.consumes
      if (made !== undefined && taken !== undefined && made !== taken)
        this.reportInput(
          stage,
          `${nameOf(this.stages[link]!)} makes ${made}s, ${nameOf(stage)} takes ${taken}s`,
        )
    }
  }

  /** Commands are handled once: they go to one stage, and to one at least. Events may go to any number. */
  private checkConsumers(): void {
    const takers = new Map<number, StageDraft[]>()
    for (const [index, link] of this.links.entries()) {
      if (typeof link !== 'number') continue
      const others = takers.get(link)
      if (others === undefined) takers.set(link, [this.stages[index]!])
      else others.push(this.stages[index]!)
    }
    const allKnown = this.links.every((link) => link !== 'unknown')
    for (const [index, stage] of this.stages.entries()) {
      if (stage.operator?.produces !== 'command') continue
      const [first, ...others] = takers.get(index) ?? []
      if (first === undefined && allKnown)
        this.reader.report(
          [...stage.path, 'operator'],
          `${nameOf(stage)} makes commands, and no stage takes them`,
        )
      for (const other of others)
        this.reportInput(other, `${nameOf(stage)} feeds ${nameOf(first!)} already: commands go to one stage`)
    }
  }

  /** Indexes with every stage after its input. Rings are reported, and come out in any order. */
  private order(): number[] {
    const ordered: number[] = []
    const placed = new Set<number>()
    for (const start of this.stages.keys()) {
      const chain = new Set<number>()
      let at: Link = start
      while (typeof at === 'number' && !placed.has(at) && !chain.has(at)) {
        chain.add(at)
        at = this.links[at]!
      }
      const walked = [...chain]
      if (typeof at === 'number' && chain.has(at)) this.reportRing(walked.slice(walked.indexOf(at)))
      for (const index of walked.reverse()) {
        placed.add(index)
        ordered.push(index)
      }
    }
    return ordered
  }

  /** @param ring each stage followed by its input */
  private reportRing(ring: number[]): void {
    const first = ring.indexOf(Math.min(...ring))
    // Told the way the records would go, from the stage that the file names first.
    const flow = [...ring.slice(first), ...ring.slice(0, first)].reverse()
    const names = [flow.at(-1)!, ...flow].map((index) => nameOf(this.stages[index]!))
    this.reportInput(this.stages[flow.at(-1)!]!, `the stages go round in a ring: ${names.join(' -> ')}`)
  }

  private reportInput(stage: StageDraft, message: string): void {
    this.reader.report([...stage.path, stage.hasInputs ? 'inputs' : 'operator'], message)
  }
}

function nameOf({ id, path, operator }: StageDraft): string {
  return id ?? operator?.name ?? path.join('.')
}
