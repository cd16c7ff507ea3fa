import type { Market } from '../../pipeline/market.ts'
import type { ReportSection, Step, StepFailure } from '../../pipeline/operator.ts'
import { EventLanes, type EventPosition } from '../../transport/event-lanes.ts'
import { newSource } from '../../transport/frame.ts'
import type { Outlet } from '../../transport/outlet.ts'
import { kindsOf } from '../transport/nats-options.ts'
import { GateHold } from './gate-hold.ts'
import { TextLanes } from './text-lanes.ts'

/** How long the end of a run waits until all is handed over. */
const DRAIN_MS = 10_000

/** What every sink that publishes by subject has. */
export interface PublisherOptions {
  readonly subject: string
  readonly format?: 'packed' | 'json' | 'both' | undefined
  readonly events?: readonly string[] | undefined
  readonly partition?: number | undefined
  readonly frameRecords?: number | undefined
}

export interface PublisherParts {
  /** In the report: `nats`, `jetstream`. */
  readonly title: string
  /** Where to, for messages. */
  readonly peer: string
  readonly outlet: Outlet
  /** What a subject has already. */
  readonly resume?: ((subject: string) => EventPosition | undefined) | undefined
  /** Of frames, where each subject has its own; and their flags. */
  readonly source?: ((subject: string) => bigint) | undefined
  readonly flags?: number | undefined
  /** Stands in front of the ids of messages. */
  readonly idPrefix: string
  readonly figures: () => Record<string, unknown>
  readonly close: () => Promise<void>
}

/** Publishes events by subject, as frames, as JSON or both, and holds the gate while the other side has no room. */
export class EventPublisher implements Step {
  readonly failed: Promise<StepFailure>
  private readonly parts: PublisherParts
  private readonly subject: string
  private readonly lanes: EventLanes | undefined
  private readonly texts: TextLanes | undefined
  private readonly hold: GateHold
  private texted: number

  constructor(market: Market, given: PublisherOptions, parts: PublisherParts) {
    const { subject, format = 'packed', events, partition, frameRecords } = given
    const { outlet, resume, idPrefix, peer } = parts
    this.parts = parts
    this.subject = subject
    this.texted = 0
    this.hold = new GateHold(market.gate)
    let fail: (failure: StepFailure) => void = () => {}
    this.failed = new Promise((resolve) => {
      fail = resolve
    })
    outlet.onFull = () => this.hold.close()
    outlet.onRoom = () => this.hold.open()
    outlet.onFailure = (message) => {
      this.hold.end()
      fail({ message: `${peer}: ${message}`, isQuiet: false })
    }
    const shared = {
      template: subject,
      kinds: kindsOf(events, subject),
      partition,
      symbol: (instrument: number) => market.instruments.symbol(instrument),
      client: (client: number) => market.clients.text(client),
    }
    const source = newSource()
    const { source: sources = source, flags } = parts
    const send = (frame: Uint8Array, to: string, { cause, causeIndex }: EventPosition): void =>
      outlet.publish(to, frame, `${idPrefix}${to}/${cause}.${causeIndex}`)
    this.lanes =
      format === 'json'
        ? undefined
        : new EventLanes({
            ...shared,
            source: sources,
            flags,
            frameRecords,
            resume,
            send: (frame, lane, position) => send(frame, lane.subject, position),
          })
    const sendText = (to: string, line: Uint8Array): void =>
      outlet.publish(`${to}.json`, line, `${idPrefix}${to}.json/${source}.${++this.texted}`)
    this.texts = format === 'packed' ? undefined : new TextLanes(market, { ...shared, send: sendText })
  }

  process(words: Int32Array, at: number): void {
    this.lanes?.push(words, at)
    this.texts?.push(words, at)
  }

  flush(): void {
    this.lanes?.flush()
    this.parts.outlet.settle()
  }

  async close(): Promise<void> {
    this.flush()
    try {
      await this.parts.outlet.drain(DRAIN_MS)
    } finally {
      this.hold.end()
      await this.parts.close()
    }
  }

  report(): ReportSection {
    const { outlet, peer, title } = this.parts
    const figures = {
      subject: this.subject,
      records: this.lanes?.records ?? this.texts?.records ?? 0,
      skipped: this.lanes?.skipped ?? 0,
      messages: outlet.sent,
      resent: outlet.resent,
      blockedMs: Math.round(this.hold.blockedMs),
      ...outlet.figures(),
      connection: this.parts.figures(),
    }
    const lines = [
      `${figures.records} events in ${outlet.sent} messages to ${this.subject} at ${peer}`,
      `blocked ${figures.blockedMs} ms, ${outlet.resent} messages sent again, ${figures.skipped} events already there`,
    ]
    return { title, lines, figures }
  }
}
