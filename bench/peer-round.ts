// One round of the npm package nodejs-order-book over a workload file, in a process of its own: `peer-round.ts FILE`.
// Prints a line of JSON.
import { readFileSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { type LimitOrderOptions, type MarketOrderOptions, OrderBook as PeerBook } from 'nodejs-order-book'
import { Side } from '../src/book/index.ts'
import {
  decodeWorkload,
  formatWorkloadError,
  Op,
  readRecords,
  type Workload,
} from '../src/cli/bench/workload.ts'

interface PeerRound {
  readonly cpuEventsPerSecond: number
  readonly wallEventsPerSecond: number
  readonly trades: number
  readonly lots: number
}

const [file = ''] = process.argv.slice(2)
const workload = decodeWorkload(readFileSync(file))
if (E.isLeft(workload)) throw new Error(formatWorkloadError(file, workload.left))
const play = playPeer(workload.right)
play() // warms up: the second pass is on compiled code and a fresh book
process.stdout.write(`${JSON.stringify(play())}\n`)

interface PeerCall {
  readonly cancel?: string
  readonly limit?: LimitOrderOptions
  readonly market?: MarketOrderOptions
}

/** The same commands as calls of the peer's own interface, its options objects made beforehand. */
function playPeer(workload: Workload): () => PeerRound {
  const { prefill, events } = workload
  const calls = Array.from(readRecords(workload, 0, prefill + events), (record): PeerCall => {
    const id = String(record.id)
    if (record.op === Op.cancel) return { cancel: id }
    const side = record.side === Side.buy ? 'buy' : 'sell'
    const size = record.lots
    return record.op === Op.market
      ? { market: { side, size } as MarketOrderOptions }
      : { limit: { id, side, size, price: record.priceTicks } as LimitOrderOptions }
  })
  return () => {
    const book = new PeerBook()
    let trades = 0
    let lots = 0
    const run = (from: number, to: number): void => {
      for (let at = from; at < to; at++) {
        const call = calls[at]!
        if (call.cancel !== undefined) {
          book.cancel(call.cancel)
          continue
        }
        const result = call.market === undefined ? book.limit(call.limit!) : book.market(call.market)
        if (result.err !== null) throw result.err
        // Makers filled whole; the taker stands behind them if it was filled too. The last maker may be filled in part.
        const { done, partial } = result
        for (const order of done) {
          if (order.id === call.limit?.id) continue
          trades++
          lots += order.size
        }
        if (partial === null || partial.id === call.limit?.id) continue
        trades++
        lots += result.partialQuantityProcessed
      }
    }
    run(0, prefill)
    trades = lots = 0
    const began = performance.now()
    const cpu = process.cpuUsage()
    run(prefill, calls.length)
    const { user, system } = process.cpuUsage(cpu)
    const wallMs = performance.now() - began
    return {
      cpuEventsPerSecond: Math.round((events / (user + system)) * 1e6),
      wallEventsPerSecond: Math.round((events / wallMs) * 1e3),
      trades,
      lots,
    }
  }
}
