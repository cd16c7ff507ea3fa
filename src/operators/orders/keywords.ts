import { CommandKind, OrderType, Side, TimeInForce } from '../../book/index.ts'
import { SELF_TRADES } from '../../book/instruments.ts'
import { OrderFlag, TradingState } from '../../book/record.ts'
import { dashedName } from '../text/dashed-name.ts'

/** The words of a set of numbers, as they are mostly written. So few are found sooner one by one than by a hash. */
export interface Vocabulary {
  readonly spellings: readonly string[]
  readonly numbers: readonly number[]
  /** All of them, for a message. */
  readonly expected: string
}

function vocabulary(words: Readonly<Record<string, number>>, expected?: string): Vocabulary {
  const names = Object.keys(words)
  const numbers = Object.values(words)
  return {
    spellings: [...names, ...names.map((name) => name.toUpperCase())],
    numbers: [...numbers, ...numbers],
    expected: expected ?? `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`,
  }
}

/** Words for numbers that in programs have names of one word: `stopLimit` is `stop-limit`. */
function dashed(numbers: Readonly<Record<string, number>>): Vocabulary {
  const words = Object.entries(numbers).map(([name, number]) => [dashedName(name), number])
  return vocabulary(Object.fromEntries(words) as Record<string, number>)
}

export const KINDS = dashed(CommandKind)
export const SIDES = vocabulary(Side)
export const TYPES = dashed(OrderType)
export const TIMES = vocabulary(
  TimeInForce,
  Object.keys(TimeInForce)
    .map((name) => name.toUpperCase())
    .join(', ')
    .replace(/, (\w+)$/, ' or $1'),
)
export const STATES = dashed(TradingState)
export const SELF_TRADE_WORDS = vocabulary(SELF_TRADES)
export const FLAGS = vocabulary({ true: 1, false: 0 })
/** Bits of a new order's flags. */
export const POST_ONLY = vocabulary({
  true: OrderFlag.postOnlyReject,
  false: 0,
  reject: OrderFlag.postOnlyReject,
  slide: OrderFlag.postOnlySlide,
})
