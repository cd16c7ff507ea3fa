import test from 'ava'
import { Batch } from '../../src/book/batch.ts'
import { amendOrder, newOrder, pushCommand, type Command } from '../../src/book/command.ts'
import { MatchingEngine } from '../../src/book/matching-engine.ts'
import { Side } from '../../src/book/record.ts'
import { suiteInstruments } from '../support/both-engines.ts'
import { checkBook } from '../support/check-book.ts'

function engineAfter(...commands: Command[]): MatchingEngine {
  const engine = new MatchingEngine(suiteInstruments())
  const batch = new Batch(commands.length)
  commands.forEach((command, i) =>
    engine.apply(batch.words, pushCommand(batch, { ...command, sequence: i + 1 })),
  )
  return engine
}

test('order book - an order alone on its level goes to the end of it and the level stays', (t) => {
  const engine = engineAfter(
    newOrder({ orderId: 16, side: Side.buy, priceTicks: 97, lots: 1 }),
    amendOrder(16, { lots: 2 }),
    newOrder({ orderId: 1, side: Side.buy, priceTicks: 97, lots: 1 }),
  )
  checkBook(engine)
  t.deepEqual(engine.book.depth(0, Side.buy, 9), [{ priceTicks: 97, lots: 3, orders: 2 }])
})
