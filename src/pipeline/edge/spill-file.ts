import { closeSync, ftruncateSync, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RECORD_BYTES, RECORD_WORDS } from '../../book/index.ts'
import type { RecordQueue } from './record-queue.ts'

export interface SpillOptions {
  /** By default a folder of the system for such files. */
  readonly dir?: string | undefined
  /** By default 16 GiB. */
  readonly maxBytes?: number | undefined
}

/** Records that go to the file, or come back, in one call. */
const CHUNK_RECORDS = 1_024
const MAX_BYTES = 16 * 2 ** 30
let files = 0

/**
 * Records that an edge has no room for, in a file: written and read in chunks, in order. Memory is bounded by two
 * chunks, whatever the file holds. The file begins anew whenever it has been read to its end, and is removed when it is
 * closed: it is room, not a journal.
 */
export class SpillFile {
  /** Records that wait in it, and that ever went to it. */
  depth: number
  total: number
  readonly path: string
  private readonly maxBytes: number
  private readonly handle: number
  /** Records on their way in, and those read and not yet given. */
  private readonly writing: Int32Array
  private readonly reading: Int32Array
  private writingCount: number
  private readingFrom: number
  private readingTo: number
  /** Bytes written to the file, and read from it, since it was last empty. */
  private writtenBytes: number
  private readBytes: number

  /** @throws Error if the file cannot be made */
  constructor(options: SpillOptions = {}) {
    const dir = options.dir ?? join(tmpdir(), 'millrace-spill')
    mkdirSync(dir, { recursive: true })
    this.path = join(dir, `spill-${process.pid}-${++files}.records`)
    this.maxBytes = options.maxBytes ?? MAX_BYTES
    this.handle = openSync(this.path, 'w+', 0o600)
    this.depth = 0
    this.total = 0
    this.writing = new Int32Array(CHUNK_RECORDS * RECORD_WORDS)
    this.reading = new Int32Array(CHUNK_RECORDS * RECORD_WORDS)
    this.writingCount = 0
    this.readingFrom = 0
    this.readingTo = 0
    this.writtenBytes = 0
    this.readBytes = 0
  }

  /** @throws Error if the disk is full or the file has grown to its limit */
  append(words: Int32Array, at: number): void {
    if (this.writingCount === CHUNK_RECORDS) this.flush()
    const to = this.writingCount++ * RECORD_WORDS
    for (let word = 0; word < RECORD_WORDS; word++) this.writing[to + word] = words[at + word]!
    this.depth++
    this.total++
  }

  /** Moves up to `max` records, the oldest first, to a queue. */
  giveBack(queue: RecordQueue, max: number): void {
    let left = Math.min(max, this.depth)
    while (left > 0) {
      if (this.readingFrom === this.readingTo) this.fill()
      const count = Math.min(left, this.readingTo - this.readingFrom)
      queue.pushMany(this.reading, this.readingFrom, this.readingFrom + count)
      this.readingFrom += count
      this.depth -= count
      left -= count
    }
  }

  close(): void {
    closeSync(this.handle)
    rmSync(this.path, { force: true })
  }

  private flush(): void {
    const bytes = this.writingCount * RECORD_BYTES
    if (this.writtenBytes + bytes > this.maxBytes)
      throw new Error(`${this.path}: has grown to its limit of ${this.maxBytes} bytes`)
    writeAll(this.handle, new Uint8Array(this.writing.buffer, 0, bytes), this.writtenBytes)
    this.writtenBytes += bytes
    this.writingCount = 0
  }

  /** Reads the next chunk: from the file, or what has not got there yet. */
  private fill(): void {
    this.readingFrom = 0
    if (this.readBytes < this.writtenBytes) {
      const bytes = Math.min(CHUNK_RECORDS * RECORD_BYTES, this.writtenBytes - this.readBytes)
      const into = new Uint8Array(this.reading.buffer, 0, bytes)
      let done = 0
      while (done < bytes) {
        const read = readSync(this.handle, into, done, bytes - done, this.readBytes + done)
        if (read === 0) throw new Error(`${this.path}: is shorter than what was written to it`)
        done += read
      }
      this.readBytes += bytes
      this.readingTo = bytes / RECORD_BYTES
    } else {
      this.reading.set(this.writing.subarray(0, this.writingCount * RECORD_WORDS))
      this.readingTo = this.writingCount
      this.writingCount = 0
    }
    if (this.readBytes < this.writtenBytes || this.writtenBytes === 0) return
    ftruncateSync(this.handle, 0)
    this.readBytes = 0
    this.writtenBytes = 0
  }
}

function writeAll(handle: number, bytes: Uint8Array, position: number): void {
  let done = 0
  while (done < bytes.length) done += writeSync(handle, bytes, done, bytes.length - done, position + done)
}
