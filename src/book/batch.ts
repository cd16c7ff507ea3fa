import { RECORD_WORDS } from './record.ts'

/** Records in a batch unless a caller asks for another number. */
export const BATCH_RECORDS = 1_024

/**
 * Records of one kind, one after the other in one typed array. A batch is made once and used again and again:
 * its records are good until the operator that owns it is asked for the next ones.
 */
export class Batch {
  /** Record `i` begins at word `i * RECORD_WORDS`. */
  words: Int32Array
  /** Records in use. */
  count: number

  constructor(capacityRecords: number = BATCH_RECORDS) {
    this.words = new Int32Array(capacityRecords * RECORD_WORDS)
    this.count = 0
  }

  get capacity(): number {
    return this.words.length / RECORD_WORDS
  }

  /**
   * Doubles the room. One command may cause any number of events, so an event batch grows to the largest it
   * has met and stays there.
   */
  grow(): void {
    const words = new Int32Array(Math.max(RECORD_WORDS, this.words.length * 2))
    words.set(this.words)
    this.words = words
  }

  /** A copy of the records in use, for who keeps them longer than the batch is good. */
  slice(): Batch {
    const copy = new Batch(Math.max(1, this.count))
    copy.words.set(this.words.subarray(0, this.count * RECORD_WORDS))
    copy.count = this.count
    return copy
  }
}
