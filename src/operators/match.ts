import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { OperatorFunction } from 'rxjs'
import { MatchingEngine, type Batch } from '../book/index.ts'
import type { JournalOptions } from '../journal/options.ts'
import { JournalError } from '../journal/problem.ts'
import { checkInvariants } from '../book/recovery/invariants.ts'
import { checked, flag, options, wholeNumber } from '../pipeline/codec.ts'
import { fromStep } from '../pipeline/island.ts'
import type { Market } from '../pipeline/market.ts'
import type { Operator, Step } from '../pipeline/operator.ts'
import { observed, observeOptions, type ObserveOptions } from './observe/observed.ts'
import { journalCodec, JournaledMatch, openJournal } from './journaled-match.ts'

export interface MatchOptions {
  /** Whether `level` and `bestPrices` events are made too. By default not. */
  readonly marketData?: boolean | undefined
  /** After how many commands the engine's invariants are checked. By default never. */
  readonly check?: number | undefined
  /** A file that shows what the books do to processes that look on. */
  readonly observe?: ObserveOptions | undefined
  /** Where commands and events are written down, and taken up again after a restart. By default nowhere. */
  readonly journal?: JournalOptions | undefined
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

/**
 * @param upstream the steps before, whose state goes into the journal's snapshots
 * @throws JournalError if the journal cannot be opened
 */
function step(
  market: Market,
  { marketData = false, check, journal }: MatchOptions,
  upstream?: ReadonlyMap<string, Step>,
): Step {
  if (journal !== undefined) {
    const before = new Map(upstream)
    const opened = openJournal(market, journal, marketData, before)
    const afterEach = check === undefined ? undefined : checker(opened.engine, check)
    return new JournaledMatch(market, opened, afterEach, before)
  }
  return check === undefined ? new Match(market, marketData) : new CheckedMatch(market, marketData, check)
}

/** A function to be called after each command, which now and then looks whether the engine is whole. */
function checker(engine: MatchingEngine, every: number): () => void {
  let commands = 0
  return () => {
    if (++commands % every !== 0) return
    const broken = checkInvariants(engine)
    if (broken !== undefined)
      throw new Error(`match: an invariant is broken after ${commands} commands: ${broken}`)
  }
}

const optionsCodec = options(
  {},
  {
    marketData: flag.describe('Whether price levels and best prices that change are events too.', {
      default: false,
    }),
    check: wholeNumber({ min: 1 }).describe(
      "After how many commands the engine's invariants are checked. For finding faults: it looks at the whole book.",
    ),
    journal: journalCodec,
    observe: observeOptions.describe('A file that shows what the books do to processes that look on.'),
  },
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
  description: 'The matching engine: price-time priority. Commands in, events out.',
  options: optionsCodec,
  consumes: 'command',
  produces: 'event',
  traits: ({ journal }) => ({
    hasBook: true,
    isStateful: true,
    staysOnMainThread: journal !== undefined,
    costNs: 150,
  }),
  create: (given, { market, checkEvery, upstream }) =>
    pipe(
      TE.tryCatch(
        async () => step(market, { ...given, check: checkEvery ?? given.check }, upstream),
        (error) => ({
          path: error instanceof JournalError ? ['journal', 'dir'] : [],
          message: error instanceof Error ? error.message : String(error),
        }),
      ),
      TE.chain((made: Step) =>
        given.observe === undefined ? TE.right(made) : observed(made, market, given.observe),
      ),
    ),
}
