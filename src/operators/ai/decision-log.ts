import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { Batch, BATCH_RECORDS, RECORD_BYTES, RECORD_WORDS } from '../../book/index.ts'
import * as record from '../../book/record.ts'
import { systemProblem } from '../input/system-error.ts'

const { EventKind, HEAD, headKind, LOTS, PRICE_TICKS, readU64, SEQUENCE } = record

/**
 * Decisions in a file, one record of 64 bytes behind the other, in the order of their commands: what a replay takes
 * instead of asking a model. Written when a batch is through.
 */
export class DecisionLog {
  private readonly file: number
  private readonly waiting: Batch

  /** @throws Error if the file cannot be opened: it is emptied first */
  constructor(path: string) {
    this.file = openSync(path, 'w')
    this.waiting = new Batch(BATCH_RECORDS)
  }

  add(words: Int32Array, at: number): void {
    const { waiting } = this
    if (waiting.count === waiting.capacity) waiting.grow()
    waiting.words.set(words.subarray(at, at + RECORD_WORDS), waiting.count++ * RECORD_WORDS)
  }

  /** Hands what waits to the system. @throws Error if it takes no more */
  flush(): void {
    const { waiting } = this
    if (waiting.count === 0) return
    const bytes = Buffer.from(waiting.words.buffer, waiting.words.byteOffset, waiting.count * RECORD_BYTES)
    for (let from = 0; from < bytes.length;) from += writeSync(this.file, bytes, from)
    waiting.count = 0
  }

  close(): void {
    this.flush()
    closeSync(this.file)
  }
}

/** Decisions that were made before, each taken when its command comes again. */
export class RecordedDecisions {
  /** Decisions taken so far, and all there are. */
  taken: number
  readonly count: number
  private readonly words: Int32Array
  private next: number

  constructor(words: Int32Array) {
    this.words = words
    this.count = words.length / RECORD_WORDS
    this.taken = 0
    this.next = 0
  }

  /** @returns the decisions of a file, or in words what is wrong with it and at which byte */
  static read(path: string): E.Either<string, RecordedDecisions> {
    let bytes: Buffer
    try {
      bytes = readFileSync(path)
    } catch (error) {
      return E.left(`${path}: ${systemProblem(error)}`)
    }
    if (bytes.length % RECORD_BYTES !== 0)
      return E.left(`${path}: cut short at byte ${bytes.length}: expected records of ${RECORD_BYTES} bytes`)
    const words = new Int32Array(bytes.length / 4)
    Buffer.from(words.buffer).set(bytes)
    let before = 0
    for (let at = 0; at < words.length; at += RECORD_WORDS) {
      if (headKind(words[at + HEAD]!) !== EventKind.decision)
        return E.left(`${path}: not a decision at byte ${at * 4}`)
      const sequence = readU64(words, at + SEQUENCE)
      if (sequence <= before) return E.left(`${path}: out of sequence at byte ${at * 4}`)
      before = sequence
    }
    return E.right(new RecordedDecisions(words))
  }

  /**
   * Does to a command what was decided about it.
   * @returns the word at which the decision begins in `records`, or -1 if there was none
   */
  apply(words: Int32Array, at: number): number {
    const sequence = readU64(words, at + SEQUENCE)
    const made = this.words
    while (this.next < made.length && readU64(made, this.next + SEQUENCE) < sequence)
      this.next += RECORD_WORDS
    const from = this.next
    if (from >= made.length || readU64(made, from + SEQUENCE) !== sequence) return -1
    this.next += RECORD_WORDS
    this.taken++
    words[at + LOTS] = made[from + LOTS]!
    words[at + PRICE_TICKS] = made[from + PRICE_TICKS]!
    if ((words[at + HEAD]! & TERMS) !== (made[from + HEAD]! & TERMS))
      words[at + HEAD] = (words[at + HEAD]! & 0xff) | (made[from + HEAD]! & TERMS)
    return from
  }

  get records(): Int32Array {
    return this.words
  }
}

/** Side, type and time in force of a head. */
const TERMS = 0xffffff00 | 0
