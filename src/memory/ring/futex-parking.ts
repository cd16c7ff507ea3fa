import { libc, type FutexCall } from '../libc.ts'
import { TimedParking, type Parking } from './parking.ts'

/** Number of the system call futex(2), by the processor that Node.js was built for. */
const FUTEX_CALLS: Readonly<Record<string, number>> = { x64: 202, arm64: 98 }
const FUTEX_WAIT = 0
const FUTEX_WAKE = 1
const ALL = 0x7fff_ffff
/** A wait without end is taken in pieces, since one on a thread of the pool keeps that thread. */
const LONGEST_MS = 10_000

/**
 * Between processes, over a mapped file on Linux: what Atomics.wait does, done by the system call that is behind it.
 * A wait that leaves the event loop free takes one of the four threads of libuv's pool while it lasts.
 */
export class FutexParking implements Parking {
  private readonly call: number
  private readonly address: bigint
  private readonly syscall: FutexCall

  constructor(call: number, address: bigint, syscall: FutexCall) {
    this.call = call
    this.address = address
    this.syscall = syscall
  }

  block(word: number, seen: number, timeoutMs: number): void {
    this.syscall(this.call, this.addressOf(word), FUTEX_WAIT, seen, timespec(timeoutMs), null, 0)
  }

  wait(word: number, seen: number, timeoutMs: number): Promise<void> {
    const time = timespec(timeoutMs)
    return new Promise((resolve) => {
      this.syscall.async(this.call, this.addressOf(word), FUTEX_WAIT, seen, time, null, 0, () => resolve())
    })
  }

  wake(word: number): void {
    this.syscall(this.call, this.addressOf(word), FUTEX_WAKE, ALL, null, null, 0)
  }

  private addressOf(word: number): bigint {
    return this.address + BigInt(word * 4)
  }
}

/** How two processes that have mapped the same file wait for one another: woken where that can be, else by looking. */
export function processParking(words: Int32Array, address: bigint): Parking {
  const call = FUTEX_CALLS[process.arch]
  const { syscall } = libc()
  return call === undefined || syscall === undefined
    ? new TimedParking(words)
    : new FutexParking(call, address, syscall)
}

/** `struct timespec` with 64-bit fields. */
function timespec(ms: number): Uint8Array {
  const bytes = new Uint8Array(16)
  const ns = Math.ceil(Math.min(ms, LONGEST_MS) * 1e6)
  const fields = new BigInt64Array(bytes.buffer)
  fields[0] = BigInt(Math.floor(ns / 1e9))
  fields[1] = BigInt(ns % 1e9)
  return bytes
}
