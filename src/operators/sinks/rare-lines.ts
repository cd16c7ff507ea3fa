import { readDecision, reasonsOf } from '../../ai/routing/decision.ts'
import { readTimestamp } from '../../book/event.ts'
import { SELF_TRADES } from '../../book/instruments.ts'
import * as record from '../../book/record.ts'
import { dashedNames } from '../text/dashed-name.ts'
import { isoTime } from '../text/utc-time.ts'
import { type LinePieces, quoted, SIDES } from './line-pieces.ts'

const { CODE, CommandKind, EVENT_EXPIRY_SECONDS, EVENT_STOP_TICKS, EventKind, FIRST_TOTAL, HEAD, headKind } =
  record
const { DISPLAY_LOTS, headOrderType, headSide, INSTRUMENT, LOTS, MAKER_ORDER_ID, OPEN_LOTS, orderFlags } =
  record
const { OrderFlag, OrderType, POST_ONLY_MASK, PRICE_TICKS, readU64, SECOND_TOTAL } = record
const { SELF_TRADE_MASK, SELF_TRADE_SHIFT, StateCause, TimeInForce, TradingState } = record

const TYPES = dashedNames(OrderType)
const TIMES = dashedNames(TimeInForce).map((name) => name.toUpperCase())
const KINDS = dashedNames(CommandKind)
const STATES = dashedNames(TradingState)
const CAUSES = dashedNames(StateCause)
const SELF_TRADE_NAMES: readonly string[] = ['', ...Object.keys(SELF_TRADES)]
const POST_ONLY = ['', 'reject', 'slide']
const NS_PER_SECOND = 1_000_000_000n

/** Lines of the events that are rare, or come only where they are asked for, and the terms that few orders have. */
export class RareLines {
  private readonly pieces: LinePieces

  constructor(pieces: LinePieces) {
    this.pieces = pieces
  }

  /** The line of an event, or undefined for one that there is no line for. */
  line(words: Int32Array, at: number): string | undefined {
    switch (headKind(words[at + HEAD]!)) {
      case EventKind.replaced:
        return this.replaced(words, at)
      case EventKind.triggered:
        return this.triggered(words, at)
      case EventKind.applied:
        return this.applied(words, at)
      case EventKind.state:
        return this.state(words, at)
      case EventKind.level:
        return this.level(words, at)
      case EventKind.bestPrices:
        return this.best(words, at)
      case EventKind.indication:
        return this.indication(words, at)
      case EventKind.decision:
        return this.decision(words, at)
      default:
        return undefined
    }
  }

  /** What an accepted order has beyond side, type, price and quantity. */
  terms(words: Int32Array, at: number): string {
    const instrument = words[at + INSTRUMENT]!
    const flags = orderFlags(words[at + CODE]!)
    const displayLots = words[at + DISPLAY_LOTS]!
    const expiry = words[at + EVENT_EXPIRY_SECONDS]!
    const postOnly = flags & POST_ONLY_MASK
    const selfTrade = (flags >>> SELF_TRADE_SHIFT) & SELF_TRADE_MASK
    let text = this.pieces.price(instrument, words[at + EVENT_STOP_TICKS]!, 'stopPrice')
    if (displayLots !== 0) text += this.quantity('display', instrument, displayLots)
    if (expiry !== 0) text += `,"expires":"${isoTime(BigInt(expiry) * NS_PER_SECOND)}"`
    if (postOnly !== 0) text += `,"postOnly":"${POST_ONLY[postOnly]}"`
    if ((flags & OrderFlag.hidden) !== 0) text += ',"hidden":true'
    if ((flags & OrderFlag.allOrNone) !== 0) text += ',"allOrNone":true'
    if ((flags & OrderFlag.reduceOnly) !== 0) text += ',"reduceOnly":true'
    if ((flags & OrderFlag.linked) !== 0) text += ',"linked":true'
    if (selfTrade !== 0) text += `,"selfTrade":"${SELF_TRADE_NAMES[selfTrade]}"`
    return text
  }

  private replaced(words: Int32Array, at: number): string {
    const { pieces } = this
    const instrument = words[at + INSTRUMENT]!
    return (
      pieces.opening('replaced', words, at) +
      `,"replaces":${quoted(pieces.market.orders.text(readU64(words, at + MAKER_ORDER_ID)))}` +
      `,"side":"${SIDES[headSide(words[at + HEAD]!)]}"${pieces.price(instrument, words[at + PRICE_TICKS]!)}` +
      pieces.price(instrument, words[at + EVENT_STOP_TICKS]!, 'stopPrice') +
      `${this.quantity('quantity', instrument, words[at + LOTS]!)}}\n`
    )
  }

