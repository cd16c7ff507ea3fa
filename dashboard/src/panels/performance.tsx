import type { JSX } from 'preact'
import { useChannel, useSize } from '../hooks.ts'
import { duration } from '../format.ts'
import { PERCENTILES, type Latency, type PipelineMessage } from '../protocol.ts'

const ROW = 26
const LEFT = 118
const LEAST_NS = 10

/** How long records take in each stage, on a logarithmic scale, with a mark for each percentile. */
export function PerformancePanel(): JSX.Element {
  const message = useChannel<PipelineMessage>('pipeline')
  const [measure, { width }] = useSize()
  const rows = (message?.latencies ?? []).filter(({ samples }) => samples > 0)
  const most = Math.max(1e5, ...rows.map(({ maxNs }) => maxNs))
  const decades = Math.log10(most / LEAST_NS)
  const x = (ns: number): number =>
    LEFT + (Math.log10(Math.max(LEAST_NS, ns) / LEAST_NS) / decades) * Math.max(0, width - LEFT - 16)
  const ticks = Array.from({ length: Math.floor(decades) + 1 }, (_, power) => LEAST_NS * 10 ** power)
  return (
    <div class="fill scroll" tabIndex={0} ref={measure}>
      <svg
        role="img"
        aria-label="Latency percentiles of each stage"
        width={width}
        height={rows.length * ROW + 30}
        class="latency"
      >
        {ticks.map((ns) => (
          <g key={ns} class="tick">
            <line x1={x(ns)} x2={x(ns)} y1={4} y2={rows.length * ROW + 8} />
            <text x={x(ns)} y={rows.length * ROW + 22} text-anchor="middle">
              {duration(ns)}
            </text>
          </g>
        ))}
        {rows.map((row, at) => (
          <LatencyRow key={row.name} row={row} y={at * ROW + 8} x={x} />
        ))}
      </svg>
      <details open={rows.length > 0}>
        <summary>As a table</summary>
        <LatencyTable rows={rows} />
      </details>
    </div>
  )
}

interface RowProps {
  readonly row: Latency
  readonly y: number
  readonly x: (ns: number) => number
}

function LatencyRow({ row, y, x }: RowProps): JSX.Element {
  const [p50 = 0] = row.percentilesNs
  return (
    <g>
      <text class="name" x={LEFT - 8} y={y + 13} text-anchor="end">
        {row.name}
      </text>
      <rect class="range" x={x(p50)} y={y + 5} width={Math.max(1, x(row.maxNs) - x(p50))} height={8} />
      {row.percentilesNs.map((ns, at) => (
        <rect key={PERCENTILES[at]} class={`mark m${at}`} x={x(ns) - 1.5} y={y} width={3} height={18}>
          <title>
            {PERCENTILES[at]} {duration(ns)}
          </title>
        </rect>
      ))}
    </g>
  )
}

function LatencyTable({ rows }: { rows: readonly Latency[] }): JSX.Element {
  return (
    <table>
      <thead>
        <tr>
          <th>stage</th>
          <th class="number">mean</th>
          {PERCENTILES.map((name) => (
            <th key={name} class="number">
              {name}
            </th>
          ))}
          <th class="number">max</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.name}>
            <td>{row.name}</td>
            <td class="number">{duration(row.meanNs)}</td>
            {row.percentilesNs.map((ns, at) => (
              <td key={PERCENTILES[at]} class="number">
                {duration(ns)}
              </td>
            ))}
            <td class="number">{duration(row.maxNs)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
