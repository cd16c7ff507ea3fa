import { readFileSync, readlinkSync } from 'node:fs'
import { OWNER_WORDS } from './layout.ts'

/**
 * Who is at the two ends of a ring in a file. Six words for each, from the first that a ring leaves to its owner:
 *
 *  word  what
 *     0  identity   i64: pid times 2^40, plus when that process began, in clock ticks since the machine did; 0: nobody
 *     2  place      which machine, boot and pid namespace the pid is of
 *     3  heartbeat  changes every half second while the process lives and its event loop turns
 *     4  comings    how often this end was taken
 *
 * The identity is one word to the machine, so that of two who want to take an end, one gets it.
 */
export const PEER_WORDS = 6
const PLACE = 2
const HEARTBEAT = 3
const COMINGS = 4

const BEAT_MS = 500
/** How long a heart that cannot be asked otherwise is listened to before its owner is held for dead. */
const LISTEN_MS = 3_000

export type RingEnd = 'writer' | 'reader'

/** How things stand with the other end: it was never taken or was given back, is alive, or died. */
export type PeerState = 'absent' | 'alive' | 'gone'

/** One end of a ring in a file, to be taken, watched, and given back. */
export class Peer {
  private readonly words: Int32Array
  private readonly identities: BigInt64Array
  private readonly at: number
  private beating: NodeJS.Timeout | undefined

  constructor(buffer: ArrayBufferLike, end: RingEnd) {
    this.words = new Int32Array(buffer)
    this.identities = new BigInt64Array(buffer, 0, buffer.byteLength >> 3)
    this.at = OWNER_WORDS + (end === 'writer' ? 0 : PEER_WORDS)
    this.beating = undefined
  }

  /**
   * Takes the end for this process, from nobody or from one that has died.
   * @returns undefined, or the process that has it and lives
   */
  async take(): Promise<number | undefined> {
    const { words, identities, at } = this
    for (;;) {
      const held = Atomics.load(identities, at >> 1)
      if (held !== 0n && (await this.isAlive(held))) return pidOf(held)
      if (Atomics.compareExchange(identities, at >> 1, held, ownIdentity()) !== held) continue
      Atomics.store(words, at + PLACE, ownPlace())
      Atomics.add(words, at + COMINGS, 1)
      this.beat()
      this.beating = setInterval(() => this.beat(), BEAT_MS).unref()
      return undefined
    }
  }

  give(): void {
    clearInterval(this.beating)
    Atomics.compareExchange(this.identities, this.at >> 1, ownIdentity(), 0n)
  }

  /** How things stand, as far as that can be told at once: of a process that is elsewhere it is held to be alive. */
  state(): PeerState {
    const held = Atomics.load(this.identities, this.at >> 1)
    if (held === 0n) return 'absent'
    return Atomics.load(this.words, this.at + PLACE) !== ownPlace() || isRunning(held) ? 'alive' : 'gone'
  }

  /** The process that has the end, or 0. */
  get pid(): number {
    return pidOf(Atomics.load(this.identities, this.at >> 1))
  }

  /** How often the end was taken. */
  get comings(): number {
    return Atomics.load(this.words, this.at + COMINGS)
  }

  private async isAlive(identity: bigint): Promise<boolean> {
    const { words, at } = this
    if (Atomics.load(words, at + PLACE) === ownPlace()) return isRunning(identity)
    const beat = Atomics.load(words, at + HEARTBEAT)
    for (let waitedMs = 0; waitedMs < LISTEN_MS; waitedMs += BEAT_MS / 2) {
      await new Promise((resolve) => {
        setTimeout(resolve, BEAT_MS / 2)
      })
      if (Atomics.load(words, at + HEARTBEAT) !== beat) return true
    }
    return false
  }

  private beat(): void {
    Atomics.add(this.words, this.at + HEARTBEAT, 1)
  }
}

const START_BITS = 40n
let own: bigint | undefined
let place: number | undefined

function ownIdentity(): bigint {
  own ??= identityOf(process.pid, startTicks(process.pid) ?? 0)
  return own
}

function identityOf(pid: number, ticks: number): bigint {
  return (BigInt(pid) << START_BITS) | BigInt.asUintN(40, BigInt(ticks))
}

function pidOf(identity: bigint): number {
  return Number(identity >> START_BITS)
}

function isRunning(identity: bigint): boolean {
  const pid = pidOf(identity)
  if (process.platform === 'linux') {
    const ticks = startTicks(pid)
    return ticks !== undefined && identityOf(pid, ticks) === identity
  }
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** When a process began, in clock ticks since the machine did (proc(5), stat, field 22); undefined if it is no more. */
function startTicks(pid: number): number | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return undefined
  }
  // The second field is a name in brackets that may have blanks and brackets in it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : Number(fields[19])
}

/** A number for the boot of this machine and the namespace of its pids, in which a pid means something. */
function ownPlace(): number {
  if (place !== undefined) return place
  place = 1
  if (process.platform !== 'linux') return place
  const text =
    readFileSync('/proc/sys/kernel/random/boot_id', 'latin1') + readlinkSync('/proc/self/ns/pid', 'latin1')
  for (let i = 0; i < text.length; i++) place = Math.imul(place ^ text.charCodeAt(i), 0x0100_0193)
  return place
}
