import type { Instruments } from './instruments.ts'
import * as record from './record.ts'
import * as rejectCode from './reject-code.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const {
  CommandKind,
  HEAD,
  headKind,
  headOrderType,
  headSide,
  headTimeInForce,
  INSTRUMENT,
  LOTS,
  ORDER_ID,
  OrderType,
  PRICE_TICKS,
  Side,
  TimeInForce,
} = record
const { ACCEPTED, RejectCode } = rejectCode

/**
 * What is wrong with a command in itself: its reject code, or ACCEPTED. The engine asks this of every command, so
 * that no sequence of bytes can harm the book; the validate operator asks it first.
 *
 * A new order needs a side, a known type and time in force, lots from 1 to the instrument's largest order and,
 * unless it is a market order, a price within the instrument's range. A market order's price is its protection:
 * the worst it may trade at; 0 is none. In an amend, a price or lots of 0 leaves that one as it is.
 */
export function commandFault(words: Int32Array, at: number, instruments: Instruments): number {
  const head = words[at + HEAD]!
  const kind = headKind(head)
  if (kind < CommandKind.new || kind > CommandKind.amend) return RejectCode.INVALID_COMMAND
  const idHigh = words[at + ORDER_ID + 1]!
  if ((words[at + ORDER_ID] === 0 && idHigh === 0) || idHigh >>> 21 !== 0) return RejectCode.INVALID_ORDER_ID
  const instrument = words[at + INSTRUMENT]!
  if (kind !== CommandKind.new && instrument === -1) {
    if (kind === CommandKind.cancel) return ACCEPTED
    return words[at + LOTS]! < 0
      ? RejectCode.INVALID_QUANTITY
      : words[at + PRICE_TICKS]! < 0
        ? RejectCode.INVALID_PRICE
        : ACCEPTED
  }
  if (instrument >>> 0 >= instruments.count) return RejectCode.INVALID_SYMBOL
  if (kind === CommandKind.cancel) return ACCEPTED
  const lots = words[at + LOTS]!
  const price = words[at + PRICE_TICKS]!
  if (kind === CommandKind.new) {
    if (headSide(head) > Side.sell) return RejectCode.INVALID_SIDE
    const type = headOrderType(head)
    if (type !== OrderType.limit && type !== OrderType.market) return RejectCode.INVALID_ORDER_TYPE
    const timeInForce = headTimeInForce(head)
    if (timeInForce < TimeInForce.gtc || timeInForce > TimeInForce.fok)
      return RejectCode.INVALID_TIME_IN_FORCE
    if (lots <= 0) return RejectCode.INVALID_QUANTITY
    if (price === 0 && type === OrderType.limit) return RejectCode.INVALID_PRICE
  } else if (lots < 0) return RejectCode.INVALID_QUANTITY
  if (lots > instruments.maxOrderLots[instrument]!) return RejectCode.EXCEEDS_MAX_SIZE
  if (
    price !== 0 &&
    (price < instruments.minPriceTicks[instrument]! || price > instruments.maxPriceTicks[instrument]!)
  )
    return RejectCode.INVALID_PRICE
  return ACCEPTED
}
