import * as record from '../../book/record.ts'
import type { Market } from '../../pipeline/market.ts'
import { DecimalTexts } from './decimal-texts.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { CLIENT, INSTRUMENT, ORDER_ID, readU64, SEQUENCE } = record

/** Names of sides by their numbers. Nobody is the aggressor in a trade of an auction. */
export const SIDES: readonly string[] = ['buy', 'sell', 'none']

/** What lines of events are put together from: pieces that are made once for every client, symbol and common price. */
export class LinePieces {
  readonly market: Market
  readonly prices: DecimalTexts
  readonly quantities: DecimalTexts
  /** By number; each made at its first use. */
  private readonly clients: string[]
  private readonly symbols: string[]

  constructor(market: Market) {
    const { instruments } = market
    this.market = market
    this.prices = new DecimalTexts((instrument, ticks) => instruments.formatPrice(instrument, ticks))
    this.quantities = new DecimalTexts((instrument, lots) => instruments.formatQuantity(instrument, lots))
    this.clients = []
    this.symbols = []
  }

  /** What all events of an order but trades begin with. What is not known is left out. */
  opening(event: string, words: Int32Array, at: number, idText = ''): string {
    const order = readU64(words, at + ORDER_ID)
    const client = words[at + CLIENT]! >>> 0
    let id = ''
    if (idText !== '') id = `,"id":${quoted(idText)}`
    else if (order !== 0) id = `,"id":${quoted(this.market.orders.text(order))}`
    const owner = client === 0 ? '' : `,"client":${this.client(client)}`
    const sequence = readU64(words, at + SEQUENCE)
    return `{"event":"${event}","sequence":${sequence}${id}${owner}${this.symbol(words[at + INSTRUMENT]!)}`
  }

  /** `,"price":"10.05"`, or nothing where there is none. */
  price(instrument: number, ticks: number, key = 'price'): string {
    return ticks === 0 ? '' : `,"${key}":"${this.prices.text(instrument, ticks)}"`
  }

  client(number: number): string {
    return (this.clients[number] ??= quoted(this.market.clients.text(number)))
  }

  symbol(instrument: number): string {
    if (instrument < 0) return ''
    return (this.symbols[instrument] ??= this.newSymbol(instrument))
  }

  private newSymbol(instrument: number): string {
    const symbol = this.market.instruments.symbol(instrument)
    return symbol === '' ? '' : `,"symbol":${quoted(symbol)}`
  }
}

/** Text as JSON. All but the rarest has nothing in it that needs care. */
export function quoted(text: string): string {
  return NEEDS_CARE.test(text) ? JSON.stringify(text) : `"${text}"`
}

const NEEDS_CARE = /[^ !#-[\]-~]/
