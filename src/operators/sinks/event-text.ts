import { rejectName } from '../../book/index.ts'
import * as record from '../../book/record.ts'
import type { Market } from '../../pipeline/market.ts'
import { dashedNames } from '../text/dashed-name.ts'
import { LinePieces, quoted, SIDES } from './line-pieces.ts'
import { RareLines } from './rare-lines.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { CancelReason, CLIENT, CODE, DISPLAY_LOTS, EVENT_EXPIRY_SECONDS, EVENT_STOP_TICKS, EventKind, HEAD } =
  record
const { headKind, headOrderType, headSide, headTimeInForce, INSTRUMENT, LOTS, MAKER_CLIENT } = record
const { MAKER_OPEN_LOTS, MAKER_ORDER_ID, MATCH_LOW, OPEN_LOTS, ORDER_ID, OrderType, PRICE_TICKS } = record
const { readU64, SEQUENCE, TimeInForce } = record

/** Names of order types, times in force and cancel reasons, by their numbers. */
const TYPES = dashedNames(OrderType)
const TIMES = dashedNames(TimeInForce).map((name) => name.toUpperCase())
const REASONS = dashedNames(CancelReason)

/** Events as lines of JSON, put together by hand: one object, one newline. The same in a file and in a message. */
export class EventText {
  private readonly market: Market
  private readonly pieces: LinePieces
  private readonly rare: RareLines

  constructor(market: Market) {
    this.market = market
    this.pieces = new LinePieces(market)
    this.rare = new RareLines(this.pieces)
  }

  /** The line of the event that begins at a word; empty for one that there is no line for. */
  line(words: Int32Array, at: number): string {
    switch (headKind(words[at + HEAD]!)) {
      case EventKind.trade:
        return this.trade(words, at)
      case EventKind.accepted:
        return this.accepted(words, at)
      case EventKind.cancelled:
        return this.cancelled(words, at)
      case EventKind.amended:
        return this.amended(words, at)
      case EventKind.rejected:
        return this.rejected(words, at)
      default:
        return this.rare.line(words, at) ?? ''
    }
  }

  private accepted(words: Int32Array, at: number): string {
    const { pieces } = this
    const head = words[at + HEAD]!
    const instrument = words[at + INSTRUMENT]!
    const isPlain =
      ((words[at + CODE]! >>> 16) |
        words[at + DISPLAY_LOTS]! |
        words[at + EVENT_STOP_TICKS]! |
        words[at + EVENT_EXPIRY_SECONDS]!) ===
      0
    return (
      pieces.opening('accepted', words, at) +
      `,"side":"${SIDES[headSide(head)]}","type":"${TYPES[headOrderType(head)]}"` +
      `,"timeInForce":"${TIMES[headTimeInForce(head)]}"${pieces.price(instrument, words[at + PRICE_TICKS]!)}` +
      `,"quantity":"${pieces.quantities.text(instrument, words[at + LOTS]!)}"` +
      (isPlain ? '}\n' : `${this.rare.terms(words, at)}}\n`)
    )
  }

  private cancelled(words: Int32Array, at: number): string {
    const { pieces } = this
    const instrument = words[at + INSTRUMENT]!
    const openLots = words[at + OPEN_LOTS]!
    return (
      pieces.opening('cancelled', words, at) +
      `,"side":"${SIDES[headSide(words[at + HEAD]!)]}","reason":"${REASONS[words[at + CODE]! & 0xffff]}"` +
      pieces.price(instrument, words[at + PRICE_TICKS]!) +
      `,"quantity":"${pieces.quantities.text(instrument, words[at + LOTS]!)}"` +
      (openLots === 0 ? '}\n' : `,"open":"${pieces.quantities.text(instrument, openLots)}"}\n`)
    )
  }

  private amended(words: Int32Array, at: number): string {
    const { pieces } = this
    const instrument = words[at + INSTRUMENT]!
    return (
      pieces.opening('amended', words, at) +
      `,"side":"${SIDES[headSide(words[at + HEAD]!)]}"${pieces.price(instrument, words[at + PRICE_TICKS]!)}` +
      pieces.price(instrument, words[at + EVENT_STOP_TICKS]!, 'stopPrice') +
      `,"quantity":"${pieces.quantities.text(instrument, words[at + LOTS]!)}"` +
      `,"open":"${pieces.quantities.text(instrument, words[at + OPEN_LOTS]!)}"}\n`
    )
  }

  private trade(words: Int32Array, at: number): string {
    const { market, pieces } = this
    const { quantities } = pieces
    const instrument = words[at + INSTRUMENT]!
    const match = (words[at + CODE]! >>> 16) * 4_294_967_296 + (words[at + MATCH_LOW]! >>> 0)
    const taker = quoted(market.orders.text(readU64(words, at + ORDER_ID)))
    const maker = quoted(market.orders.text(readU64(words, at + MAKER_ORDER_ID)))
    return (
      `{"event":"trade","sequence":${readU64(words, at + SEQUENCE)},"match":${match}${pieces.symbol(instrument)}` +
      `,"price":"${pieces.prices.text(instrument, words[at + PRICE_TICKS]!)}"` +
      `,"quantity":"${quantities.text(instrument, words[at + LOTS]!)}","side":"${SIDES[headSide(words[at + HEAD]!)]}"` +
      `,"taker":${taker},"takerClient":${pieces.client(words[at + CLIENT]! >>> 0)}` +
      `,"takerOpen":"${quantities.text(instrument, words[at + OPEN_LOTS]!)}"` +
      `,"maker":${maker},"makerClient":${pieces.client(words[at + MAKER_CLIENT]! >>> 0)}` +
      `,"makerOpen":"${quantities.text(instrument, words[at + MAKER_OPEN_LOTS]!)}"}\n`
    )
  }

  private rejected(words: Int32Array, at: number): string {
    const sequence = readU64(words, at + SEQUENCE)
    const detail = this.market.details.find(sequence)
    const code = rejectName(words[at + CODE]! & 0xffff)
    const line = `${this.pieces.opening('rejected', words, at, detail?.id)},"code":"${code}"`
    if (detail === undefined) return `${line}}\n`
    const column = detail.column > 0 ? `,"column":${detail.column}` : ''
    return `${line},"detail":${quoted(detail.text)},"line":${detail.line}${column}}\n`
  }
}
