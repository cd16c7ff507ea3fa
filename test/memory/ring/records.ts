import { RECORD_WORDS } from '../../../src/memory/ring/layout.ts'

/** Writes a record that says whose it is and which, with that spread over all of its words. */
export function writeRecord(words: Int32Array, index: number, producer: number, sequence: number): void {
  const at = index * RECORD_WORDS
  words[at] = producer
  words[at + 1] = sequence
  for (let i = 2; i < RECORD_WORDS; i++) words[at + i] = mixed(producer, sequence, i)
}

/** What is wrong with a record that should be a certain one; undefined if nothing is. */
export function recordFault(words: Int32Array, index: number, sequences: number[]): string | undefined {
  const at = index * RECORD_WORDS
  const [producer, sequence] = [words[at]!, words[at + 1]!]
  const expected = sequences[producer]
  if (expected !== sequence) return `producer ${producer}: record ${sequence} came instead of ${expected}`
  for (let i = 2; i < RECORD_WORDS; i++)
    if (words[at + i] !== mixed(producer, sequence, i))
      return `producer ${producer}, record ${sequence}: word ${i} is ${words[at + i]}`
  sequences[producer] = (sequence + 1) | 0
  return undefined
}

function mixed(producer: number, sequence: number, word: number): number {
  return Math.imul(sequence + producer * 7_919, 0x9e37_79b1 + word * 2)
}
