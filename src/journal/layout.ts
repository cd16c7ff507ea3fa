import { crc32 } from 'node:zlib'
import { RECORD_BYTES, RECORD_WORDS } from '../book/record.ts'

/**
 * A segment is a header and blocks, one behind the other; all little-endian, everything begins at a multiple of 64 bytes.
 *
 * Segment header                                     Block header (64 bytes)
 *
 *  word                                               word
 *   0  magic 'MRJL'                                    0  magic 'MRBL'
 *   1  format version                                  1  kind: 1 commands, 2 events, 3 tables
 *   2  kind: 1 commands, 2 events                      2  records; of tables: bytes of text
 *   3  number of the segment: 1, 2, 3 and so on        3  bytes behind this header, a multiple of 64
 *   4  first sequence, u64                             4  first sequence, u64
 *   6  bytes of the configuration                      6  last sequence, u64
 *   7  bytes of the whole header                       8  CRC-32 of the bytes behind this header
 *   8  created, milliseconds since 1970, u64           9  flags: 1 follows a loss, sequences are missing before it
 *  10  CRC-32 of the configuration                    10  number of the segment
 *  11 - 14  0                                         11  the last sequence before this block's, u64
 *                                                     13 - 14  0
 *  15  CRC-32 of words 0 to 14                        15  CRC-32 of words 0 to 14
 *  16  the configuration, JSON, padded with zeros     16  records, or JSON padded with zeros
 *
 * The checksum is zlib's CRC-32 (ISO 3309): 64 KiB take 10 to 13 us in Node, which has it built in and vectorised; a
 * CRC32C would have to be written in JavaScript or WebAssembly and is slower there, and finds the same damage: all
 * single bursts up to 32 bits and all but one in 2^32 of the rest.
 */
export const SEGMENT_MAGIC = 0x4c4a_524d
export const BLOCK_MAGIC = 0x4c42_524d
export const FORMAT_VERSION = 1
export const HEADER_BYTES = 64
export const HEADER_WORDS = 16
const CRC_AT = 15

export const BlockKind = { commands: 1, events: 2, tables: 3 } as const
export const SegmentKind = { commands: 1, events: 2 } as const
/** Block flag: sequences between the block before and this one were lost, and are not given again. */
export const AFTER_LOSS = 1

export interface SegmentHeader {
  /** A SegmentKind. */
  readonly kind: number
  /** Segments of one kind are numbered 1, 2, 3 and so on. */
  readonly number: number
  readonly firstSequence: number
  readonly createdMs: number
  readonly configuration: string
  /** Of the header with the configuration: where the first block begins. */
  readonly bytes: number
}

export interface BlockHeader {
  /** A BlockKind. */
  readonly kind: number
  /** Records; of tables bytes of text. */
  readonly count: number
  readonly payloadBytes: number
  readonly firstSequence: number
  readonly lastSequence: number
  readonly payloadCrc: number
  readonly flags: number
  readonly segment: number
  /** The last sequence of commands before this block; numbers between are of commands that never reached the log. */
  readonly follows: number
}

/** The next multiple of 64. */
export function padded(bytes: number): number {
  return Math.ceil(bytes / RECORD_BYTES) * RECORD_BYTES
}

export function encodeSegmentHeader(header: Omit<SegmentHeader, 'bytes'>): Uint8Array {
  const text = Buffer.from(header.configuration)
  const bytes = HEADER_BYTES + padded(text.length)
  const out = new Uint8Array(bytes)
  const words = new Int32Array(out.buffer, 0, HEADER_WORDS)
  out.set(text, HEADER_BYTES)
  words.set([SEGMENT_MAGIC, FORMAT_VERSION, header.kind, header.number])
  setU64(words, 4, header.firstSequence)
  words[6] = text.length
  words[7] = bytes
  setU64(words, 8, header.createdMs)
  words[10] = crc32(text) | 0
  words[CRC_AT] = headerCrc(out, 0)
  return out
}

