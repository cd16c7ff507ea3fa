import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { headers, type Msg, type Subscription } from '@nats-io/nats-core'
import { RECORD_BYTES, RECORD_WORDS, type Batch } from '../../book/index.ts'
import { oneOf, options, text, wholeNumber } from '../../pipeline/codec.ts'
import type { Market } from '../../pipeline/market.ts'
import type { ReportSection, Source, StageProblem } from '../../pipeline/operator.ts'
import { encodeFrame, FrameKind, newSource } from '../../transport/frame.ts'
import { FrameInbox, isJson } from '../../transport/frame-inbox.ts'
import type { NatsLink, NatsOptions } from '../../transport/nats/connection.ts'
import { wildTemplate } from '../../transport/subjects.ts'
import { natsKeys, openLink, subjectPattern } from '../transport/nats-options.ts'
import { EventText } from '../sinks/event-text.ts'
import { EntryLog } from './entry-log.ts'
import { entryPoint, OrderGateway } from './gateway.ts'
import { wireMarket } from './wire-ids.ts'

const CAPACITY = 65_536
const REMEMBER = 131_072
/** Commands of one request at most. */
const MOST_COMMANDS = 4_096

/** What a stage says under `from: { orderEntry: ... }`. */
export interface OrderEntryOptions extends NatsOptions {
  /** Where requests go. With `{client}` in it, a request may only be for the client in its subject. */
  readonly subject: string
  /** By which the stage that hands the answers back finds this one. */
  readonly name?: string | undefined
  /** Commands that may wait; a request beyond it is answered `busy`. */
  readonly capacity?: number | undefined
  /** New orders that are remembered, so that one that comes again is answered and not let in again. */
  readonly remember?: number | undefined
  /** A directory for what is remembered, so that it outlasts the process. */
  readonly dir?: string | undefined
  /** Whether notes in `dir` outlast the process (`os`) or the machine (`disk`). */
  readonly durability?: 'os' | 'disk' | undefined
}

export const orderEntryOptions = options(
  { subject: subjectPattern.describe('Where requests go; with {client} in it, each for that client alone.') },
  {
    ...natsKeys,
    name: text.describe('By which the stage that hands the answers back finds this one.'),
    capacity: wholeNumber({ min: 1_024, max: 4_194_304 }).describe('Commands that may wait.'),
    remember: wholeNumber({ min: 1_024, max: 4_194_304 }).describe('New orders that are remembered.'),
    dir: text.describe('A directory for what is remembered.'),
    durability: oneOf('os', 'disk').describe('Whether it outlasts the process or the machine.'),
  },
).describe('Orders by request and reply over NATS.')

export const DEFAULT_ENTRY = 'orders'

/** Opens order entry over NATS request and reply. */
export function openOrderEntry(
  market: Market,
  given: OrderEntryOptions,
): TE.TaskEither<StageProblem, Source> {
  return pipe(
    openLink({ ...given, name: undefined }, ['from', 'orderEntry', 'servers']),
    TE.chain((link) =>
      TE.tryCatch(
        async () => new OrderEntrySource(market, link, given),
        (error): StageProblem => {
          void link.close()
          return { path: ['from', 'orderEntry', 'dir'], message: (error as Error).message }
        },
      ),
    ),
  )
}

/** Requests over core NATS: a frame of commands or lines of JSON each, answered in kind. */
export class OrderEntrySource implements Source {
  private readonly link: NatsLink
  private readonly subject: string
  private readonly clientToken: number
  private readonly gateway: OrderGateway
  private readonly inbox: FrameInbox
  private readonly text: EventText
  private readonly source: bigint
  private readonly subscription: Subscription
  private busy: number
  private isStopped: boolean

  constructor(market: Market, link: NatsLink, given: OrderEntryOptions) {
    const { subject, name = DEFAULT_ENTRY, capacity = CAPACITY, remember = REMEMBER, dir, durability } = given
    const log = dir === undefined ? undefined : new EntryLog(dir, durability === 'disk', remember * 2)
    this.link = link
    this.subject = wildTemplate(subject)
    this.clientToken = subject.split('.').indexOf('{client}')
    this.gateway = new OrderGateway(market, entryPoint(market, name), capacity, remember, log)
    this.inbox = new FrameInbox(FrameKind.commands, capacity)
    this.text = new EventText(wireMarket(market))
    this.source = newSource()
    this.busy = 0
    this.isStopped = false
    this.subscription = link.connection.subscribe(this.subject, {
      callback: (error, message) => {
        if (error === null) this.take(message)
      },
    })
  }

