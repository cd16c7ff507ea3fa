import { Batch, MatchingEngine, type InstrumentSpec } from '../../src/book/index.ts'
import * as record from '../../src/book/record.ts'
import { CommandKind, OrderType, RECORD_WORDS, Side, TimeInForce } from '../../src/book/record.ts'
import { ACCEPTED, RejectCode } from '../../src/book/reject-code.ts'
import { Simulator, type SimulatorOptions } from '../../src/operators/simulator/simulator.ts'
import { Market } from '../../src/pipeline/market.ts'

export const ONE: InstrumentSpec = {
  symbol: 'AAPL',
  tick: '0.01',
  lot: '1',
  referencePrice: '50.00',
  maxPrice: '1000',
}
export const THREE = [
  ONE,
  { ...ONE, symbol: 'MSFT' },
  { symbol: 'BTC', tick: '0.1', lot: '0.001', maxQuantity: '0.25' },
]

export function simulate(options: SimulatorOptions, specs: readonly InstrumentSpec[] = [ONE]): Batch {
  const batch = new Batch(options.orders)
  new Simulator(new Market(specs), options).pull(batch, batch.capacity)
  return batch
}

/** The same with the sequences that a pump would give, from 1. */
export function numbered(options: SimulatorOptions, specs: readonly InstrumentSpec[] = [ONE]): Batch {
  const batch = simulate(options, specs)
  for (let i = 0; i < batch.count; i++)
    record.writeU64(batch.words, i * RECORD_WORDS + record.SEQUENCE, i + 1)
  return batch
}

/** Every command of a simulation, and what an engine made of it. Words are good until the next one. */
export interface Reply {
  readonly words: Int32Array
  readonly at: number
  /** As it was before the command. */
  readonly bid: number
  readonly offer: number
  /** Reject code, or ACCEPTED. */
  readonly code: number
  /** What is wrong with it, or undefined. */
  readonly fault: string | undefined
  readonly engine: MatchingEngine
}

export function* replies(
  options: SimulatorOptions,
  specs: readonly InstrumentSpec[] = [ONE],
): Generator<Reply> {
  const market = new Market(specs)
  const simulator = new Simulator(market, options)
  const engine = new MatchingEngine(market.instruments)
  const batch = new Batch()
  const { words } = batch
  for (let more = true; more;) {
    batch.count = 0
    more = simulator.pull(batch, batch.capacity)
    for (let at = 0; at < batch.count * RECORD_WORDS; at += RECORD_WORDS) {
      const bid = engine.bestPrice(words[at + record.INSTRUMENT]!, Side.buy)
      const offer = engine.bestPrice(words[at + record.INSTRUMENT]!, Side.sell)
      const fault = faultOf(words, at, engine, bid, offer)
      engine.events.count = 0
      engine.apply(words, at)
      const event = engine.events.words
      const isRejected = record.headKind(event[record.HEAD]!) === record.EventKind.rejected
      const code = isRejected ? event[record.CODE]! & 0xffff : ACCEPTED
      yield { words, at, bid, offer, code, fault, engine }
    }
  }
}

export const EXPECTED_CODE: Readonly<Record<string, number>> = {
  'unknown kind': RejectCode.INVALID_COMMAND,
  'zero order id': RejectCode.INVALID_ORDER_ID,
  'unknown instrument': RejectCode.INVALID_SYMBOL,
  'unknown order': RejectCode.UNKNOWN_ORDER,
  'unknown side': RejectCode.INVALID_SIDE,
  'unknown order type': RejectCode.INVALID_ORDER_TYPE,
  'unknown time in force': RejectCode.INVALID_TIME_IN_FORCE,
  'zero quantity': RejectCode.INVALID_QUANTITY,
  'negative quantity': RejectCode.INVALID_QUANTITY,
  oversize: RejectCode.EXCEEDS_MAX_SIZE,
  'zero price': RejectCode.INVALID_PRICE,
  'price out of range': RejectCode.INVALID_PRICE,
  'duplicate order id': RejectCode.DUPLICATE_ORDER_ID,
  // For a risk collar to refuse: an engine takes it, and as it is immediate-or-cancel it is gone again.
  'far price': ACCEPTED,
}

/** What is wrong with a command, found without the code under test or the engine's own check. */
function faultOf(words: Int32Array, at: number, engine: MatchingEngine, bid: number, offer: number) {
  const head = words[at + record.HEAD]!
  const kind = record.headKind(head)
  const instrument = words[at + record.INSTRUMENT]!
  const lots = words[at + record.LOTS]!
  const price = words[at + record.PRICE_TICKS]!
  const orderId = record.readU64(words, at + record.ORDER_ID)
  const { instruments } = engine
  if (kind < 1 || kind > CommandKind.group) return 'unknown kind'
  if (orderId === 0) return 'zero order id'
  if (instrument < 0 || instrument >= instruments.count) return 'unknown instrument'
  if (kind !== CommandKind.new) return engine.order(orderId) === undefined ? 'unknown order' : undefined
  if (record.headSide(head) > Side.sell) return 'unknown side'
  if (record.headOrderType(head) > OrderType.trailingStop) return 'unknown order type'
  if (record.headTimeInForce(head) > TimeInForce.gtd) return 'unknown time in force'
  if (lots <= 0) return lots === 0 ? 'zero quantity' : 'negative quantity'
  if (lots > instruments.maxOrderLots[instrument]!) return 'oversize'
  if (engine.order(orderId) !== undefined) return 'duplicate order id'
  if (record.headOrderType(head) === OrderType.market) return undefined
  if (price === 0) return 'zero price'
  if (price < 0 || price > instruments.maxPriceTicks[instrument]!) return 'price out of range'
  return bid - price > 500 || (offer !== 0 && price - offer > 500) ? 'far price' : undefined
}

/** Time of the command that begins at a word, in simulated nanoseconds. */
export function timeOf(words: Int32Array, at: number): number {
  return record.readU64(words, at + record.TIMESTAMP_NS)
}
