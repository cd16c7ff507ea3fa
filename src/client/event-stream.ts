import type { Subscription } from '@nats-io/nats-core'
import { jetstreamManager } from '@nats-io/jetstream'
import { readEvent, type EngineEvent } from '../book/event.ts'
import { EventKind, RECORD_WORDS } from '../book/record.ts'
import { FrameKind, FrameReader, recordsOf } from '../transport/frame.ts'
import { JetStreamReader } from '../transport/nats/jetstream-reader.ts'
import type { Link } from '../transport/nats/link.ts'

/** What a stream of events says of itself. */
export interface StreamState {
  readonly events: number
  /** Frames that could not be read. */
  readonly badFrames: number
  /** Events that are missing, as far as the numbers of frames tell. From a JetStream stream none are. */
  readonly missed: number
  readonly duplicates: number
  /** Of a JetStream stream: the sequence of its next message. Give it to `from` to go on there. */
  readonly next: number | undefined
}

export type EventHandler = (event: EngineEvent, subject: string) => void

/** Told when events are missing. */
export type GapHandler = (missed: number, subject: string) => void

/** Reads frames of events, drops what comes twice and counts what is missing, subject by subject. */
export class EventFrames {
  events = 0
  badFrames = 0
  missed = 0
  duplicates = 0
  private readonly handler: EventHandler
  private readonly onGap: GapHandler
  private readonly reader = new FrameReader()
  private readonly expected = new Map<string, { source: bigint; next: number }>()

  constructor(handler: EventHandler, onGap: GapHandler) {
    this.handler = handler
    this.onGap = onGap
  }

  take(bytes: Uint8Array, subject: string): void {
    const { reader } = this
    if (reader.read(bytes) !== undefined || reader.kind !== FrameKind.events) {
      this.badFrames++
      return
    }
    const { firstSequence, count, source } = reader
    const known = this.expected.get(subject)
    let skip = 0
    if (known?.source === source) {
      skip = Math.min(count, Math.max(0, known.next - firstSequence))
      this.duplicates += skip
      if (firstSequence > known.next) {
        this.missed += firstSequence - known.next
        this.onGap(firstSequence - known.next, subject)
      }
    }
    if (known?.source !== source || firstSequence + count > known.next)
      this.expected.set(subject, { source, next: firstSequence + count })
    const words = recordsOf(bytes, reader)
    for (let i = skip; i < count; i++) {
      const kind = words[i * RECORD_WORDS]! & 0xff
      // A kind from a later version is not for this one to read.
      if (kind < EventKind.accepted || kind > EventKind.indication) continue
      this.events++
      this.handler(readEvent(words, i * RECORD_WORDS), subject)
    }
  }
}

/** Events of a subject, from now on, or from a place in a JetStream stream. */
export class EventStream {
  private readonly frames: EventFrames
  private readonly subscription: Subscription | undefined
  private readonly reader: JetStreamReader | undefined

  private constructor(
    frames: EventFrames,
    subscription: Subscription | undefined,
    reader: JetStreamReader | undefined,
  ) {
    this.frames = frames
    this.subscription = subscription
    this.reader = reader
  }

  static live(link: Link, subject: string, handler: EventHandler, onGap: GapHandler): EventStream {
    const frames = new EventFrames(handler, onGap)
    const subscription = link.connection.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) frames.take(message.data, message.subject)
      },
    })
    return new EventStream(frames, subscription, undefined)
  }

  /** @param from the stream sequence to begin with; `all` or `new` */
  static async stored(
    link: Link,
    stream: string,
    subject: string,
    from: number | 'all' | 'new',
    handler: EventHandler,
  ): Promise<EventStream> {
    const frames = new EventFrames(handler, () => {})
    const manager = await jetstreamManager(link.connection, { checkAPI: false })
    const info = await manager.streams.info(stream)
    const first = from === 'all' ? 1 : from === 'new' ? info.state.last_seq + 1 : from
    const reader = new JetStreamReader(link, { manager, info }, first, {
      filter: subject,
      messageRecords: 256,
      room: () => 16_384,
      take: (payload, _, own) => {
        frames.take(payload, own)
        return true
      },
    })
    return new EventStream(frames, undefined, reader)
  }

  get status(): StreamState {
    const { events, badFrames, missed, duplicates } = this.frames
    return { events, badFrames, missed, duplicates, next: this.reader?.nextSequence }
  }

  close(): void {
    this.reader?.stop()
    if (this.subscription?.isClosed() === false) this.subscription.unsubscribe()
  }
}
