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
import { openLobster } from './lobster/lobster-source.ts'
import { openQuoted } from './lobster/quoted-source.ts'
import { openOrders } from './orders/order-text.ts'
import { FLOW_PROFILES, type ProfileName } from './simulator/profiles.ts'
import { Simulator } from './simulator/simulator.ts'

/** A program may ask for flow without end; a file cannot write that. */
const count = new Codec<number>('a whole number above 0', (value, context) =>
  value === Infinity ? t.success(value) : wholeNumber({ min: 1 }).validate(value, context),
)

const sources = {
  /** Seeded order flow from the embedded generator. */
  simulate: options(
    {},
    {
      profile: oneOf(...(Object.keys(FLOW_PROFILES) as ProfileName[])),
      seed: wholeNumber({ min: 0 }),
      orders: count,
      clients: wholeNumber({ min: 1, max: 100_000 }),
      badShare: numberBetween(0, 1),
    },
  ),
  /** A LOBSTER message file, plain or gzip; with the book published beside it, the engine shows exactly that book. */
  lobster: options({ messages: text }, { symbol: text, book: text }),
  /** Orders as NDJSON or CSV, from a file or, where it is `-`, from standard input. */
  orders: options({ file: text }, { format: oneOf('auto', 'ndjson', 'csv') }),
}

/** Where orders come from: one of `simulate`, `lobster` and `orders`. */
export type IngestFrom = VariantOf<typeof sources>

function open(market: Market, from: IngestFrom, records?: number): TE.TaskEither<StageProblem, Source> {
  if (from.simulate !== undefined) {
    const { orders = records, ...rest } =
      records === undefined ? from.simulate : { ...from.simulate, orders: records }
    return TE.fromEither(
      E.tryCatch(
        () => new Simulator(market, { ...rest, orders }),
        (error) => ({ path: ['from', 'simulate'], message: (error as Error).message }),
      ),
    )
  }
  const [path, source] =
    from.lobster !== undefined
      ? [['from', 'lobster', 'messages'], openDay(market, from.lobster)]
      : [['from', 'orders', 'file'], openOrders(market, from.orders)]
  return pipe(
    source as TE.TaskEither<string, Source>,
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
  options: options({ from: variant(sources) }),
  consumes: undefined,
  produces: 'command',
  check: ({ from }, { instruments }) =>
    from.simulate !== undefined && instruments === 0
      ? {
          path: ['from', 'simulate'],
          message: 'expected at least one instrument to trade, under instruments',
        }
      : undefined,
  create: ({ from }, { market, records }) => open(market, from, records),
}
