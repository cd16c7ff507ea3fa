import { type Instruments, type InstrumentSpec } from '../book/index.ts'
import { oneOf, type Line } from './line.ts'

type Term = Exclude<keyof InstrumentSpec, 'symbol'>

const TERMS: Readonly<Record<string, Term>> = {
  tick: 'tick',
  lot: 'lot',
  min: 'minPrice',
  max: 'maxPrice',
  largest: 'maxQuantity',
  reference: 'referencePrice',
}

/** The instrument of a scenario that names none. */
export const DEFAULT_INSTRUMENT: InstrumentSpec = { symbol: 'X', tick: '0.01', lot: '1' }

/** Reads `instrument SYMBOL [tick T] [lot L] ...`, from behind its first word, into a table. */
export function readInstrument(line: Line, instruments: Instruments): void {
  const symbol = line.take('a symbol')
  const spec: { -readonly [key in keyof InstrumentSpec]: InstrumentSpec[key] } = {
    ...DEFAULT_INSTRUMENT,
    symbol: symbol.text,
  }
  const said = new Set<string>()
  const words = Object.keys(TERMS)
  while (line.next !== undefined && line.fault === undefined) {
    const token = line.take(oneOf(words))
    const term = Object.hasOwn(TERMS, token.text) ? TERMS[token.text] : undefined
    if (term === undefined) line.fail(`expected ${oneOf(words)}, got "${token.text}"`, token)
    else if (said.has(token.text)) line.fail(`"${token.text}" has been said before on this line`, token)
    else spec[term] = line.take('a number').text
    said.add(token.text)
  }
  if (line.fault !== undefined) return
  try {
    instruments.add(spec)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    line.fail(error.message, symbol)
  }
}
