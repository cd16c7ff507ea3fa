import { CancelReason, Side, StateCause, TradingState } from '../book/index.ts'
import { oneOf, type Line } from './line.ts'

/** Numbers of a record by the words that scenarios have for them. */
export type Vocabulary = ReadonlyMap<string, number>

export const REASONS = vocabulary(CancelReason)
export const STATES = vocabulary(TradingState)
export const CAUSES = vocabulary(StateCause)
export const SIDES = vocabulary(Side)

/** A word of a vocabulary; another one is a fault of the line. */
export function readWord(line: Line, words: Vocabulary): string {
  const expected = oneOf([...words.keys()])
  const token = line.take(expected)
  if (!words.has(token.text)) line.fail(`expected ${expected}, got "${token.text}"`, token)
  return token.text
}

/** The word for a number, or the number itself behind a name for what it is. */
export function wordFor(words: Vocabulary, number: number, what: string): string {
  for (const [word, each] of words) if (each === number) return word
  return `${what}-${number}`
}

/** `noLiquidity` is written `no-liquidity`. */
function vocabulary(numbers: Readonly<Record<string, number>>): Vocabulary {
  const kebab = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  return new Map(Object.entries(numbers).map(([key, number]) => [kebab(key), number]))
}
