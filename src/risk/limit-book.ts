import { parseDecimal, unitsToDecimal, type Decimal } from '../book/decimal.ts'
import { ANY_INSTRUMENT } from '../book/index.ts'
import {
  FLAG_FIELDS,
  LIMIT_CELLS,
  LIMIT_NAMES,
  LimitField,
  MONEY_FIELDS,
  RISK_STATES,
  type LimitName,
  type RiskLimits,
  type RiskStateName,
} from './limit-field.ts'

/** Whose limits: client 0 is any client, ANY_INSTRUMENT any instrument; both any is the venue. */
export interface LimitScope {
  readonly client: number
  readonly instrument: number
}

export const VENUE: LimitScope = { client: 0, instrument: ANY_INSTRUMENT }

/** A limit's value as a whole number of 10^-scale; of counts the scale is 0, yes is 1, states by number. */
export type LimitValue = Decimal

interface Scoped {
  readonly scope: LimitScope
  readonly values: Map<number, LimitValue>
}

/** What holds where nothing narrower says anything. */
const DEFAULTS: readonly number[] = (() => {
  const row = Array.from({ length: LIMIT_CELLS }, () => Infinity)
  for (const field of FLAG_FIELDS) row[field] = 0
  row[LimitField.allowed] = 1
  row[LimitField.tradingState] = 0
  row[LimitField.orderToTradeAllowance] = 100
  row[LimitField.duplicateSeconds] = row[LimitField.duplicateCommands] = -1
  row[LimitField.messageBurst] = 0
  return row
})()

/** Limits as they were written, scope by scope. For set-up and changes; the rows that checks read are made from it. */
export class LimitBook {
  private readonly scopes = new Map<string, Scoped>()

  get(scope: LimitScope, field: number): LimitValue | undefined {
    return this.scopes.get(keyOf(scope))?.values.get(field)
  }

  /** Sets one limit, or takes it away. */
  set(scope: LimitScope, field: number, value: LimitValue | undefined): void {
    const key = keyOf(scope)
    const known = this.scopes.get(key) ?? { scope, values: new Map<number, LimitValue>() }
    if (value === undefined) known.values.delete(field)
    else known.values.set(field, value)
    if (known.values.size === 0) this.scopes.delete(key)
    else this.scopes.set(key, known)
  }

  /** Every scope that has limits, by client and instrument. */
  all(): Scoped[] {
    return [...this.scopes.values()].sort(
      (a, b) => a.scope.client - b.scope.client || a.scope.instrument - b.scope.instrument,
    )
  }

  clear(): void {
    this.scopes.clear()
  }

  /**
   * Writes the limits of a scope over those of wider ones.
   * @param money what amounts become whole numbers of: rounded down, so that a limit is never loosened
   */
  writeOver(scope: LimitScope, row: Float64Array, from: number, money: MoneyUnit): void {
    const values = this.scopes.get(keyOf(scope))?.values
    if (values === undefined) return
    for (const [field, value] of values)
      row[from + field] = MONEY_FIELDS.has(field) ? moneyUnits(value, money) : value.units
  }
}

/** The limits of nothing in particular: everything is open. */
export function writeDefaults(row: Float64Array, from: number): void {
  row.set(DEFAULTS, from)
}

/** A unit of money: so many times 10^-scale. */
export interface MoneyUnit {
  readonly units: bigint
  readonly scale: number
}

/** An amount in units of money, rounded down to a whole number that a float holds. */
export function moneyUnits({ units, scale: own }: Decimal, money: MoneyUnit): number {
  const exact = (BigInt(units) * 10n ** BigInt(money.scale)) / (10n ** BigInt(own) * money.units)
  const nearest = Number(exact)
  return BigInt(nearest) > exact ? nearest - 2 ** (Math.floor(Math.log2(nearest)) - 52) : nearest
}

/**
 * Limits as people write them, as values by field.
 * @throws RangeError naming the limit, for one that is no such value
 */
export function limitValues(limits: RiskLimits): Map<number, LimitValue> {
  const values = new Map<number, LimitValue>()
  for (const name of LIMIT_NAMES) {
    const given = limits[name]
    if (given !== undefined) values.set(LimitField[name], limitValue(name, given))
  }
  return values
}

function limitValue(name: LimitName, given: string | number | boolean): LimitValue {
  const field = LimitField[name]
  if (field === LimitField.tradingState && typeof given === 'string' && Object.hasOwn(RISK_STATES, given))
    return { units: RISK_STATES[given as RiskStateName], scale: 0 }
  const parsed =
    typeof given === 'boolean'
      ? { units: given ? 1 : 0, scale: 0 }
      : typeof given === 'string'
        ? parseDecimal(given)
        : { units: given, scale: 0 }
  if (typeof parsed === 'string' || !isLimit(field, parsed))
    throw new RangeError(`limit ${name}: ${JSON.stringify(given)} is not one`)
  return parsed
}

/** Whether a value is one that a field can have. */
export function isLimit(field: number, { units, scale }: LimitValue): boolean {
  if (!Number.isSafeInteger(units) || units < 0 || !Number.isInteger(scale) || scale < 0 || scale > 30)
    return false
  if (field === LimitField.tradingState) return scale === 0 && units <= RISK_STATES.halted
  if (FLAG_FIELDS.has(field)) return scale === 0 && units <= 1
  if (MONEY_FIELDS.has(field)) return true
  const isRate = field === LimitField.messagesPerSecond || field === LimitField.messageBurst
  return scale === 0 && (!isRate || units <= 1_000_000_000)
}

/** A value as people write it. */
export function showLimit(field: number, value: LimitValue | undefined): string {
  if (value === undefined) return 'none'
  if (field === LimitField.tradingState) return Object.keys(RISK_STATES)[value.units]!
  if (FLAG_FIELDS.has(field)) return value.units === 1 ? 'true' : 'false'
  return unitsToDecimal(value.units, value.scale)
}

function keyOf({ client, instrument }: LimitScope): string {
  return `${client}/${instrument}`
}
