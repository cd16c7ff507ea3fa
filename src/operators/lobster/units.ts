import { basename } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { type ConversionFault, MAX_LOTS, unitsToDecimal } from '../../book/index.ts'
import type { Market } from '../../pipeline/market.ts'

/** Decimals of a LOBSTER price. */
const PRICE_SCALE = 4
const TICK = '0.0001'

/** Which instrument a file is about, and how its prices and sizes become that instrument's ticks and lots. */
export interface LobsterUnits {
  readonly instrument: number
  readonly lotsPerShare: number
  /** A price of the file in ticks, or why it is none. */
  readonly toTicks: (price: number) => number | ConversionFault
}

/**
 * Finds a file's instrument, or adds it on the file's own terms: ticks of 0.0001, lots of one share.
 * @param path the message file; its name begins with the symbol
 */
export function lobsterUnits(market: Market, path: string, symbol?: string): E.Either<string, LobsterUnits> {
  const { instruments } = market
  const name = symbol ?? symbolOf(basename(path))
  if (name === '') return E.left(`${path}: the file's name does not begin with a symbol, and none is given`)
  const instrument =
    instruments.find(name) ??
    instruments.add({ symbol: name, tick: TICK, lot: '1', maxQuantity: String(MAX_LOTS) })
  const lotsPerShare = instruments.toLots(instrument, '1')
  if (typeof lotsPerShare === 'string')
    return E.left(`${path}: one share is not a whole number of lots of ${name}`)
  const isOwnTick = instruments.toTicks(instrument, TICK) === 1
  const toTicks = (price: number): number | ConversionFault =>
    isOwnTick ? price : instruments.toTicks(instrument, unitsToDecimal(price, PRICE_SCALE))
  return E.right({ instrument, lotsPerShare, toTicks })
}

function symbolOf(fileName: string): string {
  return fileName.split(fileName.includes('_') ? '_' : '.', 1)[0]!
}
