import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { oneOf, options, wholeNumber } from '../../pipeline/codec.ts'
import type { Market } from '../../pipeline/market.ts'
import type { ReportSection, StageProblem, Step } from '../../pipeline/operator.ts'
import { EventLanes } from '../../transport/event-lanes.ts'
import { newSource } from '../../transport/frame.ts'
import type { NatsLink, NatsOptions } from '../../transport/nats/connection.ts'
import { NatsOutbox } from '../../transport/nats/outbox.ts'
import { placeholdersOf, wildTemplate } from '../../transport/subjects.ts'
import { eventKinds, kindsOf, natsKeys, openLink, subjectTemplate } from '../transport/nats-options.ts'
import { TextLanes } from './text-lanes.ts'
import { GateHold } from './gate-hold.ts'

/** How long the end of a run waits for the server to take what was published. */
const DRAIN_MS = 10_000

/** What a stage says under `to: { nats: ... }`. */
export interface NatsSinkOptions extends NatsOptions {
  readonly subject: string
  readonly format?: 'packed' | 'json' | 'both' | undefined
  readonly events?: readonly string[] | undefined
  readonly partition?: number | undefined
  readonly frameRecords?: number | undefined
}

export const natsSinkOptions = options(
  { subject: subjectTemplate },
  {
    ...natsKeys,
    format: oneOf('packed', 'json', 'both'),
    events: eventKinds,
    partition: wholeNumber({ min: 0 }),
    frameRecords: wholeNumber({ min: 1, max: 16_384 }),
  },
)

/** Opens a sink that publishes events over core NATS: who is subscribed has them, nobody keeps them. */
export function openNatsSink(market: Market, given: NatsSinkOptions): TE.TaskEither<StageProblem, Step> {
  return pipe(
    openLink(given, ['to', 'nats', 'servers']),
    TE.map((link) => new NatsSink(market, link, given)),
  )
}

export class NatsSink implements Step {
  private readonly link: NatsLink
  private readonly outbox: NatsOutbox
  private readonly lanes: EventLanes | undefined
  private readonly texts: TextLanes | undefined
  private readonly hold: GateHold
  private readonly subject: string
  private publishedRecords: number

  constructor(market: Market, link: NatsLink, given: NatsSinkOptions) {
    const { subject, format = 'packed', events, partition, frameRecords } = given
    this.link = link
    this.subject = subject
    this.publishedRecords = 0
    this.outbox = new NatsOutbox(link)
    this.hold = new GateHold(market.gate)
    this.outbox.onFull = () => this.hold.close()
    this.outbox.onRoom = () => this.hold.open()
    const shared = { template: subject, kinds: kindsOf(events, subject), partition }
    const names = {
      symbol: (instrument: number) => market.instruments.symbol(instrument),
      client: (client: number) => market.clients.text(client),
    }
    this.lanes =
      format === 'json'
        ? undefined
        : new EventLanes({
            ...shared,
            ...names,
            source: newSource(),
            frameRecords,
            send: (frame, lane) => this.outbox.publish(lane.subject, frame),
          })
    this.texts =
      format === 'packed'
        ? undefined
        : new TextLanes(market, { ...shared, ...names, send: (to, line) => this.outbox.publish(`${to}.json`, line) })
  }

  process(words: Int32Array, at: number): void {
    this.publishedRecords++
    this.lanes?.push(words, at)
    this.texts?.push(words, at)
  }

  flush(): void {
    this.lanes?.flush()
    this.outbox.settle()
  }

  async close(): Promise<void> {
    this.flush()
    try {
      await this.outbox.drain(DRAIN_MS)
    } finally {
      this.hold.end()
      await this.link.close()
    }
  }

  report(): ReportSection {
    const { sent, resent } = this.outbox
    const figures = {
      subject: this.subject,
      records: this.lanes?.records ?? this.texts?.records ?? 0,
      messages: sent,
      resent,
      blockedMs: Math.round(this.hold.blockedMs),
      connection: this.link.figures(),
    }
    const lines = [
      `${figures.records} events in ${sent} messages to ${wildTemplate(this.subject)} at ${this.link.server}`,
      `blocked ${figures.blockedMs} ms, ${this.link.reconnects} reconnects, ${resent} messages sent again`,
    ]
    return { title: `nats ${[...placeholdersOf(this.subject)].join(' ')}`.trim(), lines, figures }
  }
}
