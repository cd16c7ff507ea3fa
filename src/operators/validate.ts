import * as TE from 'fp-ts/lib/TaskEither.js'
import type { OperatorFunction } from 'rxjs'
import type { Batch } from '../book/index.ts'
import * as faults from '../book/command-fault.ts'
import * as record from '../book/record.ts'
import * as rejectCode from '../book/reject-code.ts'
import { checked, options, wholeNumber } from '../pipeline/codec.ts'
import { fromStep } from '../pipeline/island.ts'
import type { Market } from '../pipeline/market.ts'
import type { Operator, Step } from '../pipeline/operator.ts'
import { RecentIds } from './recent-ids.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { commandFault } = faults
const { CODE, CommandKind, HEAD, headKind, ORDER_ID } = record
const { ACCEPTED, RejectCode } = rejectCode

/** Of the word at CODE; the other half are flags. */
const REJECT_CODE_MASK = 0xffff

export interface ValidateRules {
  /** How many order ids to remember beyond the live ones, to refuse them when they come again. 0 remembers none. */
  readonly rememberIds?: number | undefined
}

const REMEMBER_IDS = 262_144

/** Writes a reject code into each command that is wrong in itself or repeats the id of a recent order, in a replace too. */
class Validate implements Step {
  private readonly market: Market
  private readonly recent: RecentIds | undefined

  constructor(market: Market, { rememberIds = REMEMBER_IDS }: ValidateRules) {
    this.market = market
    this.recent = rememberIds === 0 ? undefined : new RecentIds(rememberIds)
  }

  process(words: Int32Array, at: number): void {
    if ((words[at + CODE]! & REJECT_CODE_MASK) !== ACCEPTED) return
    const fault = commandFault(words, at, this.market.instruments)
    if (fault !== ACCEPTED) words[at + CODE]! |= fault
    else if (this.recent !== undefined) {
      const kind = headKind(words[at + HEAD]!)
      if (kind !== CommandKind.new && kind !== CommandKind.replace) return
      if (this.recent.add(words[at + ORDER_ID]!, words[at + ORDER_ID + 1]!))
        words[at + CODE]! |= RejectCode.DUPLICATE_ORDER_ID
    }
  }

  /** The order ids that are remembered. */
  snapshot(): Uint8Array {
    return this.recent?.snapshot() ?? new Uint8Array(0)
  }

  restore(bytes: Uint8Array): void {
    if (bytes.length > 0) this.recent?.restore(bytes)
  }
}

const rulesCodec = options(
  {},
  {
    rememberIds: wholeNumber({ min: 0, max: 16_777_216 }).describe(
      'How many order ids seen lately are remembered, to refuse one that comes again; 0 remembers none.',
      { default: REMEMBER_IDS },
    ),
  },
)

/** Checks commands against the instrument table; see RejectCode for what it may find. */
export function validate(market: Market, rules: ValidateRules = {}): OperatorFunction<Batch, Batch> {
  const given = checked(rulesCodec, rules, 'validate')
  return fromStep(() => new Validate(market, given))
}

export const validateOperator: Operator<ValidateRules> = {
  name: 'validate',
  description: 'Gives a reject code to each command that is wrong in itself or repeats an id.',
  options: rulesCodec,
  consumes: 'command',
  produces: 'command',
  traits: () => ({ looksAtBook: true, isStateful: true, costNs: 25 }),
  create: (rules, { market }) => TE.right(new Validate(market, rules)),
}
