// Trades, a book and an order over NATS with the client library. Run `millrace run pipelines/nats-exchange.yaml` first.
import { connect, EventKind, Side } from 'millrace/client'

const exchange = await connect({ servers: process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222' })
const instruments = await exchange.instruments()
const aapl = instruments.find('AAPL')!

const traded = new Promise<void>((resolve) => {
  void exchange.trades('AAPL', (event) => {
    console.log(`trade: ${event.lots} at ${instruments.formatPrice(aapl, event.priceTicks)}`)
    resolve()
  })
})
const book = exchange.book('AAPL', ({ status }) => {
  if (status.changes === 0)
    console.log(`book: right as of ${status.sequence === 0 ? 'the beginning' : 'now'}`)
})

const sell = await exchange.place({
  client: 201,
  id: 1,
  symbol: 'AAPL',
  side: 'sell',
  price: '585.50',
  quantity: '10',
})
console.log(`sell: ${sell.kind === EventKind.accepted ? 'accepted' : 'not accepted'}`)
// Sent again with the same id, as after a time-out: it is answered as before and not doubled.
const again = await exchange.place({
  client: 201,
  id: 1,
  symbol: 'AAPL',
  side: 'sell',
  price: '585.50',
  quantity: '10',
})
console.log(`sell again: ${again.isDuplicate ? 'known' : 'new'}`)
await exchange.place({ client: 202, id: 1, symbol: 'AAPL', side: 'buy', price: '585.50', quantity: '4' })
await traded
while (book.levels(Side.sell, 1)[0]?.lots !== 6) await new Promise((resolve) => setTimeout(resolve, 5))
console.log('best offer: 6 lots left')
book.close()
await exchange.close()
