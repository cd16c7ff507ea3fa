import * as E from 'fp-ts/lib/Either.js'
import {
  Batch,
  type Command,
  CommandKind,
  EventKind,
  type Instruments,
  MAX_LOTS,
  newOrder,
  pushCommand,
  readEvent,
  readEvents,
  RejectCode,
  Side,
  TimeInForce,
} from '../../book/index.ts'
import { thousands } from '../../telemetry/text-table.ts'
import { aggressorId, lobsterIdOf, MAX_REENTRIES, reentryId } from './ids.ts'
import { type LobsterMessage, type LobsterRow, MessageType, type RowFault } from './messages.ts'
import { type AggressorRun, AggressorRuns } from './runs.ts'
import type { LobsterUnits } from './units.ts'
import { type AnnouncedOrder, EngineModel } from './engine-model.ts'

/** Owner of the orders that the file announces, and of the incoming orders that met them. */
export const RESTING_CLIENT = 1
export const AGGRESSOR_CLIENT = 2

/** Faults that are kept with their position; more are only counted. */
const FAULTS_KEPT = 20

/**
 * What became of the messages. Every message is in exactly one of the four:
 * `messages = commands + mergedExecutions + quiet + unknownExecutions`. Corrections come on top.
 */
export interface LobsterCounts {
  /** Rows read, the unreadable among them. */
  messages: number
  /** Commands that stand for a message or a run, the refused among them. */
  commands: number
  /** Executions that went into an incoming order with the one before. */
  mergedExecutions: number
  /** Messages that leave the visible book alone: hidden executions, crosses and halts. */
  quiet: number
  /** Executions of orders that were never announced: nothing can trade with them. */
  unknownExecutions: number
  /** Commands that put the engine's book right after it traded otherwise than the messages. */
  corrections: number
  /** Runs of executions, those left out for an unannounced order, and those the model traded otherwise. */
  runs: number
  leftOut: number
  disagreements: number
  /** Rows that could not be read. */
  malformed: number
}

/** The counts in words, so that a reader can check that they add up. */
export function countLines(counts: Readonly<LobsterCounts>): readonly string[] {
  return [
    `${thousands(counts.messages)} messages = ${thousands(counts.commands)} commands + ` +
      `${thousands(counts.mergedExecutions)} executions merged into one order with another + ` +
      `${thousands(counts.quiet)} that leave the book alone + ` +
      `${thousands(counts.unknownExecutions)} executions of orders never announced`,
    `${thousands(counts.corrections)} corrections after ${thousands(counts.disagreements)} of ${thousands(counts.runs)} runs`,
    ...(counts.malformed === 0 ? [] : [`${thousands(counts.malformed)} rows could not be read`]),
  ]
}

/**
 * Turns messages into the orders behind them. Submissions, partial cancels and deletions are commands as they stand;
 * a run of executions is the incoming order that caused it.
 *
 * The file knows things the visible book does not (priority of hidden size, messages a microsecond apart), so now and
 * then a price-time engine fills others than those that traded. Left alone, such a book drifts away from the real one
 * and every later run suffers; so what the messages say is restored at once, by ordinary commands.
 */
export class LobsterCommands {
  /** Commands made and not yet taken. */
  readonly output: Batch
  readonly counts: LobsterCounts
  readonly faults: RowFault[]
  private readonly units: LobsterUnits
  private readonly model: EngineModel
  private readonly orders: Map<number, AnnouncedOrder>
  private readonly runs: AggressorRuns
  private timestampNs: number

  constructor(instruments: Instruments, units: LobsterUnits) {
    this.output = new Batch()
    this.counts = {
      messages: 0,
      commands: 0,
      mergedExecutions: 0,
      quiet: 0,
      unknownExecutions: 0,
      corrections: 0,
      runs: 0,
      leftOut: 0,
      disagreements: 0,
      malformed: 0,
    }
    this.faults = []
    this.units = units
    this.model = new EngineModel(instruments)
    this.orders = new Map()
    this.runs = new AggressorRuns((orderId) => this.orders.has(orderId))
    this.timestampNs = 0
  }

  /** Takes the next row of the file; the commands it leads to are appended to `output`. */
  add(row: LobsterRow): void {
    this.counts.messages++
    if (E.isLeft(row)) {
      this.end()
      this.malformed(row.left)
      return
    }
    const message = row.right
    const run = this.runs.next(message)
    if (run !== undefined) this.execute(run)
    this.timestampNs = message.timestampNs
    if (message.type === MessageType.submission) this.submit(message)
    else if (message.type === MessageType.partialCancel) this.take(message)
    else if (message.type === MessageType.deletion) this.remove(message)
    else if (message.type !== MessageType.execution) this.counts.quiet++
  }

  /** The file is at its end: so is the run that was open. */
  end(): void {
    const run = this.runs.end()
    if (run !== undefined) this.execute(run)
  }

  private submit({ orderId, size, price, direction }: LobsterMessage): void {
    const before = this.orders.get(orderId)
    const side = restingSide(direction)
    const openLots = size * this.units.lotsPerShare
    const ticks = this.units.toTicks(price)
    const priceTicks = typeof ticks === 'number' ? ticks : 0
    // An id that comes again while its order is open is the file's mistake, and the engine's to refuse.
    const isTwice = before !== undefined && before.openLots > 0
    const reentries = before === undefined ? 0 : before.reentries + (isTwice ? 0 : 1)
    const id = reentryId(orderId, Math.min(reentries, MAX_REENTRIES))
    const rejectCode = typeof ticks === 'number' ? 0 : RejectCode.OFF_TICK
    const isIn = this.command(
      newOrder({ orderId: id, side, priceTicks, lots: openLots, client: RESTING_CLIENT, rejectCode }),
    )
    if (isTwice) return
    const order = {
      lobsterId: orderId,
      side,
      priceTicks,
      openLots: isIn ? openLots : 0,
      orderId: id,
      reentries,
    }
    this.orders.set(orderId, order)
  }

