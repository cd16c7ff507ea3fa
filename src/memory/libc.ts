import { createRequire } from 'node:module'
import { getSystemErrorMap } from 'node:util'

/** The few calls of the C library that Node.js has no way to. They answer as they do in C. */
export interface Libc {
  /** The address of the new mapping, or `MAP_FAILED`; a bigint where it is too large for a number. */
  readonly mmap: (
    at: null,
    bytes: number,
    protection: number,
    flags: number,
    file: number,
    offset: number,
  ) => number | bigint
  readonly munmap: (address: bigint, bytes: number) => number
  readonly msync: (address: bigint, bytes: number, flags: number) => number
  /** Answers the number of an error, 0 if there is none; undefined where the system has no such call. */
  readonly posixFallocate: ((file: number, offset: number, bytes: number) => number) | undefined
  /** A futex is a Linux system call; undefined elsewhere. */
  readonly syscall: FutexCall | undefined
  /** The number of the error of the last call that failed. */
  readonly errno: () => number
  /** An ArrayBuffer over memory that this process owns. Nothing is copied, and nothing keeps the memory there. */
  readonly view: (address: bigint, bytes: number) => ArrayBuffer
}

type FutexArguments = [
  call: number,
  address: bigint,
  operation: number,
  value: number,
  timeout: Uint8Array | null,
  second: null,
  third: number,
]

/** `syscall(2)`, as a futex needs it: at once, or on a thread of the pool. */
export interface FutexCall {
  (...call: FutexArguments): number
  async(...call: [...FutexArguments, (error: Error | null, result: number) => void]): void
}

/** What of the package koffi is used here. */
interface Koffi {
  load(library: null): { func(prototype: string): unknown }
  errno(): number
  view(address: bigint, bytes: number): ArrayBuffer
}

export const MAP_FAILED = 0xffff_ffff_ffff_ffffn

/** The call that failed, by its name in C, and the name and the words that the system has for why. */
export interface SystemFault {
  readonly code: string
  readonly message: string
}

/** What the number of an error stands for: `ENOSPC`, `no space left on device`. */
export function systemFault(errno: number): SystemFault {
  const [code, message] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, 'unknown error']
  return { code, message }
}

let loaded: Libc | undefined

/**
 * The C library of this process, through koffi, which is loaded when it is first asked for.
 * @param load gives koffi
 * @throws Error that says why it cannot be loaded
 */
export function libc(load: () => unknown = requireKoffi): Libc {
  if (load !== requireKoffi) return bind(load() as Koffi)
  loaded ??= bind(load() as Koffi)
  return loaded
}

function requireKoffi(): unknown {
  return createRequire(import.meta.url)('koffi')
}

function bind(koffi: Koffi): Libc {
  // No library by name: what the process itself is linked with is the C library, whatever its file is called.
  const library = koffi.load(null)
  const isLinux = process.platform === 'linux'
  return {
    mmap: library.func(
      'uintptr_t mmap(void *at, size_t bytes, int protection, int flags, int file, int64_t offset)',
    ) as Libc['mmap'],
    munmap: library.func('int munmap(uintptr_t address, size_t bytes)') as Libc['munmap'],
    msync: library.func('int msync(uintptr_t address, size_t bytes, int flags)') as Libc['msync'],
    posixFallocate: isLinux
      ? (library.func('int posix_fallocate(int file, int64_t offset, int64_t bytes)') as NonNullable<
          Libc['posixFallocate']
        >)
      : undefined,
    syscall: isLinux
      ? (library.func(
          'long syscall(long call, uintptr_t address, long operation, long value, void *timeout, void *second, long third)',
        ) as FutexCall)
      : undefined,
    errno: () => koffi.errno(),
    view: (address, bytes) => koffi.view(address, bytes),
  }
}
