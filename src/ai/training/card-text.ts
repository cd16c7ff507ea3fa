import type { ModelCard } from './card.ts'
import { IMPACT_BIN_SECONDS, IMPACT_EVENTS } from './fit-impact.ts'
import type { Metrics } from './metrics.ts'

/** A model card as Markdown. Every figure is of the test part, which nothing was fitted on, unless it says otherwise. */
export function cardText(card: ModelCard): string {
  const { rows, test, data } = card
  const lines = [
    `# Model card: ${card.model}`,
    '',
    `Predicts where the mid price goes: ${horizonWords(card.horizon)}. A ${card.kind === 'logistic' ? 'logistic regression' : 'forest of boosted trees'} over ${card.features.length} features of the best prices and the trades. It was written by \`millrace train\`; the same command on the same files gives the same bytes.`,
    '',
    '## Data',
    '',
    ...data.inputs.map((input, i) => `- ${input}${data.digests[i] ? ` (SHA-256 ${data.digests[i]})` : ''}`),
    `- instruments: ${data.instruments.join(', ')}; tick ${data.tick}`,
    '',
    `${count(rows.all)} events that changed the best prices or traded: ${count(rows.train)} to train on, ${count(rows.validation)} to calibrate with, ${count(rows.test)} to test on, split by time at rows ${count(rows.validationFrom)} and ${count(rows.testFrom)}. ${count(rows.embargoed)} rows are left out: ${rows.embargoRows} behind each boundary, whose features reach back across it, and those whose outcome was known only behind it. ${count(rows.unlabelled)} have no outcome or not enough events before them.`,
    '',
    `Of the test rows ${Object.entries(card.classShares)
      .map(([name, share]) => `${percent(share)} went ${name}`)
      .join(', ')}.`,
    '',
    '## How good it is',
    '',
    '| on the test rows | accuracy | macro F1 | AUC | Brier | calibration error |',
    '| --- | ---: | ---: | ---: | ---: | ---: |',
    `| this model, recalibrated as in serving | ${five(test)} |`,
    `| this model, calibrated once | ${five(card.testWithoutRecalibration)} |`,
    ...Object.entries(card.baselines).map(
      ([name, { accuracy, auc, brier, calibrationError }]) =>
        `| ${name === 'null' ? 'shares of the classes alone' : 'queue imbalance alone, logistic'} | ${three(accuracy)} | | ${three(auc)} | ${three(brier)} | ${three(calibrationError)} |`,
    ),
    '',
    `Recalibration: ${card.recalibration}.`,
    '',
    ...reliability(test),
    ...coverage(test),
    ...impact(card),
    '## What it is not good for',
    '',
    `It was trained on ${data.inputs.length === 1 ? 'one stretch' : `${data.inputs.length} stretches`} of order flow and knows nothing else. That a direction is likely does not make it worth the spread: \`millrace evaluate\` measures what acting on it costs. Confidence is what the outcomes say, and is not raised to reach a threshold.`,
    '',
  ]
  return lines.join('\n')
}

function horizonWords(horizon: string): string {
  return horizon === 'next-move' ? 'which way it moves next, up or down' : `up, flat or down in ${horizon}`
}

function reliability({ reliability: bands }: Metrics): string[] {
  return [
    '## Reliability',
    '',
    '| confidence | rows | mean confidence | right |',
    '| --- | ---: | ---: | ---: |',
    ...bands.map(
      ({ from, to, rows, meanConfidence, accuracy }) =>
        `| ${from.toFixed(2)} to ${to.toFixed(2)} | ${count(rows)} | ${three(meanConfidence)} | ${three(accuracy)} |`,
    ),
    '',
  ]
}

function coverage({ coverage: levels }: Metrics): string[] {
  return [
    '## Coverage',
    '',
    '| confidence at least | share of rows | right |',
    '| ---: | ---: | ---: |',
    ...levels.map(
      ({ confidence, share, accuracy }) =>
        `| ${confidence.toFixed(2)} | ${percent(share)} | ${share === 0 ? '' : three(accuracy)} |`,
    ),
    '',
  ]
}

function impact({ impact: fit }: ModelCard): string[] {
  return [
    '## Market impact',
    '',
    `Order flow of the depth of one side goes with ${three(fit.perOrderFlow)} ticks in ${IMPACT_BIN_SECONDS} seconds (R2 ${three(fit.orderFlowRSquared)} over ${count(fit.bins)} bins, in sample).`,
    '',
    `Square-root law: ${three(fit.squareRoot)} x ${three(fit.deviationTicks)} ticks x sqrt(lots / ${count(fit.volumeLots)}), fitted on the first 60% of ${count(fit.orders)} incoming orders, ${IMPACT_EVENTS} events after each. On the rest its root mean squared error is ${three(fit.errorTicks)} ticks; that of the mean impact ${three(fit.meanErrorTicks)}, that of no impact ${three(fit.nullErrorTicks)}. The exponent that suits the orders best is ${three(fit.exponent)} where the law has 0.5.`,
    '',
  ]
}

function five({ accuracy, f1, auc, brier, calibrationError }: Metrics): string {
  return [accuracy, f1, auc, brier, calibrationError].map(three).join(' | ')
}

function three(value: number): string {
  return Number.isFinite(value) ? value.toFixed(3) : 'none'
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
