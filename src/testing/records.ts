import { Batch, BATCH_RECORDS, RECORD_WORDS, rejectName } from '../book/index.ts'
import * as record from '../book/record.ts'
import { TextLines } from '../operators/input/text-lines.ts'
import { OrderLines } from '../operators/orders/order-lines.ts'
import { EventText } from '../operators/sinks/event-text.ts'
import { dashedNames } from '../operators/text/dashed-name.ts'
import type { Market } from '../pipeline/market.ts'

/** An order or another command as a line of NDJSON has it: see docs/stdio.md. */
export interface OrderText {
  readonly op?: string
  readonly id?: string | number
  readonly client?: string | number
  readonly symbol?: string
  readonly side?: 'buy' | 'sell'
  readonly price?: string | number
  readonly quantity?: string | number
  readonly [key: string]: unknown
}

/** A record as it can be compared: names and decimals in place of numbers and ticks. */
export type RecordObject = Readonly<Record<string, unknown>>

const { CODE, CommandKind, HEAD, headKind, headOrderType, headSide, headTimeInForce, OrderType } = record
const KINDS = dashedNames(CommandKind)
const TYPES = dashedNames(OrderType)
const TIMES = dashedNames(record.TimeInForce).map((name) => name.toUpperCase())
const REJECT_CODE_MASK = 0xffff

/**
 * A batch of commands, numbered as a pipeline numbers what enters. What cannot be read becomes a command with a reject
 * code, as in a pipeline.
 * @param orders objects, or lines of NDJSON
 * @throws RangeError if there are more than a batch holds, or one that must wait until those before it are matched
 */
export function commands(market: Market, orders: readonly OrderText[] | string): Batch {
  const texts = typeof orders === 'string' ? orders : orders.map((order) => JSON.stringify(order)).join('\n')
  const lines = new TextLines()
  lines.feed(Buffer.from(`${texts}\n`))
  lines.end(true)
  const batch = new Batch(BATCH_RECORDS)
  const reader = new OrderLines(lines, market)
  reader.pull(batch, batch.capacity)
  if (reader.isHeld)
    throw new RangeError('an order waits for those before it to be matched: put it into a batch of its own')
  if (lines.next()) throw new RangeError(`more than the ${BATCH_RECORDS} orders that a batch holds`)
  for (let at = 0; at < batch.count * RECORD_WORDS; at += RECORD_WORDS)
    record.writeU64(batch.words, at + record.SEQUENCE, ++market.sequence)
  return batch
}

/** The records of a batch of commands. One that was refused has a `code`. Read them before the next batch comes. */
export function commandObjects(market: Market, { words, count }: Batch): RecordObject[] {
  return Array.from({ length: count }, (_, i) => commandObject(market, words, i * RECORD_WORDS))
}

/** The records of a batch of events, as lines of NDJSON have them: see docs/stdio.md. */
export function eventObjects(market: Market, { words, count }: Batch): RecordObject[] {
  const writer = new EventWriter(market)
  for (let at = 0; at < count * RECORD_WORDS; at += RECORD_WORDS) writer.write(words, at)
  return writer.take()
}

/** Turns events into objects one by one. */
export class EventWriter {
  private readonly text: EventText
  private lines: string[]

  constructor(market: Market) {
    this.text = new EventText(market)
    this.lines = []
  }

  write(words: Int32Array, at: number): void {
    this.lines.push(this.text.line(words, at))
  }

  /** What was written since the last call. */
  take(): RecordObject[] {
    const { lines } = this
    this.lines = []
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as RecordObject)
  }
}

function commandObject(market: Market, words: Int32Array, at: number): RecordObject {
  const head = words[at + HEAD]!
  const kind = headKind(head)
  const instrument = words[at + record.INSTRUMENT]!
  const isKnown = instrument >= 0 && instrument < market.instruments.count
  const code = words[at + CODE]! & REJECT_CODE_MASK
  const orderId = record.readU64(words, at + record.ORDER_ID)
  const client = words[at + record.CLIENT]! >>> 0
  const sequence = record.readU64(words, at + record.SEQUENCE)
  const detail = market.details.find(sequence)
  const id = orderId === 0 ? detail?.id : market.orders.text(orderId)
  const isOrder = kind === CommandKind.new || kind === CommandKind.amend || kind === CommandKind.replace
  const [price, lots, stop] = [
    words[at + record.PRICE_TICKS]!,
    words[at + record.LOTS]!,
    words[at + record.STOP_TICKS]!,
  ]
  const { instruments } = market
  return {
    op: KINDS[kind] ?? String(kind),
    sequence,
    ...(id === undefined || id === '' ? {} : { id }),
    ...(client === 0 ? {} : { client: market.clients.text(client) }),
    ...(isKnown ? { symbol: instruments.symbol(instrument) } : {}),
    ...(kind === CommandKind.new
      ? {
          side: headSide(head) === record.Side.buy ? 'buy' : 'sell',
          type: TYPES[headOrderType(head)],
          timeInForce: TIMES[headTimeInForce(head)],
        }
      : {}),
    ...(isOrder && isKnown && price !== 0 ? { price: instruments.formatPrice(instrument, price) } : {}),
    ...(isOrder && isKnown && lots !== 0 ? { quantity: instruments.formatQuantity(instrument, lots) } : {}),
    ...(isOrder && isKnown && stop !== 0 ? { stopPrice: instruments.formatPrice(instrument, stop) } : {}),
    ...(code === 0 ? {} : { code: rejectName(code) }),
    ...(detail === undefined ? {} : { detail: detail.text }),
  }
}
