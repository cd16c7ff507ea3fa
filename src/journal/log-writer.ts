import { renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { RECORD_BYTES } from '../book/record.ts'
import {
  encodeSegmentHeader,
  HEADER_BYTES,
  HEADER_WORDS,
  padded,
  sealBlock,
  SegmentKind,
  type BlockHeader,
} from './layout.ts'
import { JournalError, systemMessage } from './problem.ts'
import { nameSegment, prepareSegment, type OpenSegmentFile, type SegmentFile } from './segment-file.ts'
import { segmentName } from './segment-reader.ts'

export interface LogWriterOptions {
  readonly dir: string
  /** A SegmentKind. */
  readonly kind: number
  /** Number of the first segment to be written. */
  readonly number: number
  readonly segmentBytes: number
  /** Whether files are on the disk before they are used. */
  readonly isSynced: boolean
  readonly open: OpenSegmentFile
  /** What the header of a new segment says: JSON. */
  readonly configuration: () => string
  readonly now: () => number
  /** Asks someone to prepare the next segment under the name given; without it that is done when it is needed. */
  readonly prepare?: ((path: string, bytes: number) => void) | undefined
}

/** Behind which part of a segment the next one is asked for. */
const PREPARE_AT = 0.25

/** The file that the next segment of a kind is made from, if it has been prepared. */
export function preparedPath(dir: string, kind: number): string {
  return join(dir, `next-${kind === SegmentKind.commands ? 'commands' : 'events'}.tmp`)
}

/** Appends blocks to the segments of one kind, and begins a new one where the last is full. */
export class LogWriter {
  private readonly options: LogWriterOptions
  private file: SegmentFile | undefined
  private number: number
  private at: number
  private capacity: number
  private isNextAsked: boolean
  private headerBytes: number

  constructor(options: LogWriterOptions) {
    this.options = options
    this.file = undefined
    this.number = options.number
    this.at = 0
    this.capacity = 0
    this.isNextAsked = false
    this.headerBytes = 0
  }

  /** Begins a segment before there is a block for it, so that the first one need not wait. */
  begin(firstSequence: number): void {
    this.roll(firstSequence, 0)
  }

  /** Whether a block that holds so many bytes will be the first of a segment. */
  beginsSegment(payloadBytes: number): boolean {
    return (
      this.file === undefined ||
      this.at === this.headerBytes ||
      this.at + HEADER_BYTES + payloadBytes > this.capacity
    )
  }

  /**
   * Appends a block.
   * @param bytes room for the block's header, then what it holds
   * @param words the first 16 words of `bytes`
   * @throws JournalError if it cannot be written
   */
  append(bytes: Uint8Array, words: Int32Array, block: Omit<BlockHeader, 'payloadCrc' | 'segment'>): void {
    const length = HEADER_BYTES + block.payloadBytes
    if (this.file === undefined || this.at + length > this.capacity) this.roll(block.firstSequence, length)
    sealBlock(bytes, words, { ...block, segment: this.number })
    try {
      this.file!.write(bytes.subarray(0, length), this.at)
    } catch (error) {
      throw new JournalError(this.file!.path, `nothing more can be written: ${systemMessage(error)}`, this.at)
    }
    this.at += length
    if (!this.isNextAsked && this.at > this.capacity * PREPARE_AT) this.askForNext()
  }

  /** Returns when all that was appended is on the disk. */
  sync(): void {
    try {
      this.file?.sync()
    } catch (error) {
      throw new JournalError(
        this.file!.path,
        `what was written may not be on the disk: ${systemMessage(error)}`,
      )
    }
  }

  /** Ends the segment at hand, unless it is empty, so that the next block begins one. */
  endSegment(): void {
    const { file } = this
    if (file === undefined || this.at === this.headerBytes) return
    this.file = undefined
    this.number++
    if (this.options.isSynced) file.sync()
    file.close(this.at)
  }

  close(): void {
    this.endSegment()
    this.dropEmpty()
    rmSync(preparedPath(this.options.dir, this.options.kind), { force: true })
  }

  /** Takes a segment away that nothing came into: its number and its name are free again. */
  private dropEmpty(): void {
    if (this.file === undefined) return
    this.file.close(this.at)
    rmSync(this.file.path)
    this.file = undefined
  }

  private askForNext(): void {
    const { prepare, dir, kind, segmentBytes } = this.options
    this.isNextAsked = true
    prepare?.(preparedPath(dir, kind), segmentBytes)
  }

  /** Begins a segment with room for a block of so many bytes. */
  private roll(firstSequence: number, length: number): void {
    const { dir, kind, segmentBytes, isSynced, open, configuration, now } = this.options
    this.endSegment()
    this.dropEmpty()
    const { number } = this
    const createdMs = now()
    const header = encodeSegmentHeader({
      kind,
      number,
      firstSequence,
      createdMs,
      configuration: configuration(),
    })
    const bytes = Math.max(segmentBytes, padded(header.length + length))
    const path = join(dir, segmentName(kind, number, firstSequence))
    const draft = `${path}.tmp`
    if (!claimPrepared(preparedPath(dir, kind), draft, bytes)) prepareSegment(draft, bytes, isSynced)
    nameSegment(draft, path, header, isSynced)
    this.file = open(path, bytes)
    this.at = header.length
    this.headerBytes = header.length
    this.capacity = bytes
    this.isNextAsked = false
  }
}

/**
 * Takes a prepared segment under a name that nobody else uses: whoever prepares them may be at the next one already.
 * Returns false if there is none of that size.
 */
function claimPrepared(prepared: string, draft: string, bytes: number): boolean {
  try {
    renameSync(prepared, draft)
    return statSync(draft).size === bytes
  } catch {
    return false
  }
}

/** Bytes for a block of so many records at most, with the words of its header and of its records. */
export class BlockBuffer {
  readonly bytes: Uint8Array
  readonly header: Int32Array
  readonly records: Int32Array

  constructor(capacityRecords: number) {
    const buffer = new ArrayBuffer(HEADER_BYTES + capacityRecords * RECORD_BYTES)
    this.bytes = new Uint8Array(buffer)
    this.header = new Int32Array(buffer, 0, HEADER_WORDS)
    this.records = new Int32Array(buffer, HEADER_BYTES)
  }
}
