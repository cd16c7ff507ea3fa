import { NONE, type Heap } from '../../memory/heap.ts'
import { Batch } from '../batch.ts'
import { RECORD_WORDS } from '../record-layout.ts'
import { EVENTS_END, EVENTS_FROM, EVENTS_TOP } from './shared-words.ts'

/** A record has 2^4 words: a shift is exact and stays a whole number for V8. */
export const RECORD_SHIFT = 4

/** A batch whose records lie in the heap of an engine, where the kernel reads and writes them. */
export class HeapBatch extends Batch {
  readonly heap: Heap
  /** The word of the heap at which the first record begins. */
  from: number

  /** @throws RangeError if no memory is left for it */
  constructor(heap: Heap, capacityRecords: number) {
    super(0)
    this.heap = heap
    this.from = NONE
    this.makeRoom(capacityRecords * RECORD_WORDS)
  }

  /** Doubles the room. @throws RangeError if no memory is left */
  override grow(): void {
    const { from, words } = this
    this.makeRoom(Math.max(RECORD_WORDS, words.length * 2))
    this.words.set(words)
    words.fill(0)
    this.heap.recycle(from, words.length)
  }

  private makeRoom(words: number): void {
    const from = this.heap.allocate(words)
    if (from === NONE) throw new RangeError(`no memory is left for ${words / RECORD_WORDS} records`)
    this.from = from
    this.words = this.heap.words.subarray(from, from + words)
  }
}

/** The batch that the kernel appends events to. */
export class EventBatch extends HeapBatch {
  constructor(heap: Heap, capacityRecords: number) {
    super(heap, capacityRecords)
    this.tellRoom()
  }

  override grow(): void {
    super.grow()
    this.tellRoom()
  }

  /** Tells the kernel where to write the next records. */
  lend(): void {
    this.heap.words[EVENTS_TOP] = this.from + this.count * RECORD_WORDS
  }

  /** Counts what the kernel has written since. */
  takeBack(): void {
    this.count = (this.heap.words[EVENTS_TOP]! - this.from) >> RECORD_SHIFT
  }

  /** Grows while the kernel is at it. */
  growLent(): void {
    this.takeBack()
    this.grow()
    this.lend()
  }

  private tellRoom(): void {
    this.heap.words[EVENTS_FROM] = this.from
    this.heap.words[EVENTS_END] = this.from + this.words.length
  }
}
