/** Public list of `millrace/book`: records, instruments, order book and matching engine. */
export { Batch, BATCH_RECORDS } from './batch.ts'
export { amendOrder, cancelOrder, newOrder, pushCommand, type Command, type NewOrder } from './command.ts'
export { parseDecimal, unitsToDecimal, type Decimal, type DecimalFault } from './decimal.ts'
export { readEvent, readEvents, type EngineEvent } from './event.ts'
export { ANY_INSTRUMENT, Instruments, type ConversionFault, type InstrumentSpec } from './instruments.ts'
export { LevelBook, type PriceLevel } from './level-book.ts'
export { MatchingEngine } from './matching-engine.ts'
export { OrderBook, type DepthLevel, type RestingOrder } from './order-book.ts'
export {
  CancelReason,
  CommandKind,
  EventKind,
  MAX_LOTS,
  MAX_PRICE_TICKS,
  OrderType,
  RECORD_BYTES,
  RECORD_WORDS,
  Side,
  TimeInForce,
} from './record.ts'
export { RejectCode, rejectName, type RejectName } from './reject-code.ts'
export { restoreSnapshot, takeSnapshot } from './snapshot.ts'
