import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import {
  decodeBlockHeader,
  decodeSegmentHeader,
  HEADER_BYTES,
  isWhole,
  recordsOf,
  SegmentKind,
  sealOf,
  segmentHeaderBytes,
  type BlockHeader,
  type SegmentHeader,
} from './layout.ts'
import { JournalError, systemMessage } from './problem.ts'

/** A segment as its file name tells of it. */
export interface SegmentName {
  readonly path: string
  readonly name: string
  readonly number: number
  readonly firstSequence: number
}

/** A block, with the bytes that it is in. */
export interface Block extends BlockHeader {
  /** Where the block's header begins in `bytes`. */
  readonly at: number
  readonly bytes: Uint8Array
  /** Where it begins in the file. */
  readonly offset: number
}

/** How a segment ends. */
export interface SegmentEnd {
  /** Where the next block would begin. */
  readonly offset: number
  /** Bytes behind that which are part of a block that was never finished; 0 if there are none. */
  readonly tornBytes: number
}

const PREFIX = { [SegmentKind.commands]: 'commands', [SegmentKind.events]: 'events' } as const
const NAME = /^(commands|events)-(\d{6,})-(\d{16})\.log$/
const CHUNK_BYTES = 4_194_304
/** The least that a disk writes at once: what was not written is zero from one such place to another. */
const SECTOR_BYTES = 512

export function segmentName(kind: number, number: number, firstSequence: number): string {
  const [order, first] = [String(number).padStart(6, '0'), String(firstSequence).padStart(16, '0')]
  return `${PREFIX[kind as 1 | 2]}-${order}-${first}.log`
}

/** The segments of a kind in a directory, in their order. */
export function listSegments(dir: string, kind: number): SegmentName[] {
  let names: string[]
  try {
    names = readdirSync(dir)
  } catch (error) {
    throw new JournalError(dir, `the journal cannot be read: ${systemMessage(error)}`)
  }
  return names
    .map((name) => ({ name, match: NAME.exec(name) }))
    .filter(({ match }) => match?.[1] === PREFIX[kind as 1 | 2])
    .map(({ name, match }) => ({
      name,
      path: join(dir, name),
      number: Number(match![2]),
      firstSequence: Number(match![3]),
    }))
    .sort((a, b) => a.number - b.number)
}

/**
 * Reads one segment, block by block, each checked. Its memory is one buffer, whatever the size of the file: a block
 * is good until the next one is asked for.
 */
export class SegmentReader {
  readonly path: string
  readonly header: SegmentHeader
  private readonly file: number
  private readonly size: number
  private buffer: Uint8Array
  /** Which part of the file the buffer holds. */
  private from: number
  private to: number
  private next: number

  /**
   * @param chunkBytes how much of the file to read at once
   * @throws JournalError if the file cannot be read or does not begin with a good header
   */
  constructor(path: string, chunkBytes: number = CHUNK_BYTES) {
    this.path = path
    try {
      this.file = openSync(path, 'r')
      this.size = fstatSync(this.file).size
    } catch (error) {
      throw new JournalError(path, `the segment cannot be read: ${systemMessage(error)}`)
    }
    this.buffer = new Uint8Array(Math.min(chunkBytes, Math.max(HEADER_BYTES, this.size)))
    this.from = 0
    this.to = 0
    this.next = 0
    const first = this.view(0, HEADER_BYTES)
    const header = decodeSegmentHeader(this.view(0, Math.max(HEADER_BYTES, segmentHeaderBytes(first))))
    if (typeof header === 'string') {
      closeSync(this.file)
      throw new JournalError(path, header, 0)
    }
    this.header = header
    this.next = header.bytes
  }

  /** Where the next block begins. */
  get offset(): number {
    return this.next
  }

  /** Goes on at a block that begins at a byte of the file. */
  seek(offset: number): void {
    this.next = offset
  }

  /**
   * The next block; undefined where no whole one is: `end` tells what is there instead.
   * @param headerOnly leaves out what the block holds, which is then not checked
   */
  read(headerOnly = false): Block | undefined {
    const offset = this.next
    const head = this.view(offset, HEADER_BYTES)
    const header = decodeBlockHeader(head, 0)
    if (header === undefined || header.segment !== this.header.number) return undefined
    const length = HEADER_BYTES + header.payloadBytes
    if (offset + length > this.size) return undefined
    this.next = offset + length
    if (headerOnly) return { ...header, at: 0, bytes: head, offset }
    const bytes = this.view(offset, length)
    if (isWhole(bytes, 0, header)) return { ...header, at: 0, bytes, offset }
    this.next = offset
    return undefined
  }

