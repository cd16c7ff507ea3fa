import * as TE from 'fp-ts/lib/TaskEither.js'
import { oneOf, options, text, wholeNumber } from '../../pipeline/codec.ts'
import type { Market } from '../../pipeline/market.ts'
import type { StageProblem, Step } from '../../pipeline/operator.ts'
import { WebSocketOutlet } from '../../transport/websocket/outlet.ts'
import { systemProblem } from '../input/system-error.ts'
import { eventKinds } from '../transport/nats-options.ts'
import { EventPublisher } from './event-publisher.ts'

const KEEP = 4_096

/** What a stage says under `to: { websocket: ... }`. */
export interface WebSocketSinkOptions {
  readonly port: number
  readonly host?: string | undefined
  readonly path?: string | undefined
  readonly connections?: number | undefined
  readonly format?: 'packed' | 'json' | 'both' | undefined
  readonly events?: readonly string[] | undefined
  /** Messages that are kept for who comes back. */
  readonly keep?: number | undefined
  readonly whenSlow?: 'block' | 'cut' | undefined
}

export const listenKeys = {
  host: text.describe('Where to listen; by default 127.0.0.1.'),
  path: text.describe('The path that clients must ask for.'),
  connections: wholeNumber({ min: 1, max: 65_536 }).describe('Connections at a time.'),
}

export const webSocketSinkOptions = options(
  { port: wholeNumber({ min: 0, max: 65_535 }).describe('The port to listen on.') },
  {
    ...listenKeys,
    format: oneOf('packed', 'json', 'both').describe('Frames, JSON, or both.'),
    events: eventKinds.describe('Kinds of events to send; by default all.'),
    keep: wholeNumber({ min: 0, max: 1_048_576 }).describe('Messages that are kept for who comes back.'),
    whenSlow: oneOf('block', 'cut').describe('Whether a slow reader is waited for or cut off.'),
  },
).describe('Events to everyone who connects.')

/** Opens a WebSocket server that sends events to everyone who connects. */
export function openWebSocketSink(
  market: Market,
  given: WebSocketSinkOptions,
): TE.TaskEither<StageProblem, Step> {
  return TE.tryCatch(
    async () => {
      const { keep = KEEP, whenSlow = 'block', port, host, path, connections } = given
      const outlet = await WebSocketOutlet.open({ port, host, path, connections, keep, whenSlow })
      const { format, events } = given
      return new EventPublisher(
        market,
        { subject: 'events', format, events },
        {
          title: 'websocket',
          peer: `ws://${host ?? '127.0.0.1'}:${outlet.port}`,
          outlet,
          idPrefix: '',
          figures: () => outlet.figures(),
          close: () => outlet.close(),
        },
      )
    },
    (error): StageProblem => ({
      path: ['to', 'websocket', 'port'],
      message: `port ${given.port}: ${systemProblem(error)}`,
    }),
  )
}
