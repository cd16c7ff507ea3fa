import Benchmark from 'benchmark'
import {
  Batch,
  MatchingEngine,
  newOrder,
  parseDecimal,
  pushCommand,
  RECORD_WORDS,
  cancelOrder,
  Side,
} from '../src/book/index.ts'
import { BookHeap } from '../src/book/state/book-heap.ts'
import { ensureLevel, removeLevel, SIDE_WORDS } from '../src/book/state/price-ladder.ts'
import { FusedSteps } from '../src/pipeline/island.ts'
import { workloadInstruments } from '../src/cli/bench/workload.ts'

/** Small parts on their own, in operations a second; `benchmark` decides how often to repeat. */
export function benchMicro(): Record<string, string> {
  const results: Record<string, string> = {}
  const suite = new Benchmark.Suite()
  const instruments = workloadInstruments()

  const ladder = new BookHeap(65_536)
  const bids = ladder.allocate(SIDE_WORDS)
  for (let price = 9_000; price < 11_000; price += 3) ensureLevel(ladder, bids, price)
  let price = 0
  suite.add('price ladder: add a level between others and remove it', () => {
    price = (price + 37) % 2_000
    const at = 9_000 + price - (price % 3) + 1
    removeLevel(ladder, ensureLevel(ladder, bids, at))
  })

  const engine = new MatchingEngine(instruments)
  const pair = new Batch(2)
  pushCommand(pair, newOrder({ orderId: 1, side: Side.buy, priceTicks: 100, lots: 5 }))
  pushCommand(pair, cancelOrder(1))
  suite.add('engine: enter an order and cancel it', () => {
    engine.events.count = 0
    engine.apply(pair.words, 0)
    engine.apply(pair.words, RECORD_WORDS)
  })

  const trades = new Batch(2)
  pushCommand(trades, newOrder({ orderId: 2, side: Side.buy, priceTicks: 100, lots: 5 }))
  pushCommand(trades, newOrder({ orderId: 3, side: Side.sell, priceTicks: 100, lots: 5 }))
  suite.add('engine: enter two orders that trade', () => {
    engine.events.count = 0
    engine.apply(trades.words, 0)
    engine.apply(trades.words, RECORD_WORDS)
  })

  const nothing = (): { process(): void } => ({ process() {} })
  const fused = new FusedSteps([nothing(), nothing(), nothing(), nothing()])
  const batch = new Batch()
  batch.count = batch.capacity
  suite.add('island: 1,024 records through four empty steps', () => fused.process(batch))

  suite.add('decimal: read 585.33', () => parseDecimal('585.33'))

  suite.on('cycle', (event: Benchmark.Event) => {
    const { name = '', hz = 0, stats } = event.target
    results[name] = `${Math.round(hz).toLocaleString('en-US')} a second, +-${(stats?.rme ?? 0).toFixed(1)}%`
  })
  suite.run()
  return results
}
