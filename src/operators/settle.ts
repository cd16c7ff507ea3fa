import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { OperatorFunction } from 'rxjs'
import type { Batch } from '../book/index.ts'
import { checked } from '../pipeline/codec.ts'
import { fromStep } from '../pipeline/island.ts'
import type { Market } from '../pipeline/market.ts'
import type { Operator, StageProblem } from '../pipeline/operator.ts'
import { settleOptions, type SettleOptions } from './settle/settle-options.ts'
import { SettleStage, type ReportCallback } from './settle/settle-stage.ts'
import { openOutput, type Output } from './sinks/output.ts'

function create(market: Market, given: SettleOptions): TE.TaskEither<StageProblem, SettleStage> {
  const open = (key: 'reports' | 'settlement'): TE.TaskEither<StageProblem, Output | undefined> => {
    const file = given[key]?.file
    if (file === undefined) return TE.right(undefined)
    if (file === '-') market.stdoutTaken = true
    return pipe(
      openOutput(file, market.gate),
      TE.mapLeft((message) => ({ path: [key, 'file'], message })),
    )
  }
  return pipe(
    TE.Do,
    TE.bind('reports', () => open('reports')),
    TE.bind('settlement', () => open('settlement')),
    TE.chainEitherK((outputs) =>
      E.tryCatch(
        () => new SettleStage(market, given, outputs),
        (error): StageProblem => ({ path: [], message: (error as Error).message }),
      ),
    ),
  )
}

/**
 * Settles what the engine trades: stands behind `match` and passes its events through. Each trade becomes an execution
 * report for both sides, cash and holdings move, open orders hold what they may come to need, and at the end of a day of
 * the log obligations are netted.
 * @param asked what a pipeline file says, or a SettleStage of one's own, to look at accounts while it runs
 * @param onReport called with each execution report, the taker's first
 */
export function settle(
  market: Market,
  asked: SettleOptions | SettleStage = {},
  onReport?: ReportCallback,
): OperatorFunction<Batch, Batch> {
  if (asked instanceof SettleStage) return fromStep(() => asked)
  const given = checked(settleOptions, asked, 'settle')
  return fromStep(async () => {
    const made = await create(market, given)()
    if (E.isLeft(made)) throw new Error(made.left.message)
    made.right.onReport = onReport
    return made.right
  })
}

export const settleOperator: Operator<SettleOptions> = {
  name: 'settle',
  options: settleOptions,
  consumes: 'event',
  produces: 'event',
  traits: () => ({ readsOnly: true, isStateful: true }),
  create: (given, { market }) => create(market, given),
}
