import type { Batch } from '../book/batch.ts'
import { readU64, RECORD_BYTES, RECORD_WORDS, SEQUENCE } from '../book/record.ts'
import { SegmentKind } from './layout.ts'
import { LogReader } from './log-reader.ts'
import { blockRecords } from './segment-reader.ts'

/** Where what a replay gives and what was recorded part. */
export interface Difference {
  readonly sequence: number
  /** The event as it was recorded, if there is one more. */
  readonly recorded: Int32Array | undefined
  /** The event as it came now, if there is one more. */
  readonly replayed: Int32Array | undefined
}

/** Holds the events of a replay against those that were recorded, byte for byte. */
export class EventCheck {
  /** Events that were found the same. */
  same: number
  /** Events that were never recorded: the process was ended before they were. */
  unrecorded: number
  /** Events of commands that the log has not: lost with them. */
  orphaned: number
  private readonly reader: LogReader
  private words: Int32Array
  private at: number
  private isOver: boolean
  private last: number

  /**
   * @param after the sequence behind which the replay begins
   * @throws JournalError if the events behind it are not there
   */
  constructor(dir: string, after: number) {
    this.same = 0
    this.unrecorded = 0
    this.orphaned = 0
    this.reader = new LogReader(dir, SegmentKind.events, after + 1)
    this.words = new Int32Array(0)
    this.at = 0
    this.isOver = false
    this.last = after
    while (this.more() && this.sequence() <= after) this.at += RECORD_WORDS
  }

  /** Compares the events of a block. Returns the first difference, if there is one. */
  check({ words, count }: Batch): Difference | undefined {
    const end = count * RECORD_WORDS
    for (let at = 0; at < end;) {
      const sequence = readU64(words, at + SEQUENCE)
      if (!this.more()) {
        this.unrecorded += (end - at) / RECORD_WORDS
        return undefined
      }
      if (this.sequence() < sequence && this.sequence() !== this.last) {
        // Nothing was replayed of that command: it is one of those that the log has lost.
        this.orphaned++
        this.at += RECORD_WORDS
        continue
      }
      const length = Math.min(end - at, this.words.length - this.at)
      const same = samePrefix(words, at, this.words, this.at, length)
      if (same > 0) {
        at += same
        this.at += same
        this.same += same / RECORD_WORDS
        this.last = readU64(words, at - RECORD_WORDS + SEQUENCE)
      } else return this.difference(words, at, sequence)
    }
    return undefined
  }

  /** Looks for recorded events behind the last that the replay gave. */
  finish(to: number): Difference | undefined {
    while (this.more() && this.sequence() <= to) {
      if (this.sequence() === this.last)
        return { sequence: this.last, recorded: this.record(), replayed: undefined }
      this.orphaned++
      this.at += RECORD_WORDS
    }
    return undefined
  }

  close(): void {
    this.reader.close()
  }

  private difference(words: Int32Array, at: number, sequence: number): Difference {
    const replayed = words.slice(at, at + RECORD_WORDS)
    const recorded = this.record()
    const of = Math.min(sequence, this.sequence())
    return {
      sequence: of,
      recorded: this.sequence() === of ? recorded : undefined,
      replayed: sequence === of ? replayed : undefined,
    }
  }

  private record(): Int32Array {
    return this.words.slice(this.at, this.at + RECORD_WORDS)
  }

  private sequence(): number {
    return readU64(this.words, this.at + SEQUENCE)
  }

  private more(): boolean {
    while (this.at >= this.words.length && !this.isOver) {
      const block = this.reader.read()
      this.isOver = block === undefined
      this.words = block === undefined ? new Int32Array(0) : blockRecords(block)
      this.at = 0
    }
    return this.at < this.words.length
  }
}

/** How many words from two places on are the same, in whole records. */
function samePrefix(a: Int32Array, atA: number, b: Int32Array, atB: number, length: number): number {
  const left = bytesOf(a, atA, length)
  const right = bytesOf(b, atB, length)
  if (Buffer.compare(left, right) === 0) return length
  let record = 0
  while (
    Buffer.compare(
      left.subarray(record, record + RECORD_BYTES),
      right.subarray(record, record + RECORD_BYTES),
    ) === 0
  )
    record += RECORD_BYTES
  return record / 4
}

function bytesOf(words: Int32Array, at: number, length: number): Buffer {
  return Buffer.from(words.buffer, words.byteOffset + at * 4, length * 4)
}
