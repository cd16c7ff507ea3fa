import { Readable } from 'node:stream'
import { Batch, RECORD_WORDS, rejectName } from '../../src/book/index.ts'
import * as record from '../../src/book/record.ts'
import { openOrders, type OrderText, type TextFormat } from '../../src/operators/orders/order-text.ts'
import { Market } from '../../src/pipeline/market.ts'

/** A command as text says it, and why it was refused if it was. */
export interface ReadCommand {
  readonly kind: number
  readonly id: string
  readonly client: string
  readonly symbol: string
  readonly side: number
  readonly type: number
  readonly timeInForce: number
  readonly ticks: number
  readonly lots: number
  /** Low and high half. */
  readonly timestamp: readonly [number, number]
  readonly code?: string
  readonly detail?: string
  readonly line?: number
  readonly column?: number
}

/** AAPL by the cent and the share, BTC by the half dollar and the thousandth. */
export function smallMarket(): Market {
  return new Market([
    { symbol: 'AAPL', tick: '0.01', lot: '1', maxQuantity: '1000000' },
    { symbol: 'BTC', tick: '0.5', lot: '0.001' },
  ])
}

export interface ReadOptions {
  readonly market?: Market
  readonly format?: TextFormat
  /** Records a pull may give. */
  readonly upTo?: number
}

/** All commands that chunks of input give, read as standard input is. */
export async function readCommands(
  input: string | readonly Buffer[],
  options: ReadOptions = {},
): Promise<ReadCommand[]> {
  const { market = smallMarket(), format } = options
  const chunks = typeof input === 'string' ? [Buffer.from(input)] : input
  const stdin = Readable.from(
    chunks.filter((chunk) => chunk.length > 0),
    { objectMode: false },
  )
  const opened = await openOrders(market, { file: '-', format, stdin })()
  if (opened._tag === 'Left') throw new Error(opened.left)
  return drain(opened.right, market, options.upTo)
}

/** All commands of a source, numbered as the runtime numbers them: several pulls to a batch. */
export async function drain(source: OrderText, market: Market, upTo = 7): Promise<ReadCommand[]> {
  const commands: ReadCommand[] = []
  const batch = new Batch(64)
  for (let more = true; more;) {
    batch.count = 0
    while (more && batch.count < 64) {
      const before = batch.count
      more = source.pull(batch, Math.min(64, before + upTo))
      if (batch.count === before) break
    }
    for (let at = 0; at < batch.count * RECORD_WORDS; at += RECORD_WORDS) {
      record.writeU64(batch.words, at + record.SEQUENCE, ++market.sequence)
      commands.push(readCommand(batch.words, at, market))
    }
    if (more && batch.count === 0) await source.ready()
  }
  await source.close()
  return commands
}

function readCommand(words: Int32Array, at: number, market: Market): ReadCommand {
  const head = words[at + record.HEAD]!
  const order = record.readU64(words, at + record.ORDER_ID)
  const detail = market.details.find(record.readU64(words, at + record.SEQUENCE))
  const code = words[at + record.CODE]!
  return {
    kind: record.headKind(head),
    id: detail?.id ?? (order === 0 ? '' : market.orders.text(order)),
    client: market.clients.text(words[at + record.CLIENT]!),
    symbol: market.instruments.symbol(words[at + record.INSTRUMENT]!),
    side: record.headSide(head),
    type: record.headOrderType(head),
    timeInForce: record.headTimeInForce(head),
    ticks: words[at + record.PRICE_TICKS]!,
    lots: words[at + record.LOTS]!,
    timestamp: [words[at + record.TIMESTAMP_NS]!, words[at + record.TIMESTAMP_NS + 1]!],
    ...(code !== 0 && { code: rejectName(code) }),
    ...(detail !== undefined && { detail: detail.text, line: detail.line, column: detail.column }),
  }
}

/** Bytes cut into pieces of the given lengths, over and over. */
export function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0, piece = 0; at < bytes.length; piece++) {
    const length = lengths[piece % lengths.length]!
    pieces.push(Buffer.from(bytes.subarray(at, at + length)))
    at += length
  }
  return pieces
}

/** A new order with some of its keys replaced; undefined leaves one out. */
export function orderLine(change: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ id: 'a1', symbol: 'AAPL', side: 'buy', price: '10.05', quantity: 100, ...change })
}
