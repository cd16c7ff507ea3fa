import {
  createReadStream,
  createWriteStream,
  mkdirSync,
  readdirSync,
  renameSync,
  unlinkSync,
  type WriteStream,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { finished } from 'node:stream/promises'
import { createGzip, createGunzip, type Gzip } from 'node:zlib'
import { HEADER_BYTES, FrameReader } from '../frame.ts'
import type { Outlet } from '../outlet.ts'

export interface FrameFileOptions {
  /** `trades.frames`: files are `trades-000001.frames`, and so on; with `.gz` behind it they are packed. */
  readonly path: string
  /** Bytes, before packing, after which the next file begins. */
  readonly rotateBytes: number
  /** Files that are kept; by default all. */
  readonly keep?: number | undefined
}

/** Bytes that wait for the disk before whoever writes is held back. */
const WAITING_BYTES = 1_048_576
/** Stands behind the name of a file that is being written. */
const OPEN = '.open'

/** The files of a path, in order, those only that are complete. */
export function framesOf(path: string): string[] {
  return filesOf(path)
    .filter((name) => !name.endsWith(OPEN))
    .map((name) => join(dirname(path), name))
}

/**
 * Frames one behind the other in files of some size. A file has its name when it is complete; one that a crash left
 * open keeps what it holds and is completed by the next writer, as far as it is whole.
 */
export class FrameFiles implements Outlet {
  sent: number
  readonly resent: number
  files: number
  onFull: () => void
  onRoom: () => void
  onFailure: (message: string) => void
  private readonly options: FrameFileOptions
  private readonly isPacked: boolean
  private number: number
  private stream: WriteStream | undefined
  private packer: Gzip | undefined
  private name: string
  private bytes: number
  private isFull: boolean
  private problem: string | undefined
  private closing: Promise<void>

  /** @throws Error where the directory cannot be written */
  constructor(options: FrameFileOptions) {
    this.sent = 0
    this.resent = 0
    this.files = 0
    this.onFull = () => {}
    this.onRoom = () => {}
    this.onFailure = () => {}
    this.options = options
    this.isPacked = options.path.endsWith('.gz')
    this.stream = undefined
    this.packer = undefined
    this.name = ''
    this.bytes = 0
    this.isFull = false
    this.problem = undefined
    this.closing = Promise.resolve()
    mkdirSync(dirname(options.path), { recursive: true })
    const before = filesOf(options.path)
    for (const name of before.filter((each) => each.endsWith(OPEN)))
      renameSync(join(dirname(options.path), name), join(dirname(options.path), name.slice(0, -OPEN.length)))
    this.number = Math.max(0, ...before.map(numberOf))
  }

  publish(_: string, payload: Uint8Array): void {
    if (this.problem !== undefined) return
    this.sent++
    const target = this.packer ?? this.stream ?? this.begin()
    this.bytes += payload.length
    if (!target.write(payload) && !this.isFull) {
      this.isFull = true
      this.onFull()
    }
    if (this.bytes >= this.options.rotateBytes) this.end()
  }

  settle(): void {}

  async drain(): Promise<void> {
    if (this.stream !== undefined) this.end()
    await this.closing
    if (this.problem !== undefined) throw new Error(this.problem)
  }

  figures(): Record<string, unknown> {
    return { files: this.files, path: this.options.path }
  }

  private begin(): WriteStream | Gzip {
    this.number++
    this.files++
    this.bytes = 0
    this.name = nameOf(this.options.path, this.number)
    const stream = createWriteStream(`${this.name}${OPEN}`, { highWaterMark: WAITING_BYTES })
    const packer = this.isPacked ? createGzip({ level: 1 }) : undefined
    packer?.pipe(stream)
    stream.on('error', (error) => {
      this.problem = `${this.name}: ${error.message}`
      this.onFailure(this.problem)
    })
    const target = packer ?? stream
    target.on('drain', () => {
      if (!this.isFull) return
      this.isFull = false
      this.onRoom()
    })
    this.stream = stream
    this.packer = packer
    return target
  }

  /** Completes the file. The next one begins with the next frame. */
  private end(): void {
    const { stream, packer, name } = this
    if (stream === undefined) return
    ;(packer ?? stream).end()
    this.stream = undefined
    this.packer = undefined
    const before = this.closing
    this.closing = Promise.all([before, finished(stream).catch(() => {})]).then(() => {
      if (this.problem === undefined) renameSync(`${name}${OPEN}`, name)
      if (this.isFull) {
        this.isFull = false
        this.onRoom()
      }
      this.prune()
    })
  }

  private prune(): void {
    const { keep, path } = this.options
    if (keep === undefined) return
    for (const file of framesOf(path).slice(0, -keep)) unlinkSync(file)
  }
}

/** One frame of a file, or what is wrong with the place where one should begin. */
export interface FileFrame {
  readonly bytes: Uint8Array
  readonly fault: string | undefined
}

/**
 * The frames of files, one after the other. Where bytes are no frame, they are given as one that is bad, up to the next
 * that is good; the end of a file that broke off is given so too.
 */
export async function* readFrameFiles(files: readonly string[]): AsyncGenerator<FileFrame> {
  for (const file of files) {
    const stream = createReadStream(file)
    const source = file.endsWith('.gz') ? stream.pipe(createGunzip()) : stream
    let rest: Buffer = Buffer.alloc(0)
    try {
      for await (const chunk of source as AsyncIterable<Buffer>) {
        rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
        let at = 0
        for (const frame of framesIn(rest)) {
          yield frame
          at += frame.bytes.length
        }
        rest = rest.subarray(at)
      }
    } catch (error) {
      // Packed data that a crash cut off: what was whole has been given.
      yield { bytes: rest, fault: (error as Error).message }
      continue
    }
    if (rest.length > 0) yield { bytes: rest, fault: 'short' }
  }
}

/** Whole frames at the beginning of some bytes; and, as bad ones, bytes between them that are none. */
function* framesIn(bytes: Buffer): Generator<FileFrame> {
  const reader = new FrameReader()
  let at = 0
  while (bytes.length - at >= HEADER_BYTES) {
    const fault = reader.read(bytes, at)
    if (fault === undefined) {
      yield { bytes: bytes.subarray(at, reader.end), fault }
      at = reader.end
      continue
    }
    if (fault === 'length' && reader.count <= 65_536) return
    const next = bytes.indexOf('MLRC', at + 1)
    if (next === -1 && bytes.length - at < 8_388_608) return
    const end = next === -1 ? bytes.length : next
    yield { bytes: bytes.subarray(at, end), fault }
    at = end
  }
}

function filesOf(path: string): string[] {
  const [stem, extension] = parts(path)
  return readdirSync(dirname(path))
    .filter(
      (name) =>
        name.startsWith(`${stem}-`) && (name.endsWith(extension) || name.endsWith(`${extension}${OPEN}`)),
    )
    .filter((name) => numberOf(name) > 0)
    .sort()
}

function nameOf(path: string, number: number): string {
  const [stem, extension] = parts(path)
  return join(dirname(path), `${stem}-${String(number).padStart(6, '0')}${extension}`)
}

function numberOf(name: string): number {
  return Number(/-(\d{6,})\./.exec(name)?.[1] ?? 0)
}

/** `trades` and `.frames.gz` of `data/trades.frames.gz`. */
function parts(path: string): [string, string] {
  const name = basename(path)
  const dot = name.indexOf('.')
  return dot === -1 ? [name, '.frames'] : [name.slice(0, dot), name.slice(dot)]
}
