import { Batch, BATCH_RECORDS, RECORD_WORDS } from '../../book/index.ts'
import { Ring } from '../../memory/ring/index.ts'
import type { SpscWriter } from '../../memory/ring/spsc-writer.ts'
import type { EdgeStats } from '../../telemetry/pipeline-stats.ts'
import { Edge, type EdgeOptions } from '../edge/edge.ts'
import type { EdgeLink, EdgeWriter } from '../edge/ports.ts'
import type { Bell } from './bell.ts'
import { WAITS, WATERMARK, type EdgeMemory } from './edge-memory.ts'
import { monotonicUs } from './monotonic.ts'

export interface ThreadWriterOptions {
  readonly edge: EdgeOptions
  readonly memory: EdgeMemory
  /** Of the thread that reads. */
  readonly bell: Bell
  /** Hands on what readers must know before the records come; returns whether all of it has gone. */
  readonly beforeRecords: () => boolean
}

/**
 * The end of an edge that is on the thread of its writer. An edge of this thread, with the policy of the file, and a ring
 * behind it that takes records to the other thread as it has room for them.
 */
export class ThreadWriter implements EdgeWriter, EdgeLink {
  readonly id: string
  readonly holdsWriter: boolean
  readonly resumeRoom: number
  private readonly queue: Edge
  private readonly ring: SpscWriter
  private readonly waits: Int32Array
  private readonly watermarks: BigInt64Array
  private readonly options: ThreadWriterOptions
  private readonly batch: Batch
  private readonly capacityRecords: number
  private watermark: number
  /** The watermark and the position that the reader knows. */
  private shown: number
  private published: number
  /** Records that went into the ring without waiting before it. */
  private direct: number
  private highWater: number
  private isEnding: boolean
  private isOver: boolean
  private wake: () => void
  private tellOver: () => void
  private readonly over: Promise<void>

  constructor(options: ThreadWriterOptions) {
    const { edge, memory } = options
    const ring = new Ring(memory.ring)
    // What is in the ring is as much of the edge as what is in front of it.
    const waiting = Math.max(1, edge.capacityRecords - ring.capacity)
    this.id = edge.id
    this.queue = new Edge({ ...edge, capacityRecords: waiting })
    this.holdsWriter = this.queue.holdsWriter
    this.resumeRoom = Math.max(1, Math.min(this.queue.resumeRoom, ring.capacity >> 1))
    this.ring = ring.writer() as SpscWriter
    this.waits = new Int32Array(memory.state)
    this.watermarks = new BigInt64Array(memory.state)
    this.options = options
    this.batch = new Batch(BATCH_RECORDS)
    this.capacityRecords = edge.capacityRecords
    this.watermark = 0
    this.shown = 0
    this.published = this.ring.position
    this.direct = 0
    this.highWater = 0
    this.isEnding = false
    this.isOver = false
    this.wake = () => {}
    this.tellOver = () => {}
    this.over = new Promise((resolve) => {
      this.tellOver = resolve
    })
  }

  process(words: Int32Array, at: number): void {
    if (this.holdsWriter && this.queue.depth === 0 && this.ring.put(words, at / RECORD_WORDS, 1) === 1)
      this.direct++
    else this.queue.process(words, at)
  }

  processBatch(words: Int32Array, from: number, to: number): void {
    let begin = from
    if (this.holdsWriter && this.queue.depth === 0) {
      const put = Math.max(0, this.ring.put(words, from, to - from))
      this.direct += put
      begin += put
    }
    if (begin < to) this.queue.processBatch(words, begin, to)
  }

  room(): number {
    this.transfer()
    const room = this.capacityRecords - this.depth
    if (room >= this.resumeRoom) return room
    Atomics.store(this.waits, WAITS, 1)
    // The reader may have made room before it could see that someone waits.
    this.transfer()
    return this.capacityRecords - this.depth
  }

  advance(watermark: number, nowMs: number): void {
    this.queue.advance(watermark, nowMs)
    this.watermark = watermark
    const { depth } = this
    if (depth > this.highWater) this.highWater = depth
    this.transfer()
  }

  end(): void {
    this.isEnding = true
    this.transfer()
  }

  onRoom(wake: () => void): void {
    this.wake = wake
  }

  /** The thread was woken: there may be room now. */
  heard(): void {
    if (this.isOver) return
    this.transfer()
    this.wake()
  }

  stats(nowMs: number): EdgeStats {
    const waiting = this.queue.stats(nowMs)
    return {
      ...waiting,
      capacityRecords: this.capacityRecords,
      depth: waiting.depth + this.ring.depth(),
      highWater: Math.max(this.highWater, waiting.depth),
      offered: waiting.offered + this.direct,
      read: 0,
    }
  }

  /** Nobody will read any more, or what was to be read has been written. */
  abort(): Promise<void> {
    if (!this.isOver) this.ring.abort()
    this.options.bell.ring()
    this.finish()
    return Promise.resolve()
  }

  /** Resolves when all that was written has left this thread. Without an end, the stream is broken off. */
  async close(): Promise<void> {
    if (!this.isEnding) await this.abort()
    await this.over
    await this.queue.close()
  }

  private get depth(): number {
    return this.queue.depth + this.ring.depth()
  }

  /** Moves what waits into the ring, as far as there is room, and shows it to the reader. */
  private transfer(): void {
    if (this.isOver || !this.options.beforeRecords()) return
    const { queue, ring, batch } = this
    const nowMs = queue.depth > 0 ? performance.now() : 0
    while (queue.depth > 0) {
      const room = Math.min(ring.room(), batch.capacity)
      if (room === 0) {
        const waited = Atomics.exchange(this.waits, WAITS, 1)
        if (waited === 1 || ring.isAborted) break
        continue
      }
      batch.count = 0
      queue.read(batch, room, nowMs)
      ring.put(batch.words, 0, batch.count)
    }
    const isNews = ring.position !== this.published
    if (isNews) {
      this.published = ring.position
      ring.publish(monotonicUs())
    }
    const isFarther = queue.depth === 0 && this.showWatermark()
    if (ring.isAborted) this.finish()
    // Only for news: two threads that wake each other for nothing would do so for ever.
    if (isNews || isFarther) this.options.bell.ring()
  }

  /** After the records: whoever sees the watermark sees them. Returns whether there was anything to show. */
  private showWatermark(): boolean {
    const isFarther = this.watermark > this.shown && this.watermark !== Infinity
    if (isFarther) {
      this.shown = this.watermark
      Atomics.store(this.watermarks, WATERMARK, BigInt(this.watermark))
    }
    if (!this.isEnding) return isFarther
    this.ring.end()
    this.finish()
    return true
  }

  private finish(): void {
    this.isOver = true
    this.tellOver()
  }
}
