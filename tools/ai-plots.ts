// `npm run example -- tools/ai-plots.ts`: the plots of docs/ai.md, as SVG in docs/images, from AMZN's recorded day. The same
// data gives the same bytes.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { timeBins } from '../src/ai/training/bins.ts'
import type { ModelCard } from '../src/ai/training/card.ts'
import { imbalanceCurve } from '../src/ai/training/curve.ts'
import { Dataset } from '../src/ai/training/dataset.ts'
import { labelRows } from '../src/ai/training/labels.ts'
import { fitLine } from '../src/ai/training/regression.ts'
import { openInput, recordInput } from '../src/cli/ai/record-input.ts'

const WIDTH = 560
const HEIGHT = 360
const LEFT = 60
const BOTTOM = 46
const TOP = 34
const RIGHT = 16

const root = join(import.meta.dirname, '..')
const data = process.env['MILLRACE_DATA'] ?? join(root, '../shared/data')
const images = join(root, 'docs/images')

interface Axis {
  readonly label: string
  readonly from: number
  readonly to: number
  readonly ticks: readonly number[]
}

/** A plot to draw into: marks are placed by their values. */
class Plot {
  private readonly marks: string[]
  private readonly title: string
  private readonly across: Axis
  private readonly up: Axis

  constructor(title: string, across: Axis, up: Axis) {
    this.title = title
    this.across = across
    this.up = up
    this.marks = []
  }

  dot(x: number, y: number, radius: number, style: string): void {
    this.marks.push(`<circle cx="${this.x(x)}" cy="${this.y(y)}" r="${radius}" ${style}/>`)
  }

  line(points: readonly (readonly [number, number])[], style: string): void {
    const path = points.map(([x, y]) => `${this.x(x)},${this.y(y)}`).join(' ')
    this.marks.push(`<polyline points="${path}" fill="none" ${style}/>`)
  }

  bar(from: number, to: number, height: number, style: string): void {
    const width = Number(this.x(to)) - Number(this.x(from))
    const [top, bottom] = [Number(this.y(height)), Number(this.y(this.up.from))]
    this.marks.push(
      `<rect x="${this.x(from)}" y="${top.toFixed(1)}" width="${width.toFixed(1)}" height="${(bottom - top).toFixed(1)}" ${style}/>`,
    )
  }

  note(text: string): void {
    this.marks.push(`<text x="${LEFT + 10}" y="${TOP + 18}" font-size="12" fill="#333">${text}</text>`)
  }

  svg(): string {
    const { across, up } = this
    const bottom = HEIGHT - BOTTOM
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${this.title}" font-family="sans-serif">`,
      `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
      `<text x="${WIDTH / 2}" y="20" text-anchor="middle" font-size="14" fill="#111">${this.title}</text>`,
      ...across.ticks.map(
        (tick) =>
          `<line x1="${this.x(tick)}" y1="${TOP}" x2="${this.x(tick)}" y2="${bottom}" stroke="#ddd"/><text x="${this.x(tick)}" y="${bottom + 16}" text-anchor="middle" font-size="11" fill="#333">${tick}</text>`,
      ),
      ...up.ticks.map(
        (tick) =>
          `<line x1="${LEFT}" y1="${this.y(tick)}" x2="${WIDTH - RIGHT}" y2="${this.y(tick)}" stroke="#ddd"/><text x="${LEFT - 6}" y="${Number(this.y(tick)) + 4}" text-anchor="end" font-size="11" fill="#333">${tick}</text>`,
      ),
      ...this.marks,
      `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 10}" text-anchor="middle" font-size="12" fill="#111">${across.label}</text>`,
      `<text transform="translate(16 ${(TOP + bottom) / 2}) rotate(-90)" text-anchor="middle" font-size="12" fill="#111">${up.label}</text>`,
      '</svg>',
      '',
    ].join('\n')
  }

  private x(value: number): string {
    const { from, to } = this.across
    return (LEFT + ((value - from) / (to - from)) * (WIDTH - LEFT - RIGHT)).toFixed(1)
  }

  private y(value: number): string {
    const { from, to } = this.up
    return (HEIGHT - BOTTOM - ((value - from) / (to - from)) * (HEIGHT - TOP - BOTTOM)).toFixed(1)
  }
}

