import { closeSync, fstatSync, ftruncateSync, linkSync, openSync, unlinkSync } from 'node:fs'
import { libc, MAP_FAILED, systemFault, type Libc } from './libc.ts'

/** Why a file cannot be mapped. */
export class MappedFileError extends Error {
  readonly path: string
  /** The system's name for it, such as `ENOENT`; `ENOTSUP` where mapped files are not to be had at all. */
  readonly code: string

  constructor(path: string, code: string, what: string) {
    super(`${path}: ${what} (${code})`)
    this.path = path
    this.code = code
  }
}

export interface MapOptions {
  /** Whether the mapping can be written; by default it can. A write to one that cannot ends the process (SIGSEGV). */
  readonly writable?: boolean
  /** How many bytes must be there; more are not mapped. Without it, all that the file has. */
  readonly bytes?: number
  /** Gives the C library; for tests. */
  readonly library?: () => Libc
}

/**
 * A file as memory: what is written to `buffer` is in the file and in every other mapping of it, of this process and of
 * others, at once and without a copy. It survives the process from the moment it is written, and the machine from the
 * moment that `flush` has returned.
 *
 * Typed arrays and `Atomics` work on the buffer; `Atomics.wait` does not, as it is not a SharedArrayBuffer.
 */
export class MappedFile {
  readonly path: string
  readonly bytes: number
  /** Empty once the file is closed, so that what still holds a view finds nothing instead of someone else's memory. */
  readonly buffer: ArrayBuffer
  readonly address: bigint
  private readonly library: Libc
  private isOpen: boolean

  /** Use `openMappedFile` and `createMappedFile`. */
  constructor(path: string, bytes: number, address: bigint, library: Libc) {
    this.path = path
    this.bytes = bytes
    this.address = address
    this.buffer = library.view(address, bytes)
    this.library = library
    this.isOpen = true
  }

  /**
   * Brings a part of the file to the disk, and waits until it is there.
   * @param from the first byte, rounded down to a page
   * @param to the first byte behind the part
   * @throws MappedFileError
   */
  flush(from = 0, to = this.bytes): void {
    if (!this.isOpen) throw new MappedFileError(this.path, 'EBADF', 'the mapping is closed')
    const start = from - (from % PAGE_BYTES)
    if (this.library.msync(this.address + BigInt(start), Math.min(to, this.bytes) - start, MS_SYNC) !== 0)
      throw failure(this.path, 'cannot be brought to the disk', this.library.errno())
  }

  /**
   * Ends the mapping. Views of `buffer` have length 0 afterwards. A second call does nothing. Node.js before 22 cannot
   * take memory away from views: there the mapping stays until the process ends, rather than a trap behind each of them.
   */
  close(): void {
    if (!this.isOpen) return
    this.isOpen = false
    // Not in the types of ES2023.
    const buffer = this.buffer as unknown as { transfer?: (bytes: number) => ArrayBuffer }
    if (buffer.transfer === undefined) return
    buffer.transfer(0)
    this.library.munmap(this.address, this.bytes)
  }
}

/**
 * Maps a file that there is.
 * @throws MappedFileError if it is not there, is empty or too short, may not be read, or files cannot be mapped here
 */
export function openMappedFile(path: string, options: MapOptions = {}): MappedFile {
  const { writable = true } = options
  const library = libraryFor(path, options)
  const file = openFile(path, writable ? 'r+' : 'r')
  try {
    const info = fstatSync(file)
    if (!info.isFile()) throw new MappedFileError(path, 'EINVAL', 'is not a plain file')
    const { bytes = info.size } = options
    // A touch of a page behind the end of the file would end the process (SIGBUS).
    if (info.size < bytes || info.size === 0)
      throw new MappedFileError(path, 'EINVAL', `is ${info.size} bytes long, at least ${bytes || 1} expected`)
    return map(path, file, bytes, writable, library)
  } finally {
    closeSync(file)
  }
}

/**
 * Makes a file of a size, with its blocks set aside so that a full disk is told here and not by a signal at some later
 * write. It appears under its name all at once, when `fill` has put in what others expect to find.
 * @param fill gets the memory, all zero
 * @throws MappedFileError; `EEXIST` if there is such a file
 */
export function createMappedFile(
  path: string,
  bytes: number,
  fill: (buffer: ArrayBuffer) => void = () => {},
  options: Pick<MapOptions, 'library'> = {},
): MappedFile {
  const library = libraryFor(path, options)
  const draft = `${path}.${process.pid}.${(drafts++).toString(36)}.new`
  const file = openFile(draft, 'wx+', path)
  try {
    setAside(path, file, bytes, library)
    const mapped = map(path, file, bytes, true, library)
    try {
      fill(mapped.buffer)
      linkSync(draft, path)
    } catch (error) {
      mapped.close()
      throw asFailure(path, error)
    }
    return mapped
  } finally {
    closeSync(file)
    unlinkSync(draft)
  }
}

/** Mappings begin at a page; 16 KiB is the largest in use, and a multiple of the others. */
const PAGE_BYTES = 16_384
const PROT_READ = 1
const PROT_WRITE = 2
const MAP_SHARED = 1
const MS_SYNC = process.platform === 'darwin' ? 0x10 : 4
let drafts = 0

function libraryFor(path: string, { library = libc }: MapOptions): Libc {
  if (process.platform === 'win32')
    throw new MappedFileError(path, 'ENOTSUP', 'files cannot be mapped on this system')
  try {
    return library()
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
    throw new MappedFileError(path, 'ENOTSUP', `mapped files need the package koffi: ${why}`)
  }
}

function openFile(path: string, flags: string, told: string = path): number {
  try {
    return openSync(path, flags)
  } catch (error) {
    throw asFailure(told, error)
  }
}

function setAside(path: string, file: number, bytes: number, library: Libc): void {
  const errno = library.posixFallocate?.(file, 0, bytes) ?? UNSUPPORTED
  if (errno === 0) return
  const { code } = systemFault(errno)
  if (errno !== UNSUPPORTED && code !== 'EOPNOTSUPP' && code !== 'ENOTSUP')
    throw failure(path, `cannot be made ${bytes} bytes long`, errno)
  try {
    ftruncateSync(file, bytes)
  } catch (error) {
    throw asFailure(path, error)
  }
}

/** No number of an error: the system has no call that sets blocks aside. */
const UNSUPPORTED = -1

function map(path: string, file: number, bytes: number, writable: boolean, library: Libc): MappedFile {
  const protection = writable ? PROT_READ | PROT_WRITE : PROT_READ
  const address = BigInt(library.mmap(null, bytes, protection, MAP_SHARED, file, 0))
  if (address === MAP_FAILED) throw failure(path, 'cannot be mapped', library.errno())
  return new MappedFile(path, bytes, address, library)
}

function failure(path: string, what: string, errno: number): MappedFileError {
  const { code, message } = systemFault(errno)
  return new MappedFileError(path, code, `${what}: ${message}`)
}

/** What Node.js threw, as an error of this file. */
function asFailure(path: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (error instanceof MappedFileError || code === undefined) return error
  return new MappedFileError(path, code, /^[A-Z0-9_]+: ([^,]+)/.exec(message)?.[1] ?? message)
}
