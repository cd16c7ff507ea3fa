import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useMessages, useSize } from '../hooks.ts'
import { Book } from '../market-state.ts'
import type { BookMessage, Level } from '../protocol.ts'

const ROW = 20

/** The book of one symbol, level by level, with what is behind each price. Drawn when the screen is. */
export function LadderPanel({
  symbol,
  pick,
}: {
  symbol: string
  pick: (price: string) => void
}): JSX.Element {
  const [measure, { width, height }] = useSize()
  const canvas = useRef<HTMLCanvasElement>(null)
  const book = useRef(new Book())
  const isDirty = useRef(true)
  const [twin, setTwin] = useState<{ bids: Level[]; offers: Level[] }>({ bids: [], offers: [] })
  useEffect(() => {
    book.current = new Book()
  }, [symbol])
  useMessages<BookMessage>(`book:${symbol}`, (message) => {
    book.current.apply(message)
    isDirty.current = true
  })
  const rows = Math.max(2, Math.floor((height - 30) / ROW))
  const half = Math.floor((rows - 1) / 2)
  useEffect(() => {
    let frame = 0
    let isOver = false
    const draw = (): void => {
      if (isOver) return
      if (isDirty.current && canvas.current !== null) {
        isDirty.current = false
        paint(canvas.current, book.current, width, half)
      }
      frame = requestAnimationFrame(draw)
    }
    isDirty.current = true
    draw()
    return () => {
      isOver = true
      cancelAnimationFrame(frame)
    }
  }, [width, half, symbol])
  const choose = (event: MouseEvent): void => {
    const row = Math.floor(event.offsetY / ROW)
    const offers = book.current.side('offers').slice(0, half).toReversed()
    const shift = half - offers.length
    const level = row < half ? offers[row - shift] : book.current.side('bids')[row - half - 1]
    if (level !== undefined) pick(level[0])
  }
  return (
    <div class="fill column" ref={measure}>
      <canvas
        ref={canvas}
        width={width}
        height={(half * 2 + 1) * ROW}
        onClick={choose}
        aria-label={`Order book of ${symbol}`}
        role="img"
      />
      <details
        onToggle={(event) =>
          event.currentTarget.open &&
          setTwin({ bids: book.current.side('bids'), offers: book.current.side('offers') })
        }
      >
        <summary>As a table</summary>
        <LadderTable {...twin} />
      </details>
    </div>
  )
}

function paint(canvas: HTMLCanvasElement, book: Book, width: number, half: number): void {
  const context = canvas.getContext('2d')!
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string): string => style.getPropertyValue(name).trim()
  const ratio = devicePixelRatio
  canvas.width = width * ratio
  canvas.height = (half * 2 + 1) * ROW * ratio
  canvas.style.width = `${width}px`
  canvas.style.height = `${(half * 2 + 1) * ROW}px`
  context.scale(ratio, ratio)
  context.clearRect(0, 0, width, canvas.height)
  context.font = '12px ui-monospace, monospace'
  context.textBaseline = 'middle'
  const offers = book.side('offers').slice(0, half)
  const bids = book.side('bids').slice(0, half)
  const sum = (levels: readonly Level[]): number =>
    levels.reduce((total, level) => total + Number(level[1]), 0)
  const most = Math.max(1, sum(offers), sum(bids))
  const draw = (level: Level, row: number, cumulative: number, tone: string): void => {
    const y = row * ROW
    context.globalAlpha = 0.16
    context.fillStyle = colour(tone)
    context.fillRect(width - (cumulative / most) * width, y + 1, (cumulative / most) * width, ROW - 2)
    context.globalAlpha = 0.55
    context.fillRect(
      width - (Number(level[1]) / most) * width,
      y + 3,
      (Number(level[1]) / most) * width,
      ROW - 6,
    )
    context.globalAlpha = 1
    context.fillStyle = colour('--text')
    context.textAlign = 'left'
    context.fillText(level[0], 8, y + ROW / 2)
    context.textAlign = 'right'
    context.fillText(level[1], width * 0.55, y + ROW / 2)
    context.fillText(`${level[2]}`, width - 8, y + ROW / 2)
  }
  let total = 0
  offers.forEach((level, at) => draw(level, half - 1 - at, (total += Number(level[1])), '--offer'))
  total = 0
  bids.forEach((level, at) => draw(level, half + 1 + at, (total += Number(level[1])), '--bid'))
  context.fillStyle = colour('--text')
  context.textAlign = 'left'
  context.font = 'bold 12px ui-monospace, monospace'
  context.fillText(book.last ?? '', 8, half * ROW + ROW / 2)
}

function LadderTable({ bids, offers }: { bids: readonly Level[]; offers: readonly Level[] }): JSX.Element {
  const rows = [
    ...offers.toReversed().map((level) => ['offer', ...level]),
    ...bids.map((level) => ['bid', ...level]),
  ]
  return (
    <table>
      <thead>
        <tr>
          <th>side</th>
          <th class="number">price</th>
          <th class="number">quantity</th>
          <th class="number">orders</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([side, price, quantity, orders]) => (
          <tr key={`${side}${price}`}>
            <td>{side}</td>
            <td class="number">{price}</td>
            <td class="number">{quantity}</td>
            <td class="number">{orders}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
