import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { crc32 } from './crc32.ts'

/** Which records of the pipeline came from which message of a stream. */
export interface Position {
  /** Sequence of the first of the records in the pipeline. */
  readonly sequence: number
  readonly count: number
  /** Sequence of the message in its stream, and which of its records was the first of these. */
  readonly message: number
  readonly offset: number
  /** What else names the message: the second half of its id, and the number of its stream. */
  readonly part?: number
  readonly lane?: number
}

/** One note: sequence f64, message f64, count u32, offset u32, part u32, lane u32, CRC-32 u32, 0 u32. */
const NOTE_BYTES = 40
const CHECKED_BYTES = 32
/** Notes in a file before the next is begun; one more file is kept. */
const FILE_NOTES = 65_536

/**
 * Notes where in its stream each record of a pipeline stood, before the pipeline has it. After a restart the journal
 * says up to which sequence the pipeline came; these notes say which message, and which record in it, is the next.
 * Two files are kept, so memory of what is long past goes. A note that a crash cut off is passed over.
 */
export class PositionLog {
  private readonly file: string
  private readonly older: string
  private descriptor: number
  private notes: number
  private readonly buffer: Buffer

  /** @throws Error where the directory cannot be written */
  constructor(directory: string, name: string) {
    mkdirSync(directory, { recursive: true })
    this.file = join(directory, `${name}.positions`)
    this.older = `${this.file}.1`
    this.notes = existsSync(this.file) ? Math.floor(readFileSync(this.file).length / NOTE_BYTES) : 0
    this.descriptor = openSync(this.file, 'a')
    // A note that a crash cut off would shift all behind it.
    ftruncateSync(this.descriptor, this.notes * NOTE_BYTES)
    this.buffer = Buffer.alloc(NOTE_BYTES)
  }

  note({ sequence, count, message, offset, part = 0, lane = 0 }: Position): void {
    if (this.notes >= FILE_NOTES) this.turn()
    const { buffer } = this
    buffer.writeDoubleLE(sequence, 0)
    buffer.writeDoubleLE(message, 8)
    buffer.writeUInt32LE(count, 16)
    buffer.writeUInt32LE(offset, 20)
    buffer.writeUInt32LE(part, 24)
    buffer.writeUInt32LE(lane, 28)
    buffer.writeUInt32LE(crc32(buffer.subarray(0, CHECKED_BYTES)), CHECKED_BYTES)
    writeSync(this.descriptor, buffer)
    this.notes++
  }

  /**
   * Where to go on: the place behind the record of a sequence. Later notes win, for a run that was cut back gave the
   * same sequences to other records.
   * @returns undefined if there is no note about it
   */
  after(sequence: number): { readonly message: number; readonly offset: number } | undefined {
    for (const file of [this.file, this.older]) {
      const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0)
      for (
        let at = Math.floor(bytes.length / NOTE_BYTES) * NOTE_BYTES - NOTE_BYTES;
        at >= 0;
        at -= NOTE_BYTES
      ) {
        if (!isWhole(bytes, at)) continue
        const first = bytes.readDoubleLE(at)
        if (sequence < first || sequence >= first + bytes.readUInt32LE(at + 16)) continue
        return {
          message: bytes.readDoubleLE(at + 8),
          offset: bytes.readUInt32LE(at + 20) + sequence - first + 1,
        }
      }
    }
    return undefined
  }

  /**
   * How many records of each message, as `lane/message-part`, came under sequences up to one: where messages may come
   * again in any order.
   */
  taken(upTo: number): Map<string, number> {
    const taken = new Map<string, number>()
    for (const file of [this.older, this.file]) {
      const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0)
      for (let at = 0; at + NOTE_BYTES <= bytes.length; at += NOTE_BYTES) {
        if (!isWhole(bytes, at)) continue
        const count = Math.min(bytes.readUInt32LE(at + 16), upTo - bytes.readDoubleLE(at) + 1)
        if (count <= 0) continue
        const key = `${bytes.readUInt32LE(at + 28)}/${bytes.readDoubleLE(at + 8)}-${bytes.readUInt32LE(at + 24)}`
        taken.set(key, Math.max(taken.get(key) ?? 0, bytes.readUInt32LE(at + 20) + count))
      }
    }
    return taken
  }

  close(): void {
    closeSync(this.descriptor)
  }

  private turn(): void {
    closeSync(this.descriptor)
    renameSync(this.file, this.older)
    this.descriptor = openSync(this.file, 'a')
    this.notes = 0
  }
}

function isWhole(bytes: Buffer, at: number): boolean {
  return crc32(bytes.subarray(at, at + CHECKED_BYTES)) === bytes.readUInt32LE(at + CHECKED_BYTES)
}
