import {
  CommandKind,
  MAX_LOTS,
  MAX_PRICE_TICKS,
  OrderType,
  Side,
  TimeInForce,
  type Instruments,
} from '../../book/index.ts'
import { HEAD, INSTRUMENT, LOTS, ORDER_ID, packHead, PRICE_TICKS } from '../../book/record.ts'
import type { Random } from './random.ts'
import { LIVE_ID, type SimulatedBook } from './simulated-book.ts'

/** What can be wrong with a deliberately bad command: one thing in an otherwise good one, each kind as often. */
const Fault = {
  zeroQuantity: 0,
  negativeQuantity: 1,
  zeroPrice: 2,
  priceOutOfRange: 3,
  oversize: 4,
  unknownInstrument: 5,
  unknownSide: 6,
  unknownOrderType: 7,
  unknownTimeInForce: 8,
  unknownKind: 9,
  zeroOrderId: 10,
  duplicateOrderId: 11,
  unknownOrder: 12,
  farPrice: 13,
} as const
const FAULTS = 14

/** Past any number that an instrument table gives out. */
const UNKNOWN_INSTRUMENT = 1_000_000
/** High half of 2^52 and more: order ids that no order counted from 1 comes to have. */
const UNKNOWN_ID_HIGH = 1 << 20
/** How far from the market a far price is at least: beyond a risk collar of 500 ticks. */
const FAR_TICKS = 600
const FAR_RANGE_TICKS = 1_400

/**
 * Makes the good limit order of a record bad in one way. None of them changes a book: an engine rejects all but the
 * order with a far price, which is immediate-or-cancel and trades with nobody; a risk collar rejects that too.
 */
export function spoil(
  words: Int32Array,
  at: number,
  random: Random,
  instruments: Instruments,
  book: SimulatedBook,
): void {
  const instrument = words[at + INSTRUMENT]!
  const fault = random.below(FAULTS)
  const low = random.bits()
  const small = (low >>> 0) % 100
  const side = low & 1
  switch (fault) {
    case Fault.negativeQuantity:
      words[at + LOTS] = -1 - small
      return
    case Fault.zeroPrice:
      words[at + PRICE_TICKS] = 0
      return
    case Fault.priceOutOfRange: {
      const max = instruments.maxPriceTicks[instrument]!
      words[at + PRICE_TICKS] = max > MAX_PRICE_TICKS - 100 ? -1 - small : max + 1 + small
      return
    }
    case Fault.oversize: {
      const max = instruments.maxOrderLots[instrument]!
      words[at + LOTS] = max > MAX_LOTS - 100 ? -1 - small : max + 1 + small
      return
    }
    case Fault.unknownInstrument:
      words[at + INSTRUMENT] = UNKNOWN_INSTRUMENT + small
      return
    case Fault.unknownSide:
      words[at + HEAD] = packHead(CommandKind.new, Side.sell + 1 + small, OrderType.limit, TimeInForce.gtc)
      return
    case Fault.unknownOrderType:
      words[at + HEAD] = packHead(CommandKind.new, side, OrderType.trailingStop + 1 + small, TimeInForce.gtc)
      return
    case Fault.unknownTimeInForce:
      words[at + HEAD] = packHead(CommandKind.new, side, OrderType.limit, TimeInForce.gtd + 1 + small)
      return
    case Fault.unknownKind:
      words[at + HEAD] = packHead(CommandKind.group + 1 + small, side, OrderType.limit, TimeInForce.gtc)
      return
    case Fault.zeroOrderId:
      words[at + ORDER_ID] = 0
      words[at + ORDER_ID + 1] = 0
      return
    case Fault.unknownOrder:
      words[at + HEAD] = packHead(CommandKind.cancel, 0, 0, 0)
      words[at + ORDER_ID] = low
      words[at + ORDER_ID + 1] = UNKNOWN_ID_HIGH
      words[at + PRICE_TICKS] = 0
      words[at + LOTS] = 0
      return
    case Fault.duplicateOrderId:
      if (repeatId(words, at, random, book, instrument)) return
      break
    case Fault.farPrice:
      if (moveFar(words, at, random.below(FAR_RANGE_TICKS), side, instruments, book, instrument)) return
  }
  words[at + LOTS] = 0
}

/** Gives the order the id of one that is live. */
function repeatId(
  words: Int32Array,
  at: number,
  random: Random,
  book: SimulatedBook,
  instrument: number,
): boolean {
  const count = book.counts[instrument]!
  if (count === 0) return false
  const order = book.at(instrument, random.below(count))
  words[at + ORDER_ID] = book.live[order + LIVE_ID]!
  words[at + ORDER_ID + 1] = book.live[order + LIVE_ID + 1]!
  return true
}

/** Puts the price far behind its own side's best: below the bids or above the offers. */
function moveFar(
  words: Int32Array,
  at: number,
  furtherTicks: number,
  side: number,
  instruments: Instruments,
  book: SimulatedBook,
  instrument: number,
): boolean {
  const ticks = FAR_TICKS + furtherTicks
  const below = book.best(instrument, Side.buy) - ticks
  const above = book.best(instrument, Side.sell) + ticks
  const canBuy = below >= instruments.minPriceTicks[instrument]!
  const canSell = above <= instruments.maxPriceTicks[instrument]!
  if (!canBuy && !canSell) return false
  const buys = canBuy && (side === Side.buy || !canSell)
  words[at + HEAD] = packHead(CommandKind.new, buys ? Side.buy : Side.sell, OrderType.limit, TimeInForce.ioc)
  words[at + PRICE_TICKS] = buys ? below : above
  return true
}
