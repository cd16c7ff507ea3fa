import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { OperatorFunction } from 'rxjs'
import type { Batch } from '../book/index.ts'
import { checked, options, text, variant, type VariantOf } from '../pipeline/codec.ts'
import { fromStep } from '../pipeline/island.ts'
import type { Market } from '../pipeline/market.ts'
import type { Operator, StageProblem, Step } from '../pipeline/operator.ts'
import { openAgreement } from './lobster/agreement.ts'
import { openShmSink, shmSinkOptions } from './sinks/shm-sink.ts'
import { Callback, type EventCallback } from './sinks/callback.ts'
import { openEventLines } from './sinks/event-lines.ts'
import { Summary } from './sinks/summary.ts'

const sinks = {
  /** Counts, best prices and depth, shown when the run is over. */
  summary: options({}),
  /** Every event as a line of JSON, to a file or, where it is `-`, to standard output. */
  ndjson: options({ file: text }),
  /** The engine's trades held against the LOBSTER message file that the orders came from. */
  agreement: options({ messages: text }, { symbol: text }),
  /** A ring in a file that another process reads. */
  shm: shmSinkOptions,
}

/** Where events go: one of `summary`, `ndjson`, `agreement` and `shm`. */
export type PublishTo = VariantOf<typeof sinks>

function open(market: Market, to: PublishTo): TE.TaskEither<StageProblem, Step> {
  if (to.summary !== undefined) return TE.right(new Summary(market))
  const [path, sink] =
    to.shm !== undefined
      ? [['to', 'shm', 'file'], openShmSink(market, 'event', to.shm)]
      : to.ndjson !== undefined
        ? [['to', 'ndjson', 'file'], openEventLines(market, to.ndjson)]
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
  options: options({ to: variant(sinks) }),
  consumes: 'event',
  produces: 'event',
  traits: ({ to }) => ({
    readsOnly: true,
    looksAtBook: to.summary !== undefined || to.agreement !== undefined,
    isIo: to.ndjson !== undefined || to.shm !== undefined,
    costNs: to.ndjson === undefined ? 10 : 400,
  }),
  create: ({ to }, { market }) => open(market, to),
}
