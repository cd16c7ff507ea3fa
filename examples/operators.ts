// An RxJS program of Millrace operators: seeded orders in, the largest trade of each instrument out.
//   npm run example examples/operators.ts
import { EventKind } from 'millrace/book'
import { ingest, Market, match, publish, risk, validate } from 'millrace/operators'

const market = new Market([
  { symbol: 'AAPL', tick: '0.01', lot: '1', referencePrice: '585.33' },
  { symbol: 'INTC', tick: '0.01', lot: '1', referencePrice: '27.07' },
])
const largest = new Map<string, string>()
const lots = new Map<string, number>()

ingest(market, { simulate: { seed: 7, orders: 10_000 } })
  .pipe(
    validate(market),
    risk(market, { maxOrderLots: 50_000, collarTicks: 500 }),
    match(market),
    publish(market, (event) => {
      const symbol = market.instruments.symbol(event.instrument)
      if (event.kind !== EventKind.trade || event.lots <= (lots.get(symbol) ?? 0)) return
      lots.set(symbol, event.lots)
      largest.set(
        symbol,
        `${event.lots} at ${market.instruments.formatPrice(event.instrument, event.priceTicks)}`,
      )
    }),
  )
  .subscribe({
    complete: () => {
      for (const [symbol, trade] of largest) console.log(`${symbol}: ${trade}`)
    },
  })