  private take({ orderId, size }: LobsterMessage): void {
    const order = this.orders.get(orderId)
    const lots = size * this.units.lotsPerShare
    if (order !== undefined) order.openLots = Math.max(0, order.openLots - lots)
    this.command({ ...this.model.reduction(order?.orderId ?? orderId, lots), client: RESTING_CLIENT })
  }

  private remove({ orderId }: LobsterMessage): void {
    const order = this.orders.get(orderId)
    if (order !== undefined) order.openLots = 0
    this.command({ kind: CommandKind.cancel, orderId: order?.orderId ?? orderId, client: RESTING_CLIENT })
  }

  private malformed(fault: RowFault): void {
    this.counts.malformed++
    if (this.faults.length < FAULTS_KEPT) this.faults.push(fault)
    this.command({ kind: CommandKind.new, orderId: 0, rejectCode: RejectCode.MALFORMED })
  }

  private execute(run: AggressorRun): void {
    const { counts } = this
    counts.runs++
    this.timestampNs = run.executions[0]!.timestampNs
    if (run.leftOut) {
      counts.leftOut++
      for (const message of run.executions) {
        if (this.orders.has(message.orderId)) this.take(message)
        else counts.unknownExecutions++
      }
      return
    }
    counts.mergedExecutions += run.executions.length - 1
    this.command(this.aggressor(run))
    const agrees = this.agrees(run)
    const touched = new Set<AnnouncedOrder>()
    for (const { orderId, size } of run.executions) {
      const order = this.orders.get(orderId)!
      order.openLots = Math.max(0, order.openLots - size * this.units.lotsPerShare)
      touched.add(order)
    }
    if (agrees) return
    counts.disagreements++
    for (const event of readEvents(this.model.events)) {
      const maker =
        event.kind === EventKind.trade ? this.orders.get(lobsterIdOf(event.makerOrderId)) : undefined
      if (maker !== undefined) touched.add(maker)
    }
    for (const order of touched) this.correct(order)
  }

  /** The incoming order of a run: all it traded, at once, as far as the worst price it reached. */
  private aggressor({ number, executions }: AggressorRun): Command {
    const side = executions[0]!.direction === 1 ? Side.sell : Side.buy
    const prices = executions.map(({ price }) => price)
    const ticks = this.units.toTicks(side === Side.buy ? Math.max(...prices) : Math.min(...prices))
    return newOrder({
      orderId: aggressorId(number),
      side,
      priceTicks: typeof ticks === 'number' ? ticks : 0,
      lots: executions.reduce((lots, { size }) => lots + size * this.units.lotsPerShare, 0),
      client: AGGRESSOR_CLIENT,
      timeInForce: TimeInForce.ioc,
      rejectCode: typeof ticks === 'number' ? 0 : RejectCode.OFF_TICK,
    })
  }

  /** Whether the model has just filled the orders that the run names, in that order, as much and at their prices. */
  private agrees({ executions }: AggressorRun): boolean {
    const trades = readEvents(this.model.events).filter((event) => event.kind === EventKind.trade)
    return (
      trades.length === executions.length &&
      trades.every((trade, i) => {
        const { orderId, size, price } = executions[i]!
        return (
          lobsterIdOf(trade.makerOrderId) === orderId &&
          trade.lots === size * this.units.lotsPerShare &&
          trade.priceTicks === this.units.toTicks(price)
        )
      })
    )
  }

  /** Makes the book hold of an order what the messages say is open. What it gets back has lost its time priority. */
  private correct(order: AnnouncedOrder): void {
    const live = this.model.find(order.orderId)
    const excess = (live?.openLots ?? 0) - order.openLots
    if (excess === 0) return
    if (live === undefined) {
      if (order.reentries >= MAX_REENTRIES) return
      order.reentries++
      order.orderId = reentryId(order.lobsterId, order.reentries)
    }
    const { orderId, side, priceTicks } = order
    const client = RESTING_CLIENT
    if (live === undefined)
      this.correction(newOrder({ orderId, side, priceTicks, lots: order.openLots, client }))
    else if (excess > 0) this.correction({ ...this.model.reduction(orderId, excess), client })
    else this.correction({ kind: CommandKind.amend, orderId, lots: live.totalLots - excess, client })
  }

  private correction(command: Command): void {
    this.counts.corrections++
    this.emit(command)
  }

  private command(command: Command): boolean {
    this.counts.commands++
    return this.emit(command)
  }

  /** Appends a command to the output and applies it to the model. Returns whether the model took it. */
  private emit(command: Command): boolean {
    const { output, model, timestampNs, units } = this
    if (output.count === output.capacity) output.grow()
    const isTooLarge = (command.lots ?? 0) > MAX_LOTS
    const at = pushCommand(output, {
      ...command,
      ...(isTooLarge ? { lots: MAX_LOTS, rejectCode: RejectCode.EXCEEDS_MAX_SIZE } : {}),
      instrument: units.instrument,
      timestampNs,
    })
    model.apply(output.words, at)
    return readEvent(model.events.words, 0).kind !== EventKind.rejected
  }
}

function restingSide(direction: number): number {
  return direction === 1 ? Side.buy : Side.sell
}
