import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { options, variant, type VariantOf } from '../pipeline/codec.ts'
import type { Operator } from '../pipeline/operator.ts'
import { jetStreamSourceOptions, openJetStreamSource } from './input/jetstream-source.ts'
import { openShmSource, shmEventOptions } from './input/shm-source.ts'

const sources = {
  /** A ring in a file that another process writes. */
  shm: shmEventOptions.describe('A ring in a file that another process writes events into.'),
  /** A JetStream stream that another process writes. */
  jetstream: jetStreamSourceOptions,
}

/** Where events come from. */
export type ReceiveFrom = VariantOf<typeof sources>

/** Events that another process has made, with the sequence numbers that they have from there. */
export const receiveOperator: Operator<{ readonly from: ReceiveFrom }> = {
  name: 'receive',
  description: 'Events that another process has made.',
  options: options({ from: variant(sources).describe('Where events come from.') }),
  consumes: undefined,
  produces: 'event',
  create: ({ from }, { market, id }) =>
    from.jetstream !== undefined
      ? openJetStreamSource(market, id, from.jetstream, 'event')
      : pipe(
          openShmSource(market, 'event', from.shm),
          TE.mapLeft((message) => ({ path: ['from', 'shm', 'file'], message })),
        ),
}
