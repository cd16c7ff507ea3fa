import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { get } from '../connection.ts'
import { count } from '../format.ts'
import { useMessages } from '../hooks.ts'
import type { PipelineMessage, Plan } from '../protocol.ts'
import { Chart, type Points } from './chart.tsx'

interface Past {
  readonly at: number
  readonly mean: number
}

const KEPT = 600
const LINES = [
  { label: 'orders/s', colour: '--first' },
  { label: 'trades/s', colour: '--second' },
] as const

/** Orders and trades a second, over the last minutes. */
export function ThroughputPanel(): JSX.Element {
  const [points, setPoints] = useState<Points>([[], [], []])
  useEffect(() => {
    // Where a history is kept, the minutes before the page was opened are there too.
    const to = Math.floor(Date.now() / 1e3)
    const of = (gauge: string): Promise<Past[]> =>
      get(`/api/history?gauge=${gauge}&from=${to - KEPT}&to=${to}&resolution=second`)
    const both = async (): Promise<Past[][]> =>
      (await get<Plan>('/api/pipeline')).hasHistory ? Promise.all([of('orders.rate'), of('trades.rate')]) : []
    both().then(
      ([orders = [], trades = []]) => {
        const tradesAt = new Map(trades.map(({ at, mean }) => [at, mean]))
        const past: Points = [
          orders.map(({ at }) => at),
          orders.map(({ mean }) => mean),
          orders.map(({ at }) => tradesAt.get(at) ?? null),
        ]
        setPoints((now) => past.map((column, at) => [...column, ...now[at]!].slice(-KEPT)) as Points)
      },
      () => {},
    )
  }, [])
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
