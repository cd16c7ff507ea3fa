import { Observable } from 'rxjs'
import { Batch, BATCH_RECORDS, RECORD_WORDS } from '../../book/index.ts'
import type { LatencySummary } from '../../telemetry/latency.ts'
import type { PipelineStats, StageStats } from '../../telemetry/pipeline-stats.ts'
import { rootCause } from '../../telemetry/root-cause.ts'
import { StageClock } from '../../telemetry/stage-clock.ts'
import { Edge } from '../edge/edge.ts'
import type { EdgeReader } from '../edge/ports.ts'
import { RejectTeller, type SwitchStep } from '../edge/routing-steps.ts'
import type { DeadLetterSink, StageFaults } from '../fault/stage-faults.ts'
import { FusedSteps } from '../fused-steps.ts'
import { isAsyncStep, isSource, type Source, type Step } from '../operator.ts'
import { inputOrder, ownerOf, type Plan, type PlannedEdge } from '../plan/plan.ts'
import { AsyncTask } from './async-task.ts'
import { Budgets } from './budgets.ts'
import { buildIsland, type BuiltIsland } from './build.ts'
import { inputsOf } from './inputs.ts'
import { faultsOf, type FaultParts } from './faults-of.ts'
import type { Made, MadeIsland } from './parts.ts'
import type { EdgeEnds, OnReject, RunOptions, Undrained } from './run-options.ts'
import { Scheduler } from './scheduler.ts'
import type { Allowance } from '../intake.ts'
import { SourceTask } from './source-task.ts'
import { StepsTask } from './steps-task.ts'
import type { Task, TaskParts } from './task.ts'

/** An island that runs, with what it was built from. */
interface RunningIsland {
  readonly made: MadeIsland
  readonly faults: readonly (StageFaults | undefined)[]
  readonly task: Task
  readonly switches: Map<string, SwitchStep>
}

/** A plan at work: islands as tasks of one scheduler, edges between them. */
export class FusedRun {
  readonly scheduler: Scheduler
  private readonly plan: Plan
  private readonly made: Made
  private readonly edges: ReadonlyMap<PlannedEdge, EdgeEnds>
  private readonly islands: readonly RunningIsland[]
  private readonly budgets: Budgets
  private readonly deadLetters: DeadLetterSink & { readonly count: number }
  private readonly options: RunOptions
  private readonly taps = new Map<string, Step[]>()
  private readonly faultParts: FaultParts
  private beganMs: number

