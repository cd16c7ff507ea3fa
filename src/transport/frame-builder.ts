import { RECORD_BYTES, RECORD_WORDS } from '../book/record.ts'
import { FRAME_RECORDS, HEADER_BYTES, sealFrame, type FrameHeader } from './frame.ts'

const HEADER_WORDS = HEADER_BYTES / 4

/** Gathers records for a frame. The memory of a full one is handed over, so that its records are copied once. */
export class FrameBuilder {
  count: number
  readonly capacity: number
  private words: Int32Array
  private bytes: Uint8Array

  constructor(capacityRecords: number = FRAME_RECORDS) {
    this.count = 0
    this.capacity = capacityRecords
    this.words = new Int32Array(0)
    this.bytes = new Uint8Array(0)
  }

  get isFull(): boolean {
    return this.count === this.capacity
  }

  /** Appends the record that begins at a word. Only while there is room. */
  push(words: Int32Array, at: number): void {
    const to = HEADER_WORDS + this.count++ * RECORD_WORDS
    if (to + RECORD_WORDS > this.words.length) this.grow()
    const own = this.words
    for (let i = 0; i < RECORD_WORDS; i++) own[to + i] = words[at + i]!
  }

  /** The frame of what was gathered; the builder is empty again. */
  take(header: FrameHeader): Uint8Array {
    const length = HEADER_BYTES + this.count * RECORD_BYTES
    // A frame that is kept until it is confirmed must not keep much more memory than it needs.
    const isFilled = this.count * 2 > this.capacity
    const frame = isFilled ? this.bytes.subarray(0, length) : this.bytes.slice(0, length)
    if (isFilled) this.words = new Int32Array(0)
    this.count = 0
    sealFrame(frame, header)
    return frame
  }

  /** Small at first: there may be a builder for each of many clients. */
  private grow(): void {
    const before = this.words
    const records = Math.min(this.capacity, Math.max(8, ((before.length - HEADER_WORDS) / RECORD_WORDS) * 4))
    this.words = new Int32Array(HEADER_WORDS + records * RECORD_WORDS)
    this.words.set(before)
    this.bytes = new Uint8Array(this.words.buffer)
  }
}