function orderFlow(day: Dataset): Plot {
  const bins = timeBins(day, 0, 10)
  const x = bins.map(({ flowLots, depthLots }) => flowLots / depthLots)
  const y = bins.map(({ moveTicks }) => moveTicks)
  const fit = fitLine(x, y)
  const trades = fitLine(
    bins.map(({ tradedLots, depthLots }) => tradedLots / depthLots),
    y,
  )
  const next = fitLine(x.slice(0, -1), y.slice(1))
  const plot = new Plot(
    'AMZN: order flow and mid in bins of 10 seconds',
    { label: 'order flow imbalance / depth', from: -40, to: 40, ticks: [-40, -20, 0, 20, 40] },
    { label: 'mid move, ticks', from: -40, to: 40, ticks: [-40, -20, 0, 20, 40] },
  )
  for (const [at, flow] of x.entries())
    if (Math.abs(flow) <= 40 && Math.abs(y[at]!) <= 40)
      plot.dot(flow, y[at]!, 1.4, 'fill="#2b6cb0" fill-opacity="0.45"')
  const ends = [-40, 40].map((flow) => [flow, fit.intercept + fit.slope * flow] as const)
  plot.line(ends, 'stroke="#c53030" stroke-width="2"')
  plot.note(
    `R2 ${fit.rSquared.toFixed(3)} in sample; trades alone ${trades.rSquared.toFixed(3)}; the next bin ${next.rSquared.toFixed(3)}`,
  )
  return plot
}

function imbalance(day: Dataset): Plot {
  const labels = labelRows(day, { kind: 'next-move' })
  const plot = new Plot(
    'AMZN: how often the next move is up, by queue imbalance',
    { label: 'queue imbalance', from: -1, to: 1, ticks: [-1, -0.5, 0, 0.5, 1] },
    { label: 'share of next moves up', from: 0.2, to: 0.8, ticks: [0.2, 0.4, 0.5, 0.6, 0.8] },
  )
  for (const { from, to, upShare } of imbalanceCurve(day, labels))
    plot.bar(from, to, upShare, 'fill="#bee3f8" stroke="#2b6cb0"')
  const fine = imbalanceCurve(day, labels, 10)
  for (const { from, to, upShare } of fine) plot.dot((from + to) / 2, upShare, 3, 'fill="#c53030"')
  plot.note('bars: five bands; dots: ten, of which one is out of line')
  return plot
}

function reliability(): Plot {
  const card = JSON.parse(readFileSync(join(root, 'models/amzn.card.json'), 'utf8')) as ModelCard
  const plot = new Plot(
    `AMZN: what ${card.model} said and what came, out of sample`,
    { label: 'confidence', from: 0.5, to: 1, ticks: [0.5, 0.6, 0.7, 0.8, 0.9, 1] },
    { label: 'share right', from: 0.4, to: 1, ticks: [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1] },
  )
  plot.line(
    [
      [0.5, 0.5],
      [1, 1],
    ],
    'stroke="#999" stroke-dasharray="4 4"',
  )
  for (const { rows, meanConfidence, accuracy } of card.test.reliability)
    plot.dot(meanConfidence, accuracy, 2 + Math.sqrt(rows) / 8, 'fill="#2b6cb0" fill-opacity="0.7"')
  plot.note(
    `calibration error ${card.test.calibrationError.toFixed(3)}; dots as large as the rows behind them`,
  )
  return plot
}

const day = new Dataset()
const opened = await openInput({ file: join(data, 'lobster/AMZN_L1_message.csv.gz'), tick: '0.01' })
if (E.isLeft(opened)) {
  process.stderr.write(`${opened.left} (MILLRACE_DATA says where the data is)\n`)
  process.exit(66)
}
await recordInput(opened.right, day)
mkdirSync(images, { recursive: true })
for (const [name, plot] of Object.entries({
  'order-flow': orderFlow(day),
  'queue-imbalance': imbalance(day),
  reliability: reliability(),
}))
  writeFileSync(join(images, `${name}.svg`), plot.svg())
