import * as t from 'io-ts'
import { Codec, flag, oneOf, options, text, variant, wholeNumber } from '../codec.ts'

/** Where a stage runs, if not on the main thread. */
export type Placement =
  | { readonly thread: string; readonly process?: undefined }
  | { readonly process: string; readonly thread?: undefined }

/** How a stage is spread over workers: each gets the records of some symbols. */
export interface Partition {
  readonly by: 'symbol'
  readonly workers: number
}

/** What a stage does with records while it is broken: lets them pass, refuses them, or ends the run. */
export type Fallback = 'bypass' | 'reject' | 'stop'

export interface BreakerSettings {
  /** Failures in a row that open it. */
  readonly failures: number
  /** How long it stays open before one record is tried again. */
  readonly recoveryNs: number
}

/** A bound on how long records may take, by quantile. */
export interface BudgetLimit {
  readonly quantile: Quantile
  readonly limitNs: number
}

export const QUANTILES = ['p50', 'p95', 'p99', 'p99.9', 'p99.99', 'max'] as const
export type Quantile = (typeof QUANTILES)[number]

/** What a file can say of any stage, whatever its operator. */
export interface StageSettings {
  /** Whether an island begins here though the stage could be fused with the one before. */
  readonly boundary: boolean
  readonly placement: Placement | undefined
  readonly partition: Partition | undefined
  /** Undefined where the file does not say: then the first failure ends the run. */
  readonly onError: Fallback | undefined
  readonly breaker: BreakerSettings
  /** Of an asynchronous stage, for one batch. */
  readonly timeoutNs: number
  readonly budget: readonly BudgetLimit[]
}

const UNITS_NS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9 }

/** A duration such as `10us`, `250ms` or `30s`, in nanoseconds. */
export const durationNs: Codec<number> = new Codec<number>(
  'a duration such as 10us, 250ms or 30s',
  (value, context) => {
    const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?) ?(ns|us|ms|s|m)$/.exec(value) : null
    const ns = match === null ? NaN : Number(match[1]) * UNITS_NS[match[2]!]!
    return ns >= 1 && ns <= Number.MAX_SAFE_INTEGER ? t.success(Math.round(ns)) : t.failure(value, context)
  },
  { kind: 'text' },
)

const budgetMap = options(
  {},
  Object.fromEntries(
    QUANTILES.map((quantile) => [quantile, durationNs.describe(`Bound on the ${quantile}.`)]),
  ),
)

/** `{ p99: 10us }` as limits, in the order of the quantiles. */
export const budget: Codec<readonly BudgetLimit[]> = new Codec<readonly BudgetLimit[]>(
  'a map',
  (value, context) => {
    const decoded = budgetMap.validate(value, context)
    if (decoded._tag === 'Left') return decoded
    const limits = decoded.right as Readonly<Record<string, number>>
    return t.success(
      QUANTILES.filter((quantile) => limits[quantile] !== undefined).map((quantile) => ({
        quantile,
        limitNs: limits[quantile]!,
      })),
    )
  },
  budgetMap.shape,
)

export const DEFAULT_BREAKER: BreakerSettings = { failures: 5, recoveryNs: 30e9 }
/** An asynchronous stage that does not say gets this long for a batch. */
export const DEFAULT_TIMEOUT_NS = 5e9
const MAX_WORKERS = 64

/** The keys that every stage has besides id, operator and inputs. An operator's own key of the same name goes first. */
export const stageSettingCodecs = {
  boundary: flag.describe('Whether an island begins here. By default not, where stages can be fused.'),
  placement: variant({
    thread: text.describe('Name of the thread.'),
    process: text.describe('Name of the process that a transport joins.'),
  }).describe('Where the stage runs.'),
  partition: options(
    { workers: wholeNumber({ min: 1, max: MAX_WORKERS }).describe('How many workers.') },
    { by: oneOf('symbol').describe('What decides who gets a record.') },
  ).describe('Spreads the stage over workers.'),
  onError: oneOf('bypass', 'reject', 'stop').describe('What becomes of records while the breaker is open.'),
  breaker: options(
    {},
    {
      failures: wholeNumber({ min: 1 }).describe('Failures in a row that open it. By default 5.'),
      recovery: durationNs.describe('How long it stays open. By default 30s.'),
    },
  ).describe('Keeps records from a stage that fails.'),
  timeout: durationNs.describe('How long an asynchronous stage may take for a batch. By default 5s.'),
  budget: budget.describe('Bounds on the time that a record takes in the stage, by quantile.'),
}

export type StageSettingKey = keyof typeof stageSettingCodecs

export const STAGE_SETTING_KEYS = Object.keys(stageSettingCodecs) as StageSettingKey[]

/** Reads one setting of a stage, if it is there and good; what is wrong is reported by `read`. */
export type ReadSetting = <K extends StageSettingKey>(
  key: K,
) => t.TypeOf<(typeof stageSettingCodecs)[K]> | undefined

export function settingsOf(read: ReadSetting): StageSettings {
  const breaker = read('breaker')
  const partition = read('partition')
  return {
    boundary: read('boundary') === true,
    placement: read('placement'),
    partition: partition === undefined ? undefined : { by: 'symbol', workers: partition.workers },
    onError: read('onError') ?? (breaker === undefined ? undefined : 'stop'),
    breaker: {
      failures: breaker?.failures ?? DEFAULT_BREAKER.failures,
      recoveryNs: breaker?.recovery ?? DEFAULT_BREAKER.recoveryNs,
    },
    timeoutNs: read('timeout') ?? DEFAULT_TIMEOUT_NS,
    budget: read('budget') ?? [],
  }
}
