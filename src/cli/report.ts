import { backpressureLines, faultLines } from './report-stats.ts'
import type { RunReport } from '../pipeline/runtime.ts'
import { PERCENTILES, type LatencySummary } from '../telemetry/latency.ts'
import { duration, table, thousands } from '../telemetry/text-table.ts'

/** What a run was, for people. */
export function reportText(report: RunReport): string {
  const { commands, seconds, sections } = report
  const lines = [
    `${report.pipeline}: ${thousands(commands)} commands in ${seconds.toFixed(2)} s, ${thousands(commands / seconds)} orders/s`,
    '',
  ]
  const timed = report.latencies.filter((latency) => latency.samples > 0)
  if (timed.length > 0) lines.push(...latencyLines(timed), '')
  for (const section of sections) lines.push(...section.lines, '')
  lines.push(...backpressureLines(report.stats), ...faultLines(report))
  return `${lines.join('\n').trimEnd()}\n`
}

/** What a run was, for programs: durations in nanoseconds. */
export function reportJson(report: RunReport): string {
  const { sections, latencies, ...head } = report
  return `${JSON.stringify({
    ...head,
    ordersPerSecond: Math.round(report.commands / report.seconds),
    latencyNs: Object.fromEntries(latencies.map((latency) => [latency.name, percentilesOf(latency)])),
    ...Object.fromEntries(sections.map(({ title, figures }) => [title, figures])),
  })}\n`
}

function percentilesOf({ samples, meanNs, percentilesNs, maxNs }: LatencySummary): Record<string, number> {
  return {
    samples,
    mean: Math.round(meanNs),
    ...Object.fromEntries(PERCENTILES.map((percentile, i) => [`p${percentile}`, percentilesNs[i]!])),
    max: maxNs,
  }
}

function latencyLines(latencies: readonly LatencySummary[]): string[] {
  const rows = latencies.map(({ name, samples, meanNs, percentilesNs, maxNs }) => [
    name,
    ...[meanNs, ...percentilesNs, maxNs].map(duration),
    thousands(samples),
  ])
  const headings = [
    'an order spends in',
    'mean',
    ...PERCENTILES.map((percentile) => `p${percentile}`),
    'max',
    'samples',
  ]
  return [
    ...table(headings, rows, 1),
    '  (whole: its own time through all stages; batch: from pull to last sink, for all records of a batch)',
  ]
}
