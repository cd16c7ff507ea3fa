import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { Observable } from 'rxjs'
import type { Batch } from '../book/index.ts'
import {
  checked,
  Codec,
  numberBetween,
  oneOf,
  options,
  text,
  variant,
  wholeNumber,
  type VariantOf,
} from '../pipeline/codec.ts'
import type { Market } from '../pipeline/market.ts'
import type { Operator, Source, StageProblem } from '../pipeline/operator.ts'
import { observeSource, type PumpOptions } from '../pipeline/pump.ts'
import { ApiSource } from './api/api-source.ts'
import { frameFileSourceOptions, openFrameFileSource } from './input/frame-file-source.ts'
import { openShmSource, shmCommandOptions } from './input/shm-source.ts'
import { jetStreamSourceOptions, openJetStreamSource } from './input/jetstream-source.ts'
import { natsSourceOptions, openNatsSource } from './input/nats-source.ts'
import { Paced } from './input/paced.ts'
import { openRedisSource, redisSourceOptions } from './input/redis-source.ts'
import { openWebSocketSource, webSocketSourceOptions } from './input/websocket-source.ts'
import { openLobster } from './lobster/lobster-source.ts'
import { openOrderEntry, orderEntryOptions } from './order-entry/order-entry-source.ts'
import { Resumed } from './input/resumed.ts'
import { openQuoted } from './lobster/quoted-source.ts'
import { openOrders } from './orders/order-text.ts'
import { FLOW_PROFILES, type ProfileName } from './simulator/profiles.ts'
import { Simulator } from './simulator/simulator.ts'

/** A program may ask for flow without end; a file cannot write that. */
const count = new Codec<number>(
  'a whole number above 0',
  (value, context) =>
    value === Infinity ? t.success(value) : wholeNumber({ min: 1 }).validate(value, context),
  wholeNumber({ min: 1 }).shape,
)

const sources = {
  /** Seeded order flow from the embedded generator. */
  simulate: options(
    {},
    {
      profile: oneOf(...(Object.keys(FLOW_PROFILES) as ProfileName[])).describe('What flow is like.', {
        default: 'nasdaq-large-tick',
      }),
      seed: wholeNumber({ min: 0 }).describe('The same seed gives the same bytes.', { default: 1 }),
      orders: count.describe('How many commands to make.', { default: 1_000_000 }),
      clients: wholeNumber({ min: 1, max: 100_000 }).describe('How many traders there are.', {
        default: 250,
      }),
      rate: wholeNumber({ min: 1, max: 100_000_000 }).describe(
        'How many commands a second. By default as many as the pipeline takes.',
      ),
      badShare: numberBetween(0, 1).describe('The share of commands that are wrong on purpose.', {
        default: 0.01,
      }),
    },
  ).describe('Seeded, bursty order flow from the embedded generator.'),
  /** A LOBSTER message file, plain or gzip. */
  lobster: options(
    { messages: text.describe('A LOBSTER message file, plain or gzip.') },
    {
      symbol: text.describe("By default the file's name up to the first `_`."),
      book: text.describe('The book published beside it: then the engine shows exactly that book.'),
    },
  ).describe('A recorded NASDAQ day: each run of executions becomes the one order that must have caused it.'),
  /** Orders as NDJSON or CSV, from a file or, where it is `-`, from standard input. */
  orders: options(
    { file: text.describe('NDJSON or CSV, plain or gzip; `-` is standard input.') },
    {
      format: oneOf('auto', 'ndjson', 'csv').describe('By default what the first line says.', {
        default: 'auto',
      }),
    },
  ).describe('Orders as text.'),
  /** A ring in a file that another process writes commands into. */
  shm: shmCommandOptions.describe('A ring in a file that another process writes commands into.'),
  /** Commands over HTTP and WebSocket, where the pipeline is served. */
  api: options({}).describe('Commands over HTTP and WebSocket, where the pipeline is served.'),
  /** Frames and lines of JSON over core NATS. */
  nats: natsSourceOptions,
  /** Messages of WebSocket clients. */
  websocket: webSocketSourceOptions,
  /** Files of frames. */
  file: frameFileSourceOptions,
  /** Entries of Redis Streams, as a consumer of a group. */
  redisStreams: redisSourceOptions,
  /** Requests over NATS, each answered; a publish stage behind match hands the answers back. */
  orderEntry: orderEntryOptions,
  /** The same from a JetStream stream. */
  jetstream: jetStreamSourceOptions,
}

