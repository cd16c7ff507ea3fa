import * as TE from 'fp-ts/lib/TaskEither.js'
import type { OperatorFunction } from 'rxjs'
import { MatchingEngine, type Batch } from '../book/index.ts'
import { options } from '../pipeline/codec.ts'
import { fromStep } from '../pipeline/island.ts'
import type { Market } from '../pipeline/market.ts'
import type { Operator, Step } from '../pipeline/operator.ts'

/** Hands commands to a matching engine; what comes out are its events. */
class Match implements Step {
  readonly output: Batch
  private readonly engine: MatchingEngine

  constructor(market: Market) {
    this.engine = new MatchingEngine(market.instruments)
    this.output = this.engine.events
    market.engine = this.engine
  }

  process(words: Int32Array, at: number): void {
    this.engine.apply(words, at)
  }
}

/** Matches commands in the market's order books. Takes batches of commands and gives batches of events. */
export function match(market: Market): OperatorFunction<Batch, Batch> {
  return fromStep(() => new Match(market))
}

export const matchOperator: Operator<object> = {
  name: 'match',
  options: options({}, {}),
  consumes: 'command',
  produces: 'event',
  create: (_, { market }) => TE.right(new Match(market)),
}
