import { AFTER_LOSS, BlockKind, SegmentKind } from './layout.ts'
import { readConfiguration, type Configuration } from './configuration.ts'
import { JournalError } from './problem.ts'
import { isBlank, listSegments, SegmentReader, type Block, type SegmentName } from './segment-reader.ts'

/** Where a log ends. */
export interface LogEnd {
  /** The last segment. */
  readonly path: string
  readonly number: number
  /** Behind its last whole block; 0 if it has not even a header. */
  readonly offset: number
  /** Whether no block is in it. */
  readonly isEmpty: boolean
  /** Bytes of a block that was never finished; 0 if there are none. */
  readonly tornBytes: number
}

/**
 * Reads a log from segment to segment, block by block. It checks every block that it gives, and that nothing is
 * missing between them. Nothing is changed on the disk.
 */
export class LogReader {
  readonly dir: string
  /** Of the segment at hand. */
  configuration: Configuration | undefined
  /** The last sequence that was read; what was asked for to begin with before the first block. */
  lastSequence: number
  /** Known when `read` has given undefined; undefined if there are no segments. */
  end: LogEnd | undefined
  /** Segments of the log, all of them. */
  readonly segments: readonly SegmentName[]
  private readonly kind: number
  private readonly from: number
  private next: number
  private reader: SegmentReader | undefined
  private isStarted: boolean
  private lastNumber: number

  /**
   * @param kind a SegmentKind
   * @param from the first sequence that is wanted
   * @throws JournalError if the sequences from there on are not in the directory
   */
  constructor(dir: string, kind: number, from = 1) {
    this.dir = dir
    this.kind = kind
    this.from = from
    this.configuration = undefined
    this.lastSequence = from - 1
    this.end = undefined
    this.segments = listSegments(dir, kind)
    this.next = Math.max(
      0,
      this.segments.findLastIndex(({ firstSequence }) => firstSequence <= from),
    )
    this.reader = undefined
    this.isStarted = false
    this.lastNumber = 0
    const first = this.segments[this.next]
    if (first !== undefined && first.firstSequence > from)
      throw new JournalError(
        dir,
        `the sequences from ${from} to ${first.firstSequence - 1} are missing: the first segment is ${first.name}`,
      )
  }

  /** The number of the segment at hand; 0 before the first. */
  get segmentNumber(): number {
    return this.lastNumber
  }

  /** The file that is being read; empty before the first and behind the last. */
  get path(): string {
    return this.reader?.path ?? ''
  }

  /**
   * The next block, good until the one after is asked for. Blocks that end before the first sequence that is wanted are
   * passed over, but not the tables among them.
   * @returns undefined at the end of the log
   * @throws JournalError that names the file and the byte where something is damaged or missing
   */
  read(): Block | undefined {
    for (;;) {
      if (this.reader === undefined && !this.open()) return undefined
      const block = this.reader!.read()
      if (block === undefined) {
        this.endSegment()
        continue
      }
      if (block.kind === BlockKind.tables) return block
      this.checkOrder(block)
      this.lastSequence = block.lastSequence
      if (block.lastSequence >= this.from) return block
    }
  }

  close(): void {
    this.reader?.close()
    this.reader = undefined
    this.next = this.segments.length
  }

  private open(): boolean {
    const segment = this.segments[this.next]
    if (segment === undefined) return false
    const isLast = this.next === this.segments.length - 1
    this.next++
    const reader = this.openReader(segment, isLast)
    if (reader === undefined) return false
    const { header, path } = reader
    if (
      header.kind !== this.kind ||
      header.firstSequence !== segment.firstSequence ||
      header.number !== segment.number
    )
      throw new JournalError(path, 'what it holds is not what its name says: it has been renamed or replaced')
    if (this.lastNumber !== 0 && header.number !== this.lastNumber + 1)
      throw new JournalError(
        path,
        `it is segment ${header.number} and comes behind segment ${this.lastNumber}, which ends with sequence ${this.lastSequence}: what was between them is missing; put it back from a backup or a copy, or see docs/recovery.md`,
      )
    this.lastNumber = header.number
    this.configuration = readConfiguration(path, header.configuration)
    this.reader = reader
    return true
  }

  /** A last segment that nothing was ever written to is as good as none. */
  private openReader(segment: SegmentName, isLast: boolean): SegmentReader | undefined {
    try {
      return new SegmentReader(segment.path)
    } catch (error) {
      if (!isLast || !isBlank(segment.path)) throw error
      this.end = { path: segment.path, number: segment.number, offset: 0, isEmpty: true, tornBytes: 0 }
      return undefined
    }
  }

  private endSegment(): void {
    const reader = this.reader!
    const isLast = this.next === this.segments.length
    const { offset, tornBytes } = reader.end(isLast)
    const { bytes, number } = reader.header
    if (isLast) this.end = { path: reader.path, number, offset, isEmpty: offset === bytes, tornBytes }
    reader.close()
    this.reader = undefined
  }

  private checkOrder(block: Block): void {
    const isFirst = !this.isStarted
    this.isStarted = true
    const { firstSequence, offset } = block
    if (this.kind === SegmentKind.events) {
      if (firstSequence < this.lastSequence && !isFirst)
        throw this.gap(offset, `events of ${firstSequence} come behind those of ${this.lastSequence}`)
      return
    }
    // Numbers may be missing: of commands that a stage before took out. What came before is written down.
    const { follows } = block
    if (isFirst ? follows <= this.lastSequence : follows === this.lastSequence) return
    if (follows > this.lastSequence && (block.flags & AFTER_LOSS) !== 0) return
    throw this.gap(
      offset,
      `a block follows sequence ${follows}, and what is before it ends with ${this.lastSequence}`,
    )
  }

  private gap(offset: number, message: string): JournalError {
    return new JournalError(
      this.reader!.path,
      `${message}: a part of the log is missing; put it back from a backup or a copy, or see docs/recovery.md`,
      offset,
    )
  }
}
