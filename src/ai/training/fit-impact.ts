import type { Dataset } from './dataset.ts'
import { fitLine } from './regression.ts'
import { timeBins } from './bins.ts'

/** Seconds of a bin that order flow is summed over. */
export const IMPACT_BIN_SECONDS = 10
/** Events after an incoming order at which its impact is measured. */
export const IMPACT_EVENTS = 50

/** How far prices go with what trades, fitted on the first 60% of incoming orders and judged on the rest. */
export interface ImpactFit {
  /** Ticks for order flow of the depth of one side (Cont, Kukanov, Stoikov 2014). */
  readonly perOrderFlow: number
  readonly orderFlowRSquared: number
  readonly bins: number
  /** Y of Y * deviation * sqrt(lots / volume): both of the whole data. */
  readonly squareRoot: number
  /** Exponent that suits the data best where the square root's 0.5 is not prescribed. */
  readonly exponent: number
  readonly deviationTicks: number
  readonly volumeLots: number
  readonly orders: number
  /** On the last 40% of the incoming orders, in ticks: root mean squared error of the law, of the mean, of nothing. */
  readonly errorTicks: number
  readonly meanErrorTicks: number
  readonly nullErrorTicks: number
}

interface Incoming {
  readonly lots: number
  /** How far the mid went with it, in ticks: against it below 0. */
  readonly moveTicks: number
}

/** Fits both laws for an instrument. */
export function fitImpact(data: Dataset, instrument: number): ImpactFit {
  const bins = timeBins(data, instrument, IMPACT_BIN_SECONDS)
  const flow = fitLine(
    bins.map(({ flowLots, depthLots }) => flowLots / depthLots),
    bins.map(({ moveTicks }) => moveTicks),
  )
  const orders = incomingOrders(data, instrument)
  const volumeLots = orders.reduce((sum, { lots }) => sum + lots, 0)
  const moves = bins.map(({ moveTicks }) => moveTicks)
  const deviationTicks = Math.sqrt(moves.reduce((sum, move) => sum + move * move, 0))
  const x = orders.map(({ lots }) => deviationTicks * Math.sqrt(lots / Math.max(1, volumeLots)))
  const cut = Math.floor(orders.length * 0.6)
  let xy = 0
  let xx = 0
  let sum = 0
  for (let i = 0; i < cut; i++) {
    xy += x[i]! * orders[i]!.moveTicks
    xx += x[i]! * x[i]!
    sum += orders[i]!.moveTicks
  }
  const squareRoot = xx === 0 ? 0 : xy / xx
  const mean = sum / Math.max(1, cut)
  const rest = orders.slice(cut)
  const error = (expected: (i: number) => number): number =>
    Math.sqrt(
      rest.reduce((squares, { moveTicks }, i) => squares + (moveTicks - expected(cut + i)) ** 2, 0) /
        Math.max(1, rest.length),
    )
  return {
    perOrderFlow: flow.slope,
    orderFlowRSquared: flow.rSquared,
    bins: flow.points,
    squareRoot,
    exponent: exponentOf(orders.slice(0, cut)),
    deviationTicks,
    volumeLots,
    orders: orders.length,
    errorTicks: error((i) => squareRoot * x[i]!),
    meanErrorTicks: error(() => mean),
    nullErrorTicks: error(() => 0),
  }
}

/** Trades of one instant and side, put together as the order that came in, and where the mid was some events later. */
function incomingOrders(data: Dataset, instrument: number): Incoming[] {
  const rows: number[] = []
  for (let row = 0; row < data.count; row++) if (data.instruments[row] === instrument) rows.push(row)
  const orders: Incoming[] = []
  for (let at = 1; at < rows.length; at++) {
    const volume = data.volumes[rows[at]!]!
    if (volume === 0) continue
    const before = rows[at - 1]!
    let lots = Math.abs(volume)
    while (at + 1 < rows.length && isSameOrder(data, rows[at]!, rows[at + 1]!))
      lots += Math.abs(data.volumes[rows[++at]!]!)
    const after = rows[at + IMPACT_EVENTS]
    if (after === undefined) break
    const moveTicks = ((data.doubleMids[after]! - data.doubleMids[before]!) / 2) * Math.sign(volume)
    orders.push({ lots, moveTicks })
  }
  return orders
}

function isSameOrder(data: Dataset, row: number, next: number): boolean {
  return (
    data.timesNs[row] === data.timesNs[next] &&
    Math.sign(data.volumes[row]!) === Math.sign(data.volumes[next]!)
  )
}

/** Slope of log mean move over log lots, in bands of size that each hold a tenth of the orders. */
function exponentOf(orders: readonly Incoming[]): number {
  const sorted = orders.toSorted((a, b) => a.lots - b.lots)
  const x: number[] = []
  const y: number[] = []
  const band = Math.max(1, Math.floor(sorted.length / 10))
  for (let from = 0; from + band <= sorted.length; from += band) {
    const part = sorted.slice(from, from + band)
    const lots = part.reduce((sum, order) => sum + order.lots, 0) / band
    const move = part.reduce((sum, { moveTicks }) => sum + moveTicks, 0) / band
    if (move <= 0) continue
    x.push(Math.log(lots))
    y.push(Math.log(move))
  }
  return fitLine(x, y).slope
}
