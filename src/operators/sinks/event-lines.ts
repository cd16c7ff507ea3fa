import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Writable } from 'node:stream'
import { rejectName } from '../../book/index.ts'
import * as record from '../../book/record.ts'
import type { Market } from '../../pipeline/market.ts'
import type { Step } from '../../pipeline/operator.ts'
import { DecimalTexts } from './decimal-texts.ts'
import { openOutput, type Output, type OutputProblem } from './output.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { CLIENT, CODE, EventKind, HEAD, headKind, headOrderType, headSide, headTimeInForce, INSTRUMENT } =
  record
const { LOTS, MAKER_CLIENT, MAKER_OPEN_LOTS, MAKER_ORDER_ID, MATCH_LOW, OPEN_LOTS, ORDER_ID } = record
const { PRICE_TICKS, readU64, SEQUENCE } = record

export interface EventLinesOptions {
  /** A path, or `-` for standard output. */
  readonly file: string
  readonly format?: 'ndjson' | undefined
  /** What `-` stands for, where it is not the standard output of the process. */
  readonly stdout?: Writable | undefined
}

/**
 * Opens a file or standard output for events.
 * @returns the step that writes them, or a message that names the file
 */
export function openEventLines(
  market: Market,
  { file, stdout }: EventLinesOptions,
): TE.TaskEither<string, EventLines> {
  if (file === '-') market.stdoutTaken = true
  return TE.map((target: Output) => new EventLines(target, market))(openOutput(file, market.gate, stdout))
}

const WRITE_CHARACTERS = 65_536

/** Names of sides, order types, times in force and cancel reasons, by their numbers. */
const SIDES = ['buy', 'sell']
const TYPES = ['', 'limit', 'market']
const TIMES = ['', 'GTC', 'IOC', 'FOK']
const REASONS = ['', 'user', 'ioc', 'fok', 'no-liquidity', 'book-full']

/**
 * Writes every event as one line of JSON, in order. Lines are put together by hand, from pieces that are made once
 * for every client, symbol and common price, and written when a batch is through or 64 KiB are waiting.
 */
export class EventLines implements Step {
  /** Events turned into lines so far. */
  lines: number
  private readonly target: Output
  private readonly market: Market
  private readonly prices: DecimalTexts
  private readonly quantities: DecimalTexts
  /** By number; each made at its first use. */
  private readonly clients: string[]
  private readonly symbols: string[]
  private waiting: string

  constructor(target: Output, market: Market) {
    const { instruments } = market
    this.lines = 0
    this.target = target
    this.market = market
    this.prices = new DecimalTexts((instrument, ticks) => instruments.formatPrice(instrument, ticks))
    this.quantities = new DecimalTexts((instrument, lots) => instruments.formatQuantity(instrument, lots))
    this.clients = []
    this.symbols = []
    this.waiting = ''
  }

  /** Why nothing more can be written, once that is so. */
  get problem(): OutputProblem | undefined {
    return this.target.problem
  }

  /** Resolves when writing has failed, so that the source can be stopped; stays open if it never does. */
  get failed(): Promise<OutputProblem> {
    return this.target.failed
  }

  process(words: Int32Array, at: number): void {
    this.lines++
    this.waiting += this.line(words, at)
    if (this.waiting.length >= WRITE_CHARACTERS) this.flush()
  }

  flush(): void {
    if (this.waiting === '') return
    this.target.write(this.waiting)
    this.waiting = ''
  }

  async close(): Promise<void> {
    this.flush()
    await this.target.close()
  }

  private line(words: Int32Array, at: number): string {
    switch (headKind(words[at + HEAD]!)) {
      case EventKind.trade:
        return this.trade(words, at)
      case EventKind.accepted:
        return this.accepted(words, at)
      case EventKind.cancelled:
        return this.cancelled(words, at)
      case EventKind.amended:
        return this.amended(words, at)
      default:
        return this.rejected(words, at)
    }
  }

  private accepted(words: Int32Array, at: number): string {
    const head = words[at + HEAD]!
    const instrument = words[at + INSTRUMENT]!
    return (
      this.opening('accepted', words, at) +
      `,"side":"${SIDES[headSide(head)]}","type":"${TYPES[headOrderType(head)]}"` +
      `,"timeInForce":"${TIMES[headTimeInForce(head)]}"${this.price(instrument, words[at + PRICE_TICKS]!)}` +
      `,"quantity":"${this.quantities.text(instrument, words[at + LOTS]!)}"}\n`
    )
  }

