import { Batch, MatchingEngine, pushCommand, readEvents, type Instruments } from '../book/index.ts'
import type { EngineOptions, ScenarioEngine } from './run.ts'

/** The matching engine as a scenario asks for it: each command through a batch of one record. */
export function scenarioEngine(instruments: Instruments, { marketData }: EngineOptions): ScenarioEngine {
  const engine = new MatchingEngine(instruments, { marketData })
  const commands = new Batch(1)
  return {
    apply: (command) => {
      commands.count = 0
      engine.events.count = 0
      engine.apply(commands.words, pushCommand(commands, command))
      return readEvents(engine.events)
    },
    depth: (instrument, side, levels) => engine.depth(instrument, side, levels),
    order: (orderId) => engine.order(orderId),
    queuePosition: (orderId) => engine.queuePosition(orderId),
    openOrders: (client) => engine.openOrders(client),
  }
}