  /** @throws Error if an edge cannot be made */
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
    this.budgets = new Budgets(plan.definition)
    this.faultParts = { definition: plan.definition, deadLetters, now: options.now, trial: options.trial }
    this.beganMs = performance.now()
    this.edges = this.connect()
    const allowance = options.allowance ?? { left: options.records ?? Infinity }
    this.islands = made.islands.map((island) => this.start(island, allowance))
    this.scheduler = new Scheduler(this.islands.map(({ task }) => task).toReversed())
  }

  /** Resolves when everything has been handled, or at a cut; rejects with what a stage threw. */
  async run(): Promise<void> {
    this.beganMs = performance.now()
    await this.scheduler.run()
    this.scheduler.onQuiet()
  }

  /** Nothing more is read; what was read is handled. */
  stop(): void {
    for (const { task } of this.islands) task.stop()
  }

  /** Ends it at once, between two batches. */
  cut(): void {
    for (const { task } of this.islands) if (task instanceof AsyncTask) task.abort()
    this.scheduler.cut()
  }

  /** Holds the sources, and resolves with the latest sequence when all up to it has been handled. */
  async barrier(): Promise<number> {
    for (const { task } of this.islands) if (task instanceof SourceTask) task.isPaused = true
    await this.quiet(() => true)
    return this.made.market.sequence
  }

  /** At a barrier: ends the sources of these stages, and resolves when what they had read has been handled. */
  async finish(stages: ReadonlySet<string>): Promise<void> {
    const ending: Task[] = []
    for (const { task, made } of this.islands) {
      const [first] = made.parts
      if (!(task instanceof SourceTask) || !stages.has(made.island.stages[0]!.stage.id)) continue
      // One that cannot be told to stop reads nothing ahead.
      if (!isSource(first!) || first.stop === undefined) continue
      task.isPaused = false
      task.stop()
      ending.push(task)
    }
    await this.quiet(() => ending.every(({ isEnded }) => isEnded))
  }

  /** Resolves when nothing is under way and something besides is true. */
  private async quiet(isSo: () => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      this.scheduler.onQuiet = () => {
        const isQuiet =
          this.islands.every(({ task }) => !task.isHoldingRecords) &&
          [...this.edges.values()].every(({ reader }) => reader === undefined || reader.depth === 0)
        if (isQuiet && isSo()) resolve()
      }
      if (this.islands.every(({ task }) => task.isEnded)) resolve()
      this.scheduler.wake()
    })
    this.scheduler.onQuiet = () => {}
  }

  /** Lets the sources go on after a barrier. */
  resume(): void {
    for (const { task } of this.islands) if (task instanceof SourceTask) task.isPaused = false
    this.scheduler.wake()
  }

  /** What a stage gives, as it runs, or what goes into an edge, by `FROM->TO`. Batches are copies; nobody is held up by who looks on. */
  tap(stage: string): Observable<Batch> {
    return new Observable((subscriber) => {
      const own = new TapStep((batch) => subscriber.next(batch))
      this.setTaps(stage, [...(this.taps.get(stage) ?? []), own])
      return () =>
        this.setTaps(
          stage,
          (this.taps.get(stage) ?? []).filter((step) => step !== own),
        )
    })
  }

  undrained(): Undrained[] {
    const left: Undrained[] = []
    for (const [{ id }, { reader }] of this.edges)
      if (reader !== undefined && reader.depth > 0) left.push({ where: id, records: reader.depth })
    for (const { task } of this.islands)
      if (task.isHoldingRecords) left.push({ where: task.island.id, records: task.heldRecords })
    return left
  }

  /** Since the run began. */
  latencies(): LatencySummary[] {
    return this.latenciesOf((clock) => clock.summaries())
  }

  /** Since this was last called. */
  recentLatencies(): LatencySummary[] {
    return this.latenciesOf((clock) => clock.takeRecent())
  }

  private latenciesOf(summaries: (clock: StageClock) => LatencySummary[]): LatencySummary[] {
    const many = this.islands.length > 1
    return this.islands.flatMap(({ task, made }, index) => {
      const rows = summaries(task.clock)
      const names = made.island.stages.length
      const handingOn = rows.at(names)!
      const total = rows
        .slice(-2)
        .map((row) => (many && index > 0 ? { ...row, name: `${row.name} of ${made.island.id}` } : row))
      return [...rows.slice(0, names), ...(handingOn.samples > 0 ? [handingOn] : []), ...total]
    })
  }

  stats(): PipelineStats {
    const nowMs = performance.now()
    const islands = this.islands.map(({ task }) => task.stats(nowMs))
    const edges = [...this.edges.values()].map(({ link }) => link.stats(nowMs))
    return {
      pipeline: this.plan.definition.name,
      elapsedNs: Math.round((nowMs - this.beganMs) * 1e6),
      commands: this.made.market.sequence - this.made.market.recovered.sequence,
      deadLettered: this.deadLetters.count,
      islands,
      edges,
      stages: this.islands.flatMap((island) => stageStats(island)),
      budgets: this.budgets.isEmpty ? [] : this.budgets.stats(this.latencies()),
      rootCause: rootCause({ islands, edges }),
    }
  }

  /** Looks whether a budget is breached now that was not before, and says so. */
  watchBudgets(): void {
    if (this.budgets.isEmpty || this.options.onWarning === undefined) return
    for (const warning of this.budgets.newBreaches(this.latencies())) this.options.onWarning(warning)
  }

  async close(): Promise<void> {
    await Promise.all([...this.edges.values()].map(({ link }) => link.close()))
  }

  private connect(): Map<PlannedEdge, EdgeEnds> {
    const hosted = new Set(this.made.islands.map(({ island }) => island.id))
    const ends = new Map<PlannedEdge, EdgeEnds>()
    for (const planned of this.plan.edges) {
      if (!hosted.has(planned.fromIsland) && !hosted.has(planned.toIsland)) continue
      const onReject = this.onRejectOf(planned, ends)
      const given = this.options.connect?.(planned, onReject) ?? plainEdge(planned, onReject)
      given.reader?.onRecords(this.wake)
      given.writer?.onRoom(this.wake)
      ends.set(planned, given)
    }
    return ends
  }

  private onRejectOf(planned: PlannedEdge, ends: ReadonlyMap<PlannedEdge, EdgeEnds>): OnReject {
    let teller: RejectTeller | undefined
    const source = this.sourceOf(planned.fromIsland)
    return (words, at) => {
      teller ??= new RejectTeller(tellersOf(planned, ends))
      teller.tell(words, at)
      source?.rejected?.(words, at)
    }
  }

  private readonly wake = (): void => this.scheduler?.wake()

  private sourceOf(island: string): Source | undefined {
    const part = this.made.islands.find((made) => made.island.id === island)?.parts[0]
    return part !== undefined && isSource(part) ? part : undefined
  }

  private start(made: MadeIsland, allowance: Allowance): RunningIsland {
    const { island, market, parts } = made
    const { runtime } = this.plan.definition
    const {
      batchRecords = made.market.batchRecords ?? runtime.batchRecords ?? BATCH_RECORDS,
      probeEvery = runtime.probeEvery,
    } = this.options
    const faults = island.stages.map((planned, place) =>
      faultsOf(made, place, planned.stage, this.faultParts),
    )
    const switches = new Map<string, SwitchStep>()
    const built = this.build(made, faults, switches)
    const names = [...island.stages.map(({ stage }) => stage.id), `${island.stages[0]!.stage.id}->`]
    const clock = new StageClock(names, batchRecords, probeEvery)
    const common: TaskParts = {
      island,
      steps: new FusedSteps(built.steps, clock, built.places),
      outputs: built.outputs,
      gate: market.gate,
      clock,
      batchRecords,
      wake: this.wake,
    }
    const nowMs = performance.now()
    const [first] = parts
    if (isSource(first!)) {
      const task = new SourceTask(common, first, this.made.market, allowance, nowMs)
      return { made, faults, switches, task }
    }
    const owners = inputOrder(this.plan, island.id).map((edge) => ownerOf(this.plan, edge))
    const inputs = inputsOf(this.readersOf(island.id), island.order, island.joinsWorkers, owners)
    if (!isAsyncStep(first!)) return { made, faults, switches, task: new StepsTask(common, inputs, nowMs) }
    const timeoutMs = island.stages[0]!.stage.settings.timeoutNs / 1e6
    const task = new AsyncTask({ ...common, step: first, faults: faults[0]!, timeoutMs }, inputs, nowMs)
    return { made, faults, switches, task }
  }

  private build(
    made: MadeIsland,
    faults: readonly (StageFaults | undefined)[],
    switches: Map<string, SwitchStep>,
  ): BuiltIsland {
    const edges = [...this.edges]
      .filter(([planned]) => planned.fromIsland === made.island.id)
      .map(([planned, { writer }]) => ({ planned, writer: writer! }))
    return buildIsland(made.island, {
      parts: made.parts,
      faults,
      market: made.market,
      edges,
      taps: this.taps,
      switches,
    })
  }

  private readersOf(island: string): EdgeReader[] {
    return inputOrder(this.plan, island).map((planned) => this.edges.get(planned)!.reader!)
  }

  private setTaps(stage: string, steps: Step[]): void {
    this.taps.set(stage, steps)
    for (const { made, faults, task, switches } of this.islands) {
      const [from] = stage.split(/\.|->/)
      if (!made.island.stages.some((planned) => planned.stage.id === from)) continue
      const { steps: all, places } = this.build(made, faults, switches)
      task.steps = new FusedSteps(all, task.clock, places)
    }
  }
}

