import test, { type ExecutionContext } from 'ava'
import { newOrder, type Command } from '../../src/book/command.ts'
import type { EngineEvent } from '../../src/book/event.ts'
import type { Instruments } from '../../src/book/instruments.ts'
import {
  CancelReason,
  CommandKind,
  EventKind,
  OrderType,
  Side,
  StateCause,
  TimeInForce,
  TradingState,
} from '../../src/book/record.ts'
import { rejectName } from '../../src/book/reject-code.ts'
import { FastEngine, type Engine } from './fast-engine.ts'
import { NaiveEngine } from './naive-engine.ts'
import { suiteInstruments } from './suite-instruments.ts'

export { FastEngine, suiteInstruments, type Engine }

const ENGINES: readonly [string, (instruments: Instruments) => Engine][] = [
  ['fast', (instruments) => new FastEngine(instruments)],
  ['naive', (instruments) => new NaiveEngine(instruments)],
]

/** Declares one fact about matching as two tests: both engines must have it. */
export function fact(title: string, check: (t: ExecutionContext, engine: Engine) => void): void {
  for (const [name, create] of ENGINES)
    test(`${title} (${name})`, (t) => check(t, create(suiteInstruments())))
}

function nameOf(names: Record<string, number>, value: number): string | undefined {
  return Object.keys(names).find((name) => names[name] === value)
}

/** Events as short lines that a test can list: `trade #2 #1 5@100` is order 2 taking 5 lots of order 1's at 100. */
export function say(events: readonly EngineEvent[]): string[] {
  return events.map((event) => {
    const { orderId, lots, openLots, priceTicks, instrument } = event
    switch (event.kind) {
      case EventKind.accepted:
        return `accepted #${orderId}`
      case EventKind.rejected:
        return `rejected #${orderId} ${rejectName(event.code)}`
      case EventKind.amended:
        return `amended #${orderId} ${openLots}@${priceTicks}`
      case EventKind.replaced:
        return `replaced #${event.previousOrderId} #${orderId} ${openLots}@${priceTicks}`
      case EventKind.cancelled:
        return `cancelled #${orderId} ${lots} ${nameOf(CancelReason, event.reason)}`
      case EventKind.triggered:
        return `triggered #${orderId} ${event.stopTicks}`
      case EventKind.applied:
        return `applied ${nameOf(CommandKind, event.commandKind)}`
      case EventKind.state:
        return `state ${instrument} ${nameOf(TradingState, event.state)} ${nameOf(StateCause, event.cause)}`
      case EventKind.level:
        return `level ${instrument} ${nameOf(Side, event.side)} ${event.totalLots}@${priceTicks} in ${event.orders}`
      case EventKind.bestPrices:
        return `best ${instrument} ${event.bidLots}@${event.bidTicks} ${event.offerLots}@${event.offerTicks}`
      case EventKind.indication:
        return `indication ${instrument} ${event.volumeLots}@${priceTicks} ${event.surplusLots} ${nameOf(Side, event.side)}`
      case EventKind.decision:
        return `decision #${orderId} ${event.bits}`
      default:
        return `trade #${orderId} #${event.makerOrderId} ${lots}@${priceTicks}`
    }
  })
}

/** Applies commands of no interest in themselves, then says what the last one caused. */
export function after(engine: Engine, ...commands: Command[]): string[] {
  return say(commands.map((command) => engine.apply(command)).at(-1) ?? [])
}

type Terms = Partial<Omit<Command, 'kind' | 'side'>>

export function buy(orderId: number, lots: number, priceTicks: number, terms: Terms = {}): Command {
  return newOrder({ orderId, lots, priceTicks, side: Side.buy, ...terms })
}

export function sell(orderId: number, lots: number, priceTicks: number, terms: Terms = {}): Command {
  return newOrder({ orderId, lots, priceTicks, side: Side.sell, ...terms })
}

export const MARKET: Terms = { orderType: OrderType.market }
export const IOC: Terms = { timeInForce: TimeInForce.ioc }
export const FOK: Terms = { timeInForce: TimeInForce.fok }
