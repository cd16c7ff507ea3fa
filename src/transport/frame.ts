import { RECORD_BYTES, RECORD_WORDS } from '../book/record.ts'
import { crc32 } from './crc32.ts'

/**
 * One frame carries records of one kind through NATS, a file, Redis or a WebSocket: a header of 64 bytes, then the
 * records as they are. All numbers are little-endian; docs/protocol.md has the rules and test vectors.
 *
 *  byte
 *   0  magic           "MLRC"
 *   4  version         u8   1; a reader refuses any other
 *   5  revision        u8   0; a reader reads any
 *   6  kind            u8   a FrameKind
 *   7  flags           u8   FrameFlag bits; a reader refuses those of 0xf0 that it does not know
 *   8  headerBytes     u16  where the records begin: 64, or more in a later revision; a multiple of 8
 *  10  recordBytes     u16  64
 *  12  count           u32  records
 *  16  firstSequence   u64  number of the first record in the sender's stream, from 1
 *  24  source          u64  the stream's sender; another number means that it began anew
 *  32  cause           u64  events: sequence of the command that caused the first record; 0 of commands
 *  40  sentNs          u64  nanoseconds since 1970 at the sender, 0 where it does not say
 *  48  causeIndex      u32  events: how many records of the same cause came before the first one in this stream
 *  52  bookChecksum    u32  book frames: CRC of the book after the last record (see book-checksum.ts), else 0
 *  56  (reserved)      u32  0
 *  60  checksum        u32  CRC-32 of the frame with these four bytes left out: bytes 0 to 59, then 64 to the end
 */
export const HEADER_BYTES = 64
export const FRAME_MAGIC = 0x4352_4c4d
export const FRAME_VERSION = 1
export const FRAME_REVISION = 0

export const FrameKind = { commands: 1, events: 2, book: 3, credit: 4 } as const
export const FrameFlag = {
  /** The first and the last frame of a snapshot of a book. */
  snapshotBegins: 1,
  snapshotEnds: 2,
  /** The sender waits for credit and sends again what was lost. */
  credited: 4,
} as const
/** Flags that must not be passed over by who does not know them; none has a meaning yet. */
const CRITICAL_FLAGS = 0xf0

/** Records a frame holds by default: 16 KiB, where packing has most of its gain. */
export const FRAME_RECORDS = 256
/** Most records that are read in one frame: 4 MiB. */
export const MAX_FRAME_RECORDS = 65_536

/** What is wrong with bytes that should be a frame. */
export type FrameFault = 'short' | 'magic' | 'version' | 'kind' | 'flags' | 'header' | 'length' | 'checksum'

const HIGH_WORD = 4_294_967_296
const MAX_EXACT_HIGH = 2 ** 21

/** Reads one frame after another; its fields are good until the next. */
export class FrameReader {
  version = 0
  kind = 0
  flags = 0
  count = 0
  firstSequence = 0
  source = 0n
  cause = 0
  causeIndex = 0
  sentNs = 0n
  bookChecksum = 0
  /** Where the records begin, and where the frame ends. */
  recordsAt = 0
  end = 0
  /** What `read` returned. */
  fault: FrameFault | undefined = undefined

  /**
   * Reads the frame that is all of `bytes`, or, with `from`, one that others may follow.
   * @returns what is wrong with it, or undefined: then the fields say what is in it
   */
  read(bytes: Uint8Array, from?: number): FrameFault | undefined {
    this.fault = this.readAt(bytes, from)
    return this.fault
  }

  /** Whether it is a sender's request for credit. */
  get isHello(): boolean {
    return this.fault === undefined && this.kind === FrameKind.credit && this.count === 0
  }

