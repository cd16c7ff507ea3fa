/** Public list of `millrace/book`: records, instruments, order book and matching engine. */
export { Batch, BATCH_RECORDS } from './batch.ts'
export {
  amendOrder,
  cancelOrder,
  flagsOf,
  kill,
  massCancel,
  newOrder,
  pushCommand,
  release,
  replaceOrder,
  setGroup,
  setState,
  setTime,
  type Command,
  type FlagTerms,
  type NewOrder,
} from './command.ts'
export type { EngineOptions } from './state/engine-state.ts'
export { parseDecimal, unitsToDecimal, type Decimal, type DecimalFault } from './decimal.ts'
export { readEvent, readEvents, type EngineEvent } from './event.ts'
export {
  ANY_INSTRUMENT,
  Instruments,
  SELF_TRADES,
  type ConversionFault,
  type InstrumentSpec,
  type SelfTradeName,
} from './instruments.ts'
export { checkInvariants } from './recovery/invariants.ts'
export { LevelBook, type PriceLevel } from './level-book.ts'
export { MatchingEngine } from './matching-engine.ts'
export type { DepthLevel, LiveOrder, QueuePosition } from './queries.ts'
export {
  BOTH_SIDES,
  CancelReason,
  CommandKind,
  EventKind,
  MAX_LOTS,
  MAX_PRICE_TICKS,
  OrderFlag,
  OrderType,
  RECORD_BYTES,
  RECORD_WORDS,
  SelfTrade,
  Side,
  StateCause,
  TimeInForce,
  TradingState,
} from './record.ts'
export { RejectCode, rejectName, type RejectName } from './reject-code.ts'
export { restoreSnapshot } from './recovery/restore.ts'
export { takeSnapshot } from './recovery/snapshot.ts'
