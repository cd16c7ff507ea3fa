import test from 'ava'
import { Batch } from '../../src/book/batch.ts'
import { amendOrder, cancelOrder, newOrder, pushCommand, type Command } from '../../src/book/command.ts'
import { MatchingEngine } from '../../src/book/matching-engine.ts'
import { Side } from '../../src/book/record.ts'
import { suiteInstruments } from '../support/both-engines.ts'
import { checkBook } from '../support/check-book.ts'

function apply(engine: MatchingEngine, ...commands: Command[]): void {
  const batch = new Batch(Math.max(1, commands.length))
  for (const command of commands)
    engine.apply(batch.words, pushCommand(batch, { ...command, sequence: batch.count + 1 }))
}

function engineAfter(...commands: Command[]): MatchingEngine {
  const engine = new MatchingEngine(suiteInstruments())
  apply(engine, ...commands)
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

test('order book - an instrument added while running is empty until its first order', (t) => {
  const engine = engineAfter()
  const { instruments, book } = engine
  for (let i = instruments.count; i < 100; i++)
    instruments.add({ symbol: `NEW-${i}`, tick: '1', lot: '1', referencePrice: '7' })
  t.deepEqual(book.depth(99, Side.buy, 5), [])
  t.is(book.bestPrice(99, Side.sell), 0)
  const before = engine.stateHash()
  t.is(engine.lastTradeTicks[99], 7)
  apply(
    engine,
    newOrder({ orderId: 1, instrument: 99, side: Side.sell, priceTicks: 5, lots: 1 }),
    cancelOrder(1),
  )
  t.is(engine.stateHash(), before, 'an order that came and went is no part of the state')
})