  /**
   * What is behind the last whole block, once `read` has given undefined.
   * @param isLast whether this is the last segment, where a write may have been broken off
   * @throws JournalError if what is there is damage: something that was whole once
   */
  end(isLast: boolean): SegmentEnd {
    const offset = this.next
    const used = this.lastByte(offset)
    if (used === offset) return { offset, tornBytes: 0 }
    const later = this.findBlock(offset + HEADER_BYTES)
    if (later !== undefined)
      throw this.damage(offset, `a block is damaged, and good ones follow from byte ${later}`)
    if (!isLast) throw this.damage(offset, 'the last block is damaged, and segments follow')
    if (!this.isTorn(offset)) throw this.damage(offset, 'the last block is damaged')
    return { offset, tornBytes: used - offset }
  }

  close(): void {
    closeSync(this.file)
  }

  private damage(offset: number, message: string): JournalError {
    return new JournalError(
      this.path,
      `${message} (its sequences come after ${this.lastSequenceBefore(offset)}): restore this file from a backup or a copy, or see docs/recovery.md for how to go on without what is behind`,
      offset,
    )
  }

  /** The last sequence of the whole blocks before a byte. */
  private lastSequenceBefore(offset: number): number {
    let last = this.header.firstSequence - 1
    this.next = this.header.bytes
    while (this.next < offset) {
      const block = this.read(true)
      if (block === undefined) break
      if (block.count > 0) last = Math.max(last, block.lastSequence)
    }
    this.next = offset
    return last
  }

  /**
   * Whether a write that was broken off can have left this. A header is within one sector, so it is there whole or not;
   * and of what stands behind it at least one sector is missing: absent or zero, as no record is.
   */
  private isTorn(offset: number): boolean {
    const head = this.view(offset, HEADER_BYTES)
    if (head.length < HEADER_BYTES) return true
    const header = decodeBlockHeader(head, 0)
    if (header === undefined) return sealOf(head, 0) === 0
    const end = offset + HEADER_BYTES + header.payloadBytes
    if (end > this.size) return true
    for (let at = offset + HEADER_BYTES; at < end;) {
      const next = Math.min(end, (Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES)
      if (this.view(at, next - at).every((byte) => byte === 0)) return true
      at = next
    }
    return false
  }

  /** The next place where a whole block is, or undefined. */
  private findBlock(from: number): number | undefined {
    for (let at = from; at + HEADER_BYTES <= this.size; at += HEADER_BYTES) {
      const header = decodeBlockHeader(this.view(at, HEADER_BYTES), 0)
      if (header === undefined || header.segment !== this.header.number) continue
      const length = HEADER_BYTES + header.payloadBytes
      if (at + length <= this.size && isWhole(this.view(at, length), 0, header)) return at
    }
    return undefined
  }

  /** Behind the last byte that is not zero, from a byte on. */
  private lastByte(from: number): number {
    let last = from
    for (let at = from; at < this.size; at += CHUNK_BYTES) {
      const bytes = this.view(at, Math.min(CHUNK_BYTES, this.size - at))
      const found = bytes.findLastIndex((byte) => byte !== 0)
      if (found !== -1) last = at + found + 1
    }
    return last
  }

  /** Bytes of the file, as many of them as there are. They are good until the next call. */
  private view(offset: number, length: number): Uint8Array {
    const end = Math.min(offset + length, this.size)
    if (offset >= end) return this.buffer.subarray(0, 0)
    if (offset < this.from || end > this.to) this.fill(offset, end - offset)
    return this.buffer.subarray(offset - this.from, end - this.from)
  }

  private fill(offset: number, length: number): void {
    if (length > this.buffer.length) this.buffer = new Uint8Array(length)
    this.from = offset
    this.to = offset
    const end = Math.min(this.size, offset + this.buffer.length)
    while (this.to < end) {
      const got = readSync(this.file, this.buffer, this.to - offset, end - this.to, this.to)
      if (got === 0) throw new JournalError(this.path, 'the file became shorter while it was read', this.to)
      this.to += got
    }
  }
}

/** The records of a block, as words. */
export function blockRecords(block: Block): Int32Array {
  return recordsOf(block.bytes, block.at, block.count)
}

/** The text of a block of tables. */
export function blockText(block: Block): string {
  const from = block.at + HEADER_BYTES
  return Buffer.from(block.bytes.subarray(from, from + block.count)).toString('utf8')
}

/** Whether a file holds nothing, or only zeros. */
export function isBlank(path: string): boolean {
  const bytes = readFileSync(path)
  return bytes.every((byte) => byte === 0)
}