  pull(batch: Batch, upTo: number): boolean {
    this.gateway.pull(batch, upTo)
    return !(this.isStopped && this.gateway.arrivals.isEmpty)
  }

  ready(): Promise<void> {
    return this.gateway.arrivals.ready()
  }

  stop(): void {
    if (this.isStopped) return
    this.isStopped = true
    this.subscription.unsubscribe()
    this.gateway.arrivals.queue.tell()
  }

  /** The connection is closed by who hands the answers back, when the last of them are out. */
  close(): Promise<void> {
    this.stop()
    this.gateway.onEnd = async () => {
      this.gateway.close()
      await this.link.close()
    }
    return Promise.resolve()
  }

  /** An edge behind this stage had no room for a command and refused it. */
  rejected(words: Int32Array, at: number): void {
    this.gateway.rejected(words, at)
  }

  report(): ReportSection {
    const { counts } = this.inbox
    const { figures: entry } = this.gateway
    const figures = {
      subject: this.subject,
      ...entry,
      busy: this.busy,
      badFrames: counts.badFrames,
      bad: counts.bad,
      setAside: counts.setAside,
      connection: this.link.figures(),
    }
    const lines = [
      `${entry.requests} requests with ${entry.commands} commands at ${this.subject}, ${entry.answered} answered`,
      `${entry.duplicates} orders came again, ${this.busy} requests refused as busy, ${counts.badFrames} bad frames`,
    ]
    return { title: 'order entry', lines, figures }
  }

  private take(message: Msg): void {
    const bytes = message.data
    const { gateway, inbox } = this
    const client = this.clientOf(message.subject)
    if (client === 0) return fail(message, 'the subject names no client', 'subject')
    if (isJson(bytes)) {
      if (bytes.length > gateway.arrivals.room * RECORD_BYTES) return this.refuse(message)
      const reply = (answers: Int32Array, duplicates: readonly number[]): void =>
        void message.respond(this.lines(answers, duplicates))
      return gateway.takeText(bytes, { isText: true, client, reply })
    }
    if (!inbox.open(bytes))
      return fail(message, `not a frame of commands (${inbox.reader.fault ?? 'kind'})`, 'frame')
    const { reader } = inbox
    if (reader.count === 0 || reader.count > MOST_COMMANDS)
      return fail(message, `expected 1 to ${MOST_COMMANDS} commands, got ${reader.count}`, 'count')
    if (reader.count > gateway.arrivals.room) return this.refuse(message)
    inbox.took(reader.count)
    const { firstSequence } = reader
    const reply = (answers: Int32Array, duplicates: readonly number[]): void => {
      const frame = { kind: FrameKind.events, firstSequence, source: this.source }
      const head = headers()
      if (duplicates.length > 0) head.set('Millrace-Duplicates', duplicates.join(','))
      message.respond(encodeFrame(frame, answers, 0, answers.length / RECORD_WORDS), { headers: head })
    }
    gateway.takeRecords(bytes, reader.recordsAt, reader.count, { isText: false, client, reply })
  }

  /** Undefined where the subject does not say; 0 where it should and does not. */
  private clientOf(subject: string): number | undefined {
    if (this.clientToken === -1) return undefined
    const token = subject.split('.')[this.clientToken] ?? ''
    return /^[1-9][0-9]{0,6}$/.test(token) ? Number(token) : 0
  }

  private lines(answers: Int32Array, duplicates: readonly number[]): string {
    const again = new Set(duplicates)
    let lines = ''
    for (let i = 0; i * RECORD_WORDS < answers.length; i++) {
      const line = this.text.line(answers, i * RECORD_WORDS)
      lines += again.has(i) ? line.replace(/}\n$/, ',"duplicate":true}\n') : line
    }
    return lines
  }

  private refuse(message: Msg): void {
    this.busy++
    fail(message, 'no room for more orders: try again', 'busy')
  }
}

function fail(message: Msg, detail: string, error: string): void {
  if (message.reply) message.respond(JSON.stringify({ error, detail }))
}
