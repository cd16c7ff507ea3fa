import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { RECORD_WORDS } from '../../book/index.ts'
import { readU64, SEQUENCE } from '../../book/record.ts'
import { options, text } from '../../pipeline/codec.ts'
import type { Market } from '../../pipeline/market.ts'
import type { ReportSection, StageProblem, Step, StepFailure } from '../../pipeline/operator.ts'
import { FrameKind, FrameReader, newSource, recordsOf } from '../../transport/frame.ts'
import { FrameBuilder } from '../../transport/frame-builder.ts'
import type { NatsLink, NatsOptions } from '../../transport/nats/connection.ts'
import { JetStreamOutlet } from '../../transport/nats/jetstream-outlet.ts'
import { openStream, type OpenStream, type StreamSettings } from '../../transport/nats/stream-setup.ts'
import { natsKeys, openLink, subjectTemplate } from '../transport/nats-options.ts'
import { streamSettings } from '../transport/stream-options.ts'
import { GateHold } from './gate-hold.ts'

const BUFFER_BYTES = 8_388_608
const DRAIN_MS = 10_000

/** What a stage says under `to: { jetstream: ... }` where it hands commands on. */
export interface JetStreamSenderOptions extends NatsOptions {
  readonly stream: string
  readonly subject: string
  readonly create?: StreamSettings | undefined
}

export const jetStreamSenderOptions = options(
  {
    subject: subjectTemplate.describe('Where to.'),
    stream: text.describe('The stream that keeps the commands.'),
  },
  { ...natsKeys, create: streamSettings },
).describe('Commands in a JetStream stream, each once.')

export function openJetStreamSender(
  market: Market,
  given: JetStreamSenderOptions,
): TE.TaskEither<StageProblem, Step> {
  return pipe(
    openLink(given, ['to', 'jetstream', 'servers']),
    TE.chain((link) =>
      TE.tryCatch(
        async () => {
          const stream = await openStream(link, given.stream, [given.subject], given.create ?? {})
          return new JetStreamSender(market, link, stream, given.subject, await lastSequence(stream))
        },
        (error): StageProblem => {
          void link.close()
          return { path: ['to', 'jetstream', 'stream'], message: (error as Error).message }
        },
      ),
    ),
  )
}

/** The sequence of the last command in a stream; 0 in an empty one. */
async function lastSequence({ manager, info }: OpenStream): Promise<number> {
  const { last_seq: last } = info.state
  const message = last === 0 ? null : await manager.streams.getMessage(info.config.name, { seq: last })
  const reader = new FrameReader()
  if (message === null || reader.read(message.data) !== undefined || reader.count === 0) return 0
  return readU64(recordsOf(message.data, reader), (reader.count - 1) * RECORD_WORDS + SEQUENCE)
}

/** Hands commands on through a stream. What a run before this one has handed on, by sequence, is left out. */
export class JetStreamSender implements Step {
  readonly failed: Promise<StepFailure>
  private readonly link: NatsLink
  private readonly outlet: JetStreamOutlet
  private readonly subject: string
  private readonly builder: FrameBuilder
  private readonly hold: GateHold
  private readonly source: bigint
  private readonly from: number
  private first: number
  private records: number
  private skipped: number

  constructor(market: Market, link: NatsLink, stream: OpenStream, subject: string, from: number) {
    this.link = link
    this.outlet = new JetStreamOutlet(link, stream, { exclusive: true, bufferBytes: BUFFER_BYTES })
    this.subject = subject
    this.builder = new FrameBuilder()
    this.hold = new GateHold(market.gate)
    this.source = newSource()
    this.from = from
    this.first = 0
    this.records = 0
    this.skipped = 0
    let fail: (failure: StepFailure) => void = () => {}
    this.failed = new Promise((resolve) => {
      fail = resolve
    })
    this.outlet.onFull = () => this.hold.close()
    this.outlet.onRoom = () => this.hold.open()
    this.outlet.onFailure = (message) => {
      this.hold.end()
      fail({ message, isQuiet: false })
    }
  }

  process(words: Int32Array, at: number): void {
    const sequence = readU64(words, at + SEQUENCE)
    if (sequence <= this.from) {
      this.skipped++
      return
    }
    if (this.builder.isFull) this.flush()
    if (this.builder.count === 0) this.first = sequence
    this.builder.push(words, at)
    this.records++
  }

  flush(): void {
    if (this.builder.count === 0) return
    const { source, first, subject } = this
    const frame = this.builder.take({ kind: FrameKind.commands, firstSequence: first, source })
    this.outlet.publish(subject, frame, `${subject}/${first}`)
  }

  async close(): Promise<void> {
    this.flush()
    try {
      await this.outlet.drain(DRAIN_MS)
    } finally {
      this.hold.end()
      await this.link.close()
    }
  }

  report(): ReportSection {
    const { records, skipped, outlet } = this
    const blockedMs = Math.round(this.hold.blockedMs)
    return {
      title: 'jetstream',
      lines: [
        `${records} commands in ${outlet.sent} messages to ${this.subject}, ${skipped} there already, blocked ${blockedMs} ms`,
      ],
      figures: { records, skipped, blockedMs, ...outlet.figures(), connection: this.link.figures() },
    }
  }
}
