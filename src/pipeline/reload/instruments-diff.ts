import type { InstrumentSpec } from '../../book/instruments.ts'
import type { Definition } from '../definition.ts'
import type { Market } from '../market.ts'

/**
 * Why a running market cannot go on with the instruments of another file; undefined where it can. Instruments are known
 * by their numbers, which orders and journals hold: those that are there stay as they are, others come behind them.
 */
export function specsEqual(before: Definition, after: Definition, market: Market): string | undefined {
  if (JSON.stringify(before.defaultInstrument) !== JSON.stringify(after.defaultInstrument))
    return 'defaultInstrument: the terms of symbols that come by themselves cannot change while the pipeline runs'
  for (const [number, spec] of before.instruments.entries()) {
    const next = after.instruments.find(({ symbol }) => symbol === spec.symbol)
    if (next === undefined)
      return `instruments.${spec.symbol}: an instrument cannot be removed while the pipeline runs: its orders are on the book`
    if (JSON.stringify(next) !== JSON.stringify(spec))
      return `instruments.${spec.symbol}: the terms of an instrument cannot change while the pipeline runs: prices and quantities on the book are counted in them`
    if (after.instruments[number]!.symbol !== spec.symbol)
      return `instruments.${spec.symbol}: instruments keep their order: add others behind those that are there`
  }
  const added = after.instruments.length > before.instruments.length
  if (added && market.instruments.count > before.instruments.length)
    return 'instruments: symbols that came by themselves have the numbers that added ones would get'
  return undefined
}

/** What a file adds to the instruments of another. */
export function addedInstruments(before: Definition, after: Definition): readonly InstrumentSpec[] {
  return after.instruments.slice(before.instruments.length)
}
