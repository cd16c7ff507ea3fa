import { SELF_TRADES, type Instruments, type InstrumentSpec, type SelfTradeName } from '../book/index.ts'
import { oneOf, type Line } from './line.ts'
import { readWord } from './vocabulary.ts'

type Spec = { -readonly [key in keyof InstrumentSpec]: InstrumentSpec[key] }

/** Reads what stands behind a word of the line. */
type Term = (line: Line, spec: Spec) => void

function decimal(
  field: 'tick' | 'lot' | 'minPrice' | 'maxPrice' | 'maxQuantity' | 'referencePrice' | 'priceBand',
): Term {
  return (line, spec) => {
    spec[field] = line.take('a number').text
  }
}

const SELF_TRADE_WORDS = new Map(Object.entries(SELF_TRADES))

const TERMS: Readonly<Record<string, Term>> = {
  tick: decimal('tick'),
  lot: decimal('lot'),
  min: decimal('minPrice'),
  max: decimal('maxPrice'),
  largest: decimal('maxQuantity'),
  reference: decimal('referencePrice'),
  band: decimal('priceBand'),
  pause: (line, spec) => {
    spec.pauseSeconds = line.whole('seconds', 0, 86_400)
  },
  stp: (line, spec) => {
    spec.selfTrade = readWord(line, SELF_TRADE_WORDS) as SelfTradeName
  },
}

/** The instrument of a scenario that names none. */
export const DEFAULT_INSTRUMENT: InstrumentSpec = { symbol: 'X', tick: '0.01', lot: '1' }

/** Reads `instrument SYMBOL [tick T] [lot L] ...`, from behind its first word, into a table. */
export function readInstrument(line: Line, instruments: Instruments): void {
  const symbol = line.take('a symbol')
  const spec: Spec = { ...DEFAULT_INSTRUMENT, symbol: symbol.text }
  const said = new Set<string>()
  const words = Object.keys(TERMS)
  while (line.next !== undefined && line.fault === undefined) {
    const token = line.take(oneOf(words))
    const term = Object.hasOwn(TERMS, token.text) ? TERMS[token.text] : undefined
    if (term === undefined) line.fail(`expected ${oneOf(words)}, got "${token.text}"`, token)
    else if (said.has(token.text)) line.fail(`"${token.text}" has been said before on this line`, token)
    else term(line, spec)
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
