import { truncateSync } from 'node:fs'
import { openMappedFile, type MappedFile } from '../memory/mapped-file.ts'
import { JournalError } from './problem.ts'
import type { SegmentFile } from './segment-file.ts'

/**
 * A segment that is written through a mapping: another process that maps it sees each block without a copy.
 * @throws JournalError if files cannot be mapped here
 */
export function openMapped(path: string, bytes: number): SegmentFile {
  return new MappedSegmentFile(path, bytes)
}

class MappedSegmentFile implements SegmentFile {
  readonly path: string
  private readonly mapping: MappedFile
  private readonly memory: Uint8Array
  /** The part that is written and not yet brought to the disk. */
  private from: number
  private to: number

  constructor(path: string, bytes: number) {
    this.path = path
    try {
      this.mapping = openMappedFile(path, { bytes })
    } catch (error) {
      throw new JournalError(path, (error as Error).message)
    }
    this.memory = new Uint8Array(this.mapping.buffer)
    this.from = Infinity
    this.to = 0
  }

  write(bytes: Uint8Array, at: number): void {
    this.memory.set(bytes, at)
    this.from = Math.min(this.from, at)
    this.to = Math.max(this.to, at + bytes.length)
  }

  sync(): void {
    if (this.from < this.to) this.mapping.flush(this.from, this.to)
    this.from = Infinity
    this.to = 0
  }

  close(bytes: number): void {
    this.mapping.close()
    truncateSync(this.path, bytes)
  }
}