function plainEdge(planned: PlannedEdge, onReject: OnReject): EdgeEnds {
  const { capacityRecords, whenFull } = planned.settings
  const edge = new Edge({ ...planned, capacityRecords, whenFull, onReject })
  return { writer: edge, reader: edge, link: edge }
}

/** The edges that carry the refusals of an edge. Of one that is spread over workers they may be of all of them. */
function tellersOf(refusing: PlannedEdge, ends: ReadonlyMap<PlannedEdge, EdgeEnds>): Step[] {
  const base = refusing.id.replace(/\[\d+\]$/, '')
  return [...ends]
    .filter(([{ rejectsOf }]) => rejectsOf === refusing.id || rejectsOf === base)
    .map(([, { writer }]) => writer!)
}

function stageStats({ made, faults, task }: RunningIsland): StageStats[] {
  const nothing = { failures: 0, deadLettered: 0, breaker: undefined, bypassed: 0, refused: 0 }
  return made.island.stages.map(
    ({ stage }, place) => faults[place]?.stats() ?? { id: stage.id, island: task.island.id, ...nothing },
  )
}

/** Copies what goes by, a batch at a time. */
class TapStep implements Step {
  private readonly batch = new Batch()
  private readonly tell: (batch: Batch) => void

  constructor(tell: (batch: Batch) => void) {
    this.tell = tell
  }

  process(words: Int32Array, at: number): void {
    const { batch } = this
    if (batch.count === batch.capacity) batch.grow()
    batch.words.set(words.subarray(at, at + RECORD_WORDS), batch.count++ * RECORD_WORDS)
  }

  flush(): void {
    if (this.batch.count === 0) return
    this.tell(this.batch.slice())
    this.batch.count = 0
  }
}
