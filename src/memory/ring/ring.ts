import {
  formatRing,
  MANY_PRODUCERS,
  readLayout,
  ringBytes,
  type RingLayout,
  type RingOptions,
} from './layout.ts'
import { MpscReader } from './mpsc-reader.ts'
import { MpscWriter } from './mpsc-writer.ts'
import { AtomicsParking, TimedParking, type Parking } from './parking.ts'
import { SpscReader } from './spsc-reader.ts'
import { SpscWriter } from './spsc-writer.ts'
import { oldestStampUs } from './stamps.ts'

export type RingWriter = SpscWriter | MpscWriter
export type RingReader = SpscReader | MpscReader

/** A ring as one side of it sees it: a buffer that can be handed to another thread, and what both can ask about it. */
export class Ring {
  readonly buffer: ArrayBufferLike
  readonly capacity: number
  readonly layout: RingLayout
  readonly words: Int32Array
  private readonly parking: Parking

  /**
   * @param buffer what `createRing` made, on this thread or another
   * @param parking how this side sleeps; by default with Atomics, or with timers where the memory is not shared
   * @throws RangeError if it is not a ring
   */
  constructor(buffer: ArrayBufferLike, parking?: Parking) {
    this.buffer = buffer
    this.layout = readLayout(buffer)
    this.capacity = this.layout.capacity
    this.words = new Int32Array(buffer, 0, this.layout.words)
    this.parking =
      parking ??
      (buffer instanceof SharedArrayBuffer ? new AtomicsParking(this.words) : new TimedParking(this.words))
  }

  /**
   * The producing side, or one of several.
   * @param spinTurns how often it looks before it sleeps
   */
  writer(spinTurns?: number): RingWriter {
    return this.layout.kind === MANY_PRODUCERS
      ? new MpscWriter(this.words, this.layout, this.parking, spinTurns)
      : new SpscWriter(this.words, this.layout, this.parking, spinTurns)
  }

  reader(spinTurns?: number): RingReader {
    return this.layout.kind === MANY_PRODUCERS
      ? new MpscReader(this.words, this.layout, this.parking, spinTurns)
      : new SpscReader(this.words, this.layout, this.parking, spinTurns)
  }

  /** Records that wait. Anyone may ask. */
  depth(): number {
    const { words, layout } = this
    const head = Atomics.load(words, layout.head)
    const tail = Atomics.load(words, layout.kind === MANY_PRODUCERS ? layout.claim : layout.tail)
    return Math.min(this.capacity, (tail - head) | 0)
  }

  /** The most records that either side has found waiting. */
  highWater(): number {
    return Math.max(this.words[this.layout.highWater]!, this.words[this.layout.producerHighWater]!)
  }

  /** When the oldest batch that waits was published, by the clock of who stamped it; 0 if none waits or has a stamp. */
  oldestStampUs(): number {
    return oldestStampUs(this.words, this.layout)
  }
}

/**
 * An empty ring over memory that threads share.
 * @throws RangeError if the capacity is not a power of two
 */
export function createRing(options: RingOptions): Ring {
  const buffer = new SharedArrayBuffer(ringBytes(options))
  formatRing(buffer, options)
  return new Ring(buffer)
}
