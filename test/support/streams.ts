import { Observable, type Observer } from 'rxjs'
import { Batch, newOrder, pushCommand, RECORD_WORDS, Side, type Command } from '../../src/book/index.ts'
import { readU64, SEQUENCE, writeU64 } from '../../src/book/record.ts'
import type { Source, Step } from '../../src/pipeline/operator.ts'

/** Commands as records, numbered from 1. */
export function recordsOf(commands: readonly Command[]): Batch {
  const records = new Batch(Math.max(1, commands.length))
  for (const command of commands) pushCommand(records, command)
  for (let i = 0; i < records.count; i++) writeU64(records.words, i * RECORD_WORDS + SEQUENCE, i + 1)
  return records
}

/** Any records, where what they say does not matter: order ids from 1. */
export function anyRecords(count: number): Batch {
  return recordsOf(
    Array.from({ length: count }, (_, i) =>
      newOrder({ orderId: i + 1, side: Side.buy, lots: 1, priceTicks: 100 }),
    ),
  )
}

/** Records as a source, cut into pulls of given sizes, over and over. It keeps count of what is asked of it. */
export class ListSource implements Source {
  pulls = 0
  closes = 0
  private readonly records: Batch
  private readonly sizes: readonly number[]
  private given = 0

  constructor(records: Batch, sizes: readonly number[] = [Infinity]) {
    this.records = records
    this.sizes = sizes
  }

  pull(batch: Batch, upTo: number): boolean {
    const size = this.sizes[this.pulls++ % this.sizes.length]!
    const count = Math.min(size, upTo - batch.count, this.records.count - this.given)
    const from = this.given * RECORD_WORDS
    batch.words.set(
      this.records.words.subarray(from, from + count * RECORD_WORDS),
      batch.count * RECORD_WORDS,
    )
    batch.count += count
    this.given += count
    return this.given < this.records.count
  }

  close(): Promise<void> {
    this.closes++
    return Promise.resolve()
  }
}

/** Records as an observable of batches of given sizes, without a pump. */
export function inBatches(records: Batch, ...sizes: number[]): Observable<Batch> {
  return new Observable((subscriber) => {
    let from = 0
    for (const size of sizes) {
      const batch = new Batch(Math.max(1, size))
      batch.count = size
      batch.words.set(records.words.subarray(from * RECORD_WORDS, (from + size) * RECORD_WORDS))
      from += size
      subscriber.next(batch)
    }
    subscriber.complete()
  })
}

/** All records that a stream gives, as bytes: what is compared where two streams must be the same. */
export async function bytesOf(stream: Observable<Batch>): Promise<Buffer> {
  const parts: Buffer[] = []
  await ended(stream, {
    next: (batch) => parts.push(Buffer.from(batch.slice().words.buffer, 0, batch.count * RECORD_WORDS * 4)),
  })
  return Buffer.concat(parts)
}

/** Resolves when a stream is complete, rejects with its error. */
export function ended(stream: Observable<Batch>, observer: Partial<Observer<Batch>> = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.subscribe({ next: () => {}, ...observer, error: reject, complete: resolve })
  })
}

/** The sequence numbers in a batch. */
export function sequencesOf({ words, count }: Batch): number[] {
  return Array.from({ length: count }, (_, i) => readU64(words, i * RECORD_WORDS + SEQUENCE))
}

/** A step of one function. */
export function stepOf(process: Step['process'], rest: Omit<Step, 'process'> = {}): Step {
  return { process, ...rest }
}

/** Lets everything that is due have its turn, a few times over. For facts about what does not happen. */
export async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate)
}

/** A promise and the function that settles it. */
export function gateway(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}
