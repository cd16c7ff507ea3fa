import { FrameKind, FrameReader } from './frame.ts'
import { encodeHello, readCredit, type Credit } from './credit.ts'

interface Unconfirmed {
  readonly first: number
  readonly last: number
  readonly frame: Uint8Array
}

interface Receiver {
  next: number
  limit: number
  heardMs: number
}

const HELLO_MS = 200
/** A receiver that has been silent for so long holds nobody back any more; it is counted as lost. */
const SILENT_MS = 5_000
/** Nothing confirmed for so long although records are out: they are sent again. */
const STUCK_MS = 1_000

/**
 * The sender's side of credit: frames go out as far as every receiver has room, are kept until all of them have them,
 * and are sent again from where one of them misses something. Without a receiver nothing goes out.
 */
export class CreditSender {
  /** Number of the next record to be handed in, from 1. */
  nextSequence: number
  frames: number
  resent: number
  lostReceivers: number
  /** Told when more waits than may be sent, and when that is over. */
  onFull: () => void
  onRoom: () => void
  onClose: () => void
  /** Told how far all records have arrived. */
  onConfirmed: (sequence: number) => void
  readonly source: bigint
  private readonly sendOut: (frame: Uint8Array) => void
  private readonly receivers: Map<bigint, Receiver>
  private readonly kept: Unconfirmed[]
  /** Index in `kept` of the first frame that is not out. */
  private sendAt: number
  private isFull: boolean
  private movedMs: number
  private readonly reader: FrameReader
  private readonly timer: ReturnType<typeof setInterval>
  private drained: (() => void) | undefined

  /** @param sendOut sends a frame to the receivers, or does nothing while there is no connection */
  constructor(sendOut: (frame: Uint8Array) => void, source: bigint) {
    this.nextSequence = 1
    this.frames = 0
    this.resent = 0
    this.lostReceivers = 0
    this.onFull = () => {}
    this.onRoom = () => {}
    this.onClose = () => {}
    this.onConfirmed = () => {}
    this.source = source
    this.sendOut = sendOut
    this.receivers = new Map()
    this.kept = []
    this.sendAt = 0
    this.isFull = false
    this.movedMs = performance.now()
    this.reader = new FrameReader()
    this.drained = undefined
    this.timer = setInterval(() => this.beat(), HELLO_MS)
  }

  /** Records handed in that some receiver does not have yet. */
  get unconfirmed(): number {
    return this.kept.length === 0 ? 0 : this.nextSequence - this.kept[0]!.first
  }

  /** Hands in a frame of `count` records that begins with number `nextSequence` and carries the flag `credited`. */
  send(frame: Uint8Array, count: number): void {
    this.frames++
    this.kept.push({ first: this.nextSequence, last: this.nextSequence + count - 1, frame })
    this.nextSequence += count
    this.advance()
    if (this.sendAt === this.kept.length || this.isFull) return
    this.isFull = true
    this.onFull()
  }

  /** Resolves when every receiver has everything; rejects if that takes too long. */
  async drain(timeoutMs: number): Promise<void> {
    if (this.kept.length === 0) return
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${this.unconfirmed} records could not be handed over`)),
        timeoutMs,
      )
      this.drained = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  close(): void {
    clearInterval(this.timer)
    this.onClose()
  }

  /** Sends again all that is not confirmed, as after a cut. */
  resend(): void {
    this.sendAt = 0
    this.advance()
  }

  /** Asks for credit. To be called when there is a connection, and when there is one again. */
  hello(): void {
    const first = this.kept[0]?.first ?? this.nextSequence
    this.sendOut(encodeHello(this.source, first))
  }

  /** Takes what a receiver answered. */
  take(bytes: Uint8Array): void {
    if (this.reader.read(bytes) !== undefined || this.reader.kind !== FrameKind.credit) return
    const credit = readCredit(bytes, this.reader)
    if (credit === undefined) return
    if (credit.next === 0) {
      this.receivers.delete(credit.receiver)
      return this.hello()
    }
    const known = this.receivers.get(credit.receiver)
    const heardMs = performance.now()
    this.receivers.set(credit.receiver, { next: credit.next, limit: credit.limit, heardMs })
    if (known === undefined) this.sendAt = 0
    this.confirm()
    if (credit.again) this.goBack(credit)
    this.advance()
  }

  /** Lets go of the frames that all receivers have. */
  private confirm(): void {
    let next = Infinity
    for (const receiver of this.receivers.values()) next = Math.min(next, receiver.next)
    let gone = 0
    while (gone < this.kept.length && this.kept[gone]!.last < next) gone++
    if (gone === 0) return
    const { last } = this.kept[gone - 1]!
    this.kept.splice(0, gone)
    this.sendAt = Math.max(0, this.sendAt - gone)
    this.movedMs = performance.now()
    this.onConfirmed(last)
    if (this.kept.length === 0) this.drained?.()
  }

  private goBack({ next }: Credit): void {
    const at = this.kept.findIndex(({ last }) => last >= next)
    if (at !== -1) this.sendAt = Math.min(this.sendAt, at)
  }

  /** Sends what may be sent. */
  private advance(): void {
    if (this.receivers.size === 0) return
    let limit = Infinity
    for (const receiver of this.receivers.values()) limit = Math.min(limit, receiver.limit)
    while (this.sendAt < this.kept.length && this.kept[this.sendAt]!.last <= limit) {
      const { frame } = this.kept[this.sendAt++]!
      this.sendOut(frame)
    }
    if (!this.isFull || this.sendAt < this.kept.length) return
    this.isFull = false
    this.onRoom()
  }

  private beat(): void {
    const now = performance.now()
    for (const [id, receiver] of this.receivers)
      if (now - receiver.heardMs > SILENT_MS) {
        this.receivers.delete(id)
        this.lostReceivers++
      }
    if (this.receivers.size === 0) return this.hello()
    if (this.kept.length === 0 || now - this.movedMs < STUCK_MS) return
    this.movedMs = now
    this.resent += this.sendAt
    this.resend()
    this.hello()
  }
}
