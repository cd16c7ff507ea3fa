import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useMessages } from '../hooks.ts'
import { Book } from '../market-state.ts'
import type { BookMessage } from '../protocol.ts'
import { Chart, type Points } from './chart.tsx'

const KEPT = 900
const EVERY_MS = 200
const LINES = [
  { label: 'last', colour: '--text' },
  { label: 'bid', colour: '--bid' },
  { label: 'offer', colour: '--offer' },
] as const

/** Last price, best bid and best offer of one symbol. */
export function PricePanel({ symbol }: { symbol: string }): JSX.Element {
  const [points, setPoints] = useState<Points>([[], [], [], []])
  const book = useRef(new Book())
  useEffect(() => {
    book.current = new Book()
    setPoints([[], [], [], []])
    const timer = setInterval(() => {
      const [bid, offer] = [book.current.side('bids')[0], book.current.side('offers')[0]]
      const value = (text: string | undefined): number | null => (text === undefined ? null : Number(text))
      const row = [Date.now() / 1e3, value(book.current.last), value(bid?.[0]), value(offer?.[0])]
      setPoints((old) => old.map((column, at) => [...column, row[at]].slice(-KEPT)) as Points)
    }, EVERY_MS)
    return () => clearInterval(timer)
  }, [symbol])
  useMessages<BookMessage>(`book:${symbol}`, (message) => book.current.apply(message))
  return (
    <Chart
      key={symbol}
      label={`Last price, bid and offer of ${symbol}`}
      lines={LINES}
      points={points}
      format={(value) => value.toFixed(2)}
    />
  )
}
