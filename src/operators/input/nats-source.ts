import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Msg, Subscription } from '@nats-io/nats-core'
import { RECORD_BYTES, type Batch } from '../../book/index.ts'
import { oneOf, options, wholeNumber } from '../../pipeline/codec.ts'
import type { Market } from '../../pipeline/market.ts'
import type { ReportSection, Source, StageProblem } from '../../pipeline/operator.ts'
import { FrameKind } from '../../transport/frame.ts'
import { FrameInbox, isJson } from '../../transport/frame-inbox.ts'
import type { NatsLink, NatsOptions } from '../../transport/nats/connection.ts'
import { CreditGiver, UNCREDITED } from '../../transport/credit-giver.ts'
import { wildTemplate } from '../../transport/subjects.ts'
import { natsKeys, openLink, subjectPattern } from '../transport/nats-options.ts'
import { Arrivals } from './arrivals.ts'

/** What a stage says under `from: { nats: ... }`. */
export interface NatsSourceOptions extends NatsOptions {
  readonly subject: string
  /** Records that may wait; senders have credit for as many together. */
  readonly capacity?: number | undefined
  /** Senders that may have credit at a time. */
  readonly senders?: number | undefined
  readonly whenFull?: 'reject' | 'dropNewest' | undefined
}

const CAPACITY = 65_536
const SENDERS = 4

export const natsSourceOptions = options(
  { subject: subjectPattern.describe('What to subscribe to; wildcards may be in it.') },
  {
    ...natsKeys,
    capacity: wholeNumber({ min: 1_024, max: 4_194_304 }).describe('Records that may wait.'),
    senders: wholeNumber({ min: 1, max: 1_024 }).describe('Senders that may have credit at a time.'),
    whenFull: oneOf('reject', 'dropNewest').describe(
      'What happens to records beyond that: their sender is told.',
    ),
  },
).describe('Frames and lines of JSON over core NATS.')

/** Opens a subscription over core NATS as a source of commands. */
export function openNatsSource(
  market: Market,
  given: NatsSourceOptions,
): TE.TaskEither<StageProblem, Source> {
  return pipe(
    openLink(given, ['from', 'nats', 'servers']),
    TE.map((link) => new NatsSource(market, link, given)),
  )
}

/**
 * Commands from messages: frames, or lines of JSON. Senders that wait for credit are held back by the room there is, and
 * send again what got lost. What others send beyond it is refused, and told so where they asked for a reply.
 */
export class NatsSource implements Source {
  private readonly link: NatsLink
  private readonly subject: string
  private readonly arrivals: Arrivals
  private readonly inbox: FrameInbox
  private readonly credit: CreditGiver
  private readonly subscription: Subscription
  private refusedRecords: number
  private isStopped: boolean

  constructor(market: Market, link: NatsLink, given: NatsSourceOptions) {
    const { subject, capacity = CAPACITY, senders = SENDERS } = given
    this.link = link
    this.subject = wildTemplate(subject)
    this.arrivals = new Arrivals(market, capacity)
    this.inbox = new FrameInbox(FrameKind.commands, capacity)
    this.refusedRecords = 0
    this.isStopped = false
    this.credit = new CreditGiver(
      (reply, bytes) => {
        if (link.state === 'connected') link.connection.publish(reply, bytes)
      },
      Math.floor(capacity / senders),
      senders,
    )
    this.arrivals.onTaken = (sender, _, count) => this.credit.taken(sender, count)
    this.subscription = link.connection.subscribe(this.subject, {
      callback: (error, message) => {
        if (error === null) this.take(message)
      },
    })
  }

  pull(batch: Batch, upTo: number): boolean {
    this.arrivals.pull(batch, upTo)
    return !(this.isStopped && this.arrivals.isEmpty)
  }

  ready(): Promise<void> {
    return this.arrivals.ready()
  }

  stop(): void {
    if (this.isStopped) return
    this.isStopped = true
    this.credit.stop()
    this.subscription.unsubscribe()
    this.arrivals.queue.tell()
  }

  async close(): Promise<void> {
    this.stop()
    await this.link.close()
  }

  report(): ReportSection {
    const { counts } = this.inbox
    const figures = {
      subject: this.subject,
      ...counts.figures(),
      refusedRecords: this.refusedRecords,
      credit: this.credit.figures(),
      connection: this.link.figures(),
    }
    const lines = [
      `${counts.records} records in ${counts.frames} frames and ${counts.texts} lines of JSON from ${this.subject}`,
      `${counts.badFrames} bad messages set aside, ${this.refusedRecords} records refused for want of room, ${this.link.reconnects} reconnects`,
    ]
    return { title: 'nats', lines, figures }
  }

  private take(message: Msg): void {
    const bytes = message.data
    const { arrivals, inbox } = this
    if (isJson(bytes)) {
      if (arrivals.room * RECORD_BYTES < bytes.length) return this.refuse(message, 1)
      inbox.counts.texts += arrivals.pushText(bytes)
      return
    }
    const { reader } = inbox
    if (!inbox.open(bytes)) {
      if (reader.isHello) return this.credit.hello(reader, message.reply ?? '')
      if (message.reply) message.respond(answer('bad frame'))
      return
    }
    // Who keeps to its credit always finds room: a frame that does not is not what was agreed on.
    if (reader.count > arrivals.room) return this.refuse(message, reader.count)
    const tag = this.credit.arrived(reader, message.reply ?? '')
    if (tag === undefined) return
    if (tag === UNCREDITED && reader.count > arrivals.room - this.credit.reserved)
      return this.refuse(message, reader.count)
    inbox.took(reader.count)
    arrivals.pushRecords(bytes, reader.recordsAt, reader.count, tag)
  }

  private refuse(message: Msg, records: number): void {
    this.refusedRecords += records
    if (message.reply) message.respond(answer('busy'))
  }
}

function answer(error: string): string {
  return JSON.stringify({ error })
}