/** Where orders come from: one of the above. */
export type IngestFrom = VariantOf<typeof sources>

/** An edge that carries orders must not lose any without a word. */
function natsSourceProblem({ nats }: IngestFrom): StageProblem | undefined {
  if (nats?.whenFull !== 'dropNewest') return undefined
  const message = 'orders must not be lost without a word: expected reject (senders are told), or jetstream'
  return { path: ['from', 'nats', 'whenFull'], message }
}

function open(
  market: Market,
  from: IngestFrom,
  id = 'ingest',
  records?: number,
): TE.TaskEither<StageProblem, Source> {
  if (from.simulate !== undefined) {
    const {
      orders = records,
      rate,
      ...rest
    } = records === undefined ? from.simulate : { ...from.simulate, orders: records }
    return TE.fromEither(
      E.tryCatch(
        () => {
          const source = new Resumed(new Simulator(market, { ...rest, orders }), market)
          return rate === undefined ? source : new Paced(source, rate)
        },
        (error) => ({ path: ['from', 'simulate'], message: (error as Error).message }),
      ),
    )
  }
  if (from.api !== undefined) return TE.right(new ApiSource(market))
  if (from.nats !== undefined) return openNatsSource(market, from.nats)
  if (from.redisStreams !== undefined) return openRedisSource(market, id, from.redisStreams)
  if (from.websocket !== undefined) return openWebSocketSource(market, from.websocket)
  if (from.file !== undefined) return openFrameFileSource(market, from.file)
  if (from.orderEntry !== undefined) return openOrderEntry(market, from.orderEntry)
  if (from.jetstream !== undefined) return openJetStreamSource(market, id, from.jetstream)
  if (from.shm !== undefined)
    return pipe(
      openShmSource(market, 'command', from.shm),
      TE.mapLeft((message) => ({ path: ['from', 'shm', 'file'], message })),
    )
  const [path, source] =
    from.lobster !== undefined
      ? [['from', 'lobster', 'messages'], openDay(market, from.lobster)]
      : [['from', 'orders', 'file'], openOrders(market, from.orders)]
  return pipe(
    source as TE.TaskEither<string, Source>,
    // What comes through a pipe comes once; a file is there again.
    TE.map((opened) => (from.orders?.file === '-' ? opened : new Resumed(opened, market))),
    TE.mapLeft((message) => ({ path, message })),
  )
}

/**
 * Orders as a stream of batches. It reads no faster than what stands behind it works, and stops while a sink of the same
 * market is full. Errors if the source cannot be opened.
 * @throws TypeError if `from` is not one of those
 */
export function ingest(market: Market, from: IngestFrom, pump: PumpOptions = {}): Observable<Batch> {
  const given = checked(variant(sources), from, 'ingest')
  return new Observable((subscriber) => {
    open(market, given)().then(
      (opened) => {
        if (opened._tag === 'Left') subscriber.error(new Error(opened.left.message))
        else if (subscriber.closed) void opened.right.close?.()
        else subscriber.add(observeSource(opened.right, market, pump).subscribe(subscriber))
      },
      (error: unknown) => subscriber.error(error),
    )
  })
}

function openDay(
  market: Market,
  { book, ...messages }: NonNullable<IngestFrom['lobster']>,
): TE.TaskEither<string, Source> {
  return book === undefined ? openLobster(market, messages) : openQuoted(market, { ...messages, book })
}

export const ingestOperator: Operator<{ readonly from: IngestFrom }> = {
  name: 'ingest',
  description: 'A source of orders.',
  options: options({ from: variant(sources).describe('Where orders come from.') }),
  consumes: undefined,
  produces: 'command',
  traits: ({ from }) => ({
    looksAtBook: from.orderEntry !== undefined,
    costNs: from.simulate === undefined ? 500 : 200,
  }),
  check: ({ from }, { instruments }) =>
    natsSourceProblem(from) ??
    (from.simulate !== undefined && instruments === 0
      ? {
          path: ['from', 'simulate'],
          message: 'expected at least one instrument to trade, under instruments',
        }
      : undefined),
  create: ({ from }, { market, id, records }) => open(market, from, id, records),
}
