import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Batch } from '../../book/index.ts'
import { Codec, oneOf, options, text, wholeNumber } from '../../pipeline/codec.ts'
import type { Market } from '../../pipeline/market.ts'
import type { RecordKind, ReportSection, Source, StageProblem } from '../../pipeline/operator.ts'
import { FrameKind } from '../../transport/frame.ts'
import { FrameInbox, isJson } from '../../transport/frame-inbox.ts'
import type { NatsLink, NatsOptions } from '../../transport/nats/connection.ts'
import { JetStreamReader } from '../../transport/nats/jetstream-reader.ts'
import { openStream, type OpenStream, type StreamSettings } from '../../transport/nats/stream-setup.ts'
import { PositionLog } from '../../transport/position-log.ts'
import { natsKeys, openLink, subjectPattern, texts } from '../transport/nats-options.ts'
import { streamSettings } from '../transport/stream-options.ts'
import { Arrivals } from './arrivals.ts'

const CAPACITY = 65_536
const MESSAGE_RECORDS = 1_024

/** What a stage says under `from: { jetstream: ... }`. */
export interface JetStreamSourceOptions extends NatsOptions {
  readonly stream: string
  /** Which subjects of the stream; by default all. */
  readonly filter?: string | undefined
  /** Subjects of the stream, if it is made. */
  readonly subjects?: readonly string[] | undefined
  readonly create?: StreamSettings | undefined
  /**
   * Where a pipeline that remembers nothing begins: with `all` of the stream, which must then be whole; with the
   * `oldest` message there is; with what is `new`; or with the message of a stream sequence.
   */
  readonly startAt?: 'all' | 'oldest' | 'new' | number | undefined
  /** A directory for notes of which message each record was in, so that a journaled pipeline goes on behind it. */
  readonly positions?: string | undefined
  /** Records that may wait here. */
  readonly capacity?: number | undefined
  /** Records that one message has at most. */
  readonly messageRecords?: number | undefined
}

const start = new Codec<'all' | 'oldest' | 'new' | number>(
  'all, oldest, new or a stream sequence',
  (value, context) =>
    typeof value === 'number'
      ? wholeNumber({ min: 1 }).validate(value, context)
      : oneOf('all', 'oldest', 'new').validate(value, context),
)

export const jetStreamSourceOptions = options(
  { stream: text.describe('The stream to read.') },
  {
    ...natsKeys,
    filter: subjectPattern.describe('Which subjects of it; by default all.'),
    subjects: texts.describe('Its subjects, if it is made.'),
    create: streamSettings,
    startAt: start.describe('Where a pipeline that remembers nothing begins.'),
    positions: text.describe('A directory for notes of which message each record was in.'),
    capacity: wholeNumber({ min: 1_024, max: 4_194_304 }).describe('Records that may wait.'),
    messageRecords: wholeNumber({ min: 1, max: 65_536 }).describe('Records that one message has at most.'),
  },
).describe('Frames and lines of JSON from a JetStream stream.')

/** Opens a JetStream stream as a source of commands. */
export function openJetStreamSource(
  market: Market,
  id: string,
  given: JetStreamSourceOptions,
  kind: RecordKind = 'command',
): TE.TaskEither<StageProblem, Source> {
  return pipe(
    openLink(given, ['from', 'jetstream', 'servers']),
    TE.chain((link) =>
      TE.tryCatch(
        async () => {
          const { stream: name, subjects = [name], create = {}, positions } = given
          const stream = await openStream(link, name, subjects, create)
          const log = positions === undefined ? undefined : new PositionLog(positions, id)
          return new JetStreamSource(market, link, stream, log, given, kind)
        },
        (error): StageProblem => {
          void link.close()
          return { path: ['from', 'jetstream', 'stream'], message: (error as Error).message }
        },
      ),
    ),
  )
}

/**
 * Commands from a stream, in its order: the stream gives the sequence, so the same stream gives the same sequence
 * again. As much is asked for as there is room for. A pipeline that begins with nothing reads the stream from its
 * beginning; one that comes back from a journal goes on exactly behind the last record that it has.
 */
export class JetStreamSource implements Source {
  /** Events keep the sequences that they have from where they were made. */
  readonly isNumbered: boolean
  private readonly market: Market
  private readonly link: NatsLink
  private readonly stream: OpenStream
  private readonly log: PositionLog | undefined
  private readonly given: JetStreamSourceOptions
  private readonly arrivals: Arrivals
  private readonly inbox: FrameInbox
  private reader: JetStreamReader | undefined
  /** How many records of a message have been given out, and of which message. */
  private messageAt: number
  private offset: number
  /** Records to leave out of the first message: the pipeline has them. */
  private leaveOut: number
  private resumeAt: number
  private isStopped: boolean

