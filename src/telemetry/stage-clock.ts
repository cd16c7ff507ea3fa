import { Latency, type LatencySummary } from './latency.ts'

/** One record in so many is timed. A prime, so that no pattern in the flow keeps step with it. */
export const PROBE_EVERY = 509

/**
 * Times records on their way through the stages of an island.
 *
 * A clock call costs as much as a stage, so not every record is stamped: one in `every` is a probe, and only probes
 * meet the clock. A probe is handled on its own between two stamps a stage, in its place in the stream: what is
 * measured is the time that very record took, clock call included.
 */
export class StageClock {
  /** Records from one probe to the next; 0 turns timing off. */
  readonly every: number
  /** Probes in the batch under way: their positions in it, rising. */
  readonly positions: Int32Array
  probes: number
  private readonly spent: Float64Array
  /** Time in each stage of the probe under way. */
  private readonly laps: Float64Array
  private readonly stages: Latency[]
  private readonly whole: Latency
  private readonly batches: Latency
  private last: number
  private began: number
  private untilNext: number

  /**
   * @param stages names in the order the records pass them: the source first
   * @param batchRecords the most records a batch has
   */
  constructor(stages: readonly string[], batchRecords: number, every: number = PROBE_EVERY) {
    const probes = every === 0 ? 0 : Math.ceil(batchRecords / every) + 1
    this.every = every
    this.positions = new Int32Array(probes)
    this.probes = 0
    this.spent = new Float64Array(probes)
    this.laps = new Float64Array(stages.length)
    this.stages = stages.map((name) => new Latency(name))
    this.whole = new Latency('whole')
    this.batches = new Latency('batch')
    this.last = 0
    this.began = 0
    this.untilNext = every === 0 ? Infinity : every
  }

  /** Records to let pass before the next probe. */
  get recordsBeforeProbe(): number {
    return this.untilNext - 1
  }

  batchBegan(): void {
    this.probes = 0
    if (this.every !== 0) this.began = performance.now()
  }

  /** So many records that are no probes have come in. */
  letPass(records: number): void {
    this.untilNext -= records
  }

  /** A batch of so many records that nobody had to be asked for singly: its probes are where they fall. */
  passBy(records: number): void {
    let at = -1
    while (at + this.untilNext < records && this.probes < this.positions.length) {
      at += this.untilNext
      const probe = this.probes++
      this.positions[probe] = at
      this.spent[probe] = 0
      this.untilNext = this.every
    }
    this.untilNext = Math.max(1, this.untilNext - (records - 1 - at))
  }

  /** Starts the clock before the source is asked for a probe, or before a probe goes on to the next stages. */
  start(): void {
    this.last = performance.now()
  }

  /** The source has given the probe that it was asked for: it stands at `position` of the batch. */
  entered(position: number): void {
    const probe = this.probes++
    this.positions[probe] = position
    this.spent[probe] = 0
    this.untilNext = this.every
    this.lap(0)
    this.passed(probe, 0)
  }

  /** One of the records of the probe under way is through a stage. */
  lap(stage: number): void {
    const now = performance.now()
    this.laps[stage]! += now - this.last
    this.last = now
  }

  /** All records of a probe of this batch are through a stage. */
  passed(probe: number, stage: number): void {
    const took = this.laps[stage]!
    this.laps[stage] = 0
    this.spent[probe]! += took
    this.stages[stage]!.record(took)
  }

  /** All of the batch has passed all stages. */
  batchEnded(): void {
    if (this.every === 0) return
    for (let probe = 0; probe < this.probes; probe++) this.whole.record(this.spent[probe]!)
    this.batches.record(performance.now() - this.began)
  }

  /** Each stage; then `whole`, a record's own time through all of them; then `batch`, from the pull to the last sink. */
  summaries(): LatencySummary[] {
    return this.all().map((latency) => latency.summary())
  }

  /** The same, of what has come since this was last called. */
  takeRecent(): LatencySummary[] {
    return this.all().map((latency) => latency.takeRecent())
  }

  private all(): Latency[] {
    return [...this.stages, this.whole, this.batches]
  }
}
