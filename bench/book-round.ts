// One round of one engine over the recorded workload, in a process of its own: `book-round.ts ENGINE SEED EVENTS`.
// Prints a line of JSON.
import { type LimitOrderOptions, type MarketOrderOptions, OrderBook as PeerBook } from 'nodejs-order-book'
import {
  Batch,
  BATCH_RECORDS,
  CommandKind,
  EventKind,
  MatchingEngine,
  OrderType,
  RECORD_WORDS,
  Side,
} from '../src/book/index.ts'
import { HEAD, headKind, LOTS } from '../src/book/record.ts'
import { recordWorkload, workloadInstruments, workloadRecords, type Workload } from './workload.ts'

export interface Round {
  readonly engine: string
  readonly milliseconds: number
  readonly trades: number
  readonly lots: number
}

const PREFILL = 10_000

const [engine = '', seed = '42', events = '200000'] = process.argv.slice(2)
const workload = recordWorkload(Number(seed), Number(events), PREFILL)
const play = engine === 'millrace' ? playMillrace(workloadRecords(workload)) : playPeer(workload)
play() // warms up: the second pass is on compiled code and a fresh book
process.stdout.write(`${JSON.stringify({ engine, ...play() })}\n`)

/** Commands go in batch by batch, and every event is written, as in a pipeline. */
function playMillrace(records: Batch): () => Omit<Round, 'engine'> {
  return () => {
    const matching = new MatchingEngine(workloadInstruments())
    const { events } = matching
    let trades = 0
    let lots = 0
    const run = (from: number, to: number): void => {
      for (let at = from; at < to;) {
        const end = Math.min(to, at + BATCH_RECORDS)
        events.count = 0
        for (; at < end; at++) matching.apply(records.words, at * RECORD_WORDS)
        for (let event = 0; event < events.count * RECORD_WORDS; event += RECORD_WORDS) {
          if (headKind(events.words[event + HEAD]!) !== EventKind.trade) continue
          trades++
          lots += events.words[event + LOTS]!
        }
      }
    }
    run(0, workload.prefill)
    trades = lots = 0
    const began = performance.now()
    run(workload.prefill, records.count)
    return { milliseconds: performance.now() - began, trades, lots }
  }
}

interface PeerCall {
  readonly cancel?: string
  readonly limit?: LimitOrderOptions
  readonly market?: MarketOrderOptions
}

/** The same commands as calls of the peer's own interface, its options objects made beforehand. */
function playPeer({ commands, prefill }: Workload): () => Omit<Round, 'engine'> {
  const calls: readonly PeerCall[] = commands.map((command) => {
    const id = String(command.orderId)
    if (command.kind === CommandKind.cancel) return { cancel: id }
    const side = command.side === Side.buy ? 'buy' : 'sell'
    const size = command.lots!
    return command.orderType === OrderType.market
      ? { market: { side, size } as MarketOrderOptions }
      : { limit: { id, side, size, price: command.priceTicks! } as LimitOrderOptions }
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
    run(prefill, calls.length)
    return { milliseconds: performance.now() - began, trades, lots }
  }
}
