import type { DepthLevel } from '../book/index.ts'
import type { Line } from './line.ts'
import type { BookStep, ExpectedLevel } from './scenario.ts'
import type { Scope } from './scope.ts'

export type Sides = BookStep['sides']

/** Whether a line's first word begins an expected book. */
export function isBookWord(word: string): boolean {
  return word === 'book' || word === 'book:'
}

/** Reads `book: BIDS | OFFERS`, `book SYMBOL: BIDS | OFFERS` or `book: empty`. */
export function readBook(line: Line, scope: Scope): BookStep {
  const instrument = line.take('book').text === 'book' ? readSymbol(line, scope) : 0
  const step = (sides: Sides): BookStep => {
    line.end()
    return { kind: 'book', line: line.number, text: line.text, instrument, sides }
  }
  if (line.skip('empty')) return step([[], []])
  const bids = readLevels(line, scope, instrument)
  line.expect('|')
  return step([bids, readLevels(line, scope, instrument)])
}

/** A book as an expectation writes it. Orders of a level are counted where the expectation counts them. */
export function bookText(
  scope: Scope,
  instrument: number,
  sides: readonly [readonly DepthLevel[], readonly DepthLevel[]],
  isCounted: boolean,
): string {
  const symbol = instrument === 0 ? '' : ` ${scope.instruments.symbol(instrument)}`
  const [bids, offers] = sides.map((levels) =>
    levels
      .map(({ priceTicks, lots, orders }) => {
        const price = scope.instruments.formatPrice(instrument, priceTicks)
        const quantity = scope.instruments.formatQuantity(instrument, lots)
        return `${price} x ${quantity}${isCounted ? ` (${orders})` : ''}`
      })
      .join(', '),
  )
  const both = bids === '' && offers === '' ? 'empty' : `${bids} | ${offers}`.trim()
  return `book${symbol}: ${both}`
}

export function agrees(expected: readonly ExpectedLevel[], got: readonly DepthLevel[]): boolean {
  return (
    expected.length === got.length &&
    expected.every(({ priceTicks, lots, orders }, i) => {
      const level = got[i]!
      const isCount = orders === undefined || orders === level.orders
      return priceTicks === level.priceTicks && lots === level.lots && isCount
    })
  )
}

function readSymbol(line: Line, scope: Scope): number {
  const token = line.take('":" or a symbol and ":"')
  const instrument = token.text.endsWith(':') ? scope.instruments.find(token.text.slice(0, -1)) : undefined
  if (instrument === undefined) line.fail(`expected ":" or a symbol and ":", got "${token.text}"`, token)
  return instrument ?? 0
}

/** Levels up to the bar or the end of the line: `10.00 x 100, 9.99 x 250 (2)`. */
function readLevels(line: Line, scope: Scope, instrument: number): ExpectedLevel[] {
  const levels: ExpectedLevel[] = []
  if (line.next === undefined || line.next === '|') return levels
  do {
    const priceTicks = scope.ticks(line, instrument)
    line.expect('x')
    const lots = scope.lots(line, instrument)
    levels.push({ priceTicks, lots, orders: readCount(line) })
  } while (line.skip(',') && line.fault === undefined)
  return levels
}

function readCount(line: Line): number | undefined {
  if (line.next?.startsWith('(') !== true) return undefined
  const token = line.take('a count of orders')
  const match = /^\((\d{1,9})\)$/.exec(token.text)
  if (match === null) line.fail(`expected a count of orders, such as (2), got "${token.text}"`, token)
  return Number(match?.[1])
}