  constructor(
    market: Market,
    link: NatsLink,
    stream: OpenStream,
    log: PositionLog | undefined,
    given: JetStreamSourceOptions,
    kind: RecordKind = 'command',
  ) {
    this.isNumbered = kind === 'event'
    this.market = market
    this.link = link
    this.stream = stream
    this.log = log
    this.given = given
    this.arrivals = new Arrivals(
      market,
      Math.max(given.capacity ?? CAPACITY, 2 * (given.messageRecords ?? MESSAGE_RECORDS)),
    )
    this.inbox = new FrameInbox(
      kind === 'event' ? FrameKind.events : FrameKind.commands,
      this.arrivals.queue.capacity,
    )
    this.reader = undefined
    this.messageAt = 0
    this.offset = 0
    this.leaveOut = 0
    this.resumeAt = 0
    this.isStopped = false
    this.arrivals.queue.onRoom = () => this.reader?.more()
    this.arrivals.onTaken = (message, first, count) => this.note(message, first, count)
  }

  /** @throws Error where it cannot be known which message comes next, before anything is read */
  pull(batch: Batch, upTo: number): boolean {
    // Not before: a journal that is behind this source says only when all is set up how far the pipeline came.
    if (this.reader === undefined && !this.isStopped) this.begin()
    this.arrivals.pull(batch, upTo)
    return !(this.isStopped && this.arrivals.isEmpty)
  }

  ready(): Promise<void> {
    return this.arrivals.ready()
  }

  stop(): void {
    if (this.isStopped) return
    this.isStopped = true
    this.reader?.stop()
    this.arrivals.queue.tell()
  }

  async close(): Promise<void> {
    this.stop()
    this.log?.close()
    await this.link.close()
  }

  report(): ReportSection {
    const { counts } = this.inbox
    const reading = this.reader?.figures() ?? {}
    const figures = {
      ...reading,
      ...counts.figures(),
      connection: this.link.figures(),
    }
    const lines = [
      `${counts.records} records in ${counts.frames} frames and ${counts.texts} lines of JSON from stream ${this.given.stream}`,
      `${counts.badFrames} bad messages set aside, next is ${this.reader?.nextSequence ?? 1}, ${this.reader?.gaps ?? 0} gaps refilled, ${this.link.reconnects} reconnects`,
    ]
    return { title: 'jetstream', lines, figures }
  }

  private begin(): void {
    const from = this.startSequence()
    const { messageRecords = MESSAGE_RECORDS, filter } = this.given
    this.reader = new JetStreamReader(this.link, this.stream, from, {
      filter,
      messageRecords,
      room: () => this.arrivals.room,
      take: (payload, sequence) => this.take(payload, sequence),
    })
  }

  private startSequence(): number {
    const { first_seq: first, last_seq: last } = this.stream.info.state
    const { startAt = 'all', stream } = this.given
    const { sequence } = this.market
    if (sequence > 0) {
      const place = this.log?.after(sequence)
      if (place === undefined)
        throw new Error(
          `jetstream: the pipeline has come to sequence ${sequence}, and no note says where that is in stream ${stream}: set positions, or begin with an empty journal`,
        )
      this.messageAt = place.message
      this.offset = place.offset
      this.resumeAt = place.message
      this.leaveOut = place.offset
      return place.message
    }
    if (typeof startAt === 'number') return startAt
    if (startAt === 'new') return last + 1
    if (startAt === 'all' && first > 1 && last > 0)
      throw new Error(
        `jetstream: stream ${stream} begins with ${first}, what was before is gone: set startAt to oldest, or keep a journal`,
      )
    return Math.max(1, first)
  }

  private take(payload: Uint8Array, sequence: number): boolean {
    const { arrivals, inbox } = this
    if (isJson(payload) && !this.isNumbered) {
      if (arrivals.room < 1) return false
      const text = sequence === this.resumeAt ? withoutLines(payload, this.leaveOut) : payload
      if (text.length > 0) inbox.counts.texts += arrivals.pushText(text, sequence)
      return true
    }
    if (!inbox.open(payload)) return true
    const { reader } = inbox
    if (reader.count > arrivals.room) return false
    inbox.took(reader.count)
    const left = sequence === this.resumeAt ? Math.min(this.leaveOut, reader.count) : 0
    arrivals.pushRecords(payload, reader.recordsAt + left * 64, reader.count - left, sequence)
    return true
  }

  private note(message: number, first: number, count: number): void {
    if (message !== this.messageAt) {
      this.messageAt = message
      this.offset = 0
    }
    const { offset } = this
    this.offset += count
    this.log?.note({ sequence: this.market.sequence + first + 1, count, message, offset })
  }
}

/** Lines of text but for the first of those that are not blank. */
function withoutLines(text: Uint8Array, count: number): Uint8Array {
  const lines = Buffer.from(text).toString('utf8').split('\n')
  return Buffer.from(
    lines
      .filter((line) => line.trim() !== '')
      .slice(count)
      .join('\n'),
  )
}
