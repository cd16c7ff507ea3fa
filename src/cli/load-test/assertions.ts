import { holds, parseCondition, type AlertCondition } from '../../telemetry/alert-rule.ts'
import { PERCENTILES } from '../../telemetry/latency.ts'
import type { LoadResult } from './load-test.ts'

/** What an assertion can speak of, of a result. */
export function figuresOf(result: LoadResult): Readonly<Record<string, number>> {
  const { latency, sent, answered, rejected, seconds, fills, unanswered } = result
  const errors = Object.values(result.errors).reduce((sum, count) => sum + count, 0)
  return {
    ...Object.fromEntries(PERCENTILES.map((p, at) => [`p${p}`, latency.percentilesNs[at]!])),
    mean: latency.meanNs,
    max: latency.maxNs,
    rate: seconds === 0 ? 0 : answered / seconds,
    sent,
    fills,
    rejects: answered === 0 ? 0 : rejected / answered,
    errors,
    unanswered,
  }
}

export interface Assertion {
  readonly text: string
  readonly name: string
  readonly condition: AlertCondition
}

const NAMES = [
  ...PERCENTILES.map((p) => `p${p}`),
  'mean',
  'max',
  'rate',
  'sent',
  'fills',
  'rejects',
  'errors',
  'unanswered',
]

/**
 * Reads `p99<5ms`, `rejects<1%`, `rate>=1000`.
 * @throws Error with the place of what is wrong
 */
export function parseAssertion(text: string): Assertion {
  const condition = parseCondition(text)
  if (!('gauge' in condition)) throw new Error(`--assert:1:${condition.at + 1} ${condition.message}`)
  const name = condition.gauge.replace(/^latency\.whole\./, '')
  if (!NAMES.includes(name))
    throw new Error(`--assert:1:1 unknown ${name}, expected one of ${NAMES.join(', ')}`)
  if (condition.forMs > 0) throw new Error(`--assert:1:1 "for" has no meaning here: ${text}`)
  return { text, name, condition }
}

/** Those that do not hold, each with the value that there was. A latency of nothing holds no assertion. */
export function brokenBy(
  assertions: readonly Assertion[],
  result: LoadResult,
): { readonly text: string; readonly value: number }[] {
  const figures = figuresOf(result)
  return assertions
    .filter(({ name, condition }) => {
      const isLatency = /^p\d|^mean|^max/.test(name)
      return (isLatency && result.answered === 0) || !holds(condition, figures[name]!)
    })
    .map(({ text, name }) => ({ text, value: figures[name]! }))
}
