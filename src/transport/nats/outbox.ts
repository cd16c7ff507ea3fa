import type { Outlet } from '../outlet.ts'
import type { NatsLink, NatsState } from './connection.ts'

/** Bytes after which the server is asked whether it has them; one such question is under way at a time. */
const FLUSH_BYTES = 262_144
/** Bytes not confirmed at which whoever publishes is held back. */
const WINDOW_BYTES = 2 * FLUSH_BYTES

interface Sent {
  readonly subject: string
  readonly payload: Uint8Array
}

/**
 * Publishes over core NATS without filling the memory: `publish` of the client never blocks, so what the server has not
 * confirmed is counted, and `onFull` is told when it is too much. What was not confirmed when a connection broke is
 * sent again, in order; a reader finds by the numbers of the frames which of them it has.
 */
export class NatsOutbox implements Outlet {
  /** Messages sent, and sent again. */
  sent: number
  resent: number
  onFull: () => void
  onRoom: () => void
  onFailure: (message: string) => void
  private readonly link: NatsLink
  private readonly waiting: Sent[]
  private waitingBytes: number
  private unaskedBytes: number
  private asking: Promise<void> | undefined
  private isFull: boolean
  private readonly stopListening: () => void

  constructor(link: NatsLink) {
    this.sent = 0
    this.resent = 0
    this.onFull = () => {}
    this.onRoom = () => {}
    this.onFailure = () => {}
    this.link = link
    this.waiting = []
    this.waitingBytes = 0
    this.unaskedBytes = 0
    this.asking = undefined
    this.isFull = false
    this.stopListening = link.onState((state) => this.stateChanged(state))
  }

  publish(subject: string, payload: Uint8Array): void {
    this.sent++
    this.waiting.push({ subject, payload })
    this.waitingBytes += payload.length
    this.unaskedBytes += payload.length
    if (this.link.state === 'connected') this.send(subject, payload)
    if (this.unaskedBytes >= FLUSH_BYTES) this.ask()
    if (this.waitingBytes >= WINDOW_BYTES && !this.isFull) {
      this.isFull = true
      this.onFull()
    }
  }

  /** Called when nothing more comes for a while: the less is unconfirmed, the less is sent twice after a cut. */
  settle(): void {
    if (this.waiting.length > 0) this.ask()
  }

  /** Resolves when the server has everything. Rejects if it does not say so within a time. */
  async drain(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs
    while (this.waiting.length > 0) {
      if (performance.now() > deadline || this.link.state === 'closed')
        throw new Error(`${this.waiting.length} messages could not be handed to NATS`)
      this.ask()
      const pause = new Promise((resolve) => setTimeout(resolve, 50))
      await (this.asking === undefined ? pause : Promise.race([this.asking, pause]))
    }
    this.stopListening()
  }

  figures(): Record<string, unknown> {
    return { undelivered: this.waiting.length }
  }

  private send(subject: string, payload: Uint8Array): void {
    this.link.connection.publish(subject, payload)
  }

  /** Asks the server for a sign of life behind all that was sent. */
  private ask(): void {
    if (this.asking !== undefined || this.link.state !== 'connected') return
    const count = this.waiting.length
    this.unaskedBytes = 0
    const { reconnects } = this.link
    const over = (): void => {
      if (this.asking === asked) this.asking = undefined
    }
    const asked = this.link.connection.flush().then(() => {
      over()
      // An answer of another connection says nothing about this one.
      if (reconnects === this.link.reconnects && this.link.state === 'connected') this.confirmed(count)
    }, over)
    this.asking = asked
  }

  private confirmed(count: number): void {
    for (const { payload } of this.waiting.splice(0, count)) this.waitingBytes -= payload.length
    if (this.unaskedBytes >= FLUSH_BYTES || this.isFull) this.ask()
    if (!this.isFull || this.waitingBytes >= WINDOW_BYTES) return
    this.isFull = false
    this.onRoom()
  }

  private stateChanged(state: NatsState): void {
    if (state === 'disconnected') {
      this.asking = undefined
      if (this.isFull) return
      // Without a connection nothing goes out: whoever publishes waits for it.
      this.isFull = true
      this.onFull()
    } else if (state === 'connected') {
      for (const { subject, payload } of this.waiting) this.send(subject, payload)
      this.resent += this.waiting.length
      this.unaskedBytes = this.waitingBytes
      this.ask()
      if (this.waiting.length === 0) this.confirmed(0)
    } else if (this.isFull) {
      this.isFull = false
      this.onRoom()
    }
  }
}
