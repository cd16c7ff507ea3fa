import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { flag, options, text } from '../../pipeline/codec.ts'
import type { Market } from '../../pipeline/market.ts'
import type { StageProblem, Step } from '../../pipeline/operator.ts'
import type { NatsLink, NatsOptions } from '../../transport/nats/connection.ts'
import { JetStreamOutlet } from '../../transport/nats/jetstream-outlet.ts'
import { lastPositions } from '../../transport/nats/resume.ts'
import { openStream, type StreamSettings } from '../../transport/nats/stream-setup.ts'
import { wildTemplate } from '../../transport/subjects.ts'
import { natsKeys, openLink, subjectTemplate } from '../transport/nats-options.ts'
import { streamSettings } from '../transport/stream-options.ts'
import { EventPublisher, type PublisherOptions } from './event-publisher.ts'
import { publisherKeys } from './nats-sink.ts'

const BUFFER_BYTES = 8_388_608

/** What a stage says under `to: { jetstream: ... }`. */
export interface JetStreamSinkOptions extends NatsOptions, PublisherOptions {
  readonly stream: string
  /** How the stream is made if it is not there. */
  readonly create?: StreamSettings | undefined
  /** Whether nobody else writes to the stream. By default so. */
  readonly exclusive?: boolean | undefined
  /** Whether to go on behind the last event that each subject has: for an input that begins at its beginning again. */
  readonly resume?: boolean | undefined
}

export const jetStreamSinkOptions = options(
  {
    subject: subjectTemplate.describe('Where to, with {symbol}, {client}, {kind} and {partition} in it.'),
    stream: text.describe('The stream that keeps the events.'),
  },
  {
    ...natsKeys,
    ...publisherKeys,
    create: streamSettings,
    exclusive: flag.describe('Whether nobody else writes to the stream.', { default: true }),
    resume: flag.describe('Whether to go on behind the last event that each subject has.', {
      default: false,
    }),
  },
).describe('Events in a JetStream stream, each once.')

/** Opens a sink that writes events to a JetStream stream, each once, in order. */
export function openJetStreamSink(
  market: Market,
  given: JetStreamSinkOptions,
): TE.TaskEither<StageProblem, Step> {
  return pipe(
    openLink(given, ['to', 'jetstream', 'servers']),
    TE.chain((link) =>
      TE.tryCatch(
        () => open(market, link, given),
        (error): StageProblem => {
          void link.close()
          return { path: ['to', 'jetstream', 'stream'], message: (error as Error).message }
        },
      ),
    ),
  )
}

async function open(market: Market, link: NatsLink, given: JetStreamSinkOptions): Promise<Step> {
  const { subject, stream: name, create = {}, exclusive = true, resume = false } = given
  const pattern = wildTemplate(subject)
  const stream = await openStream(link, name, [pattern, `${pattern}.json`], create)
  const positions = resume ? await lastPositions(stream, pattern) : undefined
  return new EventPublisher(market, given, {
    title: 'jetstream',
    peer: link.server,
    outlet: new JetStreamOutlet(link, stream, { exclusive, bufferBytes: BUFFER_BYTES }),
    resume: positions === undefined ? undefined : (to) => positions.get(to),
    // Without resume the sequences begin anew, and what they say is something else.
    idPrefix: resume ? '' : `${crypto.randomUUID()}/`,
    figures: () => link.figures(),
    close: () => link.close(),
  })
}
