import { FrameFlag, newSource, type FrameReader } from './frame.ts'
import { encodeCredit } from './credit.ts'

interface KnownSender {
  readonly id: bigint
  readonly tag: number
  reply: string
  /** Number of the next record expected. */
  next: number
  /** Number of the last record that has been pulled. */
  taken: number
  /** As told last. */
  limit: number
  lastHeardMs: number
}

const HEARTBEAT_MS = 200
/** A sender that is silent for so long, with nothing of its waiting, gives its place to another. */
const SILENT_MS = 5_000
/** Tag of records whose sender has no credit. */
export const UNCREDITED = 0

/** The receiver's side of credit: a window of records for each sender, moved on as they are pulled. */
export class CreditGiver {
  /** Records that came twice, and frames dropped because others before them are missing. */
  duplicates: number
  gaps: number
  private readonly sendTo: (reply: string, bytes: Uint8Array) => void
  private readonly id: bigint
  private readonly windowRecords: number
  private readonly mostSenders: number
  private readonly byId: Map<bigint, KnownSender>
  private readonly byTag: Map<number, KnownSender>
  private lastTag: number
  private readonly timer: NodeJS.Timeout

  /** @param sendTo sends to the reply address of a hello, or does nothing while that cannot be */
  constructor(
    sendTo: (reply: string, bytes: Uint8Array) => void,
    windowRecords: number,
    mostSenders: number,
  ) {
    this.duplicates = 0
    this.gaps = 0
    this.sendTo = sendTo
    this.id = newSource()
    this.windowRecords = windowRecords
    this.mostSenders = mostSenders
    this.byId = new Map()
    this.byTag = new Map()
    this.lastTag = UNCREDITED
    this.timer = setInterval(() => this.beat(), HEARTBEAT_MS).unref()
  }

  /** A sender says hello. It is answered with its window, or, while there are too many, with none. */
  hello(reader: FrameReader, reply: string): void {
    const known = this.byId.get(reader.source)
    if (known !== undefined) {
      known.reply = reply
      known.lastHeardMs = performance.now()
      return this.tell(known, true)
    }
    const { firstSequence: next } = reader
    if (this.byId.size >= this.mostSenders && !this.forgetSilent())
      return this.send(reply, { next, limit: next - 1, again: false })
    const sender: KnownSender = {
      id: reader.source,
      tag: ++this.lastTag,
      reply,
      next,
      taken: next - 1,
      limit: 0,
      lastHeardMs: performance.now(),
    }
    this.byId.set(sender.id, sender)
    this.byTag.set(sender.tag, sender)
    this.tell(sender, false)
  }

  /**
   * Looks at a data frame.
   * @returns the tag to take its records in under, or undefined if they must not be taken in
   */
  arrived(reader: FrameReader, reply: string): number | undefined {
    if ((reader.flags & FrameFlag.credited) === 0) return UNCREDITED
    const sender = this.byId.get(reader.source)
    if (sender === undefined) {
      this.send(reply, { next: 0, limit: 0, again: true })
      return undefined
    }
    sender.lastHeardMs = performance.now()
    if (reader.firstSequence !== sender.next) {
      if (reader.firstSequence < sender.next) this.duplicates += reader.count
      else {
        this.gaps++
        this.tell(sender, true)
      }
      return undefined
    }
    sender.next += reader.count
    return sender.tag
  }

  /** Records that senders may still send on the credit they have. */
  get reserved(): number {
    let records = 0
    for (const { limit, next } of this.byId.values()) records += Math.max(0, limit - next + 1)
    return records
  }

  /** Records of a tag have been pulled. */
  taken(tag: number, count: number): void {
    const sender = this.byTag.get(tag)
    if (sender === undefined) return
    sender.taken += count
    if (sender.taken + this.windowRecords - sender.limit >= this.windowRecords >> 2) this.tell(sender, false)
  }

  stop(): void {
    clearInterval(this.timer)
  }

  figures(): Record<string, unknown> {
    return {
      senders: this.byId.size,
      windowRecords: this.windowRecords,
      duplicates: this.duplicates,
      gaps: this.gaps,
    }
  }

  private beat(): void {
    for (const sender of this.byId.values()) this.tell(sender, false)
  }

  private tell(sender: KnownSender, again: boolean): void {
    sender.limit = sender.taken + this.windowRecords
    this.send(sender.reply, { next: sender.next, limit: sender.limit, again })
  }

  private send(reply: string, credit: { next: number; limit: number; again: boolean }): void {
    if (reply !== '') this.sendTo(reply, encodeCredit({ receiver: this.id, ...credit }))
  }

  private forgetSilent(): boolean {
    const before = performance.now() - SILENT_MS
    for (const sender of this.byId.values())
      if (sender.lastHeardMs < before && sender.taken + 1 === sender.next) {
        this.byId.delete(sender.id)
        this.byTag.delete(sender.tag)
        return true
      }
    return false
  }
}
