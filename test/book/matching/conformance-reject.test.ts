import { amendOrder, cancelOrder, type Command } from '../../../src/book/command.ts'
import {
  CommandKind,
  EventKind,
  MAX_LOTS,
  MAX_PRICE_TICKS,
  OrderType,
  Side,
  TimeInForce,
} from '../../../src/book/record.ts'
import { RejectCode, type RejectName } from '../../../src/book/reject-code.ts'
import { after, buy, fact, FOK, IOC, MARKET, sell } from '../../support/both-engines.ts'

const NARROW = { instrument: 1 }

/** Declares that a command is refused with a code and leaves the book, which holds order 1, as it was. */
function refused(what: string, command: Command, name: RejectName): void {
  fact(`reject - ${what} is refused`, (t, engine) => {
    engine.apply(sell(1, 20, 100, { ...NARROW, client: 4 }))
    const before = engine.stateHash()
    t.deepEqual(after(engine, command), [`rejected #${command.orderId} ${name}`])
    t.is(engine.stateHash(), before)
    t.is(engine.liveOrders, 1)
  })
}

refused('a record of no kind', { kind: 0, orderId: 2 }, 'INVALID_COMMAND')
refused('a record of an unknown kind', { kind: 11, orderId: 2 }, 'INVALID_COMMAND')
refused('an order with id 0', buy(0, 5, 100), 'INVALID_ORDER_ID')
refused('an order with an id past 2^53 - 1', buy(2 ** 53, 5, 100), 'INVALID_ORDER_ID')
refused('a cancel of id 0', cancelOrder(0), 'INVALID_ORDER_ID')
refused('an order for an instrument that is not there', buy(2, 5, 100, { instrument: 9 }), 'INVALID_SYMBOL')
refused('an order for any instrument', buy(2, 5, 100, { instrument: -1 }), 'INVALID_SYMBOL')
refused(
  'a cancel in an instrument that is not there',
  { ...cancelOrder(1), instrument: -2 },
  'INVALID_SYMBOL',
)
refused(
  'an amend in an instrument that is not there',
  { ...amendOrder(1, { lots: 5 }), instrument: 9 },
  'INVALID_SYMBOL',
)
refused('an order that neither buys nor sells', { ...buy(2, 5, 100), side: 2 }, 'INVALID_SIDE')
refused('an order of type 0', buy(2, 5, 100, { orderType: 0 }), 'INVALID_ORDER_TYPE')
refused('an order of an unknown type', buy(2, 5, 100, { orderType: 6 }), 'INVALID_ORDER_TYPE')
refused('an order without time in force', buy(2, 5, 100, { timeInForce: 0 }), 'INVALID_TIME_IN_FORCE')
refused('an order with an unknown time in force', buy(2, 5, 100, { timeInForce: 6 }), 'INVALID_TIME_IN_FORCE')
refused('an order for nothing', buy(2, 0, 100), 'INVALID_QUANTITY')
refused('an order for less than nothing', buy(2, -1, 100), 'INVALID_QUANTITY')
refused('a market order for nothing', buy(2, 0, 0, MARKET), 'INVALID_QUANTITY')
refused('an amend to less than nothing', amendOrder(1, { lots: -1 }), 'INVALID_QUANTITY')
refused('an order above the largest', buy(2, 51, 100, NARROW), 'EXCEEDS_MAX_SIZE')
refused('an amend above the largest', amendOrder(1, { lots: 51 }), 'EXCEEDS_MAX_SIZE')
refused(
  'an amend above the largest of a named instrument',
  { ...amendOrder(1, { lots: 51 }), ...NARROW },
  'EXCEEDS_MAX_SIZE',
)
refused('a limit order without a price', buy(2, 5, 0), 'INVALID_PRICE')
refused('a limit order with a negative price', buy(2, 5, -1), 'INVALID_PRICE')
refused('an order below the lowest price', buy(2, 5, 89, NARROW), 'INVALID_PRICE')
refused('an order above the highest price', buy(2, 5, 111, NARROW), 'INVALID_PRICE')
refused(
  'a market order whose protection is out of range',
  buy(2, 5, 111, { ...NARROW, ...MARKET }),
  'INVALID_PRICE',
)
refused('a fill-or-kill order out of range', buy(2, 5, 111, { ...NARROW, ...FOK }), 'INVALID_PRICE')
refused('an amend below the lowest price', amendOrder(1, { priceTicks: 89 }), 'INVALID_PRICE')
refused('an amend above the highest price', amendOrder(1, { priceTicks: 111 }), 'INVALID_PRICE')
refused('an amend to a negative price', amendOrder(1, { priceTicks: -1 }), 'INVALID_PRICE')
refused('an order with the id of a live one', buy(1, 5, 100), 'DUPLICATE_ORDER_ID')
refused(
  'an order that would trade, with the id of a live one',
  buy(1, 5, 100, { ...NARROW, ...IOC }),
  'DUPLICATE_ORDER_ID',
)
refused('a cancel of an unknown order', cancelOrder(2), 'UNKNOWN_ORDER')
refused("a cancel of another client's order", cancelOrder(1, 5), 'UNKNOWN_ORDER')
refused(
  "a cancel in another instrument than the order's",
  { ...cancelOrder(1), instrument: 0 },
  'UNKNOWN_ORDER',
)
refused('an amend of an unknown order', amendOrder(2, { lots: 5 }), 'UNKNOWN_ORDER')
refused("an amend of another client's order", amendOrder(1, { lots: 5 }, 5), 'UNKNOWN_ORDER')
refused(
  "an amend in another instrument than the order's",
  { ...amendOrder(1, { lots: 5 }), instrument: 0 },
  'UNKNOWN_ORDER',
)
refused('an id that shares its low half with a live one', cancelOrder(2 ** 32 + 1), 'UNKNOWN_ORDER')

