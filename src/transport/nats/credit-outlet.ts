import type { CreditSender } from '../credit-sender.ts'
import type { Outlet } from '../outlet.ts'
import type { NatsLink } from './connection.ts'
import { creditOver } from './credit-link.ts'

/**
 * Publishes frames over core NATS to receivers that give credit: a subject's frames go out as far as all of its
 * receivers have room, and again where one of them misses something. Without a receiver nothing goes out.
 */
export class CreditOutlet implements Outlet {
  sent: number
  onFull: () => void
  onRoom: () => void
  onFailure: (message: string) => void
  private readonly link: NatsLink
  private readonly senders: Map<string, CreditSender>
  private readonly full: Set<CreditSender>

  constructor(link: NatsLink) {
    this.sent = 0
    this.onFull = () => {}
    this.onRoom = () => {}
    this.onFailure = () => {}
    this.link = link
    this.senders = new Map()
    this.full = new Set()
  }

  get resent(): number {
    let resent = 0
    for (const sender of this.senders.values()) resent += sender.resent
    return resent
  }

  /** The number that a subject's frames must carry as their source. */
  source(subject: string): bigint {
    return this.sender(subject).source
  }

  publish(subject: string, payload: Uint8Array): void {
    this.sent++
    const count = new DataView(payload.buffer, payload.byteOffset).getUint32(12, true)
    this.sender(subject).send(payload, count)
  }

  settle(): void {}

  async drain(timeoutMs: number): Promise<void> {
    try {
      await Promise.all([...this.senders.values()].map((sender) => sender.drain(timeoutMs)))
    } finally {
      for (const sender of this.senders.values()) sender.close()
    }
  }

  figures(): Record<string, unknown> {
    let [unconfirmed, lostReceivers] = [0, 0]
    for (const sender of this.senders.values()) {
      unconfirmed += sender.unconfirmed
      lostReceivers += sender.lostReceivers
    }
    return { unconfirmed, lostReceivers }
  }

  private sender(subject: string): CreditSender {
    let sender = this.senders.get(subject)
    if (sender === undefined) {
      const made = creditOver(this.link, subject)
      made.onFull = () => {
        this.full.add(made)
        if (this.full.size === 1) this.onFull()
      }
      made.onRoom = () => {
        this.full.delete(made)
        if (this.full.size === 0) this.onRoom()
      }
      this.senders.set(subject, made)
      sender = made
    }
    return sender
  }
}
