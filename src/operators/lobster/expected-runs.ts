import * as E from 'fp-ts/lib/Either.js'
import type { ConversionFault } from '../../book/index.ts'
import { type LobsterRow, MessageType } from './messages.ts'
import { type AggressorRun, AggressorRuns } from './runs.ts'
import type { LobsterUnits } from './units.ts'

/** What a resting order must have filled. */
export interface ExpectedFill {
  readonly lobsterId: number
  readonly lots: number
  readonly priceTicks: number | ConversionFault
  readonly line: number
}

/** What a run of the file must have filled, in order, and how far the engine's trades have gone along with it. */
export interface ExpectedRun {
  readonly fills: readonly ExpectedFill[]
  readonly leftOut: boolean
  /** Trades of its incoming order so far. */
  trades: number
  /** Whether its incoming order has come at all. */
  hasCome: boolean
  /** The first trade that was another than expected, in words. */
  difference: string | undefined
}

/** Collects from the messages which orders each run must fill. */
export class ExpectedRuns {
  readonly list: ExpectedRun[]
  private readonly announced: Set<number>
  private readonly runs: AggressorRuns
  private readonly units: LobsterUnits

  constructor(units: LobsterUnits) {
    this.list = []
    this.announced = new Set()
    this.runs = new AggressorRuns((orderId) => this.announced.has(orderId))
    this.units = units
  }

  add(row: LobsterRow): void {
    this.keep(E.isRight(row) ? this.runs.next(row.right) : this.runs.end())
    if (E.isRight(row) && row.right.type === MessageType.submission) this.announced.add(row.right.orderId)
  }

  end(): void {
    this.keep(this.runs.end())
  }

  private keep(run: AggressorRun | undefined): void {
    if (run === undefined) return
    const { lotsPerShare, toTicks } = this.units
    const fills = run.executions.map(({ orderId, size, price, line }) => ({
      lobsterId: orderId,
      lots: size * lotsPerShare,
      priceTicks: toTicks(price),
      line,
    }))
    this.list.push({ fills, leftOut: run.leftOut, trades: 0, hasCome: false, difference: undefined })
  }
}
