import type { JSX } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { count } from '../format.ts'
import { useMessages } from '../hooks.ts'
import type { PipelineMessage } from '../protocol.ts'
import { Chart, type Points } from './chart.tsx'

const KEPT = 600
const LINES = [
  { label: 'orders/s', colour: '--first' },
  { label: 'trades/s', colour: '--second' },
] as const

/** Orders and trades a second, over the last minutes. */
export function ThroughputPanel(): JSX.Element {
  const [points, setPoints] = useState<Points>([[], [], []])
  const last = useRef<PipelineMessage | undefined>(undefined)
  useMessages<PipelineMessage>('pipeline', (message) => {
    const before = last.current
    if (before !== undefined && message.at - before.at < 900) return
    last.current = message
    if (before === undefined) return
    const seconds = (message.at - before.at) / 1e3
    const row = [
      message.at / 1e3,
      (message.commands - before.commands) / seconds,
      (message.trades - before.trades) / seconds,
    ]
    setPoints((old) => old.map((column, at) => [...column, row[at]!].slice(-KEPT)) as Points)
  })
  const latest = points[1]?.at(-1)
  const latestTrades = points[2]?.at(-1) ?? undefined
  return (
    <div class="fill column">
      <p class="status">
        <strong>{latest === undefined || latest === null ? 'waiting' : `${count(latest)} orders/s`}</strong>
        {latestTrades === undefined ? '' : ` · ${count(latestTrades)} trades/s`}
      </p>
      <div class="grow">
        <Chart label="Orders and trades a second" lines={LINES} points={points} format={count} />
      </div>
    </div>
  )
}
