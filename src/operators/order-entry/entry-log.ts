import {
  closeSync,
  existsSync,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { RECORD_BYTES, RECORD_WORDS } from '../../book/record.ts'
import { crc32 } from '../../transport/crc32.ts'
import { isPassing, type AnswerTable } from './answer-table.ts'

/**
 * A note: CRC-32 of the rest u32, kind u32 (1 entered, 2 answered), order id f64, sequence f64, 0 u64, then of an answer
 * the event's 64 bytes, of an entry none.
 */
const ENTERED = 1
const ANSWERED = 2
const HEAD_BYTES = 32

/**
 * The orders that a gateway has let in, and how they were answered, on disk: an order is noted before the pipeline has
 * it, an answer before the client has it. Two files of some million orders at most are kept.
 *
 * After a restart the journal says up to which sequence the pipeline came. An order noted with a later one never got
 * there, and is forgotten; every other one is known, and will not be let in again.
 */
export class EntryLog {
  private readonly file: string
  private readonly older: string
  private readonly isSynced: boolean
  private readonly mostNotes: number
  private descriptor: number
  private notes: number
  private buffer: Buffer
  private used: number

  /**
   * @param isSynced whether each write is forced to disk
   * @throws Error where the directory cannot be written
   */
  constructor(directory: string, isSynced: boolean, mostNotes: number) {
    mkdirSync(directory, { recursive: true })
    this.file = join(directory, 'order-entry.log')
    this.older = `${this.file}.1`
    this.isSynced = isSynced
    this.mostNotes = mostNotes
    this.descriptor = openSync(this.file, 'a')
    this.notes = 0
    this.buffer = Buffer.alloc(65_536)
    this.used = 0
  }

  entered(orderId: number, sequence: number): void {
    this.head(ENTERED, orderId, sequence, HEAD_BYTES)
    this.seal(HEAD_BYTES)
  }

  answered(orderId: number, sequence: number, words: Int32Array, at: number): void {
    const bytes = HEAD_BYTES + RECORD_BYTES
    this.head(ANSWERED, orderId, sequence, bytes)
    for (let i = 0; i < RECORD_WORDS; i++)
      this.buffer.writeInt32LE(words[at + i]!, this.used + HEAD_BYTES + i * 4)
    this.seal(bytes)
  }

  /** Writes what has been noted. */
  flush(): void {
    if (this.used === 0) return
    writeSync(this.descriptor, this.buffer, 0, this.used)
    if (this.isSynced) fdatasyncSync(this.descriptor)
    this.used = 0
    if (this.notes >= this.mostNotes) this.turn()
  }

  /** Fills a table with what is known of orders up to a sequence. A note that a crash cut off ends its file. */
  recover(table: AnswerTable, upTo: number): number {
    let known = 0
    for (const file of [this.older, this.file]) {
      const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0)
      let at = 0
      while (at + HEAD_BYTES <= bytes.length) {
        const kind = bytes.readUInt32LE(at + 4)
        const end = at + HEAD_BYTES + (kind === ANSWERED ? RECORD_BYTES : 0)
        if (end > bytes.length || crc32(bytes.subarray(at + 4, end)) !== bytes.readUInt32LE(at)) break
        const [orderId, sequence] = [bytes.readDoubleLE(at + 8), bytes.readDoubleLE(at + 16)]
        if (sequence <= upTo) {
          if (kind === ENTERED) {
            table.enter(orderId, sequence)
            known++
          } else {
            const words = wordsOf(bytes.subarray(at + HEAD_BYTES, end))
            if (isPassing(words, 0)) table.forget(orderId)
            else table.answer(orderId, words, 0)
          }
        }
        at = end
      }
      if (file === this.file) {
        ftruncateSync(this.descriptor, at)
        this.notes = Math.floor(at / HEAD_BYTES / 2)
      }
    }
    return known
  }

  close(): void {
    this.flush()
    closeSync(this.descriptor)
  }

  private head(kind: number, orderId: number, sequence: number, bytes: number): void {
    if (this.used + bytes > this.buffer.length)
      this.buffer = Buffer.concat([this.buffer], this.buffer.length * 2)
    const { buffer, used } = this
    buffer.writeUInt32LE(kind, used + 4)
    buffer.writeDoubleLE(orderId, used + 8)
    buffer.writeDoubleLE(sequence, used + 16)
    buffer.writeDoubleLE(0, used + 24)
  }

  private seal(bytes: number): void {
    this.buffer.writeUInt32LE(crc32(this.buffer.subarray(this.used + 4, this.used + bytes)), this.used)
    this.used += bytes
    this.notes++
  }

  private turn(): void {
    closeSync(this.descriptor)
    renameSync(this.file, this.older)
    this.descriptor = openSync(this.file, 'a')
    this.notes = 0
  }
}

function wordsOf(bytes: Uint8Array): Int32Array {
  const words = new Int32Array(RECORD_WORDS)
  new Uint8Array(words.buffer).set(bytes)
  return words
}