  private cancelled(words: Int32Array, at: number): string {
    const instrument = words[at + INSTRUMENT]!
    return (
      this.opening('cancelled', words, at) +
      `,"side":"${SIDES[headSide(words[at + HEAD]!)]}","reason":"${REASONS[words[at + CODE]! & 0xffff]}"` +
      this.price(instrument, words[at + PRICE_TICKS]!) +
      `,"quantity":"${this.quantities.text(instrument, words[at + LOTS]!)}"}\n`
    )
  }

  private amended(words: Int32Array, at: number): string {
    const instrument = words[at + INSTRUMENT]!
    return (
      this.opening('amended', words, at) +
      `,"side":"${SIDES[headSide(words[at + HEAD]!)]}"${this.price(instrument, words[at + PRICE_TICKS]!)}` +
      `,"quantity":"${this.quantities.text(instrument, words[at + LOTS]!)}"` +
      `,"open":"${this.quantities.text(instrument, words[at + OPEN_LOTS]!)}"}\n`
    )
  }

  private trade(words: Int32Array, at: number): string {
    const { quantities, market } = this
    const instrument = words[at + INSTRUMENT]!
    const match = (words[at + CODE]! >>> 16) * 4_294_967_296 + (words[at + MATCH_LOW]! >>> 0)
    const taker = quoted(market.orders.text(readU64(words, at + ORDER_ID)))
    const maker = quoted(market.orders.text(readU64(words, at + MAKER_ORDER_ID)))
    return (
      `{"event":"trade","sequence":${readU64(words, at + SEQUENCE)},"match":${match}${this.symbol(instrument)}` +
      `,"price":"${this.prices.text(instrument, words[at + PRICE_TICKS]!)}"` +
      `,"quantity":"${quantities.text(instrument, words[at + LOTS]!)}","side":"${SIDES[headSide(words[at + HEAD]!)]}"` +
      `,"taker":${taker},"takerClient":${this.client(words[at + CLIENT]! >>> 0)}` +
      `,"takerOpen":"${quantities.text(instrument, words[at + OPEN_LOTS]!)}"` +
      `,"maker":${maker},"makerClient":${this.client(words[at + MAKER_CLIENT]! >>> 0)}` +
      `,"makerOpen":"${quantities.text(instrument, words[at + MAKER_OPEN_LOTS]!)}"}\n`
    )
  }

  private rejected(words: Int32Array, at: number): string {
    const sequence = readU64(words, at + SEQUENCE)
    const detail = this.market.details.find(sequence)
    const line = `${this.opening('rejected', words, at, detail?.id)},"code":"${rejectName(words[at + CODE]! & 0xffff)}"`
    if (detail === undefined) return `${line}}\n`
    const column = detail.column > 0 ? `,"column":${detail.column}` : ''
    return `${line},"detail":${quoted(detail.text)},"line":${detail.line}${column}}\n`
  }

  /** What all events but trades begin with. What is not known is left out. */
  private opening(event: string, words: Int32Array, at: number, idText = ''): string {
    const order = readU64(words, at + ORDER_ID)
    const client = words[at + CLIENT]! >>> 0
    let id = ''
    if (idText !== '') id = `,"id":${quoted(idText)}`
    else if (order !== 0) id = `,"id":${quoted(this.market.orders.text(order))}`
    const owner = client === 0 ? '' : `,"client":${this.client(client)}`
    const sequence = readU64(words, at + SEQUENCE)
    return `{"event":"${event}","sequence":${sequence}${id}${owner}${this.symbol(words[at + INSTRUMENT]!)}`
  }

  private price(instrument: number, ticks: number): string {
    return ticks === 0 ? '' : `,"price":"${this.prices.text(instrument, ticks)}"`
  }

  private client(number: number): string {
    return (this.clients[number] ??= quoted(this.market.clients.text(number)))
  }

  private symbol(instrument: number): string {
    if (instrument < 0) return ''
    return (this.symbols[instrument] ??= this.newSymbol(instrument))
  }

  private newSymbol(instrument: number): string {
    const symbol = this.market.instruments.symbol(instrument)
    return symbol === '' ? '' : `,"symbol":${quoted(symbol)}`
  }
}

/** Text as JSON. All but the rarest has nothing in it that needs care. */
function quoted(text: string): string {
  return NEEDS_CARE.test(text) ? JSON.stringify(text) : `"${text}"`
}

const NEEDS_CARE = /[^ !#-[\]-~]/
