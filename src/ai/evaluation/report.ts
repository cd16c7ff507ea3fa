import { table } from '../../telemetry/text-table.ts'
import { CHANGES, reasonsOf } from '../routing/decision.ts'
import { type Estimate, estimate } from './bootstrap.ts'
import { MARKOUT_SECONDS, type Outcome } from './evaluation.ts'

/** How orders did under one router, each figure with its 95% bootstrap interval. Ticks; above 0 is a cost. */
export interface RouterResult {
  readonly router: string
  readonly orders: number
  readonly decisions: Readonly<Record<string, number>>
  /** Share of the lots sent that were filled. */
  readonly fillRate: Estimate
  readonly cost: Estimate
  readonly costAllIn: Estimate
  readonly slippage: Estimate
  /** By seconds after the fill. */
  readonly adverse: Readonly<Record<string, Estimate>>
  /** All-in cost less that of the first router, order by order; of the orders that this router changed alone. */
  readonly against: Estimate
  readonly againstChanged: Estimate
}

/** Sums up outcomes, router by router; the first is what the others are compared with. */
export function resultsOf(
  names: readonly string[],
  outcomes: readonly (readonly Outcome[])[],
  seed: number,
): RouterResult[] {
  return outcomes.map((list, at) => {
    const ones = list.map(() => 1)
    const filled = list.map(({ filledLots }) => filledLots)
    const of = (value: (outcome: Outcome) => number, weights: readonly number[] = ones): Estimate =>
      estimate(
        list.map((outcome) => (Number.isNaN(value(outcome)) ? 0 : value(outcome))),
        list.map((outcome, i) => (Number.isNaN(value(outcome)) ? 0 : weights[i]!)),
        seed,
      )
    const differences = list.map(({ costAllIn }, i) => costAllIn - outcomes[0]![i]!.costAllIn)
    const changed = list.map(({ bits }) => ((bits & CHANGES) === 0 ? 0 : 1))
    return {
      router: names[at]!,
      orders: list.length,
      decisions: countDecisions(list),
      fillRate: of(({ filledLots, lots }) => filledLots / lots),
      cost: of(({ cost }) => cost, filled),
      costAllIn: of(({ costAllIn }) => costAllIn),
      slippage: of(({ slippage }) => slippage, filled),
      adverse: Object.fromEntries(
        MARKOUT_SECONDS.map((seconds, horizon) => [`${seconds} s`, of(({ adverse }) => adverse[horizon]!)]),
      ),
      against: estimate(differences, ones, seed),
      againstChanged: estimate(differences, changed, seed),
    }
  })
}

function countDecisions(list: readonly Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { bits } of list) for (const name of reasonsOf(bits)) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

/** The results as a table, and a sentence on what the routers gained or lost. */
export function resultLines(results: readonly RouterResult[]): string[] {
  const rows = (name: string, of: (result: RouterResult) => string): string[] => [name, ...results.map(of)]
  const horizons = MARKOUT_SECONDS.map((seconds) => `${seconds} s`)
  const lines = table(
    ['ticks, 95% interval', ...results.map(({ router }) => router)],
    [
      rows('orders', ({ orders }) => String(orders)),
      rows('urgent', ({ decisions }) => String(decisions['urgent'] ?? 0)),
      rows('kept back by the guard', ({ decisions }) => String(decisions['guarded'] ?? 0)),
      rows('halved', ({ decisions }) => String(decisions['halved'] ?? 0)),
      rows('fill rate', ({ fillRate }) => shown(fillRate, 3)),
      rows('cost against mid', ({ cost }) => shown(cost, 2)),
      rows('cost, rest taken later', ({ costAllIn }) => shown(costAllIn, 2)),
      rows('slippage', ({ slippage }) => shown(slippage, 2)),
      ...horizons.map((each) => rows(`adverse after ${each}`, ({ adverse }) => shown(adverse[each]!, 2))),
    ],
    1,
  )
  const verdicts = results
    .slice(1)
    .map(
      ({ router, against, againstChanged }) =>
        `${router} against ${results[0]!.router}: ${verdict(against)} an order; of the ${againstChanged.count} orders that it changed ${verdict(againstChanged)}`,
    )
  return [...lines, '', ...verdicts]
}

/** Fewer orders than that say nothing, whatever their interval. */
const LEAST_ORDERS = 30

function verdict(difference: Estimate): string {
  if (difference.count < LEAST_ORDERS) return 'too few to tell'
  const { mean, low, high } = difference
  const word = low > 0 ? 'costs more' : high < 0 ? 'saves' : 'makes no difference that can be told'
  return `${word}: ${shown({ mean, low, high, count: 0 }, 2)} ticks`
}

function shown({ mean, low, high }: Estimate, digits: number): string {
  if (Number.isNaN(mean)) return 'none'
  return `${mean.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`
}
