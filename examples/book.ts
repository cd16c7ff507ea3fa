// The matching engine on its own, without streams.
//   npm run example examples/book.ts
import {
  Batch,
  EventKind,
  Instruments,
  MatchingEngine,
  newOrder,
  pushCommand,
  readEvents,
  RECORD_WORDS,
  Side,
} from 'millrace/book'

const instruments = new Instruments([{ symbol: 'AAPL', tick: '0.01', lot: '1' }])
const engine = new MatchingEngine(instruments)
const price = (text: string): number => {
  const ticks = instruments.toTicks(0, text)
  if (typeof ticks === 'string') throw new RangeError(`${text}: ${ticks}`)
  return ticks
}

const orders = new Batch(2)
pushCommand(
  orders,
  newOrder({ orderId: 1, client: 1, side: Side.sell, priceTicks: price('585.40'), lots: 300 }),
)
pushCommand(
  orders,
  newOrder({ orderId: 2, client: 2, side: Side.buy, priceTicks: price('585.45'), lots: 100 }),
)
for (let i = 0; i < orders.count; i++) engine.apply(orders.words, i * RECORD_WORDS)

for (const event of readEvents(engine.events))
  if (event.kind === EventKind.trade)
    console.log(
      `${event.lots} at ${instruments.formatPrice(0, event.priceTicks)}, ${event.makerOpenLots} left`,
    )
