import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { useSize } from '../hooks.ts'

export interface Line {
  readonly label: string
  /** A CSS variable of the page's colours. */
  readonly colour: string
}

/** Times in seconds since 1970, and a list of values for each line. */
export type Points = [number[], ...(number | null)[][]]

interface Props {
  readonly label: string
  readonly lines: readonly Line[]
  readonly points: Points
  readonly format: (value: number) => string
}

/** Lines over time. */
export function Chart({ label, lines, points, format }: Props): JSX.Element {
  const [measure, { width, height }] = useSize()
  const target = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)
  useEffect(() => {
    if (target.current === null || width === 0) return undefined
    const style = getComputedStyle(document.documentElement)
    const colour = (name: string): string => style.getPropertyValue(name).trim()
    const axis = {
      stroke: colour('--quiet'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { stroke: colour('--line'), width: 1 },
      font: '11px system-ui',
    }
    plot.current = new uPlot(
      {
        width,
        height: Math.max(80, height - 34),
        cursor: { drag: { x: false, y: false } },
        legend: { live: false },
        axes: [axis, { ...axis, size: 64, values: (_, values) => values.map(format) }],
        series: [
          {},
          ...lines.map((line) => ({
            label: line.label,
            stroke: colour(line.colour),
            width: 1.5,
            points: { show: false },
          })),
        ],
      },
      points,
      target.current,
    )
    return () => {
      plot.current?.destroy()
      plot.current = undefined
    }
  }, [width, height])
  useEffect(() => plot.current?.setData(points), [points])
  return (
    <div class="fill" ref={measure} role="img" aria-label={label}>
      <div ref={target} />
    </div>
  )
}
