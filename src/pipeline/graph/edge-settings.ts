import * as t from 'io-ts'
import { flag, listOf, oneOf, options, text, variant, wholeNumber, type VariantOf } from '../codec.ts'

const policies = {
  block: options({}).describe('The island before waits: the pressure reaches the source.'),
  reject: options({}).describe('A command is refused with EDGE_FULL, and its sender is told.'),
  dropNewest: options({}).describe('What comes is left out.'),
  dropOldest: options({}).describe('What has waited longest makes room.'),
  conflate: options(
    {},
    { by: oneOf('kind', 'symbol', 'client', 'order').describe('What makes two records the same.') },
  ).describe('A record takes the place of the waiting one of the same key.'),
  sample: options(
    {},
    { every: wholeNumber({ min: 2, max: 1_000_000 }).describe('Of so many records one is taken.') },
  ).describe('Above half of the capacity only every so manieth record is taken.'),
  error: options({}).describe('The run ends.'),
  spill: options(
    {},
    {
      dir: text.describe('The folder of the file.'),
      maxBytes: wholeNumber({ min: 65_536 }).describe('How large the file may grow before the run ends.'),
    },
  ).describe('What has no room goes to a file and comes back in its turn.'),
}

export type WhenFull = VariantOf<typeof policies>
export type PolicyName = keyof typeof policies

/** Policies by which records are lost, though counted. */
export const LOSSY: ReadonlySet<PolicyName> = new Set(['dropNewest', 'dropOldest', 'conflate', 'sample'])

/** Records that an edge holds unless the file says otherwise: 2 MiB of them. */
export const DEFAULT_CAPACITY = 32_768
const MAX_CAPACITY = 16_777_216

export const edgeCodec = options(
  {
    from: text.describe('The stage that gives, a switch with its branch: `route.large`.'),
    to: text.describe('The stage that takes.'),
  },
  {
    capacity: wholeNumber({ min: 1, max: MAX_CAPACITY }).describe('Records that it holds.', {
      default: DEFAULT_CAPACITY,
    }),
    whenFull: variant(policies).describe('What becomes of records that find no room.', { default: 'block' }),
    allowLoss: flag.describe('Whether fills and order events may be lost here.', { default: false }),
  },
)

export const edgeList = listOf(t.unknown)

/** How one connection is made; the defaults where the file does not say. */
export interface EdgeSettings {
  readonly capacityRecords: number
  readonly policy: PolicyName
  readonly whenFull: WhenFull
  /** That events may be lost here is what the author wants. */
  readonly allowLoss: boolean
  /** Whether the file names this edge, so that it is cut whatever the stages. */
  readonly isNamed: boolean
  /** Where it stands in the file. */
  readonly path: readonly string[]
}

export const DEFAULT_EDGE: EdgeSettings = {
  capacityRecords: DEFAULT_CAPACITY,
  policy: 'block',
  whenFull: { block: {} },
  allowLoss: false,
  isNamed: false,
  path: [],
}

export function edgeSettings(given: t.TypeOf<typeof edgeCodec>, path: readonly string[]): EdgeSettings {
  const { whenFull = DEFAULT_EDGE.whenFull } = given
  return {
    capacityRecords: given.capacity ?? DEFAULT_CAPACITY,
    policy: Object.keys(whenFull)[0] as PolicyName,
    whenFull,
    allowLoss: given.allowLoss === true,
    isNamed: true,
    path,
  }
}
