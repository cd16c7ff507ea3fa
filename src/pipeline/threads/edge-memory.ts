import { createRing } from '../../memory/ring/index.ts'

/**
 * What the two ends of an edge between threads share: a ring, and beside it
 *
 *  byte
 *     0  watermark  i64  nothing that comes later has a sequence up to this one    written by the writer
 *   128  waits      i32  1 while the writer waits for room                         written by both
 */
export interface EdgeMemory {
  readonly ring: SharedArrayBuffer
  readonly state: SharedArrayBuffer
}

/** Index of the watermark in 64-bit words, and of the flag in 32-bit words. */
export const WATERMARK = 0
export const WAITS = 32

const STATE_BYTES = 256
/** The ring is what is under way from one thread to the other; what waits beyond that waits with the writer. */
const MAX_RING_RECORDS = 16_384

/** @param capacityRecords of the whole edge */
export function edgeMemory(capacityRecords: number): EdgeMemory {
  const half = Math.max(1, Math.min(MAX_RING_RECORDS, capacityRecords >>> 1))
  const capacity = 2 ** Math.floor(Math.log2(half))
  const ring = createRing({ capacity })
  return { ring: ring.buffer as SharedArrayBuffer, state: new SharedArrayBuffer(STATE_BYTES) }
}
