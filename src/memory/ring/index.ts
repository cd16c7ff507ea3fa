/** Rings of 64-byte records, between threads and between processes. */
export { RECORD_WORDS, type RingOptions } from './layout.ts'
export { createRing, Ring, type RingReader, type RingWriter } from './ring.ts'
export { CLOSED } from './ring-state.ts'
export type { PeerState } from './peer.ts'
export {
  createRingFile,
  openRingReader,
  openRingWriter,
  SHARED_RING_RECORDS,
  type SharedRingReader,
  type SharedRingWriter,
} from './shared-ring.ts'
