import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs'
import { pipelineError, type PipelineError } from './problem.ts'

/** A pipeline file is a page or two; this bounds what one that is something else can cost. */
export const MAX_FILE_BYTES = 4 * 1024 * 1024

export interface FileText {
  readonly text: string
  /** Permission bits, such as 0o600; undefined where the file is no regular one. */
  readonly mode: number | undefined
}

/**
 * The text of a file, whatever kind of file it is, if it is UTF-8 and of a size that someone may have written.
 * @returns the text, or why there is none
 */
export function readTextFile(file: string, maxBytes: number = MAX_FILE_BYTES): E.Either<string, FileText> {
  let handle: number | undefined
  try {
    handle = openSync(file, 'r')
    const info = fstatSync(handle)
    const bytes = readUpTo(handle, maxBytes + 1)
    if (bytes.length > maxBytes) return E.left(`larger than the ${sizeText(maxBytes)} that it may be`)
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return E.right({ text, mode: info.isFile() ? info.mode & 0o777 : undefined })
  } catch (error) {
    return E.left(error instanceof TypeError ? 'not UTF-8 text' : reasonOf(error))
  } finally {
    if (handle !== undefined) closeSync(handle)
  }
}

/** The text of a file, whatever kind of file it is, if it is UTF-8 and of a size that someone may have written. */
export function readText(file: string): TE.TaskEither<PipelineError, string> {
  const refuse = (message: string): E.Either<PipelineError, never> =>
    E.left(pipelineError([{ file, line: 1, column: 1, path: '', message }]))
  return async () => {
    let bytes: Uint8Array
    try {
      const chunks: Uint8Array[] = []
      for await (const chunk of createReadStream(file, { end: MAX_FILE_BYTES }))
        chunks.push(chunk as Uint8Array)
      bytes = Buffer.concat(chunks)
    } catch (error) {
      return refuse(reasonOf(error))
    }
    if (bytes.length > MAX_FILE_BYTES)
      return refuse(`larger than the ${MAX_FILE_BYTES >> 20} MiB that a pipeline file may be`)
    try {
      return E.right(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    } catch {
      return refuse('not UTF-8 text')
    }
  }
}

/** Why a file cannot be read, without the call and the path that Node puts around it. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'no such file'
    case 'EISDIR':
      return 'a directory, not a file'
    case 'EACCES':
    case 'EPERM':
      return 'may not be read: permission denied'
    default:
      return `cannot be read: ${message}`
  }
}

/** Pipes and devices give what they have a piece at a time, and may never end. */
function readUpTo(handle: number, most: number): Uint8Array {
  const chunks: Uint8Array[] = []
  for (let total = 0; total < most;) {
    const chunk = new Uint8Array(Math.min(65_536, most - total))
    const count = readSync(handle, chunk, 0, chunk.length, null)
    if (count === 0) break
    chunks.push(chunk.subarray(0, count))
    total += count
  }
  return Buffer.concat(chunks)
}

function sizeText(bytes: number): string {
  return bytes >= 1 << 20 ? `${bytes >> 20} MiB` : `${bytes >> 10} KiB`
}
