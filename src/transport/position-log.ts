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
}

/** One note: sequence f64, message f64, count u32, offset u32, CRC-32 u32, 0 u32. */
const NOTE_BYTES = 32
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

  note({ sequence, count, message, offset }: Position): void {
    if (this.notes >= FILE_NOTES) this.turn()
    const { buffer } = this
    buffer.writeDoubleLE(sequence, 0)
    buffer.writeDoubleLE(message, 8)
    buffer.writeUInt32LE(count, 16)
    buffer.writeUInt32LE(offset, 20)
    buffer.writeUInt32LE(crc32(buffer.subarray(0, 24)), 24)
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
        if (crc32(bytes.subarray(at, at + 24)) !== bytes.readUInt32LE(at + 24)) continue
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
