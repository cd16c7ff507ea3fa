import { filter, lastValueFrom, map, merge, NEVER, Observable, Subject, takeUntil } from 'rxjs'
import { Batch, RECORD_WORDS } from '../../book/index.ts'
import type { LatencySummary } from '../../telemetry/latency.ts'
import type { PipelineStats } from '../../telemetry/pipeline-stats.ts'
import type { DeadLetterSink, StageFaults } from '../fault/stage-faults.ts'
import { GuardedStep } from '../fault/guarded-step.ts'
import { predicateOf } from '../graph/condition.ts'
import type { SwitchOptions } from '../graph/routing.ts'
import type { Allowance } from '../intake.ts'
import type { Market } from '../market.ts'
import { isAsyncStep, isSource, type Part, type Source } from '../operator.ts'
import { inputOrder, ownerOf, type Plan, type PlannedEdge, type PlannedStage } from '../plan/plan.ts'
import { observeSource } from '../pump.ts'
import { faultsOf } from './faults-of.ts'
import type { Made, MadeIsland } from './parts.ts'
import {
  asyncStageOperator,
  mergeInSequence,
  singly,
  stageOperator,
  workerOperator,
} from './reference-operators.ts'
import type { RunOptions, Undrained } from './run-options.ts'
import { keepOneAnswer, type Owner } from './worker-join.ts'

/**
 * A plan as plain RxJS: one operator for each stage, one subject for what each gives. A record goes through everything
 * that it leads to before the next one is pulled, so edges are never full and their policies have nothing to do. It is
 * slow, and says what the fused back end must do; times are not taken.
 */
export class ReferenceRun {
  private readonly plan: Plan
  private readonly made: Made
  private readonly options: RunOptions
  private readonly deadLetters: DeadLetterSink & { readonly count: number }
  private readonly ending = new AbortController()
  private readonly cutting = new Subject<void>()
  private readonly edges = new Map<PlannedEdge, Subject<Batch>>()
  private readonly outlets = new Map<string, Subject<Batch>>()
  private readonly faults: StageFaults[] = []
  private readonly allowance: Allowance
  /** Lets go what waits in each merge by sequence, those nearer to the source first. */
  private readonly merges: (() => boolean)[] = []
  private waiting = 0
  private wake: () => void = () => {}
  private readonly waits = {
    begin: (): void => {
      this.waiting++
    },
    end: (): void => {
      if (--this.waiting === 0) this.wake()
    },
  }
  private beganMs = 0

  constructor(
    plan: Plan,
    made: Made,
    options: RunOptions,
    deadLetters: DeadLetterSink & { readonly count: number },
  ) {
    this.plan = plan
    this.made = made
    this.options = options
    this.deadLetters = deadLetters
    this.allowance = { left: options.records ?? Infinity }
    for (const edge of plan.edges) this.edges.set(edge, new Subject())
  }

  async run(): Promise<void> {
    this.beganMs = performance.now()
    const ends: Observable<Batch>[] = []
    for (const island of this.made.islands) {
      ends.push(this.lay(island, this.input(island)))
    }
    await lastValueFrom(merge(...ends).pipe(takeUntil(this.cutting)), { defaultValue: undefined })
  }

  stop(): void {
    this.ending.abort()
  }

  cut(): void {
    this.cutting.next()
  }

  barrier(): Promise<number> {
    return Promise.reject(new Error('the reference back end has no barriers'))
  }

  finish(): Promise<void> {
    return this.barrier().then(() => {})
  }

  resume(): void {}

  tap(stage: string): Observable<Batch> {
    return this.outlets.get(stage)?.pipe(map((batch) => batch.slice())) ?? NEVER
  }

  undrained(): Undrained[] {
    return []
  }

  latencies(): LatencySummary[] {
    return []
  }

  watchBudgets(): void {}

