import * as t from 'io-ts'
import { flag, listOf, oneOf, options, text, variant, wholeNumber, type VariantOf } from '../codec.ts'

const policies = {
  /** The island before waits: the pressure reaches the source. */
  block: options({}),
  /** A command is refused with EDGE_FULL, and its sender is told. */
  reject: options({}),
  /** What comes is left out. */
  dropNewest: options({}),
  /** What has waited longest makes room. */
  dropOldest: options({}),
  /** A record takes the place of the waiting one of the same key. */
  conflate: options({}, { by: oneOf('kind', 'symbol', 'client', 'order') }),
  /** Above half of the capacity only every so manieth record is taken. */
  sample: options({}, { every: wholeNumber({ min: 2, max: 1_000_000 }) }),
  /** The run ends. */
  error: options({}),
  /** What has no room goes to a file and comes back in its turn. */
  spill: options({}, { dir: text, maxBytes: wholeNumber({ min: 65_536 }) }),
}

export type WhenFull = VariantOf<typeof policies>
export type PolicyName = keyof typeof policies

export const POLICY_NAMES = Object.keys(policies) as PolicyName[]

/** Policies by which records are lost, though counted. */
export const LOSSY: ReadonlySet<PolicyName> = new Set(['dropNewest', 'dropOldest', 'conflate', 'sample'])

/** Records that an edge holds unless the file says otherwise: 2 MiB of them. */
export const DEFAULT_CAPACITY = 32_768
const MAX_CAPACITY = 16_777_216

export const edgeCodec = options(
  { from: text, to: text },
  {
    capacity: wholeNumber({ min: 1, max: MAX_CAPACITY }),
    whenFull: variant(policies),
    allowLoss: flag,
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
