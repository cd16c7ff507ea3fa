import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { systemProblem } from './system-error.ts'
import { type Chunks, FileChunks, StreamChunks } from './chunks.ts'
import { isGzip, Unpacked } from './unpacked.ts'

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
