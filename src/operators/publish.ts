import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { OperatorFunction } from 'rxjs'
import type { Batch } from '../book/index.ts'
import { checked, options, text, variant, type VariantOf } from '../pipeline/codec.ts'
import { fromStep } from '../pipeline/island.ts'
import type { Market } from '../pipeline/market.ts'
import type { Operator, StageProblem, Step } from '../pipeline/operator.ts'
import { ApiFeed } from './api/feed.ts'
import { openAgreement } from './lobster/agreement.ts'
import { openShmSink, shmSinkOptions } from './sinks/shm-sink.ts'
import { orderAnswerOptions, orderAnswers } from './order-entry/order-entry-sink.ts'
import { Callback, type EventCallback } from './sinks/callback.ts'
import { openEventLines } from './sinks/event-lines.ts'
import { bookFeedOptions, openBookFeed } from './sinks/book-sink.ts'
import { fileSinkOptions, openFileSink } from './sinks/file-sink.ts'
import { jetStreamSinkOptions, openJetStreamSink } from './sinks/jetstream-sink.ts'
import { natsSinkOptions, openNatsSink } from './sinks/nats-sink.ts'
import { openRedisSink, redisSinkOptions } from './sinks/redis-sink.ts'
import { openWebSocketSink, webSocketSinkOptions } from './sinks/websocket-sink.ts'
import { Summary } from './sinks/summary.ts'

const sinks = {
  /** Counts, best prices and depth, shown when the run is over. */
  summary: options({}).describe('Counts that must add up, best prices and depth, in the report.'),
  /** Every event as a line of JSON, to a file or, where it is `-`, to standard output. */
  ndjson: options({
    file: text.describe('A path, or `-` for standard output.'),
  }).describe('Every event as a line of JSON.'),
  /** The engine's trades held against the LOBSTER message file that the orders came from. */
  agreement: options(
    { messages: text.describe('The LOBSTER message file that the orders came from.') },
    { symbol: text.describe("By default the file's name up to the first `_`.") },
  ).describe("The engine's trades held against a recorded day."),
  /** A ring in a file that another process reads. */
  shm: shmSinkOptions.describe('A ring in a file that another process reads.'),
  /** To the clients of the API, and as answers to its commands. */
  api: options({}).describe('To the clients of the API, and as answers to its commands.'),
  /** Frames and JSON over core NATS. */
  nats: natsSinkOptions,
  /** The same into a JetStream stream, each event once. */
  jetstream: jetStreamSinkOptions,
  /** Books over core NATS: changes, snapshots and checksums. */
  bookFeed: bookFeedOptions,
  /** Frames and JSON to WebSocket clients. */
  websocket: webSocketSinkOptions,
  /** Files of frames, with rotation. */
  file: fileSinkOptions,
  /** Answers to the order entry that the orders came in by. */
  orderEntry: orderAnswerOptions,
  /** Order events and trades to Redis Streams. */
  redisStreams: redisSinkOptions,
}

/** Where events go: one of the above. */
export type PublishTo = VariantOf<typeof sinks>

function open(
  market: Market,
  to: PublishTo,
  id = 'publish',
  goesOn: boolean | undefined = false,
): TE.TaskEither<StageProblem, Step> {
  if (to.summary !== undefined) return TE.right(new Summary(market))
  if (to.api !== undefined) return TE.right(new ApiFeed(market))
  if (to.nats !== undefined) return openNatsSink(market, to.nats)
  if (to.bookFeed !== undefined) return openBookFeed(market, to.bookFeed)
  if (to.jetstream !== undefined) return openJetStreamSink(market, to.jetstream)
  if (to.websocket !== undefined) return openWebSocketSink(market, to.websocket)
  if (to.file !== undefined) return openFileSink(market, to.file)
  if (to.orderEntry !== undefined) return TE.right(orderAnswers(market, to.orderEntry))
  if (to.redisStreams !== undefined) return openRedisSink(market, id, to.redisStreams)
  const [path, sink] =
    to.shm !== undefined
      ? [['to', 'shm', 'file'], openShmSink(market, 'event', to.shm)]
      : to.ndjson !== undefined
        ? [['to', 'ndjson', 'file'], openEventLines(market, { ...to.ndjson, goesOn })]
        : [['to', 'agreement', 'messages'], openAgreement(market, to.agreement)]
  return pipe(
    sink as TE.TaskEither<string, Step>,
    TE.mapLeft((message) => ({ path, message })),
  )
}

/**
 * Hands events on to the outside and passes them through. `to` is a function called with each event as an object, a step
 * of one's own (such as a Summary, to ask for its totals afterwards), or what a pipeline file says under `to`.
 */
export function publish(
  market: Market,
  to: EventCallback | Step | PublishTo,
): OperatorFunction<Batch, Batch> {
  if (typeof to === 'function') return fromStep(() => new Callback(to))
  if (isStep(to)) return fromStep(() => to)
  const given = checked(variant(sinks), to, 'publish')
  return fromStep(async () => {
    const opened = await open(market, given)()
    if (opened._tag === 'Left') throw new Error(opened.left.message)
    return opened.right
  })
}

function isStep(to: Step | PublishTo): to is Step {
  return typeof to === 'object' && to !== null && 'process' in to
}

export const publishOperator: Operator<{ readonly to: PublishTo }> = {
  name: 'publish',
  description: 'Hands events on to the outside.',
  options: options({ to: variant(sinks).describe('Where events go.') }),
  consumes: 'event',
  produces: 'event',
  traits: ({ to }) => {
    const isInline =
      to.summary !== undefined ||
      to.agreement !== undefined ||
      to.orderEntry !== undefined ||
      to.api !== undefined
    return {
      readsOnly: true,
      looksAtBook: to.summary !== undefined || to.agreement !== undefined,
      staysOnMainThread: to.orderEntry !== undefined || to.api !== undefined,
      isIo: !isInline,
      costNs: isInline ? 10 : 400,
    }
  },
  create: ({ to }, { market, id, goesOn }) => open(market, to, id, goesOn),
}