  stats(): PipelineStats {
    return {
      pipeline: this.plan.definition.name,
      elapsedNs: Math.round((performance.now() - this.beganMs) * 1e6),
      commands: this.made.market.sequence - this.made.market.recovered.sequence,
      deadLettered: this.deadLetters.count,
      islands: [],
      edges: [],
      stages: this.faults.map((faults) => faults.stats()),
      budgets: [],
      rootCause: undefined,
    }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  /** What comes to an island: from its source, or from the edges before it. */
  private input({ island, parts }: MadeIsland): Observable<Batch> {
    const [first] = parts
    if (isSource(first!)) {
      const pump = {
        allowance: this.allowance,
        batchRecords: 1,
        stop: this.ending.signal,
        hold: () => this.hold(),
      }
      // The part is closed with all the others.
      const source: Source = {
        pull: (batch, upTo) => first.pull(batch, upTo),
        ...(first.isNumbered === undefined ? {} : { isNumbered: first.isNumbered }),
        ...(first.ready === undefined ? {} : { ready: () => first.ready!() }),
        ...(first.stop === undefined ? {} : { stop: () => first.stop!() }),
      }
      return observeSource(source, this.made.market, pump)
    }
    const streams = inputOrder(this.plan, island.id).map((edge) => this.edges.get(edge)!)
    const register = (flush: () => boolean): void => {
      this.merges.push(flush)
    }
    if (island.joinsWorkers) {
      const owners = inputOrder(this.plan, island.id).map((edge) => ownerOf(this.plan, edge))
      return mergeInSequence(streams, (group) => oneAnswer(group, owners), register)
    }
    return island.order === 'sequence' ? mergeInSequence(streams, undefined, register) : merge(...streams)
  }

  /** Lays an island's stages behind its input. Returns what is complete when the island is. */
  private lay(made: MadeIsland, input: Observable<Batch>): Observable<Batch> {
    const outlets: Subject<Batch>[] = []
    for (const planned of made.island.stages) {
      const outlet = new Subject<Batch>()
      outlets.push(outlet)
      this.outlets.set(planned.stage.id, outlet)
      this.connect(made, planned, outlet)
    }
    return new Observable((subscriber) => {
      // The last come first: all must listen before the first record comes. Readers of the same records come before
      // whoever changes them, as they do in the plan.
      for (const [place, { parent }] of made.island.stages.entries())
        if (parent !== undefined)
          subscriber.add(this.through(made, place, outlets[parent]!).subscribe(outlets[place]))
      subscriber.add(merge(...outlets).subscribe(subscriber))
      subscriber.add(this.through(made, 0, input).subscribe(outlets[0]))
    })
  }

  private through(made: MadeIsland, place: number, input: Observable<Batch>): Observable<Batch> {
    const part: Part = made.parts[place]!
    const { stage } = made.island.stages[place]!
    if (isSource(part)) return input
    const faults = faultsOf(made, place, stage, {
      definition: this.plan.definition,
      deadLetters: this.deadLetters,
      now: this.options.now,
      trial: this.options.trial,
    })
    if (faults !== undefined) this.faults.push(faults)
    if (isAsyncStep(part)) {
      const timeoutMs = stage.settings.timeoutNs / 1e6
      return input.pipe(asyncStageOperator(part, faults!, timeoutMs, this.waits))
    }
    if (stage.operator.role !== undefined) return input.pipe(singly())
    return input.pipe(stageOperator(faults === undefined ? part : new GuardedStep(part, faults)))
  }

  /** Copies what a stage gives to the edges behind it. */
  private connect({ island, market }: MadeIsland, { stage }: PlannedStage, outlet: Subject<Batch>): void {
    for (const [edge, subject] of this.edges) {
      if (edge.fromIsland !== island.id || edge.fromStage !== stage.id || edge.rejectsOf !== undefined)
        continue
      const goes = edge.branch === undefined ? () => true : branchTest(stage.options, edge, market)
      const mine = outlet.pipe(filter(({ words, count }) => count > 0 && goes(words)))
      const workers = this.plan.edges.filter(
        ({ from, to, worker }) => from === edge.from && to === edge.to && worker !== undefined,
      ).length
      const own =
        edge.worker === undefined ? mine : mine.pipe(workerOperator(edge.worker, workers, edge.kind))
      own.pipe(map((batch) => batch.slice())).subscribe(subject)
      for (const [refusals, told] of this.edges)
        if (refusals.rejectsOf === edge.id) outlet.subscribe({ complete: () => told.complete() })
    }
  }

  /** What must be waited for before the next record is pulled: full sinks, and stages that wait. */
  private hold(): Promise<void> | undefined {
    for (const { market } of this.made.islands) {
      const held = market.gate.wait()
      if (held !== undefined) return held
    }
    // All that a record leads to is there when nobody waits: what it left in merges goes on, one after the other.
    if (this.waiting === 0 && !this.merges.some((flush) => flush() && this.waiting > 0)) return undefined
    return new Promise((resolve) => {
      this.wake = resolve
    })
  }
}

/** Whether a record goes down a branch: it meets its condition and none before. */
function branchTest(options: unknown, edge: PlannedEdge, market: Market): (words: Int32Array) => boolean {
  const ways = Object.entries((options as SwitchOptions).branches).map(([name, { when }]) => ({
    name,
    meets: when === undefined ? () => true : predicateOf(when, edge.kind, market),
  }))
  return (words) => ways.find(({ meets }) => meets(words, 0))?.name === edge.branch
}

/** What the workers of a partition say of one command, with one answer. */
function oneAnswer(
  group: readonly (readonly Batch[])[],
  owners: readonly (Owner | undefined)[],
): readonly Batch[] {
  const all = group.flat()
  if (group.filter((batches) => batches.length > 0).length < 2) return all
  const together = new Batch(all.length)
  for (const batch of all)
    together.words.set(batch.words.subarray(0, RECORD_WORDS), together.count++ * RECORD_WORDS)
  const from = group.flatMap((batches, place) => batches.map(() => place))
  keepOneAnswer(together, (index) => owners[from[index]!])
  return Array.from({ length: together.count }, (_, index) => {
    const single = new Batch(1)
    single.words.set(together.words.subarray(index * RECORD_WORDS, (index + 1) * RECORD_WORDS))
    single.count = 1
    return single
  })
}