  private readAt(bytes: Uint8Array, from?: number): FrameFault | undefined {
    const at = from ?? 0
    if (bytes.length - at < HEADER_BYTES) return 'short'
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, bytes.length - at)
    if (view.getUint32(0, true) !== FRAME_MAGIC) return 'magic'
    this.version = view.getUint8(4)
    if (this.version !== FRAME_VERSION) return 'version'
    this.kind = view.getUint8(6)
    if (this.kind < FrameKind.commands || this.kind > FrameKind.credit) return 'kind'
    this.flags = view.getUint8(7)
    if ((this.flags & CRITICAL_FLAGS) !== 0) return 'flags'
    const headerBytes = view.getUint16(8, true)
    if (headerBytes < HEADER_BYTES || headerBytes % 8 !== 0 || view.getUint16(10, true) !== RECORD_BYTES)
      return 'header'
    this.count = view.getUint32(12, true)
    const length = headerBytes + this.count * RECORD_BYTES
    if (this.count > MAX_FRAME_RECORDS) return 'length'
    if (from === undefined ? length !== view.byteLength : length > view.byteLength) return 'length'
    if (!this.readNumbers(view)) return 'header'
    const checksum = view.getUint32(60, true)
    const head = crc32(bytes.subarray(at, at + 60))
    if (crc32(bytes.subarray(at + HEADER_BYTES, at + length), head) !== checksum) return 'checksum'
    this.recordsAt = at + headerBytes
    this.end = at + length
    return undefined
  }

  /** False where a sequence is past 2^53 - 1. */
  private readNumbers(view: DataView): boolean {
    if (view.getUint32(20, true) >= MAX_EXACT_HIGH || view.getUint32(36, true) >= MAX_EXACT_HIGH) return false
    this.firstSequence = view.getUint32(20, true) * HIGH_WORD + view.getUint32(16, true)
    this.source = view.getBigUint64(24, true)
    this.cause = view.getUint32(36, true) * HIGH_WORD + view.getUint32(32, true)
    this.sentNs = view.getBigUint64(40, true)
    this.causeIndex = view.getUint32(48, true)
    this.bookChecksum = view.getUint32(52, true)
    return true
  }
}

/** What a frame says of its records. */
export interface FrameHeader {
  readonly kind: number
  readonly firstSequence: number
  readonly source: bigint
  readonly flags?: number
  readonly cause?: number
  readonly causeIndex?: number
  readonly sentNs?: bigint
  readonly bookChecksum?: number
}

/** Writes the header, checksum and all, in front of records that stand in place already. */
export function sealFrame(frame: Uint8Array, header: FrameHeader): void {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
  view.setUint32(0, FRAME_MAGIC, true)
  view.setUint8(4, FRAME_VERSION)
  view.setUint8(5, FRAME_REVISION)
  view.setUint8(6, header.kind)
  view.setUint8(7, header.flags ?? 0)
  view.setUint16(8, HEADER_BYTES, true)
  view.setUint16(10, RECORD_BYTES, true)
  view.setUint32(12, (frame.length - HEADER_BYTES) / RECORD_BYTES, true)
  setU64(view, 16, header.firstSequence)
  view.setBigUint64(24, header.source, true)
  setU64(view, 32, header.cause ?? 0)
  view.setBigUint64(40, header.sentNs ?? 0n, true)
  view.setUint32(48, header.causeIndex ?? 0, true)
  view.setUint32(52, header.bookChecksum ?? 0, true)
  view.setUint32(56, 0, true)
  const head = crc32(frame.subarray(0, 60))
  view.setUint32(60, crc32(frame.subarray(HEADER_BYTES), head), true)
}

/** A frame of records `from` up to `to` of some words. */
export function encodeFrame(header: FrameHeader, words: Int32Array, from: number, to: number): Uint8Array {
  const frame = new Uint8Array(HEADER_BYTES + (to - from) * RECORD_BYTES)
  frame.set(bytesOf(words).subarray(from * RECORD_BYTES, to * RECORD_BYTES), HEADER_BYTES)
  sealFrame(frame, header)
  return frame
}

/** The bytes of records. */
export function bytesOf(words: Int32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
}

/** A frame's records, copied to words of their own. */
export function recordsOf(bytes: Uint8Array, reader: FrameReader): Int32Array {
  const words = new Int32Array(reader.count * RECORD_WORDS)
  bytesOf(words).set(bytes.subarray(reader.recordsAt, reader.end))
  return words
}

/** A new number for a sender: what is sent under it was never sent under another. */
export function newSource(): bigint {
  const [number = 0n] = globalThis.crypto.getRandomValues(new BigUint64Array(1))
  return number === 0n ? 1n : number
}

function setU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % HIGH_WORD, true)
  view.setUint32(at + 4, Math.floor(value / HIGH_WORD), true)
}
