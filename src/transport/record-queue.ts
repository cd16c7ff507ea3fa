import type { Batch } from '../book/batch.ts'
import { RECORD_BYTES } from '../book/record.ts'
import { bytesOf } from './frame.ts'

/**
 * Records that have come in and wait to be pulled: a bounded ring that bytes are copied into once. Whoever fills it
 * asks for `room` first, so that what does not fit is never asked for, or is refused and told so.
 */
export class RecordQueue {
  readonly capacity: number
  /** Records that wait. */
  count: number
  /** Records taken in and given out since the beginning. */
  put: number
  given: number
  /** Called when records have been given out. */
  onRoom: () => void
  private readonly words: Int32Array
  private readonly bytes: Uint8Array
  private readAt: number
  private writeAt: number
  private wake: (() => void) | undefined

  constructor(capacityRecords: number) {
    this.capacity = capacityRecords
    this.count = 0
    this.put = 0
    this.given = 0
    this.onRoom = () => {}
    this.words = new Int32Array(capacityRecords * (RECORD_BYTES / 4))
    this.bytes = bytesOf(this.words)
    this.readAt = 0
    this.writeAt = 0
    this.wake = undefined
  }

  get room(): number {
    return this.capacity - this.count
  }

  /** Takes in `count` records that begin at a byte. There must be room. */
  push(bytes: Uint8Array, at: number, count: number): void {
    const first = Math.min(count, this.capacity - this.writeAt)
    this.bytes.set(bytes.subarray(at, at + first * RECORD_BYTES), this.writeAt * RECORD_BYTES)
    if (first < count) this.bytes.set(bytes.subarray(at + first * RECORD_BYTES, at + count * RECORD_BYTES), 0)
    this.writeAt = (this.writeAt + count) % this.capacity
    this.count += count
    this.put += count
    this.tell()
  }

  /** Appends waiting records to a batch until it holds `upTo`. Returns how many. */
  pull(batch: Batch, upTo: number): number {
    const wanted = Math.min(upTo - batch.count, this.count)
    if (wanted <= 0) return 0
    const to = bytesOf(batch.words)
    let left = wanted
    while (left > 0) {
      const run = Math.min(left, this.capacity - this.readAt)
      const from = this.readAt * RECORD_BYTES
      to.set(this.bytes.subarray(from, from + run * RECORD_BYTES), batch.count * RECORD_BYTES)
      this.readAt = (this.readAt + run) % this.capacity
      batch.count += run
      left -= run
    }
    this.count -= wanted
    this.given += wanted
    this.onRoom()
    return wanted
  }

  /** Resolves when records wait, or when `tell` is called. */
  ready(): Promise<void> {
    if (this.count > 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.wake = resolve
    })
  }

  /** Ends the wait for records. */
  tell(): void {
    const { wake } = this
    this.wake = undefined
    wake?.()
  }
}
