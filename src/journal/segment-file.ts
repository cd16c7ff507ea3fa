import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { JournalError, systemMessage } from './problem.ts'

/** How bytes get into a segment. Two ways stand behind it: system calls, and a mapping of the file. */
export interface SegmentFile {
  readonly path: string
  /** Puts bytes at a place of the file; when it returns they outlive this process. */
  write(bytes: Uint8Array, at: number): void
  /** Returns when what was written is on the disk. */
  sync(): void
  /** Closes the file, cut to its first `bytes` bytes. */
  close(bytes: number): void
}

export type OpenSegmentFile = (path: string, bytes: number) => SegmentFile

const ZEROS = new Uint8Array(1_048_576)

/**
 * Creates a file of zeros that has all its blocks: writing to it later changes no metadata, so that a sync of one block
 * is one write, and that the disk is full is known before there is anything to write. It stands under a draft name until
 * its header is in.
 * @param isSynced whether to wait until it is on the disk
 * @throws JournalError if it cannot be created
 */
export function prepareSegment(draft: string, bytes: number, isSynced: boolean): void {
  try {
    const file = openSync(draft, 'w')
    try {
      for (let at = 0; at < bytes; at += ZEROS.length)
        writeAll(file, ZEROS.subarray(0, Math.min(ZEROS.length, bytes - at)), at)
      if (isSynced) fsyncSync(file)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    rmSync(draft, { force: true })
    throw new JournalError(draft, `the segment cannot be created: ${systemMessage(error)}`)
  }
}

/** Writes the header into a prepared file and gives it its name: it is there whole, or not at all. */
export function nameSegment(draft: string, path: string, header: Uint8Array, isSynced: boolean): void {
  try {
    const file = openSync(draft, 'r+')
    try {
      writeAll(file, header, 0)
      if (isSynced) fdatasyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(draft, path)
    if (isSynced) syncDirectory(dirname(path))
  } catch (error) {
    throw new JournalError(path, `the segment cannot be created: ${systemMessage(error)}`)
  }
}

/** Makes sure that names created or taken away in a directory stay so. */
export function syncDirectory(dir: string): void {
  const file = openSync(dir, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Writes all bytes at a place; a system that takes only a part is asked again. */
export function writeAll(file: number, bytes: Uint8Array, at: number): void {
  let done = 0
  while (done < bytes.length) done += writeSync(file, bytes, done, bytes.length - done, at + done)
}

/** A segment that is written with system calls. */
export function openWritten(path: string): SegmentFile {
  const file = openSync(path, 'r+')
  return new WrittenFile(path, file)
}

class WrittenFile implements SegmentFile {
  readonly path: string
  private readonly file: number

  constructor(path: string, file: number) {
    this.path = path
    this.file = file
  }

  write(bytes: Uint8Array, at: number): void {
    writeAll(this.file, bytes, at)
  }

  sync(): void {
    fdatasyncSync(this.file)
  }

  close(bytes: number): void {
    ftruncateSync(this.file, bytes)
    closeSync(this.file)
  }
}

/** What was being made when a process ended, and never got its name. */
export function removeDrafts(dir: string): void {
  for (const name of readdirSync(dir))
    if (name.endsWith('.tmp') || name.endsWith('.part')) rmSync(join(dir, name), { force: true })
}
