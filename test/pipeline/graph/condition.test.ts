import test from 'ava'
import {
  Batch,
  cancelOrder,
  CommandKind,
  newOrder,
  OrderType,
  pushCommand,
  RECORD_WORDS,
  Side,
  TimeInForce,
} from '../../../src/book/index.ts'
import type { Command } from '../../../src/book/index.ts'
import { condition, predicateOf, type Condition } from '../../../src/pipeline/graph/condition.ts'
import { SwitchStep } from '../../../src/pipeline/edge/routing-steps.ts'
import { checked } from '../../../src/pipeline/codec.ts'
import { Market } from '../../../src/pipeline/market.ts'
import { stepOf } from '../../support/streams.ts'

const market = new Market(['AAPL', 'MSFT'].map((symbol) => ({ symbol, tick: '1', lot: '1' })))
const ann = market.clients.number('ann')

function meets(given: unknown, command: Partial<Command>): boolean {
  const batch = new Batch(1)
  pushCommand(batch, { ...newOrder({ orderId: 1, side: Side.buy, lots: 10, priceTicks: 100 }), ...command })
  return predicateOf(checked(condition, given, 'when'), 'command', market)(batch.words, 0)
}

const CASES: readonly (readonly [when: unknown, good: Partial<Command>, bad: Partial<Command>])[] = [
  [{ symbol: 'MSFT' }, { instrument: 1 }, { instrument: 0 }],
  [{ symbol: ['MSFT', 'AAPL'] }, { instrument: 0 }, { instrument: -1 }],
  [{ kind: ['cancel', 'mass-cancel'] }, { kind: CommandKind.massCancel }, { kind: CommandKind.new }],
  [{ side: 'sell' }, { side: Side.sell }, { side: Side.buy }],
  [{ type: ['market', 'stop-limit'] }, { orderType: OrderType.stopLimit }, { orderType: OrderType.limit }],
  [{ timeInForce: 'ioc' }, { timeInForce: TimeInForce.ioc }, { timeInForce: TimeInForce.gtc }],
  [{ client: 'ann' }, { client: ann }, { client: ann + 1 }],
  [{ lots: { above: 10 } }, { lots: 11 }, { lots: 10 }],
  [{ lots: { atLeast: 10, below: 20 } }, { lots: 10 }, { lots: 20 }],
  [{ priceTicks: { atMost: 100 } }, { priceTicks: 100 }, { priceTicks: 101 }],
  [{ rejected: true }, { rejectCode: 5 }, { rejectCode: 0, flags: 0x8000 }],
  [{ rejected: false }, { rejectCode: 0 }, { rejectCode: 5 }],
  [{}, {}, {}],
]

for (const [when, good, bad] of CASES)
  test(`condition - ${JSON.stringify(when)}`, (t) => {
    t.true(meets(when, good))
    if (Object.keys(when as object).length > 0) t.false(meets(when, bad))
  })

test('condition - all that it says must hold', (t) => {
  const when = { symbol: 'AAPL', side: 'buy', lots: { above: 5 } }
  t.true(meets(when, {}))
  t.false(meets(when, { lots: 5 }))
  t.false(meets(when, { side: Side.sell }))
  t.false(meets(when, { instrument: 1 }))
})

test('switch - a record goes the first way that it may, and once', (t) => {
  const taken: string[] = []
  const way = (name: string, when: Condition | undefined) => ({
    meets: when === undefined ? () => true : predicateOf(when, 'command', market),
    edges: [stepOf(() => taken.push(name))],
  })
  const step = new SwitchStep([
    way('large', { lots: { above: 5 } }),
    way('buys', { side: 'buy' }),
    way('rest', undefined),
  ])
  const batch = new Batch(3)
  pushCommand(batch, newOrder({ orderId: 1, side: Side.buy, lots: 10, priceTicks: 1 }))
  pushCommand(batch, newOrder({ orderId: 2, side: Side.buy, lots: 1, priceTicks: 1 }))
  pushCommand(batch, cancelOrder(1))
  batch.words[2 * RECORD_WORDS] = (batch.words[2 * RECORD_WORDS]! & ~0xff00) | (Side.sell << 8)
  for (let i = 0; i < 3; i++) step.process(batch.words, i * RECORD_WORDS)
  t.deepEqual(taken, ['large', 'buys', 'rest'])
  t.is(step.unmatched, 0)
})
