import type { Instruments } from '../../book/index.ts'
import type { RecordKind } from '../../pipeline/operator.ts'

/** What the two words that a ring in a file has for its contents say here: the kind, and the instruments. */
export type Contents = readonly [kind: number, terms: number]

const KINDS: Readonly<Record<RecordKind, number>> = { command: 1, event: 2 }

/**
 * Records carry instruments by number and prices in ticks, so both ends must have the same table. This is the kind and
 * a hash (FNV-1a) of symbols, ticks and lots in their order; instruments that come in later are not in it.
 */
export function contentsOf(kind: RecordKind, instruments: Instruments): Contents {
  let hash = 0x811c_9dc5
  for (let i = 0; i < instruments.count; i++) {
    const terms = `${instruments.symbol(i)} ${instruments.formatPrice(i, 1)} ${instruments.formatQuantity(i, 1)}\n`
    for (let at = 0; at < terms.length; at++) hash = Math.imul(hash ^ terms.charCodeAt(at), 0x0100_0193)
  }
  return [KINDS[kind], hash | 0]
}

/** Why records of some contents are not those that are expected; undefined if they are, or nobody has said. */
export function contentsFault(found: Int32Array, [kind, terms]: Contents): string | undefined {
  if (found[0] === 0) return undefined
  if (found[0] !== kind) {
    const names = ['', 'commands', 'events']
    return `carries ${names[found[0]!] ?? 'other records'}, expected ${names[kind]}`
  }
  return found[1] === terms
    ? undefined
    : 'is between pipelines whose instruments differ: list the same ones, with the same ticks and lots, in the same order'
}
