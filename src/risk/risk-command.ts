import type { Batch } from '../book/batch.ts'
import { ANY_INSTRUMENT } from '../book/index.ts'
import { CommandKind, packHead, RECORD_WORDS, SEQUENCE, writeU64 } from '../book/record.ts'
import * as record from '../book/record.ts'
import { writeTimestamp } from '../book/command.ts'
import { limitValues } from './limit-book.ts'
import { LIMIT_NAMES, LimitField, type LimitName, type RiskLimits } from './limit-field.ts'

const { CLIENT, HEAD, INSTRUMENT } = record

/**
 * A change of limits as a command record, so that it stands in the log among the orders that it holds for:
 *
 *  word byte
 *   0   0  kind         u8   CommandKind.risk
 *       1  action       u8   a RiskAction
 *       2  what         u8   a LimitField; of onBreach, the reject code of the check
 *       3  scale        u8   decimals of the value
 *   2   8  instrument   u32  or -1: any
 *   3  12  client       u32  or 0: any
 *   4  16  sequence     u64
 *  12  48  value        u64  whole number of 10^-scale; of onBreach, a BreachAction
 *  14  56  timestampNs  u64
 */
export const RiskAction = { setLimit: 1, clearLimit: 2, reset: 3, onBreach: 4 } as const

/** Word of the value. */
export const RISK_VALUE = 12

/** What a limit that is passed leads to. */
export const BreachAction = { reject: 0, alert: 1, reduceOnly: 2, off: 3 } as const
export const BREACH_ACTIONS = { reject: 0, alert: 1, 'reduce-only': 2, off: 3 } as const
export type BreachActionName = keyof typeof BREACH_ACTIONS

/** The checks by the names that people write, and the reject code of each. */
export const CHECKS = {
  orderSize: 60,
  notional: 61,
  collar: 62,
  killSwitch: 63,
  halted: 64,
  reduceOnly: 65,
  instrument: 66,
  collarBest: 67,
  collarReference: 68,
  stalePrice: 69,
  position: 70,
  grossExposure: 71,
  netExposure: 72,
  dailyLoss: 73,
  messageRate: 74,
  orderToTrade: 75,
  duplicate: 76,
  selfTrade: 77,
  unprotected: 78,
  breaker: 79,
} as const
export type CheckName = keyof typeof CHECKS

/** A change of risk as an object: for programs, tests and the edges. Exactly one of limits, clear, reset, onBreach. */
export interface RiskChange {
  /** 0, or left out: any client. */
  readonly client?: number | undefined
  /** Left out: any instrument. */
  readonly instrument?: number | undefined
  readonly limits?: RiskLimits | undefined
  readonly clear?: readonly LimitName[] | undefined
  /** Takes back what breaches and breakers have set. */
  readonly reset?: boolean | undefined
  readonly onBreach?: Readonly<Partial<Record<CheckName, BreachActionName>>> | undefined
}

export interface Stamp {
  readonly sequence?: number | undefined
  readonly timestampNs?: number | bigint | undefined
}

/**
 * Appends the command records of a change, one for each limit, to a batch that has room.
 * @returns how many
 * @throws RangeError naming the limit, for a value that it cannot have
 */
export function pushRiskChange(batch: Batch, change: RiskChange, stamp: Stamp = {}): number {
  const { limits = {}, clear = [], reset = false, onBreach = {} } = change
  const before = batch.count
  for (const [field, { units, scale }] of limitValues(limits))
    push(batch, change, stamp, [RiskAction.setLimit, field, scale, units])
  for (const name of clear) push(batch, change, stamp, [RiskAction.clearLimit, LimitField[name], 0, 0])
  for (const [name, action] of Object.entries(onBreach))
    push(batch, change, stamp, [RiskAction.onBreach, CHECKS[name as CheckName], 0, BREACH_ACTIONS[action]])
  if (reset) push(batch, change, stamp, [RiskAction.reset, 0, 0, 0])
  return batch.count - before
}

function push(
  batch: Batch,
  { client = 0, instrument = ANY_INSTRUMENT }: RiskChange,
  { sequence = 0, timestampNs = 0 }: Stamp,
  [action, what, scale, value]: readonly [number, number, number, number],
): void {
  const at = batch.count++ * RECORD_WORDS
  const { words } = batch
  words.fill(0, at, at + RECORD_WORDS)
  words[at + HEAD] = packHead(CommandKind.risk, action, what, scale)
  words[at + INSTRUMENT] = instrument
  words[at + CLIENT] = client
  writeU64(words, at + SEQUENCE, sequence)
  writeU64(words, at + RISK_VALUE, value)
  writeTimestamp(words, at, timestampNs)
}

export function limitName(field: number): LimitName | undefined {
  return LIMIT_NAMES.find((name) => LimitField[name] === field)
}

export function checkName(code: number): CheckName | undefined {
  return (Object.keys(CHECKS) as CheckName[]).find((name) => CHECKS[name] === code)
}

export function actionName(action: number): BreachActionName {
  return (Object.keys(BREACH_ACTIONS) as BreachActionName[])[action]!
}