  private triggered(words: Int32Array, at: number): string {
    const { pieces } = this
    const head = words[at + HEAD]!
    const instrument = words[at + INSTRUMENT]!
    return (
      `${pieces.opening('triggered', words, at)},"side":"${SIDES[headSide(head)]}","type":"${TYPES[headOrderType(head)]}"` +
      pieces.price(instrument, words[at + PRICE_TICKS]!) +
      pieces.price(instrument, words[at + EVENT_STOP_TICKS]!, 'stopPrice') +
      `${this.quantity('open', instrument, words[at + OPEN_LOTS]!)}}\n`
    )
  }

  private applied(words: Int32Array, at: number): string {
    const head = words[at + HEAD]!
    const kind = headOrderType(head)
    const side = headSide(head)
    let text = `${this.pieces.opening('applied', words, at)},"command":"${KINDS[kind]}"`
    if (kind === CommandKind.massCancel && side < record.BOTH_SIDES) text += `,"side":"${SIDES[side]}"`
    if (kind === CommandKind.state) text += `,"state":"${STATES[words[at + LOTS]!]}"`
    if (kind === CommandKind.group) text += `,"group":${words[at + LOTS]!}`
    if (kind === CommandKind.time) text += `,"at":"${isoTime(readTimestamp(words, at))}"`
    return `${text}}\n`
  }

  private state(words: Int32Array, at: number): string {
    return (
      `${this.pieces.opening('state', words, at)},"state":"${STATES[words[at + CODE]! & 0xffff]}"` +
      `,"previous":"${STATES[words[at + LOTS]!]}","cause":"${CAUSES[words[at + OPEN_LOTS]!]}"}\n`
    )
  }

  private level(words: Int32Array, at: number): string {
    const { pieces } = this
    const instrument = words[at + INSTRUMENT]!
    return (
      `${pieces.opening('level', words, at)},"side":"${SIDES[headSide(words[at + HEAD]!)]}"` +
      pieces.price(instrument, words[at + PRICE_TICKS]!) +
      `${this.quantity('quantity', instrument, readU64(words, at + FIRST_TOTAL))},"orders":${words[at + OPEN_LOTS]!}}\n`
    )
  }

  private best(words: Int32Array, at: number): string {
    const { pieces } = this
    const instrument = words[at + INSTRUMENT]!
    const side = (key: string, ticks: number, lots: number): string =>
      ticks === 0
        ? ''
        : pieces.price(instrument, ticks, key) + this.quantity(`${key}Quantity`, instrument, lots)
    return (
      pieces.opening('best', words, at) +
      side('bid', words[at + PRICE_TICKS]!, readU64(words, at + FIRST_TOTAL)) +
      `${side('offer', words[at + LOTS]!, readU64(words, at + SECOND_TOTAL))}}\n`
    )
  }

  /** Without a price if nothing would trade; with a side if lots of it would be left over. */
  private indication(words: Int32Array, at: number): string {
    const { pieces } = this
    const instrument = words[at + INSTRUMENT]!
    const surplus = readU64(words, at + SECOND_TOTAL)
    return (
      pieces.opening('indication', words, at) +
      pieces.price(instrument, words[at + PRICE_TICKS]!) +
      this.quantity('quantity', instrument, readU64(words, at + FIRST_TOTAL)) +
      this.quantity('surplus', instrument, surplus) +
      `${surplus === 0 ? '' : `,"side":"${SIDES[headSide(words[at + HEAD]!)]}"`}}\n`
    )
  }

  /** What a router made of an order: the order as it goes on, what it was before where that is different, and why. */
  private decision(words: Int32Array, at: number): string {
    const { pieces } = this
    const instrument = words[at + INSTRUMENT]!
    const made = readDecision(words, at)
    const wasLots = made.lotsBefore === made.lots ? '' : this.quantity('was', instrument, made.lotsBefore)
    const wasPrice =
      made.priceTicksBefore === made.priceTicks
        ? ''
        : pieces.price(instrument, made.priceTicksBefore, 'wasPrice')
    return (
      `${pieces.opening('decision', words, at)},"side":"${SIDES[made.side]}"` +
      `,"reasons":${JSON.stringify(reasonsOf(made.bits))},"timeInForce":"${TIMES[made.timeInForce]}"` +
      `${pieces.price(instrument, made.priceTicks)}${wasPrice}` +
      `${this.quantity('quantity', instrument, made.lots)}${wasLots}` +
      `,"confidence":${made.confidence.toFixed(4)},"expectedMoveTicks":${made.expectedMoveTicks}` +
      `,"riskScore":${made.riskScore.toFixed(4)},"model":"${made.model}"}\n`
    )
  }

  /** Totals may be past 32 bits, so that they are not looked up. */
  private quantity(key: string, instrument: number, lots: number): string {
    return `,"${key}":"${this.pieces.market.instruments.formatQuantity(instrument, lots)}"`
  }
}
