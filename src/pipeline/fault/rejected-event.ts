import { type Batch, RECORD_WORDS } from '../../book/index.ts'
import * as record from '../../book/record.ts'

const { CODE, EventKind, HEAD, OPEN_LOTS } = record
const HEAD_WITHOUT_KIND = ~0xff

/** Turns a command into the event that says it was refused, at word `to` of `out`: as the engine writes it. */
export function rejectedEvent(
  words: Int32Array,
  at: number,
  code: number,
  out: Int32Array,
  to: number,
): void {
  for (let word = 0; word < OPEN_LOTS; word++) out[to + word] = words[at + word]!
  out.fill(0, to + OPEN_LOTS, to + RECORD_WORDS)
  out[to + HEAD] = (words[at + HEAD]! & HEAD_WITHOUT_KIND) | EventKind.rejected
  out[to + CODE] = code
}

/** The same, behind the events of a batch. */
export function writeRejected(output: Batch, words: Int32Array, at: number, code: number): void {
  if (output.count === output.capacity) output.grow()
  rejectedEvent(words, at, code, output.words, output.count++ * RECORD_WORDS)
}
