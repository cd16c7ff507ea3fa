import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { Codec, mapOf, oneOf, options } from '../codec.ts'
import type { Operator, Step } from '../operator.ts'
import { condition, type Condition } from './condition.ts'

/** One way out of a switch. Without `when` it takes every record that comes so far. */
export interface Branch {
  readonly when?: Condition | undefined
}

export interface SwitchOptions {
  /** By name, in the order of the file: a record takes the first branch whose condition it meets. */
  readonly branches: Readonly<Record<string, Branch>>
}

export interface MergeOptions {
  /** `arrival`: as records come; `sequence`: by the sequence of the commands that caused them. */
  readonly order?: 'arrival' | 'sequence' | undefined
}

const BRANCH_NAME = /^[a-z][a-z0-9-]*$/i

const branchMap = mapOf(
  options({}, { when: condition.describe('What a record must be like to go this way.') }),
)

const branches = new Codec<SwitchOptions['branches']>(
  'a map of branches',
  (value, context) => {
    const decoded = branchMap.validate(value, context)
    if (decoded._tag === 'Left') return decoded
    const names = Object.keys(decoded.right)
    if (names.length === 0) return t.failure(value, context)
    const bad = names.find((name) => !BRANCH_NAME.test(name))
    if (bad !== undefined)
      return t.failure(
        value,
        context,
        `expected a letter, then letters, digits and dashes as a branch's name, got ${JSON.stringify(bad)}`,
      )
    return decoded
  },
  branchMap.shape,
)

/** What a routing stage is where nothing has to be done: the records go by. */
const passing: Step = { process: () => {} }

/** Sends each record down the first branch whose condition it meets. The work is done where the island is built. */
export const switchOperator: Operator<SwitchOptions> = {
  name: 'switch',
  description: 'Sends each record down the first branch whose condition it meets.',
  options: options({
    branches: branches.describe('The ways out, by name, in the order in which they are tried.'),
  }),
  consumes: 'event',
  produces: 'event',
  role: 'switch',
  traits: () => ({ readsOnly: true, costNs: 8 }),
  create: () => TE.right(passing),
}

/** Brings the records of several stages together. */
export const mergeOperator: Operator<MergeOptions> = {
  name: 'merge',
  description: 'Brings the records of several stages together.',
  options: options(
    {},
    { order: oneOf('arrival', 'sequence').describe('How records come together.', { default: 'arrival' }) },
  ),
  consumes: 'event',
  produces: 'event',
  role: 'merge',
  traits: () => ({ readsOnly: true, costNs: 1 }),
  create: () => TE.right(passing),
}
