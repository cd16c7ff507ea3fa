import { createReadStream } from 'node:fs'
import { createGunzip, type Gunzip } from 'node:zlib'

/** Lines that have become available, and why there are no more if the file breaks off before its end. */
export interface Lines {
  readonly lines: readonly string[]
  readonly cut?: string
}

/** Longer than any row, so that a file without line ends cannot fill the memory: the rest of such a line is let go. */
const MAX_LINE = 1 << 20

/**
 * The lines of a text file, plain or gzip (told by its first two bytes), with `\n` or `\r\n` ends, some at a time as
 * they are read and unpacked. A file that breaks off gives every whole line before the break, then says so.
 * @throws Error in the system's words, if not even one line can be read
 */
export async function* readLines(path: string): AsyncGenerator<Lines, void> {
  let carry = ''
  let given = false
  try {
    for await (const bytes of readBytes(path)) {
      const lines = (carry + bytes.toString('latin1')).split('\n')
      carry = lines.pop()!.slice(0, MAX_LINE)
      if (lines.length === 0) continue
      given = true
      yield { lines: lines.map(withoutReturn) }
    }
  } catch (error) {
    if (!given || !isReadError(error)) throw error
    yield { lines: [], cut: systemReason(error) }
    return
  }
  if (carry !== '') yield { lines: [withoutReturn(carry)] }
}

/** An error of the file system or of zlib in a few words: the code and what it stands for, without the call and the path. */
export function systemReason(error: unknown): string {
  return error instanceof Error ? error.message.split(',')[0]! : String(error)
}

/** Errors of the file system and of zlib bear a code; one without is a mistake of ours and must not pass for a cut. */
function isReadError(error: unknown): boolean {
  return error instanceof Error && 'code' in error
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}

async function* readBytes(path: string): AsyncGenerator<Buffer, void> {
  let unpacker: Unpacker | undefined
  let first = true
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    if (first && chunk[0] === 0x1f && chunk[1] === 0x8b) unpacker = new Unpacker()
    first = false
    if (unpacker === undefined) yield chunk
    else yield* unpacker.unpack(chunk)
  }
  if (unpacker !== undefined) yield* unpacker.end()
}

/**
 * Unpacks gzip a chunk at a time and hands over all that a chunk gave before it takes the next. A stream that fails
 * throws away what it still holds, so a pipe would lose the rows before a cut.
 */
class Unpacker {
  private readonly gunzip: Gunzip
  private unpacked: Buffer[]
  private failure: Error | undefined
  private readonly failed: Promise<void>

  constructor() {
    this.gunzip = createGunzip()
    this.unpacked = []
    this.failure = undefined
    this.gunzip.on('data', (bytes: Buffer) => this.unpacked.push(bytes))
    // A write that fails is never called back, so who waits for one waits for this too.
    this.failed = new Promise((resolve) => {
      this.gunzip.on('error', (error) => {
        this.failure = error
        resolve()
      })
    })
  }

  async *unpack(chunk: Buffer): AsyncGenerator<Buffer, void> {
    await Promise.race([this.failed, new Promise<unknown>((resolve) => this.gunzip.write(chunk, resolve))])
    yield* this.take()
  }

  async *end(): AsyncGenerator<Buffer, void> {
    const ended = new Promise<unknown>((resolve) => this.gunzip.once('end', resolve))
    this.gunzip.end()
    await Promise.race([this.failed, ended])
    yield* this.take()
  }

  private *take(): Generator<Buffer, void> {
    const { unpacked } = this
    this.unpacked = []
    yield* unpacked
    if (this.failure !== undefined) throw this.failure
  }
}
