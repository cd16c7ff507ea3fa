import { PERCENTILES, type LatencySummary } from '../../telemetry/latency.ts'
import { duration, thousands } from '../../telemetry/text-table.ts'
import type { LoadResult } from './load-test.ts'

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [720, 240, 80, 34, 12]

interface Line {
  readonly name: string
  readonly colour: string
  readonly values: readonly number[]
}

interface Plot {
  readonly title: string
  readonly lines: readonly Line[]
  readonly ticks: readonly string[]
  readonly format: (value: number) => string
  readonly isLog?: boolean
}

/** A page of its own, with nothing to load: figures, plots, and the same as tables. */
export function htmlReport(title: string, result: LoadResult, broken: readonly string[]): string {
  const seconds = result.bySecond.map((_, at) => `${at + 1} s`)
  const of = (name: string, colour: string, values: readonly number[]): Line => ({ name, colour, values })
  const names = [...PERCENTILES.map((p) => `p${p}`), 'max']
  const values = ({ percentilesNs, maxNs }: LatencySummary): number[] => [...percentilesNs, maxNs]
  const plots = [
    plot({
      title: 'Latency by percentile, from the time a command was due',
      lines: [
        of('from due time', '#0a58a8', values(result.latency)),
        of('from sending', '#9a4b00', values(result.service)),
      ],
      ticks: names,
      format: duration,
      isLog: true,
    }),
    plot({
      title: 'Commands a second',
      lines: [
        of(
          'sent',
          '#0a58a8',
          result.bySecond.map(({ sent }) => sent),
        ),
        of(
          'answered',
          '#9a4b00',
          result.bySecond.map(({ answered }) => answered),
        ),
      ],
      ticks: seconds,
      format: thousands,
    }),
    plot({
      title: 'Latency second by second',
      lines: [
        of(
          'p50',
          '#0a58a8',
          result.bySecond.map(({ p50Ns }) => p50Ns),
        ),
        of(
          'p99',
          '#9a4b00',
          result.bySecond.map(({ p99Ns }) => p99Ns),
        ),
      ],
      ticks: seconds,
      format: duration,
      isLog: true,
    }),
  ]
  const verdict = broken.length === 0 ? '' : `<p class="bad">Not held: ${broken.map(escape).join(', ')}</p>`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(title)}</title><style>
body{font:14px/1.5 system-ui,sans-serif;max-width:760px;margin:24px auto;padding:0 16px;color:#17202a;background:#fff}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}td,th{padding:2px 12px 2px 0;text-align:right}
td:first-child,th:first-child{text-align:left}svg{width:100%;height:auto}.bad{color:#a3320b;font-weight:600}
h1{font-size:20px}h2{font-size:15px;margin:24px 0 4px}</style></head><body>
<h1>${escape(title)}</h1>${verdict}
${countsTable(result)}
<h2>Latency</h2>
${latencyTable(result)}
${plots.join('\n')}
</body></html>
`
}

function countsTable(result: LoadResult): string {
  const rows: [string, string][] = [
    ['clients', thousands(result.clients)],
    ['seconds', result.seconds.toFixed(1)],
    ['sent', thousands(result.sent)],
    ['answered', `${thousands(result.answered)} (${thousands(result.answered / result.seconds)}/s)`],
    ['accepted', thousands(result.accepted)],
    ['rejected', thousands(result.rejected)],
    ...Object.entries(result.rejects).map(([code, count]): [string, string] => [
      `rejected: ${code}`,
      thousands(count),
    ]),
    ...Object.entries(result.errors).map(([why, count]): [string, string] => [
      `error: ${why}`,
      thousands(count),
    ]),
    ['unanswered', thousands(result.unanswered)],
    ['fills', thousands(result.fills)],
  ]
  return `<table>${rows.map(([name, value]) => `<tr><td>${escape(name)}</td><td>${value}</td></tr>`).join('')}</table>`
}

function latencyTable({ latency, service, late }: LoadResult): string {
  const head = ['', 'mean', ...PERCENTILES.map((p) => `p${p}`), 'max']
  const row = (name: string, { meanNs, percentilesNs, maxNs }: LatencySummary): string =>
    `<tr>${[name, ...[meanNs, ...percentilesNs, maxNs].map(duration)].map((cell) => `<td>${cell}</td>`).join('')}</tr>`
  return `<table><tr>${head.map((name) => `<th>${name}</th>`).join('')}</tr>${row('from due time', latency)}${row('from sending', service)}${row('sent late by', late)}</table>`
}

function plot({ title, lines, ticks, format, isLog = false }: Plot): string {
  const all = lines.flatMap(({ values }) => values).filter((value) => value > 0)
  const most = Math.max(1, ...all)
  const least = isLog ? Math.min(most / 10, ...all) : 0
  const share = (value: number): number =>
    isLog
      ? value <= 0
        ? 0
        : Math.log(value / least) / Math.log(most / least)
      : (value - least) / (most - least)
  const x = (at: number): number => LEFT + (at / Math.max(1, ticks.length - 1)) * (WIDTH - LEFT - 16)
  const y = (value: number): number => HEIGHT - BOTTOM - share(value) * (HEIGHT - BOTTOM - TOP)
  const grid = [0, 0.25, 0.5, 0.75, 1].map((part) => (isLog ? least * (most / least) ** part : most * part))
  const every = Math.ceil(ticks.length / 10)
  return `<h2>${escape(title)}</h2><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escape(title)}" font-size="11">
${grid.map((value) => `<line x1="${LEFT}" x2="${WIDTH - 16}" y1="${y(value)}" y2="${y(value)}" stroke="#d5dae0"/><text x="${LEFT - 6}" y="${y(value) + 4}" text-anchor="end">${format(value)}</text>`).join('')}
${ticks.map((tick, at) => (at % every === 0 ? `<text x="${x(at)}" y="${HEIGHT - 16}" text-anchor="middle">${tick}</text>` : '')).join('')}
${lines.map(({ colour, values }) => `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${values.map((value, at) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ')}"/>`).join('')}
${lines.map(({ name, colour }, at) => `<text x="${LEFT + 8 + at * 120}" y="${HEIGHT - 2}" fill="${colour}">${at === 0 ? '●' : '▲'} ${escape(name)}</text>`).join('')}
</svg>`
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