/**
 * Reads a segment's header.
 * @param bytes the file from its beginning, as much of it as there is
 * @returns the header, or what is wrong with it
 */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader | string {
  if (bytes.length < HEADER_BYTES) return 'its header is cut short'
  const words = wordsAt(bytes, 0)
  if (words[0] !== SEGMENT_MAGIC) return 'it does not begin as a segment does'
  // The version first: what follows may have another shape in another one.
  if (words[1] !== FORMAT_VERSION)
    return `it is of format ${words[1]! >>> 0}, and this Millrace reads format ${FORMAT_VERSION}: use the version of Millrace that wrote it`
  if (words[CRC_AT] !== headerCrc(bytes, 0)) return 'its header is damaged'
  const [length, total] = [words[6]!, words[7]!]
  if (total > bytes.length) return 'its configuration is cut short'
  const text = bytes.subarray(HEADER_BYTES, HEADER_BYTES + length)
  if ((crc32(text) | 0) !== words[10]) return 'its configuration is damaged'
  return {
    kind: words[2]!,
    number: words[3]!,
    firstSequence: getU64(words, 4),
    createdMs: getU64(words, 8),
    configuration: Buffer.from(text).toString('utf8'),
    bytes: total,
  }
}

/** Bytes of a segment's whole header, as its first 64 bytes say; 0 if those are none. */
export function segmentHeaderBytes(bytes: Uint8Array): number {
  if (bytes.length < HEADER_BYTES) return 0
  const words = wordsAt(bytes, 0)
  return words[0] === SEGMENT_MAGIC && words[CRC_AT] === headerCrc(bytes, 0) ? words[7]! : 0
}

/**
 * Writes the header of a block in front of what it holds.
 * @param out the block: 64 bytes for the header, then `payloadBytes`
 */
export function sealBlock(out: Uint8Array, words: Int32Array, block: Omit<BlockHeader, 'payloadCrc'>): void {
  words[0] = BLOCK_MAGIC
  words[1] = block.kind
  words[2] = block.count
  words[3] = block.payloadBytes
  setU64(words, 4, block.firstSequence)
  setU64(words, 6, block.lastSequence)
  words[8] = crc32(out.subarray(HEADER_BYTES, HEADER_BYTES + block.payloadBytes)) | 0
  words[9] = block.flags
  words[10] = block.segment
  setU64(words, 11, block.follows)
  words[13] = words[14] = 0
  words[CRC_AT] = headerCrc(out, 0)
}

/** The header of the block at a byte, or undefined if there is none that is whole. */
export function decodeBlockHeader(bytes: Uint8Array, at: number): BlockHeader | undefined {
  if (at + HEADER_BYTES > bytes.length) return undefined
  const words = wordsAt(bytes, at)
  if (words[0] !== BLOCK_MAGIC || words[CRC_AT] !== headerCrc(bytes, at)) return undefined
  return {
    kind: words[1]!,
    count: words[2]!,
    payloadBytes: words[3]!,
    firstSequence: getU64(words, 4),
    lastSequence: getU64(words, 6),
    payloadCrc: words[8]!,
    flags: words[9]!,
    segment: words[10]!,
    follows: getU64(words, 11),
  }
}

/** Whether the bytes behind a block's header are those that it was sealed over. */
export function isWhole(bytes: Uint8Array, at: number, { payloadBytes, payloadCrc }: BlockHeader): boolean {
  const from = at + HEADER_BYTES
  if (from + payloadBytes > bytes.length) return false
  return (crc32(bytes.subarray(from, from + payloadBytes)) | 0) === payloadCrc
}

/** The checksum that the header at a byte was sealed with; 0 where nothing was written. */
export function sealOf(bytes: Uint8Array, at: number): number {
  return wordsAt(bytes, at)[CRC_AT]!
}

export function setU64(words: Int32Array, at: number, value: number): void {
  words[at] = value % 4_294_967_296
  words[at + 1] = Math.floor(value / 4_294_967_296)
}

export function getU64(words: Int32Array, at: number): number {
  return (words[at + 1]! >>> 0) * 4_294_967_296 + (words[at]! >>> 0)
}

/** A header's words, wherever it lies. */
function wordsAt(bytes: Uint8Array, at: number): Int32Array {
  const from = bytes.byteOffset + at
  if (from % 4 === 0) return new Int32Array(bytes.buffer, from, HEADER_WORDS)
  return new Int32Array(Uint8Array.from(bytes.subarray(at, at + HEADER_BYTES)).buffer)
}

function headerCrc(bytes: Uint8Array, at: number): number {
  return crc32(bytes.subarray(at, at + CRC_AT * 4)) | 0
}

/** The records of a block of commands or events, as words. */
export function recordsOf(bytes: Uint8Array, at: number, count: number): Int32Array {
  const from = bytes.byteOffset + at + HEADER_BYTES
  if (from % 4 === 0) return new Int32Array(bytes.buffer, from, count * RECORD_WORDS)
  return new Int32Array(
    Uint8Array.from(bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + count * RECORD_BYTES)).buffer,
  )
}
