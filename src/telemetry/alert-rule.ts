/** How two values are compared. */
export type Comparator = '>' | '>=' | '<' | '<='

/** A condition on one gauge that has to hold for some time. */
export interface AlertCondition {
  /** A name of `Gauges`. */
  readonly gauge: string
  readonly comparator: Comparator
  /** In the gauge's own unit: nanoseconds, a share, or a plain number. */
  readonly limit: number
  /** How long it has to hold before the alert fires. */
  readonly forMs: number
}

/** What is wrong with the text of a condition, and at which character (from 0) of it. */
export interface ConditionProblem {
  readonly at: number
  readonly message: string
}

const CONDITION = /^(\s*)(\S+)(\s*)(>=|<=|>|<)(\s*)(\S+?)(?:(\s+for\s+)(\S+))?\s*$/
const AMOUNT = /^(-?\d+(?:\.\d+)?)(ns|us|ms|s|m|h|%|k|M|G)?$/
const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3_600e9,
  '%': 0.01,
  k: 1e3,
  M: 1e6,
  G: 1e9,
}
const TIMES = new Set(['ns', 'us', 'ms', 's', 'm', 'h'])
const NS_PER_MS = 1e6

/** Names that stand alone speak of the whole record. */
const SHORT = /^(?:p50|p95|p99|p99\.9|p99\.99|mean|max)$/

/**
 * Reads `GAUGE > AMOUNT [for DURATION]`, such as `p99 > 10us for 30s`, `orders.rate < 500k for 1m`,
 * `edge.match->trades.fill > 90%` or `stage.predict.breaker >= 1`.
 */
export function parseCondition(text: string): AlertCondition | ConditionProblem {
  const match = CONDITION.exec(text)
  if (match === null)
    return { at: 0, message: 'expected GAUGE > AMOUNT [for DURATION], as in "p99 > 10us for 30s"' }
  const [, indent, name, space, comparator, gap, amount, between = '', time] = match
  const amountAt = indent!.length + name!.length + space!.length + comparator!.length + gap!.length
  const limit = amountOf(amount!)
  if (limit === undefined)
    return {
      at: amountAt,
      message: `expected a number with or without a unit (10us, 90%, 500k), got "${amount}"`,
    }
  const timeAt = amountAt + amount!.length + between.length
  const span = time === undefined ? 0 : spanOf(time)
  if (span === undefined)
    return { at: timeAt, message: `expected a duration such as 30s, 500ms or 5m, got "${time}"` }
  return {
    gauge: SHORT.test(name!) ? `latency.whole.${name}` : name!,
    comparator: comparator as Comparator,
    limit,
    forMs: span / NS_PER_MS,
  }
}

function amountOf(text: string): number | undefined {
  const match = AMOUNT.exec(text)
  return match === null ? undefined : Number(match[1]) * (match[2] === undefined ? 1 : UNITS[match[2]]!)
}

function spanOf(text: string): number | undefined {
  const unit = AMOUNT.exec(text)?.[2]
  const span = unit !== undefined && TIMES.has(unit) ? amountOf(text)! : undefined
  return span !== undefined && span >= 0 ? span : undefined
}

/** Whether a value is on the wrong side of the limit. */
export function holds({ comparator, limit }: AlertCondition, value: number): boolean {
  if (comparator === '>') return value > limit
  if (comparator === '>=') return value >= limit
  return comparator === '<' ? value < limit : value <= limit
}
