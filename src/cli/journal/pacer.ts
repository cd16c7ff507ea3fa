import { RECORD_WORDS } from '../../book/index.ts'
import { readU64, TIMESTAMP_NS } from '../../book/record.ts'

/** Below this a wait is not worth a timer. */
const LEAST_WAIT_MS = 1
const MOST_WAIT_MS = 86_400_000

/** Lets commands come as fast as they did by the times that they carry, times a factor. */
export class Pacer {
  private readonly factor: number
  private firstNs: number | undefined
  private began: number

  constructor(factor: number) {
    this.factor = factor
    this.firstNs = undefined
    this.began = 0
  }

  /** Milliseconds until a time in the commands is reached. A time of 0 says nothing. */
  dueMs(timestampNs: number): number {
    if (timestampNs === 0) return 0
    if (this.firstNs === undefined) {
      this.firstNs = timestampNs
      this.began = performance.now()
    }
    const due = this.began + (timestampNs - this.firstNs) / 1e6 / this.factor
    return Math.min(MOST_WAIT_MS, due - performance.now())
  }

  /** Resolves when the last of so many commands is due. */
  async wait(words: Int32Array, count: number): Promise<void> {
    if (count === 0) return
    this.dueMs(readU64(words, TIMESTAMP_NS))
    const ms = this.dueMs(readU64(words, (count - 1) * RECORD_WORDS + TIMESTAMP_NS))
    if (ms >= LEAST_WAIT_MS) await new Promise((resolve) => setTimeout(resolve, ms))
  }
}
