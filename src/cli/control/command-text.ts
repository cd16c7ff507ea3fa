import { rejectName } from '../../book/index.ts'
import * as record from '../../book/record.ts'
import { dashedNames } from '../../operators/text/dashed-name.ts'
import type { Market } from '../../pipeline/market.ts'

const { CLIENT, CODE, CommandKind, HEAD, INSTRUMENT, LINKED_ORDER_ID, LOTS, ORDER_ID } = record
const { OrderType, PRICE_TICKS, readU64, SEQUENCE, Side, STOP_TICKS, TimeInForce } = record
const { headKind, headOrderType, headSide, headTimeInForce } = record

const REJECT_CODE_MASK = 0xffff
const KINDS = dashedNames(CommandKind)
const TYPES = dashedNames(OrderType)
const SIDES = dashedNames(Side)
const TIMES = dashedNames(TimeInForce).map((name) => name.toUpperCase())

/** Commands as JSON, with the keys of docs/stdio.md, and `reject` where a stage has refused one. For people to look at. */
export class CommandText {
  private readonly market: Market

  constructor(market: Market) {
    this.market = market
  }

  line(words: Int32Array, at: number): string {
    const { instruments, clients, orders } = this.market
    const head = words[at + HEAD]!
    const kind = headKind(head)
    const instrument = words[at + INSTRUMENT]!
    const isKnown = instrument >= 0 && instrument < instruments.count
    const isOrder = kind === CommandKind.new
    const code = words[at + CODE]! & REJECT_CODE_MASK
    const orderId = readU64(words, at + ORDER_ID)
    const [price, stop, lots] = [words[at + PRICE_TICKS]!, words[at + STOP_TICKS]!, words[at + LOTS]!]
    const hasAmounts = isKnown && kind <= CommandKind.replace
    return JSON.stringify({
      sequence: readU64(words, at + SEQUENCE),
      op: KINDS[kind] ?? kind,
      id: orderId === 0 ? undefined : orders.text(orderId),
      newId: kind === CommandKind.replace ? orders.text(readU64(words, at + LINKED_ORDER_ID)) : undefined,
      client: words[at + CLIENT] === 0 ? undefined : clients.text(words[at + CLIENT]! >>> 0),
      symbol: isKnown ? instruments.symbol(instrument) : undefined,
      side: isOrder ? SIDES[headSide(head)] : undefined,
      type: isOrder ? TYPES[headOrderType(head)] : undefined,
      price: hasAmounts && price !== 0 ? instruments.formatPrice(instrument, price) : undefined,
      stopPrice: hasAmounts && stop !== 0 && isOrder ? instruments.formatPrice(instrument, stop) : undefined,
      quantity: hasAmounts && lots !== 0 ? instruments.formatQuantity(instrument, lots) : undefined,
      timeInForce: isOrder ? TIMES[headTimeInForce(head)] : undefined,
      reject: code === 0 ? undefined : rejectName(code),
    })
  }
}