for (const name of Object.keys(RejectCode) as RejectName[])
  refused(
    `a good order that an earlier step marked ${name}`,
    buy(2, 5, 100, { rejectCode: RejectCode[name] }),
    name,
  )

fact('reject - the event repeats the command, and nothing is open', (t, engine) => {
  const order = { orderId: 2, client: 7, instrument: 1, side: Side.sell, orderType: OrderType.limit }
  const terms = { timeInForce: TimeInForce.gtc, priceTicks: 111, lots: 5, sequence: 6 }
  const events: unknown[] = engine.apply({ kind: CommandKind.new, ...order, ...terms })
  t.deepEqual(events, [
    { kind: EventKind.rejected, ...order, ...terms, openLots: 0, code: RejectCode.INVALID_PRICE },
  ])
})

fact('reject - a refused cancel for any instrument says so', (t, engine) => {
  t.is(engine.apply(cancelOrder(2))[0]?.instrument, -1)
})

fact('limits - the lowest and the highest price and the largest order are allowed', (t, engine) => {
  t.deepEqual(after(engine, buy(1, 50, 90, NARROW)), ['accepted #1'])
  t.deepEqual(after(engine, sell(2, 50, 110, NARROW)), ['accepted #2'])
  t.deepEqual(after(engine, amendOrder(1, { lots: 50, priceTicks: 109 })), ['amended #1 50@109'])
  t.deepEqual(after(engine, sell(3, MAX_LOTS, MAX_PRICE_TICKS, { instrument: 2 })), ['accepted #3'])
})

fact(
  'answers - the first event of a command is its own, and the only one that is not a trade or a remainder',
  (t, engine) => {
    const commands = [
      sell(1, 5, 100),
      sell(2, 5, 100),
      buy(3, 7, 100),
      amendOrder(2, { lots: 4 }),
      buy(4, 9, 101, IOC),
    ]
    const answers = [...commands, cancelOrder(2), amendOrder(2, {}), buy(0, 1, 1)].map((command) =>
      engine.apply(command).map(({ kind }) => kind),
    )
    const { accepted, amended, cancelled, rejected, trade } = EventKind
    t.deepEqual(answers, [
      [accepted],
      [accepted],
      [accepted, trade, trade],
      [amended],
      [accepted, trade, cancelled],
      [rejected],
      [rejected],
      [rejected],
    ])
  },
)
