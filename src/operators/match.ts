import * as TE from 'fp-ts/lib/TaskEither.js'
import type { OperatorFunction } from 'rxjs'
import { MatchingEngine, type Batch } from '../book/index.ts'
import { checkInvariants } from '../book/recovery/invariants.ts'
import { checked, flag, options, wholeNumber } from '../pipeline/codec.ts'
import { fromStep } from '../pipeline/island.ts'
import type { Market } from '../pipeline/market.ts'
import type { Operator, Step } from '../pipeline/operator.ts'
import { observed, observeOptions, type ObserveOptions } from './observe/observed.ts'

export interface MatchOptions {
  /** Whether `level` and `bestPrices` events are made too. By default not. */
  readonly marketData?: boolean | undefined
  /** After how many commands the engine's invariants are checked. By default never. */
  readonly check?: number | undefined
  /** A file that shows what the books do to processes that look on. */
  readonly observe?: ObserveOptions | undefined
}

/** Hands commands to a matching engine; what comes out are its events. */
class Match implements Step {
  readonly output: Batch
  protected readonly engine: MatchingEngine

  constructor(market: Market, marketData: boolean) {
    this.engine = new MatchingEngine(market.instruments, { marketData })
    this.output = this.engine.events
    market.engine = this.engine
  }

  process(words: Int32Array, at: number): void {
    this.engine.apply(words, at)
  }
}

/** The same, and fails as soon as an invariant of the engine is found broken. */
export class CheckedMatch extends Match {
  private readonly every: number
  private readonly broken: (engine: MatchingEngine) => string | undefined
  private commands: number

  /**
   * @param every after how many commands to look
   * @param broken says which invariant is broken, if one is
   */
  constructor(
    market: Market,
    marketData: boolean,
    every: number,
    broken: (engine: MatchingEngine) => string | undefined = checkInvariants,
  ) {
    super(market, marketData)
    this.every = every
    this.broken = broken
    this.commands = 0
  }

  /** @throws Error that names the invariant and the command, for then nothing that the engine says can be believed */
  override process(words: Int32Array, at: number): void {
    this.engine.apply(words, at)
    this.commands++
    if (this.commands % this.every !== 0) return
    const broken = this.broken(this.engine)
    if (broken !== undefined)
      throw new Error(`match: an invariant is broken after ${this.commands} commands: ${broken}`)
  }
}

function step(market: Market, { marketData = false, check }: MatchOptions): Match {
  return check === undefined ? new Match(market, marketData) : new CheckedMatch(market, marketData, check)
}

const optionsCodec = options(
  {},
  { marketData: flag, check: wholeNumber({ min: 1 }), observe: observeOptions },
)

/** Matches commands in the market's order books. Takes batches of commands and gives batches of events. */
export function match(market: Market, matchOptions: MatchOptions = {}): OperatorFunction<Batch, Batch> {
  const given = checked(optionsCodec, matchOptions, 'match')
  const { observe } = given
  if (observe === undefined) return fromStep(() => step(market, given))
  return fromStep(async () => {
    const opened = await observed(step(market, given), market, observe)()
    if (opened._tag === 'Left') throw new Error(opened.left.message)
    return opened.right
  })
}

export const matchOperator: Operator<MatchOptions> = {
  name: 'match',
  options: optionsCodec,
  consumes: 'command',
  produces: 'event',
  traits: () => ({ hasBook: true, isStateful: true, costNs: 150 }),
  create: (given, { market, checkEvery }) => {
    const made = step(market, { ...given, check: checkEvery ?? given.check })
    return given.observe === undefined ? TE.right(made) : observed(made, market, given.observe)
  },
}
