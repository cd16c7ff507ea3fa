import { ONE_PRODUCER, STAMP_END, STAMP_WORDS, type RingLayout } from './layout.ts'

/**
 * When each batch was published, for whoever wants to know how old the oldest record in a ring is. One stamp a batch,
 * since a look at the clock costs as much as a few records do.
 *
 * Stamps stand in a ring of their own. If all of it is taken by batches that still wait, a new batch is counted with
 * the one before it: its age is then told too high, never too low.
 */
export class BatchStamps {
  private readonly words: Int32Array
  private readonly times: Float64Array
  private readonly at: number
  private readonly mask: number
  private readonly tailAt: number
  private tail: number

  constructor(words: Int32Array, layout: RingLayout) {
    this.words = words
    this.times = new Float64Array(words.buffer, words.byteOffset, words.length >> 1)
    this.at = layout.stampsAt
    this.mask = layout.stamps - 1
    this.tailAt = layout.stampTail
    this.tail = words[layout.stampTail]!
  }

  /**
   * @param end the position behind the batch
   * @param head where the consumer was seen last
   */
  add(timeUs: number, end: number, head: number): void {
    const { words, tail, mask } = this
    const entry = this.at + (tail & mask) * STAMP_WORDS
    if (tail >>> 0 > mask && ((words[entry + STAMP_END]! - head) | 0) > 0) {
      words[this.at + ((tail - 1) & mask) * STAMP_WORDS + STAMP_END] = end
      return
    }
    this.times[entry >> 1] = timeUs
    words[entry + STAMP_END] = end
    this.tail = (tail + 1) | 0
    Atomics.store(words, this.tailAt, this.tail)
  }
}

/** When the oldest batch that is not yet released was published; 0 if there is none or it had no stamp. */
export function oldestStampUs(words: Int32Array, layout: RingLayout): number {
  const times = new Float64Array(words.buffer, words.byteOffset, words.length >> 1)
  const head = Atomics.load(words, layout.head)
  if (layout.kind !== ONE_PRODUCER) {
    const entry = layout.stampsAt + (head & (layout.capacity - 1)) * STAMP_WORDS
    return Atomics.load(words, entry + STAMP_END) === 0 ? 0 : times[entry >> 1]!
  }
  const tail = Atomics.load(words, layout.stampTail)
  const mask = layout.stamps - 1
  let oldest = 0
  // From the newest back: what is behind the head is older than anything that matters.
  for (let back = 1; back <= layout.stamps; back++) {
    const entry = layout.stampsAt + ((tail - back) & mask) * STAMP_WORDS
    if (((words[entry + STAMP_END]! - head) | 0) <= 0 || times[entry >> 1] === 0) break
    oldest = times[entry >> 1]!
  }
  return oldest
}
