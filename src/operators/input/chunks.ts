import type { FileHandle } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { systemProblem } from './system-error.ts'

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

/** A read costs a trip to another thread and back; a large one makes that small beside the work on what it gives. */
const CHUNK_BYTES = 262_144

export class FileChunks implements Chunks {
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
export class StreamChunks implements Chunks {
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
