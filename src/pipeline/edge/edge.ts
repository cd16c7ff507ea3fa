import { type Batch, RECORD_WORDS } from '../../book/index.ts'
import { Latency } from '../../telemetry/latency.ts'
import type { EdgeStats } from '../../telemetry/pipeline-stats.ts'
import type { WhenFull } from '../graph/edge-settings.ts'
import { policyOf, type FullPolicy } from './policy.ts'
import type { EdgeLink, EdgeReader, EdgeWriter } from './ports.ts'
import { RecordQueue } from './record-queue.ts'
import { SpillFile } from './spill-file.ts'
import { Stamps } from './stamps.ts'

export interface EdgeOptions {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly fromIsland: string
  readonly toIsland: string
  readonly capacityRecords: number
  readonly whenFull: WhenFull
  /** Told of each command that is refused, with the policy `reject`. */
  readonly onReject?: ((words: Int32Array, at: number) => void) | undefined
}

/** No less is set aside at the start; more comes as it is used. */
const FIRST_RECORDS = 1_024
/** An island that was held up goes on when so many records have room, if the edge is that large. */
const RESUME_RECORDS = 256
const PERCENTILES_SHOWN = { p50: 0, p99: 2, p999: 3 } as const

/**
 * A bounded queue between two islands of one thread, with a policy for records that have no room.
 *
 * Every record that is offered is accounted for: read, waiting, or counted by the policy.
 */
export class Edge implements EdgeWriter, EdgeReader, EdgeLink {
  readonly id: string
  readonly holdsWriter: boolean
  readonly resumeRoom: number
  watermark: number
  isEnded: boolean
  private readonly options: EdgeOptions
  private readonly queue: RecordQueue
  private readonly capacityRecords: number
  private readonly policy: FullPolicy
  private readonly policyName: string
  private readonly asksAlways: boolean
  private readonly spill: SpillFile | undefined
  private readonly stamps: Stamps
  private readonly waits: Latency
  private offered: number
  /** Of the offered ones, those that the reader has been woken for. */
  private toldOf: number
  private taken: number
  private highWater: number
  private wakeReader: () => void
  private wakeWriter: () => void

  /** @throws Error if its policy is `spill` and there can be no file */
  constructor(options: EdgeOptions) {
    const { id, capacityRecords, whenFull, onReject = () => {} } = options
    this.id = id
    this.holdsWriter = whenFull.block !== undefined
    this.resumeRoom = Math.max(1, Math.min(RESUME_RECORDS, capacityRecords >>> 2))
    this.watermark = 0
    this.isEnded = false
    this.options = options
    this.queue = new RecordQueue(Math.min(capacityRecords, FIRST_RECORDS))
    this.capacityRecords = capacityRecords
    this.spill = whenFull.spill === undefined ? undefined : new SpillFile(whenFull.spill)
    const { queue, spill } = this
    this.policy = policyOf(whenFull, { edge: id, queue, capacityRecords, onReject, spill })
    this.policyName = Object.keys(whenFull)[0]!
    this.asksAlways = this.policy.asksAlways
    this.stamps = new Stamps()
    this.waits = new Latency(id)
    this.offered = 0
    this.toldOf = 0
    this.taken = 0
    this.highWater = 0
    this.wakeReader = () => {}
    this.wakeWriter = () => {}
  }

  get depth(): number {
    return this.spill === undefined ? this.queue.depth : this.queue.depth + this.spill.depth
  }

  process(words: Int32Array, at: number): void {
    this.offered++
    const { queue } = this
    const isAsked = this.asksAlways || queue.tail - queue.head >= this.capacityRecords
    if (isAsked && !this.policy.admit(words, at)) return
    queue.push(words, at)
  }

  processBatch(words: Int32Array, from: number, to: number): void {
    const { queue } = this
    if (!this.asksAlways && (this.holdsWriter || queue.depth + to - from <= this.capacityRecords)) {
      this.offered += to - from
      queue.pushMany(words, from, to)
    } else for (let i = from; i < to; i++) this.process(words, i * RECORD_WORDS)
  }

  room(): number {
    return this.capacityRecords - this.queue.depth
  }

  advance(watermark: number, nowMs: number): void {
    const { queue, spill } = this
    const waiting = this.depth
    if (waiting > this.highWater) this.highWater = waiting
    this.stamps.written(queue.tail + (spill?.depth ?? 0), nowMs)
    const isNews = this.offered > this.toldOf || watermark > this.watermark
    this.toldOf = this.offered
    if (watermark > this.watermark) this.watermark = watermark
    if (isNews) this.wakeReader()
  }

  end(): void {
    this.isEnded = true
    this.watermark = Infinity
    this.wakeReader()
  }

  read(into: Batch, max: number, nowMs: number): number {
    const { queue, spill } = this
    const count = queue.take(into, max)
    if (spill !== undefined && spill.depth > 0)
      spill.giveBack(queue, Math.max(0, this.capacityRecords - queue.depth))
    this.taken += count
    if (count > 0) {
      this.stamps.read(queue.head, nowMs, this.waits)
      this.wakeWriter()
    }
    return count
  }

  oldestSequence(): number {
    return this.queue.oldestSequence()
  }

  onRecords(wake: () => void): void {
    this.wakeReader = wake
  }

  onRoom(wake: () => void): void {
    this.wakeWriter = wake
  }

  stats(nowMs: number): EdgeStats {
    const { from, to, fromIsland, toIsland, capacityRecords } = this.options
    const { samples, percentilesNs, maxNs } = this.waits.summary()
    const { depth } = this
    return {
      id: this.id,
      from,
      to,
      fromIsland,
      toIsland,
      policy: this.policyName,
      capacityRecords,
      depth,
      spilled: this.spill?.depth ?? 0,
      highWater: Math.max(this.highWater, depth),
      oldestAgeNs: depth === 0 ? 0 : this.stamps.oldestAgeNs(this.queue.head, nowMs),
      offered: this.offered,
      read: this.taken,
      drops: this.policy.counts(),
      wait: {
        samples,
        p50Ns: percentilesNs[PERCENTILES_SHOWN.p50]!,
        p99Ns: percentilesNs[PERCENTILES_SHOWN.p99]!,
        p999Ns: percentilesNs[PERCENTILES_SHOWN.p999]!,
        maxNs,
      },
    }
  }

  close(): Promise<void> {
    this.spill?.close()
    return Promise.resolve()
  }
}
