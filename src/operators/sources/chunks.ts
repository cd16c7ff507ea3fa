import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { type FileHandle, open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { systemProblem } from '../system-error.ts'
import { isGzip, Unpacked } from './unpacked.ts'

/** Bytes of an input, a chunk at a time. Nothing is read before it is asked for. */
export interface Chunks {
  /**
   * The next bytes, good until the next call; undefined once there are no more. Does not reject: if the input breaks
   * off, what was readable has been given and `problem` says why there is no more.
   */
  next(): Promise<Buffer | undefined>
  readonly problem: string | undefined
  close(): Promise<void>
}

/** A read costs a trip to another thread and back; of this size it is a hundredth of the work on what it gives. */
const CHUNK_BYTES = 262_144

/**
 * Opens a file, or standard input for `-`. What begins as gzip does is unpacked.
 * @param stdin what `-` stands for
 * @returns the chunks, or a message that names the file
 */
export function openChunks(file: string, stdin: Readable = process.stdin): TE.TaskEither<string, Chunks> {
  if (file === '-') return async () => E.right(new Sniffed(new StreamChunks(stdin)))
  return async () => {
    try {
      const handle = await open(file)
      const info = await handle.stat()
      if (!info.isDirectory()) return E.right(new Sniffed(new FileChunks(handle)))
      await handle.close()
      return E.left(`${file}: is a directory`)
    } catch (error) {
      return E.left(`${file}: ${systemProblem(error)}`)
    }
  }
}

class FileChunks implements Chunks {
  problem: string | undefined
  private readonly handle: FileHandle
  private readonly buffer: Buffer

  constructor(handle: FileHandle) {
    this.problem = undefined
    this.handle = handle
    this.buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  }

  async next(): Promise<Buffer | undefined> {
    try {
      const { bytesRead } = await this.handle.read(this.buffer, 0, CHUNK_BYTES)
      return bytesRead === 0 ? undefined : this.buffer.subarray(0, bytesRead)
    } catch (error) {
      this.problem = `input broke off: ${systemProblem(error)}`
      return undefined
    }
  }

  async close(): Promise<void> {
    await this.handle.close()
  }
}

/** A stream in its paused mode: it holds its own bound of bytes and no more, so whoever fills it is held back. */
class StreamChunks implements Chunks {
  problem: string | undefined
  private readonly stream: Readable
  private bytes: AsyncIterator<Buffer | string> | undefined

  constructor(stream: Readable) {
    this.problem = undefined
    this.stream = stream
    this.bytes = undefined
  }

  async next(): Promise<Buffer | undefined> {
    this.bytes ??= this.stream[Symbol.asyncIterator]() as AsyncIterator<Buffer | string>
    try {
      const { done, value } = await this.bytes.next()
      if (done === true) return undefined
      return typeof value === 'string' ? Buffer.from(value) : value
    } catch (error) {
      this.problem = `input broke off: ${systemProblem(error)}`
      return undefined
    }
  }

  /** Lets go of the stream, so that a terminal or a pipe that stays open does not keep the process alive. */
  close(): Promise<void> {
    this.stream.destroy()
    return Promise.resolve()
  }
}

/** Looks at the first two bytes, however they come in, and puts the unpacking in between if they are those of gzip. */
class Sniffed implements Chunks {
  private chunks: Chunks
  private isKnown: boolean

  constructor(chunks: Chunks) {
    this.chunks = chunks
    this.isKnown = false
  }

  get problem(): string | undefined {
    return this.chunks.problem
  }

  async next(): Promise<Buffer | undefined> {
    if (this.isKnown) return this.chunks.next()
    let first = await this.chunks.next()
    while (first !== undefined && first.length < 2) {
      const before = Buffer.from(first)
      const more = await this.chunks.next()
      first = more === undefined ? before : Buffer.concat([before, more])
      if (more === undefined) break
    }
    this.isKnown = true
    if (first === undefined || !isGzip(first)) return first
    this.chunks = new Unpacked(this.chunks, first)
    return this.chunks.next()
  }

  close(): Promise<void> {
    return this.chunks.close()
  }
}
