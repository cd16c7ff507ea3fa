import type { Batch } from '../../book/index.ts'
import { SEQUENCE } from '../../book/record.ts'
import { RingState, STATE } from '../../memory/ring/layout.ts'
import { Ring } from '../../memory/ring/index.ts'
import type { SpscReader } from '../../memory/ring/spsc-reader.ts'
import { Latency } from '../../telemetry/latency.ts'
import type { EdgeStats } from '../../telemetry/pipeline-stats.ts'
import type { EdgeLink, EdgeReader } from '../edge/ports.ts'
import type { PlannedEdge } from '../plan/plan.ts'
import type { Bell } from './bell.ts'
import { WAITS, WATERMARK, type EdgeMemory } from './edge-memory.ts'
import { monotonicUs } from './monotonic.ts'

export interface ThreadReaderOptions {
  readonly edge: PlannedEdge
  readonly memory: EdgeMemory
  /** Of the thread that writes. */
  readonly bell: Bell
  /** Takes in what must be known before records are handled. */
  readonly beforeRecords: () => void
  /** Told how far the sequence has come. */
  readonly onWatermark: (sequence: number) => void
}

/** The end of an edge that is on the thread of its reader. */
export class ThreadReader implements EdgeReader, EdgeLink {
  readonly id: string
  watermark: number
  private readonly options: ThreadReaderOptions
  private readonly ring: Ring
  private readonly reader: SpscReader
  private readonly waits: Int32Array
  private readonly watermarks: BigInt64Array
  private readonly latency: Latency
  private readonly wakeAt: number
  /** Records that are known to be there. */
  private known: number
  private taken: number
  private wake: () => void

  constructor(options: ThreadReaderOptions) {
    const { edge, memory } = options
    this.id = edge.id
    this.watermark = 0
    this.options = options
    this.ring = new Ring(memory.ring)
    this.reader = this.ring.reader() as SpscReader
    this.waits = new Int32Array(memory.state)
    this.watermarks = new BigInt64Array(memory.state)
    this.latency = new Latency(edge.id)
    this.wakeAt = Math.max(1, this.ring.capacity >> 1)
    this.known = 0
    this.taken = 0
    this.wake = () => {}
  }

  get depth(): number {
    return this.known > 0 ? this.known : this.look()
  }

  get isEnded(): boolean {
    return Atomics.load(this.ring.words, STATE) !== RingState.open
  }

  read(into: Batch, max: number, nowMs: number): number {
    this.options.beforeRecords()
    while (into.capacity < into.count + max) into.grow()
    const stampUs = this.ring.oldestStampUs()
    const count = this.reader.read(into.words, max, into.count)
    if (count <= 0) return 0
    if (stampUs !== 0 && nowMs !== 0) this.latency.record(Math.max(0, (monotonicUs() - stampUs) / 1e3))
    into.count += count
    this.taken += count
    this.known = Math.max(0, this.known - count)
    if (Atomics.load(this.waits, WAITS) === 1 && this.reader.room() >= this.wakeAt) {
      Atomics.store(this.waits, WAITS, 0)
      this.options.bell.ring()
    }
    return count
  }

  oldestSequence(): number {
    return (this.reader.peek(SEQUENCE) >>> 0) + this.reader.peek(SEQUENCE + 1) * 4_294_967_296
  }

  onRecords(wake: () => void): void {
    this.wake = wake
  }

  /** The thread was woken: there may be records. */
  heard(): void {
    this.wake()
  }

  /** What this end knows: records read, how long they waited and how old the oldest is. */
  stats(): EdgeStats {
    const { id, from, to, fromIsland, toIsland, settings } = this.options.edge
    const { samples, percentilesNs, maxNs } = this.latency.summary()
    const oldestUs = this.ring.oldestStampUs()
    return {
      id,
      from,
      to,
      fromIsland,
      toIsland,
      policy: settings.policy,
      capacityRecords: settings.capacityRecords,
      depth: this.ring.depth(),
      spilled: 0,
      highWater: this.ring.highWater(),
      oldestAgeNs: oldestUs === 0 ? 0 : Math.max(0, Math.round((monotonicUs() - oldestUs) * 1e3)),
      offered: 0,
      read: this.taken,
      drops: {},
      wait: {
        samples,
        p50Ns: percentilesNs[0]!,
        p99Ns: percentilesNs[2]!,
        p999Ns: percentilesNs[3]!,
        maxNs,
      },
    }
  }

  /** Nothing more is read: a writer that still waits for room need not. */
  close(): Promise<void> {
    this.reader.abort()
    this.options.bell.ring()
    return Promise.resolve()
  }

  /** The end, then the watermark, then the records: nothing that either of the first two promises is missed. */
  private look(): number {
    const { isEnded } = this
    const watermark = Number(Atomics.load(this.watermarks, WATERMARK))
    this.known = this.reader.depth()
    if (watermark > this.watermark) this.watermark = watermark
    this.options.onWatermark(watermark)
    if (isEnded && this.known === 0) this.watermark = Infinity
    return this.known
  }
}
