import { CommandKind, OrderType, Side, TimeInForce } from '../../book/index.ts'

/** The words of a set of numbers, as they are mostly written. So few are found sooner one by one than by a hash. */
export interface Vocabulary {
  readonly spellings: readonly string[]
  readonly numbers: readonly number[]
}

function vocabulary(words: Readonly<Record<string, number>>): Vocabulary {
  const names = Object.keys(words)
  const numbers = Object.values(words)
  return {
    spellings: [...names, ...names.map((name) => name.toUpperCase())],
    numbers: [...numbers, ...numbers],
  }
}

export const KINDS = vocabulary(CommandKind)
export const SIDES = vocabulary(Side)
export const TYPES = vocabulary(OrderType)
export const TIMES = vocabulary(TimeInForce)
