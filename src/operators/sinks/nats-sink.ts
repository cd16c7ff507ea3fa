import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { flag, oneOf, options, wholeNumber } from '../../pipeline/codec.ts'
import type { Market } from '../../pipeline/market.ts'
import type { StageProblem, Step } from '../../pipeline/operator.ts'
import type { NatsOptions } from '../../transport/nats/connection.ts'
import { FrameFlag } from '../../transport/frame.ts'
import { CreditOutlet } from '../../transport/nats/credit-outlet.ts'
import { NatsOutbox } from '../../transport/nats/outbox.ts'
import { eventKinds, natsKeys, openLink, subjectTemplate } from '../transport/nats-options.ts'
import { EventPublisher, type PublisherOptions } from './event-publisher.ts'

/** What a stage says under `to: { nats: ... }`. */
export interface NatsSinkOptions extends NatsOptions, PublisherOptions {
  /** Whether receivers give credit: then nothing is lost, and the slowest of them holds the pipeline. */
  readonly credit?: boolean | undefined
}

/** What a sink that publishes by subject may be told. */
export const publisherKeys = {
  format: oneOf('packed', 'json', 'both').describe(
    'Frames, JSON (at the subject with .json behind it), or both.',
  ),
  events: eventKinds.describe('Kinds of events to publish; by default all.'),
  partition: wholeNumber({ min: 0 }).describe('What {partition} stands for.'),
  frameRecords: wholeNumber({ min: 1, max: 16_384 }).describe('Records of a frame at most.'),
}

export const natsSinkOptions = options(
  { subject: subjectTemplate.describe('Where to, with {symbol}, {client}, {kind} and {partition} in it.') },
  {
    ...natsKeys,
    ...publisherKeys,
    credit: flag.describe(
      'Whether receivers give credit: then nothing is lost, and the slowest holds the pipeline.',
    ),
  },
).describe('Frames and JSON over core NATS.')

/** Opens a sink that publishes events over core NATS: who is subscribed has them, nobody keeps them. */
export function openNatsSink(market: Market, given: NatsSinkOptions): TE.TaskEither<StageProblem, Step> {
  return pipe(
    openLink(given, ['to', 'nats', 'servers']),
    TE.map((link) => {
      const shared = {
        title: 'nats',
        peer: link.server,
        idPrefix: '',
        figures: () => link.figures(),
        close: () => link.close(),
      }
      if (given.credit !== true)
        return new EventPublisher(market, given, { ...shared, outlet: new NatsOutbox(link) })
      const outlet = new CreditOutlet(link)
      return new EventPublisher(
        market,
        { ...given, format: 'packed' },
        {
          ...shared,
          outlet,
          source: (subject) => outlet.source(subject),
          flags: FrameFlag.credited,
        },
      )
    }),
  )
}
