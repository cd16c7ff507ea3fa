import type { InstrumentSpec } from '../book/instruments.ts'
import { Instruments } from '../book/instruments.ts'
import { JournalError } from './problem.ts'
import { specsOf } from './tables.ts'

/** What commands mean: the terms that were in force when a segment or a snapshot was written. */
export interface Configuration {
  /** 1 at first, and one more whenever the rest has changed. */
  readonly revision: number
  /** Whether `level` and `bestPrices` events are made. */
  readonly marketData: boolean
  readonly instruments: readonly InstrumentSpec[]
}

export function configurationOf(
  revision: number,
  marketData: boolean,
  instruments: Instruments,
  count: number = instruments.count,
): Configuration {
  return { revision, marketData, instruments: specsOf(instruments).slice(0, count) }
}

/** @throws JournalError if the text is no configuration */
export function readConfiguration(path: string, text: string): Configuration {
  try {
    const { revision, marketData, instruments } = JSON.parse(text) as Configuration
    if (!Number.isSafeInteger(revision) || typeof marketData !== 'boolean' || !Array.isArray(instruments))
      throw new TypeError('not a configuration')
    return { revision, marketData, instruments }
  } catch {
    throw new JournalError(path, 'its configuration cannot be read')
  }
}

/** Whether commands mean the same in both. */
export function isSame(a: Configuration, b: Configuration): boolean {
  return (
    a.marketData === b.marketData &&
    JSON.stringify(specsOf(new Instruments(a.instruments))) ===
      JSON.stringify(specsOf(new Instruments(b.instruments)))
  )
}

/**
 * What stands against going on with a journal under other terms: each instrument must keep its number, tick and lot, or
 * what was recorded would mean something else. Limits may change.
 */
export function changeProblem(before: Instruments, after: Instruments): string | undefined {
  for (let at = 0; at < before.count; at++) {
    const [was, is] = [termsOf(before, at), at < after.count ? termsOf(after, at) : 'nothing']
    if (was !== is)
      return `it was written with ${was} as instrument ${at + 1}, and the pipeline has ${is} there: instruments keep their order, tick and lot; new ones go to the end`
  }
  return undefined
}

function termsOf(instruments: Instruments, at: number): string {
  return `${instruments.symbol(at)} (tick ${instruments.formatPrice(at, 1)}, lot ${instruments.formatQuantity(at, 1)})`
}
