import { CODE, EventKind, HEAD, headKind, RECORD_WORDS } from '../../book/record.ts'
import { RejectCode } from '../../book/reject-code.ts'

/** What is known of an order that came before. */
export const AnswerState = { unknown: 0, waiting: 1, answered: 2 } as const

/**
 * The answers to the latest new orders, by order id: a fixed number of them, so that memory is bounded however long a
 * gateway runs. An order that comes again is given the answer that it had.
 */
export class AnswerTable {
  readonly capacity: number
  private readonly slots: Map<number, number>
  private readonly ids: Float64Array
  private readonly sequences: Float64Array
  private readonly answered: Uint8Array
  private readonly words: Int32Array
  private next: number

  constructor(capacity: number) {
    this.capacity = capacity
    this.slots = new Map()
    this.ids = new Float64Array(capacity)
    this.sequences = new Float64Array(capacity)
    this.answered = new Uint8Array(capacity)
    this.words = new Int32Array(capacity * RECORD_WORDS)
    this.next = 0
  }

  /** An order goes in under a sequence; the oldest one known is forgotten. */
  enter(orderId: number, sequence: number): void {
    const slot = this.next
    this.next = (slot + 1) % this.capacity
    if (this.slots.get(this.ids[slot]!) === slot) this.slots.delete(this.ids[slot]!)
    this.slots.set(orderId, slot)
    this.ids[slot] = orderId
    this.sequences[slot] = sequence
    this.answered[slot] = 0
  }

  /** The event that answers an order. */
  answer(orderId: number, words: Int32Array, at: number): void {
    const slot = this.slots.get(orderId)
    if (slot === undefined || this.answered[slot] === 1) return
    this.answered[slot] = 1
    for (let i = 0; i < RECORD_WORDS; i++) this.words[slot * RECORD_WORDS + i] = words[at + i]!
  }

  /** An order that did not come in after all may come again. */
  forget(orderId: number): void {
    this.slots.delete(orderId)
  }

  state(orderId: number): number {
    const slot = this.slots.get(orderId)
    if (slot === undefined) return AnswerState.unknown
    return this.answered[slot] === 1 ? AnswerState.answered : AnswerState.waiting
  }

  /** The sequence that an order of the table came in under. */
  sequence(orderId: number): number {
    return this.sequences[this.slots.get(orderId)!]!
  }

  /** Copies the answer of an order that has one. */
  copy(orderId: number, words: Int32Array, at: number): void {
    const from = this.slots.get(orderId)! * RECORD_WORDS
    for (let i = 0; i < RECORD_WORDS; i++) words[at + i] = this.words[from + i]!
  }
}

/** Whether an answer says that there was no room, and not that something is wrong with the order. */
export function isPassing(words: Int32Array, at: number): boolean {
  return (
    headKind(words[at + HEAD]!) === EventKind.rejected &&
    (words[at + CODE]! & 0xffff) === RejectCode.EDGE_FULL
  )
}
